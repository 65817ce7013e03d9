/** What the keys of the user do beside postmarks: sign, encrypt, decrypt, authenticate; and judging (requirements.md D6). */

import { ascii, equalBytes, joinBytes, wipe } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import type { SignatureVerdict } from '#protocol/commands/security';
import { authenticationDocument, isChallenge } from '#protocol/documents/authentication';
import { dateOf } from '#protocol/documents/date';
import { ticketDocument } from '#protocol/documents/ticket';
import { ok, type Result, refuse } from '#protocol/result';
import { hasOnlyKnownCritical, isSignedBy, readX509 } from '#protocol/x509';
import { allowsSignatures } from '#protocol/x509-uses';
import { onceFor, serve, timeOf } from '../charged.ts';
import type { Device } from '../device.ts';
import { invariant } from '../fault.ts';
import type { RecordedDebit } from '../journal.ts';
import { keyForReceiver, unwrapFor } from '../key-transport.ts';
import { isPublicKey } from '../self-test.ts';
import { findUserKey, usableKey, withUserKey } from '../user-keys.ts';
import { SEALED_KEY_SIZE, sealSecret, withPrivateKey } from '../vault.ts';

const SEED_SIZE = 32;
const NO_SIGNATURE = new Uint8Array(64);

/**
 * What statements and tickets begin with, which have services and charges of their own: a key that signs contents as well
 * never signs one that could pass for them.
 */
const reserved = [authenticationDocument, ticketDocument].map(({ magic }) => ascii(magic));

export function signContent(
  device: Device,
  request: RequestOf<'signContent'>,
): Result<ResponseOf<'signContent'>> {
  const { number, content } = request;
  return serve(device, request, {
    command: 'signContent',
    charge: 'signature',
    judge: () =>
      reserved.some((magic) => equalBytes(content.subarray(0, magic.length), magic))
        ? refuse('contentReserved')
        : usableKey(device, number, 'sign'),
    answer(recorded) {
      const signature = signatureFor(device, number, recorded, content);
      return signature.ok ? ok({ signature: signature.value }) : signature;
    },
  });
}

/** What a key of the user signs for a record. */
function signatureFor(
  device: Device,
  number: number,
  recorded: RecordedDebit,
  content: Uint8Array,
): Result<Uint8Array> {
  const key = findUserKey(device, number);
  if (!key.ok) return key;
  const { signature } = onceFor(device, recorded, () => ({
    signature: withUserKey(device, key.value, (privateKey, crypto) =>
      crypto.sign(privateKey, content),
    ),
  }));
  return ok(signature);
}

export function authenticate(
  device: Device,
  request: RequestOf<'authenticate'>,
): Result<ResponseOf<'authenticate'>> {
  const { number, challenge } = request;
  return serve(device, request, {
    command: 'authenticate',
    charge: 'authentication',
    judge: () =>
      isChallenge(challenge)
        ? usableKey(device, number, 'authenticate')
        : refuse('fieldOutOfRange'),
    answer(recorded) {
      const key = findUserKey(device, number);
      if (!key.ok) return key;
      const core = authenticationDocument.encodeCore({
        meterId: device.content.meterId,
        number,
        publicKey: key.value.publicKey,
        challenge,
        timeMs: timeOf(recorded),
      });
      const signature = signatureFor(device, number, recorded, core);
      return signature.ok ? ok({ statement: joinBytes(core, signature.value) }) : signature;
    },
  });
}

export function verifySignature(
  device: Device,
  request: RequestOf<'verifySignature'>,
): Result<ResponseOf<'verifySignature'>> {
  const { certificate, publicKey } = request;
  return serve(device, request, {
    command: 'verifySignature',
    charge: 'verification',
    judge: () =>
      (certificate.length === 0) === (publicKey.length === 0)
        ? refuse('fieldOutOfRange')
        : ok(undefined),
    answer: (recorded) => ok({ verdict: verdictOn(device, request, dateOf(timeOf(recorded))) }),
  });
}

/** @param date on which it was asked */
function verdictOn(
  { crypto, content: { authorityKey } }: Device,
  { content, certificate, publicKey, signature }: RequestOf<'verifySignature'>,
  date: number,
): SignatureVerdict {
  let signer = publicKey;
  if (certificate.length > 0) {
    const x509 = readX509(certificate);
    if (x509 === undefined) return 'certificateMalformed';
    if (!isSignedBy(crypto, x509, authorityKey)) return 'certificateSignature';
    if (!allowsSignatures(x509) || !hasOnlyKnownCritical(x509)) return 'certificatePurpose';
    const isValid = dayOf(x509.notBefore) <= date && date <= dayOf(x509.notAfter);
    if (!isValid) return 'certificateDates';
    signer = x509.publicKey;
  }
  return crypto.verify(signer, content, signature) ? 'valid' : 'signature';
}

/** The date of YYYYMMDDhhmmss. */
const dayOf = (time: number): number => Math.floor(time / 1_000_000);

export function encryptKey(
  device: Device,
  request: RequestOf<'encryptKey'>,
): Result<ResponseOf<'encryptKey'>> {
  const { crypto, access } = device;
  const { receiverKey, requestId } = request;
  const label = `seed of a key ${requestId.counter}`;
  return serve(device, request, {
    command: 'encryptKey',
    charge: 'encryption',
    judge: () => (isPublicKey(crypto, receiverKey) ? ok(undefined) : refuse('receiverKeyInvalid')),
    answer(recorded) {
      invariant(access !== undefined);
      const { extra } = onceFor(device, recorded, () => {
        const seed = crypto.randomBytes(SEED_SIZE);
        const sealed = sealSecret(crypto, access.vaultKey, label, seed);
        wipe(seed);
        return { signature: NO_SIGNATURE, extra: sealed };
      });
      const sealed = extra.slice(0, SEALED_KEY_SIZE);
      return withPrivateKey(crypto, access.vaultKey, label, sealed, (seed) =>
        ok(keyForReceiver(crypto, receiverKey, seed)),
      );
    },
  });
}

export function decryptKey(
  device: Device,
  request: RequestOf<'decryptKey'>,
): Result<ResponseOf<'decryptKey'>> {
  const { number } = request;
  function opened(): Result<ResponseOf<'decryptKey'>> {
    const key = findUserKey(device, number);
    if (!key.ok) return key;
    const contentKey = withUserKey(device, key.value, (privateKey) =>
      unwrapFor(device.crypto, privateKey, request),
    );
    return contentKey === undefined ? refuse('keyNotUnwrapped') : ok({ contentKey });
  }
  return serve(device, request, {
    command: 'decryptKey',
    charge: 'decryption',
    judge() {
      if (!isWrapped(request)) return refuse('fieldOutOfRange');
      const key = usableKey(device, number, 'agree');
      if (!key.ok) return key;
      const first = opened();
      if (first.ok) wipe(first.value.contentKey);
      return first;
    },
    answer: opened,
  });
}

/** Of a wrapped key of 64 bytes. */
const WRAPPED_SIZE_MAX = 72;

const isWrapped = ({ wrapKeySize, wrappedKey: { length } }: RequestOf<'decryptKey'>): boolean =>
  [16, 24, 32].includes(wrapKeySize) &&
  length % 8 === 0 &&
  length >= 24 &&
  length <= WRAPPED_SIZE_MAX;
