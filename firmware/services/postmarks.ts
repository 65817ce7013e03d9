/** Postmarks on messages, and their validation (requirements.md D1, D2; P figs. 3 and 4; domain.md R49, R50). */

import { equalBytes, joinBytes } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import type { PostmarkVerdict } from '#protocol/commands/postmarks';
import { decodeMeterId } from '#protocol/documents/meter-id';
import {
  encodeSignedAttributes,
  encodeTstInfo,
  postmarkSerial,
  readTstInfo,
} from '#protocol/postmark';
import { ok, type Result, refuse } from '#protocol/result';
import { hasOnlyKnownCritical, isForTimeStamping, isSignedBy, readX509 } from '#protocol/x509';
import { onceFor, serve, timeOf } from '../charged.ts';
import type { Device } from '../device.ts';
import { Fault, invariant } from '../fault.ts';
import type { RecordedDebit } from '../journal.ts';
import { findUserKey, usableKey, withUserKey } from '../user-keys.ts';

/** Evaluated when a content is first hashed; see board-crypto.ts. */
declare function require(module: '../content-hash.ts'): typeof import('../content-hash.ts');

/** Number of the self-test of the hash of contents; see self-test.ts. */
const CONTENT_HASH_TEST = 35;

export function hashContent(
  device: Device,
  { isFirst, data }: RequestOf<'hashContent'>,
): Result<ResponseOf<'hashContent'>> {
  if (isFirst) {
    const { agreesWith, createContentHash } = require('../content-hash.ts');
    if (!agreesWith(device.crypto)) throw new Fault('selfTestFailed', CONTENT_HASH_TEST);
    device.contentHash = { hash: createContentHash(), size: 0 };
  }
  const { contentHash } = device;
  if (contentHash === undefined) return refuse('contentDifferent');
  contentHash.hash.update(data);
  contentHash.size += data.length;
  return ok({ size: contentHash.size });
}

type Digested = Pick<RequestOf<'postmark'>, 'isStreamed' | 'digest'>;

/** Whether the digest is that of the content which was hashed here, where it is said to be (P fig. 3, 304). */
function checkDigest({ contentHash }: Device, { isStreamed, digest }: Digested): Result<undefined> {
  if (!isStreamed) return ok(undefined);
  if (contentHash === undefined) return refuse('contentDifferent');
  contentHash.digest ??= contentHash.hash.digest();
  return equalBytes(contentHash.digest, digest) ? ok(undefined) : refuse('contentDifferent');
}

/** P fig. 3: assembled, funds looked at, charged, signed. */
export function postmark(
  device: Device,
  request: RequestOf<'postmark'>,
): Result<ResponseOf<'postmark'>> {
  return serve(device, request, {
    command: 'postmark',
    charge: 'postmark',
    judge() {
      const key = usableKey(device, request.number, 'timeStamp');
      return key.ok ? checkDigest(device, request) : key;
    },
    answer: (recorded) => signedPostmark(device, request, recorded),
  });
}

function signedPostmark(
  device: Device,
  { isStreamed, digest, nonce, number }: RequestOf<'postmark'>,
  recorded: RecordedDebit,
): Result<ResponseOf<'postmark'>> {
  device.contentHash = undefined;
  const key = findUserKey(device, number);
  if (!key.ok) return key;
  const meter = decodeMeterId(device.content.meterId);
  invariant(meter !== undefined);
  const serial = postmarkSerial(meter.serial, recorded.debit.certificatePieceCount);
  const tstInfo = encodeTstInfo({ isStreamed, digest, serial, nonce, timeMs: timeOf(recorded) });
  const signedAttributes = encodeSignedAttributes(
    device.crypto,
    tstInfo,
    key.value.certificateDigest,
  );
  const { signature } = onceFor(device, recorded, () => ({
    signature: withUserKey(device, key.value, (privateKey, crypto) =>
      crypto.sign(privateKey, signedAttributes),
    ),
  }));
  return ok({ tstInfo, signedAttributes, signature });
}

/** P fig. 4: funds looked at, then the certificate, which is charged for, then the postmark. */
export function validatePostmark(
  device: Device,
  request: RequestOf<'validatePostmark'>,
): Result<ResponseOf<'validatePostmark'>> {
  return serve(device, request, {
    command: 'validatePostmark',
    charge: 'validation',
    judge: () => checkDigest(device, request),
    answer() {
      device.contentHash = undefined;
      return ok({ verdict: verdictOn(device, request) });
    },
  });
}

function verdictOn(
  { crypto, content }: Device,
  { certificate, tstInfo, signedAttributes, signature, digest }: RequestOf<'validatePostmark'>,
): PostmarkVerdict {
  const x509 = readX509(certificate);
  if (x509 === undefined) return 'certificateMalformed';
  if (!isSignedBy(crypto, x509, content.authorityKey)) return 'certificateSignature';
  if (!isForTimeStamping(x509) || !hasOnlyKnownCritical(x509)) return 'certificatePurpose';
  const info = readTstInfo(tstInfo);
  if (info === undefined) return 'postmarkMalformed';
  if (info.time < x509.notBefore || info.time > x509.notAfter) return 'certificateDates';
  const expected = encodeSignedAttributes(crypto, tstInfo, crypto.sha256(certificate));
  const isSigned =
    equalBytes(expected, signedAttributes) &&
    crypto.verify(x509.publicKey, joinBytes(signedAttributes), signature);
  if (!isSigned) return 'postmarkSignature';
  return equalBytes(info.digest, digest) ? 'valid' : 'digestDifferent';
}
