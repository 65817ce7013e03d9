/** The secret keys of digital tokens: asked for, taken, used (requirements.md C2, C3; domain.md 1.2). */

import { equalBytes, joinBytes, wipe } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import {
  joinLite,
  LITE_INDICIUM_SIZE,
  liteCore,
  TOKEN_SIZE,
  tokenOf,
} from '#protocol/documents/lite-indicium';
import {
  openTokenKeys,
  TOKEN_KEYS_SIZE,
  type TokenKeysFields,
  tokenKeyRequestDocument,
  tokenKeysDocument,
} from '#protocol/documents/token-keys';
import { ok, type Result, refuse } from '#protocol/result';
import { onceFor } from '../charged.ts';
import { checkLog } from '../condition.ts';
import { type Device, dropTokenExchange, saveStore, withDeviceKey } from '../device.ts';
import { twice } from '../double-check.ts';
import { invariant } from '../fault.ts';
import type { RecordedDebit } from '../journal.ts';
import { checkPair } from '../self-test.ts';
import { checkRoom } from '../user-keys.ts';
import { sealSecret, withPrivateKey } from '../vault.ts';
import { createPiece } from './indicium.ts';
import { eraseOldKeys } from './renewal.ts';

const TOKEN_KEYS_LABEL = 'token keys';
/** Model and serial number, sealed with the keys, since an indicium names its meter by them. */
const NAME_SIZE = 4;

export function requestTokenKeys(device: Device): Result<ResponseOf<'requestTokenKeys'>> {
  const { crypto, content, documents } = device;
  invariant(documents.deviceCertificate !== undefined);
  dropTokenExchange(device);
  const pair = crypto.generateKeyPair();
  checkPair(crypto, pair);
  device.tokenExchange = pair;
  const fields = {
    meterId: content.meterId,
    deviceSerial: documents.deviceCertificate.serial,
    publicKey: pair.publicKey,
  };
  const request = withDeviceKey(device, (privateKey, proved) =>
    tokenKeyRequestDocument.sign(proved, privateKey, fields),
  );
  return ok({ request });
}

export function installTokenKeys(
  device: Device,
  request: RequestOf<'installTokenKeys'>,
): Result<ResponseOf<'installTokenKeys'>> {
  const { access, crypto, content, tokenExchange } = device;
  invariant(access !== undefined);
  const room = checkLog(device);
  if (!room.ok) return room;
  const document = twice(() => judgeKeys(device, request.keys));
  if (!document.ok) return document;
  const { model, serial } = document.value;
  invariant(tokenExchange !== undefined);
  const keys = openTokenKeys(crypto, tokenExchange.privateKey, document.value);
  if (keys === undefined) return refuse('documentMismatch');
  const name = Uint8Array.of(model, serial & 0xff, (serial >>> 8) & 0xff, serial >>> 16);
  const secret = joinBytes(name, keys);
  const sealedTokenKeys = sealSecret(crypto, access.vaultKey, TOKEN_KEYS_LABEL, secret);
  wipe(keys, secret);
  const changed = { ...content, sealedTokenKeys, hasOldKeys: true };
  const fits = checkRoom(device, changed);
  if (!fits.ok) return fits;
  dropTokenExchange(device);
  saveStore(device, changed, {}, { event: 'tokenKeysInstalled', a: model, b: serial });
  eraseOldKeys(device);
  return ok({});
}

function judgeKeys(device: Device, bytes: Uint8Array): Result<TokenKeysFields> {
  const { crypto, content, tokenExchange } = device;
  if (tokenExchange === undefined) return refuse('tokenKeysUnasked');
  const document = tokenKeysDocument.verify(crypto, content.authorityKey, bytes);
  if (!document.ok) return document;
  const { meterId, recipient } = document.value;
  if (!equalBytes(meterId, content.meterId)) return refuse('documentForOtherMeter');
  return equalBytes(recipient, tokenExchange.publicKey) ? document : refuse('documentMismatch');
}

/** The small form of an indicium: everything of a piece but what is printed. */
export function createLiteIndicium(
  device: Device,
  request: RequestOf<'createLiteIndicium'>,
): Result<ResponseOf<'createLiteIndicium'>> {
  return createPiece(device, request, {
    command: 'createLiteIndicium',
    check() {
      if (request.kind !== 'postage') return refuse('fieldOutOfRange');
      return device.content.sealedTokenKeys.length === 0
        ? refuse('tokenKeysMissing')
        : ok(undefined);
    },
    give: (recorded) => liteOf(device, recorded),
  });
}

/** Both tokens are kept with the record, so that a repeated request gives them after the keys were changed too. */
function liteOf(device: Device, recorded: RecordedDebit): ResponseOf<'createLiteIndicium'> {
  const { extra } = onceFor(device, recorded, () => ({
    signature: new Uint8Array(64),
    extra: tokensOf(device, recorded),
  }));
  return {
    indicium: extra.slice(0, LITE_INDICIUM_SIZE),
    vendorToken: extra.slice(LITE_INDICIUM_SIZE, LITE_INDICIUM_SIZE + TOKEN_SIZE),
  };
}

function tokensOf(device: Device, { debit }: RecordedDebit): Uint8Array {
  const { access, crypto, content } = device;
  invariant(access !== undefined);
  const { vaultKey } = access;
  return withPrivateKey(crypto, vaultKey, TOKEN_KEYS_LABEL, content.sealedTokenKeys, (secret) => {
    invariant(secret.length === NAME_SIZE + TOKEN_KEYS_SIZE, 'storeDamaged');
    const [model = 0, low = 0, middle = 0, high = 0] = secret;
    const core = liteCore({
      pieceCount: debit.pieceCount,
      model,
      serial: low + middle * 0x100 + high * 0x1_0000,
      postage: debit.detail.postage,
      serviceId: debit.detail.serviceId,
    });
    const half = NAME_SIZE + TOKEN_KEYS_SIZE / 2;
    const postal = tokenOf(crypto, secret.subarray(NAME_SIZE, half), core);
    const vendor = tokenOf(crypto, secret.subarray(half), core);
    return joinBytes(joinLite(core, postal), vendor);
  });
}
