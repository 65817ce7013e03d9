/** Keys of the user and their certificates: requested, installed, revoked (requirements.md B8, D4, D5; P figs. 5 and 6). */

import { ascii, equalBytes } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import { certificateServices } from '#protocol/documents/certificate-services';
import { formatMeterId } from '#protocol/documents/meter-id';
import {
  areKeyUses,
  isName,
  keyGrantDocument,
  keyRequestDocument,
  keyUseNames,
  type RevocationOrder,
  revocationConfirmationDocument,
  revocationOrderDocument,
  revocationReasons,
  revocationRequestDocument,
} from '#protocol/documents/user-key';
import { mills } from '#protocol/mills';
import { isPrivateKey } from '#protocol/private-key';
import { ok, type Result, refuse } from '#protocol/result';
import { distinguishedName, requestInfo, signedStructure } from '#protocol/x509';
import { type BornPair, bornPair } from '../born-pair.ts';
import { checkFunds, detailOf, perform, priceOf, recordedOf, serve, timeOf } from '../charged.ts';
import { checkLog, licenceOf } from '../condition.ts';
import { type Device, nowMs, saveStore, stamped, withDeviceKey } from '../device.ts';
import { twice } from '../double-check.ts';
import { invariant } from '../fault.ts';
import type { RecordedDebit } from '../journal.ts';
import type { MeterState } from '../journal-record.ts';
import { charge, checkFresh } from '../registers.ts';
import { checkPair } from '../self-test.ts';
import type { StoreContent, UserKey } from '../store.ts';
import {
  checkRoom,
  findUserKey,
  USER_KEYS_MAX,
  userKeyLabel,
  withKey,
  withUserKey,
} from '../user-keys.ts';
import { sealSecret } from '../vault.ts';
import { eraseOldKeys } from './renewal.ts';

type Wanted = Pick<UserKey, 'uses' | 'organization' | 'commonName'>;
type Requested = ResponseOf<'requestKey'>;

/** P fig. 5, 502 to 512. Nothing is charged yet; but a key that could not be paid for is not begun. */
export function requestKey(
  device: Device,
  wanted: RequestOf<'requestKey'>,
): Result<ResponseOf<'requestKey'>> {
  const waiting = device.content.userKeys.find((key) => isWaitingFor(key, wanted));
  if (waiting !== undefined) return ok(requestOf(device, waiting));
  const { access, crypto } = device;
  invariant(access !== undefined);
  const { vaultKey } = access;
  return takeKey(device, wanted, 'born', (label) => bornPair(crypto, vaultKey, label));
}

function isWaitingFor(key: UserKey, { uses, organization, commonName }: Wanted): boolean {
  return (
    key.state === 'requested' &&
    keyUseNames.every((name) => key.uses[name] === uses[name]) &&
    equalBytes(key.organization, organization) &&
    equalBytes(key.commonName, commonName)
  );
}

/** D4: "User-supplied key import is a configuration": the licence must name it. */
export function importKey(
  device: Device,
  { privateKey, ...wanted }: RequestOf<'importKey'>,
): Result<ResponseOf<'importKey'>> {
  const { access, content, crypto } = device;
  invariant(access !== undefined);
  const { vaultKey } = access;
  if (!licenceOf(device).services.includes(certificateServices.keyImport))
    return refuse('serviceNotLicensed');
  if (!isPrivateKey(privateKey)) return refuse('fieldOutOfRange');
  const publicKey = crypto.publicKeyOf(privateKey);
  const held = content.userKeys.find((key) => equalBytes(key.publicKey, publicKey));
  if (held !== undefined)
    return isWaitingFor(held, wanted) ? ok(requestOf(device, held)) : refuse('keyHeld');
  const room = checkLog(device);
  if (!room.ok) return room;
  return takeKey(device, wanted, 'imported', (label) => {
    checkPair(crypto, { privateKey, publicKey });
    return { publicKey, sealedKey: sealSecret(crypto, vaultKey, label, privateKey) };
  });
}

/** @param make gives the pair, which is sealed under a label */
function takeKey(
  device: Device,
  { uses, organization, commonName }: Wanted,
  origin: UserKey['origin'],
  make: (label: string) => BornPair,
): Result<Requested> {
  const { content } = device;
  const isFit =
    areKeyUses(uses) &&
    isName(organization) &&
    isName(commonName) &&
    commonName.length > 0 &&
    !(uses.issue && organization.length === 0);
  if (!isFit) return refuse('fieldOutOfRange');
  const funds = checkFunds(device, 'certificate');
  if (!funds.ok) return funds;
  const number = content.lastKeyNumber + 1;
  if (content.userKeys.length >= USER_KEYS_MAX || number > 0xffff) return refuse('keysFull');
  const key: UserKey = {
    ...make(userKeyLabel(number)),
    number,
    state: 'requested',
    origin,
    uses,
    organization,
    commonName,
    certificateDigest: new Uint8Array(32),
    serial: new Uint8Array(0),
    validFrom: 0,
    validTo: 0,
  };
  const changed = { ...withKey(content, number, key), lastKeyNumber: number };
  const room = checkRoom(device, withSerial(changed));
  if (!room.ok) return room;
  const entry = { event: 'keyImported', a: number } as const;
  saveStore(device, changed, {}, origin === 'imported' ? entry : undefined);
  return ok(requestOf(device, key));
}

/** As it would be once each key that waits has the longest serial number. */
function withSerial(content: StoreContent): StoreContent {
  const serial = new Uint8Array(20);
  return { ...content, userKeys: content.userKeys.map((key) => ({ ...key, serial })) };
}

/** PKCS#10 under the new key, and the request around it under the communication key (P fig. 5, 512). */
function requestOf(device: Device, key: UserKey): Requested {
  const { content, documents, crypto } = device;
  const { number, publicKey, uses, organization, commonName } = key;
  invariant(documents.deviceCertificate !== undefined);
  const serialNumber = ascii(formatMeterId(content.meterId));
  const subject = distinguishedName({ organization, commonName, serialNumber });
  const info = requestInfo(subject, publicKey);
  const requestSignature = withUserKey(device, key, (privateKey, proved) =>
    proved.sign(privateKey, info),
  );
  const fields = {
    meterId: content.meterId,
    deviceSerial: documents.deviceCertificate.serial,
    number,
    publicKey,
    uses,
    csrDigest: crypto.sha256(signedStructure(info, requestSignature)),
    organization,
    commonName,
  };
  const request = withDeviceKey(device, (privateKey, proved) =>
    keyRequestDocument.sign(proved, privateKey, fields),
  );
  return { number, requestInfo: info, requestSignature, request };
}

/** P fig. 5, 518 and 520: the certificate is there, and is paid for in the record that makes the key active. */
export function installKey(
  device: Device,
  request: RequestOf<'installKey'>,
): Result<ResponseOf<'installKey'>> {
  const { content } = device;
  let active: UserKey | undefined;
  return serve(device, request, {
    command: 'installKey',
    charge: 'certificate',
    judge() {
      const room = checkLog(device);
      if (!room.ok) return room;
      const key = grantedKey(device, request.grant);
      if (key.ok) active = key.value;
      return key;
    },
    change() {
      invariant(active !== undefined);
      const { number } = active;
      return {
        content: withKey(content, number, active),
        entry: { event: 'keyInstalled', a: number },
      };
    },
    answer({ debit }) {
      const granted = keyGrantDocument.read(request.grant);
      invariant(granted.ok && debit.detail.serviceId === certificateServices.certificate);
      return ok({ number: granted.value.number });
    },
  });
}

/** The key that a grant makes active. */
function grantedKey(device: Device, grant: Uint8Array): Result<UserKey> {
  const { crypto, content } = device;
  const granted = keyGrantDocument.verify(crypto, content.authorityKey, grant);
  if (!granted.ok) return granted;
  const { meterId, number, publicKey, uses, validTo, validFrom } = granted.value;
  if (!equalBytes(meterId, content.meterId)) return refuse('documentForOtherMeter');
  const key = findUserKey(device, number);
  if (!key.ok) return key;
  if (key.value.state === 'active') return refuse('documentOutdated');
  if (!equalBytes(publicKey, key.value.publicKey)) return refuse('keyMismatch');
  if (!keyUseNames.every((name) => key.value.uses[name] === uses[name]))
    return refuse('documentMismatch');
  const { certificateDigest, serial } = granted.value;
  return ok({ ...key.value, state: 'active', certificateDigest, serial, validFrom, validTo });
}

export function userKeys({ content }: Device): Result<ResponseOf<'userKeys'>> {
  const keys = content.userKeys.map(({ state, origin, sealedKey, ...told }) => ({
    ...told,
    isActive: state === 'active',
    isImported: origin === 'imported',
  }));
  return ok({ keys });
}

/** A key that waits and is not wanted any more; its number is not given again. */
export function dropKey(
  device: Device,
  { number }: RequestOf<'dropKey'>,
): Result<ResponseOf<'dropKey'>> {
  const key = findUserKey(device, number);
  if (!key.ok) return key;
  if (key.value.state === 'active') return refuse('keyHeld');
  saveStore(device, { ...withKey(device.content, number, undefined), hasOldKeys: true });
  eraseOldKeys(device);
  return ok({});
}

/** P fig. 6, 602. */
export function requestRevocation(
  device: Device,
  { number, reason }: RequestOf<'requestRevocation'>,
): Result<ResponseOf<'requestRevocation'>> {
  const { content, documents } = device;
  const key = findUserKey(device, number);
  if (!key.ok) return key;
  if (key.value.state !== 'active') return refuse('keyNotActive');
  invariant(documents.deviceCertificate !== undefined);
  const fields = {
    meterId: content.meterId,
    deviceSerial: documents.deviceCertificate.serial,
    number,
    publicKey: key.value.publicKey,
    reason,
    timeMs: nowMs(device),
  };
  const request = withDeviceKey(device, (privateKey, proved) =>
    revocationRequestDocument.sign(proved, privateKey, fields),
  );
  return ok({ request });
}

/**
 * P fig. 6, 610 to 624: the key goes first, whatever locks the meter and whatever it holds (R11, R49, R53); what the funds do
 * not pay is due.
 */
export function revokeKey(
  device: Device,
  request: RequestOf<'revokeKey'>,
): Result<ResponseOf<'revokeKey'>> {
  const service = {
    command: 'revokeKey',
    charge: 'revocation',
    answer: (recorded: RecordedDebit) => confirmation(device, request, recorded),
  } as const;
  const earlier = recordedOf(device, request, service);
  if (earlier !== undefined) return earlier;
  const fresh = checkFresh(device.journal.state, request.requestId);
  if (!fresh.ok) return fresh;
  const order = twice(() => judgeOrder(device, request.order));
  if (!order.ok) return order;
  const { number, reason, isCharged } = order.value;
  const next = twice(() => revocationPaid(device, request, isCharged));
  if (!next.ok) return next;
  const content = { ...withKey(device.content, number, undefined), hasOldKeys: true };
  const entry = { event: 'keyRevoked', a: number, b: revocationReasons.indexOf(reason) } as const;
  const recorded = perform(device, next.value, { content, entry });
  eraseOldKeys(device);
  return service.answer(recorded);
}

/** It may use the reserve of the log: no inspection should have to come first. */
function judgeOrder(device: Device, bytes: Uint8Array): Result<RevocationOrder> {
  const { crypto, content, log, journal } = device;
  const order = revocationOrderDocument.verify(crypto, content.authorityKey, bytes);
  if (!order.ok) return order;
  const { meterId, number, publicKey } = order.value;
  if (!equalBytes(meterId, content.meterId)) return refuse('documentForOtherMeter');
  const key = findUserKey(device, number);
  if (!key.ok) return key;
  if (!equalBytes(publicKey, key.value.publicKey)) return refuse('keyMismatch');
  const { logCount: count, logHead: head, logAcknowledged: acknowledged } = journal.state;
  return log.free({ count, head, acknowledged }) === 0 ? refuse('logFull') : order;
}

/** The registers once it is paid or due. Where no rate is valid today nothing is. */
function revocationPaid(
  device: Device,
  request: RequestOf<'revokeKey'>,
  isCharged: boolean,
): Result<MeterState> {
  const price = isCharged ? priceOf(device, 'revocation') : ok(mills(0));
  const wanted = price.ok ? price.value : mills(0);
  const terms = licenceOf(device);
  const asked = { command: 'revokeKey', charge: 'revocation' } as const;
  const pay = (paid: typeof wanted, due: typeof wanted): Result<MeterState> =>
    charge(stamped(device), terms, request.requestId, detailOf(device, request, asked, paid, due));
  const paid = pay(wanted, mills(0));
  return paid.ok ? paid : pay(mills(0), wanted);
}

function confirmation(
  device: Device,
  { order }: RequestOf<'revokeKey'>,
  recorded: RecordedDebit,
): Result<ResponseOf<'revokeKey'>> {
  const { crypto, content, documents } = device;
  const read = revocationOrderDocument.read(order);
  invariant(read.ok && documents.deviceCertificate !== undefined);
  const { number, publicKey } = read.value;
  const { certificatePieceCount, detail } = recorded.debit;
  const fields = {
    meterId: content.meterId,
    deviceSerial: documents.deviceCertificate.serial,
    number,
    publicKey,
    orderDigest: crypto.sha256(order),
    timeMs: timeOf(recorded),
    paid: detail.postage,
    due: mills(detail.original),
    certificatePieceCount,
  };
  const signed = withDeviceKey(device, (privateKey, proved) =>
    revocationConfirmationDocument.sign(proved, privateKey, fields),
  );
  return ok({ confirmation: signed });
}
