/** Certificates for others, by a user who is their agent (requirements.md D3; P fig. 3A; domain.md R49, R51). */

import { ascii, joinBytes, wipe } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import { PUBLIC_KEY_SIZE } from '#protocol/crypto';
import { daysBetween, isDate } from '#protocol/documents/date';
import { formatMeterId } from '#protocol/documents/meter-id';
import { areHolderUses, isCommonName } from '#protocol/documents/user-key';
import { privateKeyInfo } from '#protocol/pkcs8';
import { ok, type Result, refuse } from '#protocol/result';
import { distinguishedName, encodeCertificateContent, signedStructure } from '#protocol/x509';
import { keyIdentifierExtensions, usageExtensions } from '#protocol/x509-uses';
import { type BornPair, bornPair } from '../born-pair.ts';
import { onceFor, serve } from '../charged.ts';
import { type Device, today } from '../device.ts';
import { invariant } from '../fault.ts';
import { encryptToReceiver, encryptUnderPassword } from '../key-transport.ts';
import { isPublicKey } from '../self-test.ts';
import type { UserKey } from '../store.ts';
import { findUserKey, usableKey, withUserKey } from '../user-keys.ts';
import { SEALED_KEY_SIZE, withPrivateKey } from '../vault.ts';

type Request = RequestOf<'agentCertificate'>;
type Response = ResponseOf<'agentCertificate'>;
type Delivery = Omit<Response, 'certificate'>;

const NOTHING = new Uint8Array(0);
const DAY_MS = 86_400_000;

/** What there is before it is known whether it can be paid: nothing of it leaves then. */
interface Prepared {
  readonly pair: BornPair;
  readonly delivery: Delivery;
  readonly content: Uint8Array;
}

/** P fig. 3A: pair, private key for the receiver, certificate assembled; then funds looked at, charged, signed, sent. */
export function agentCertificate(device: Device, request: Request): Result<Response> {
  let prepared: Prepared | undefined;
  return serve(device, request, {
    command: 'agentCertificate',
    charge: 'agentCertificate',
    judge() {
      const agent = judgeRequest(device, request);
      if (agent.ok) prepared ??= prepare(device, request, agent.value);
      return agent;
    },
    answer(recorded) {
      const agent = findUserKey(device, request.number);
      if (!agent.ok) return agent;
      const { signature, extra } = onceFor(device, recorded, () => {
        const { pair, content } = prepared ?? prepare(device, request, agent.value);
        return {
          signature: withUserKey(device, agent.value, (key, proved) => proved.sign(key, content)),
          extra: joinBytes(pair.publicKey, pair.sealedKey),
        };
      });
      const pair = pairIn(extra);
      const content = assembled(device, request, agent.value, pair.publicKey);
      const delivery = prepared?.delivery ?? delivered(device, request, pair);
      return ok({ certificate: signedStructure(content, signature), ...delivery });
    },
  });
}

function pairIn(extra: Uint8Array): BornPair {
  const end = PUBLIC_KEY_SIZE + SEALED_KEY_SIZE;
  return {
    publicKey: extra.slice(0, PUBLIC_KEY_SIZE),
    sealedKey: extra.slice(PUBLIC_KEY_SIZE, end),
  };
}

/** The key that issues, where it may issue this. */
function judgeRequest(device: Device, request: Request): Result<UserKey> {
  const { number, uses, commonName, validFrom, validTo, receiverKey, passwordKey } = request;
  const isFit =
    areHolderUses(uses) &&
    isCommonName(commonName) &&
    isDate(validFrom) &&
    isDate(validTo) &&
    (receiverKey.length === 0) !== (passwordKey.length === 0);
  if (!isFit) return refuse('fieldOutOfRange');
  const agent = usableKey(device, number, 'issue');
  if (!agent.ok) return agent;
  const date = today(device);
  if (!date.ok) return date;
  const isInside =
    date.value <= validFrom && validFrom <= validTo && validTo <= agent.value.validTo;
  if (!isInside) return refuse('validityOutside');
  const isKey = receiverKey.length === 0 || isPublicKey(device.crypto, receiverKey);
  return isKey ? agent : refuse('receiverKeyInvalid');
}

/** 351, 354 and 356. */
function prepare(device: Device, request: Request, agent: UserKey): Prepared {
  const { crypto, access } = device;
  invariant(access !== undefined);
  const pair = bornPair(crypto, access.vaultKey, labelOf(request));
  const delivery = delivered(device, request, pair);
  return { pair, delivery, content: assembled(device, request, agent, pair.publicKey) };
}

/** A sealed key opens for its request only. */
const labelOf = ({ requestId: { counter } }: Request): string => `key for another ${counter}`;

/** The private key, as it leaves. */
function delivered(
  { crypto, access }: Device,
  request: Request,
  { publicKey, sealedKey }: BornPair,
): Delivery {
  invariant(access !== undefined);
  const { receiverKey, passwordKey } = request;
  return withPrivateKey(crypto, access.vaultKey, labelOf(request), sealedKey, (privateKey) => {
    const info = privateKeyInfo(privateKey, publicKey);
    try {
      if (receiverKey.length === 0) {
        const { nonce, ciphertext } = encryptUnderPassword(crypto, passwordKey, info);
        return { nonce, encryptedKey: ciphertext, ephemeralKey: NOTHING, wrappedKey: NOTHING };
      }
      const { ciphertext, ...told } = encryptToReceiver(crypto, receiverKey, info);
      return { ...told, encryptedKey: ciphertext };
    } finally {
      wipe(info);
    }
  });
}

/** TBSCertificate: the same for the same key. */
function assembled(
  { crypto, content }: Device,
  { uses, commonName, validFrom, validTo }: Request,
  agent: UserKey,
  publicKey: Uint8Array,
): Uint8Array {
  const { organization } = agent;
  const serialNumber = ascii(formatMeterId(content.meterId));
  return encodeCertificateContent({
    serial: serialOf(crypto, publicKey),
    issuer: distinguishedName({ organization, commonName: agent.commonName, serialNumber }),
    subject: distinguishedName({ organization, commonName }),
    fromMs: startOf(validFrom),
    toMs: startOf(validTo) + DAY_MS - 1000,
    publicKey,
    extensions: [
      ...usageExtensions(uses),
      ...keyIdentifierExtensions(crypto, publicKey, agent.publicKey),
    ],
  });
}

const startOf = (date: number): number => daysBetween(19700101, date) * DAY_MS;

/** 16 bytes that no other certificate has, since no other has the key; the first one is neither 0 nor above 127. */
function serialOf({ sha256 }: Device['crypto'], publicKey: Uint8Array): Uint8Array {
  const serial = sha256(ascii('serial number'), publicKey).slice(0, 16);
  serial[0] = 0x40 | ((serial[0] as number) & 0x3f);
  return serial;
}
