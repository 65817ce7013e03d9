/** Whether a request for credit is what it says: the postmark of the meter is on it, and its key may pay (P fig. 8, 802). */

import { ascii, equalBytes } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import type { CreditRequest } from '#protocol/documents/credit';
import { dateOf } from '#protocol/documents/date';
import { formatMeterId } from '#protocol/documents/meter-id';
import { keyGrantDocument } from '#protocol/documents/user-key';
import { encodeSignedAttributes, readTstInfo } from '#protocol/postmark';
import { ok, type Result, refuse } from '#protocol/result';
import { hasOnlyKnownCritical, isForTimeStamping, isSignedBy, readX509 } from '#protocol/x509';

export interface CreditProof {
  /** X.509 of the key that made the postmark. */
  readonly certificate: Uint8Array;
  /** The postmark, over SHA-256 of the request. */
  readonly tstInfo: Uint8Array;
  readonly signedAttributes: Uint8Array;
  readonly signature: Uint8Array;
  /** Of the key that will pay. */
  readonly grant: Uint8Array;
}

/**
 * Refusals: `signatureInvalid` whatever is not signed by the authority or by the key it names · `documentMismatch` another
 * meter, key or request · `documentNotValidNow` a certificate that was not valid at the time of the postmark.
 */
export function judgeProof(
  crypto: Crypto,
  authorityKey: Uint8Array,
  request: { readonly bytes: Uint8Array; readonly fields: CreditRequest },
  proof: CreditProof,
): Result<undefined> {
  const { meterId, keyNumber, publicKey } = request.fields;
  const grant = keyGrantDocument.verify(crypto, authorityKey, proof.grant);
  if (!grant.ok) return grant;
  const isTheKey =
    equalBytes(grant.value.meterId, meterId) &&
    grant.value.number === keyNumber &&
    equalBytes(grant.value.publicKey, publicKey) &&
    grant.value.uses.pay;
  if (!isTheKey) return refuse('documentMismatch');
  const x509 = readX509(proof.certificate);
  const info = readTstInfo(proof.tstInfo);
  if (x509 === undefined || info === undefined) return refuse('documentMalformed');
  if (!isSignedBy(crypto, x509, authorityKey)) return refuse('signatureInvalid');
  if (!isForTimeStamping(x509) || !hasOnlyKnownCritical(x509)) return refuse('documentMismatch');
  if (!isOfMeter(x509.subject, meterId)) return refuse('documentMismatch');
  if (info.time < x509.notBefore || info.time > x509.notAfter) return refuse('documentNotValidNow');
  const expected = encodeSignedAttributes(crypto, proof.tstInfo, crypto.sha256(proof.certificate));
  const isStamped =
    equalBytes(expected, proof.signedAttributes) &&
    crypto.verify(x509.publicKey, proof.signedAttributes, proof.signature);
  if (!isStamped) return refuse('signatureInvalid');
  return equalBytes(info.digest, crypto.sha256(request.bytes))
    ? ok(undefined)
    : refuse('documentMismatch');
}

/** The last attribute of a meter's name is its number. */
function isOfMeter(subject: Uint8Array, meterId: Uint8Array): boolean {
  const text = ascii(formatMeterId(meterId));
  return equalBytes(subject.subarray(-text.length), text);
}

/** Whether the key may pay on a day. */
export function maySign(grant: Uint8Array, timeMs: number): boolean {
  const read = keyGrantDocument.read(grant);
  const day = dateOf(timeMs);
  return read.ok && day >= read.value.validFrom && day <= read.value.validTo;
}
