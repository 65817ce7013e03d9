/** The PKCS#10 request of a key that a meter holds, judged by what the meter says of it (requirements.md D4; RFC 2986). */

import { equalBytes } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import { isOid, oids, readDer, readerOf, tags } from '#protocol/der';
import type { KeyRequestFields } from '#protocol/documents/user-key';
import { requestInfo, signatureFromDer } from '#protocol/x509';
import { holderName } from './issue.ts';

interface ReadRequest {
  /** What is signed. */
  readonly info: Uint8Array;
  /** r ‖ s. */
  readonly signature: Uint8Array | undefined;
}

function readRequest(csr: Uint8Array): ReadRequest | undefined {
  return readDer(csr, (reader) => {
    const whole = readerOf(reader.next(tags.sequence).content);
    const info = whole.next(tags.sequence).whole;
    const algorithm = readerOf(whole.next(tags.sequence).content);
    const isKnown = isOid(algorithm.next(tags.oid), oids.ecdsaWithSha256) && algorithm.isAtEnd;
    const bits = whole.next(tags.bitString).content;
    whole.end();
    const signature = isKnown && bits[0] === 0 ? signatureFromDer(bits.subarray(1)) : undefined;
    return { info, signature };
  });
}

/**
 * What is wrong with a request; undefined where it is the one that the meter described, to the byte: its name and its key can
 * be written in one way only.
 */
export function faultInRequest(
  crypto: Pick<Crypto, 'sha256' | 'verify'>,
  fields: KeyRequestFields,
  csr: Uint8Array,
): string | undefined {
  if (!equalBytes(crypto.sha256(csr), fields.csrDigest))
    return 'Its digest is not the one that the meter signed.';
  const read = readRequest(csr);
  if (read === undefined) return 'It is no PKCS#10 request.';
  if (!equalBytes(read.info, requestInfo(holderName(fields), fields.publicKey)))
    return 'It asks for another key or another name than the meter does.';
  if (read.signature === undefined) return 'It is not signed with ECDSA and SHA-256.';
  return crypto.verify(fields.publicKey, read.info, read.signature)
    ? undefined
    : 'The key that it is for did not sign it.';
}
