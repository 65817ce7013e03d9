/**
 * A postmark as the symbol of a label has it (requirements.md D1; P fig. 3, 316): what was signed and the signature, of which
 * the token is made again with the certificate, which is named by its digest and not on the paper.
 *
 * `TPP1` · the first 8 bytes of the SHA-256 of the certificate · r ‖ s · TSTInfo.
 */

import { ascii, equalBytes, joinBytes } from '#protocol/bytes';
import { SIGNATURE_SIZE } from '#protocol/crypto';
import { encodeSignedAttributes } from '#protocol/postmark';
import { nodeCrypto } from '../../node-crypto.ts';
import { signerOf } from '../cms/signed-data.ts';
import { sha256 } from '../digest.ts';
import type { HostCertificate } from '../x509/certificate.ts';
import { encodeTimeStampToken, type TimeStamp } from './time-stamp.ts';

const MAGIC = ascii('TPP1');
const ID_SIZE = 8;
const HEAD_SIZE = MAGIC.length + ID_SIZE + SIGNATURE_SIZE;
/** What a symbol of 52 by 52 modules holds, which is the size of an indicium's neighbour. */
export const COMPACT_SIZE_MAX = 202;

const idOf = (certificate: Uint8Array): Uint8Array => sha256(certificate).subarray(0, ID_SIZE);

/**
 * The bytes of the symbol; undefined where they do not fit, or where the token is not one whose attributes a meter writes.
 * @param others certificates that are known besides those in the token
 */
export function encodeCompactPostmark(
  { data, tstInfo }: TimeStamp,
  others: readonly HostCertificate[] = [],
): Uint8Array | undefined {
  const certificate = signerOf(data, others)?.der;
  if (certificate === undefined) return undefined;
  const attributes = encodeSignedAttributes(nodeCrypto, tstInfo, sha256(certificate));
  if (!equalBytes(attributes, data.signedAttributes)) return undefined;
  const compact = joinBytes(MAGIC, idOf(certificate), data.signature, tstInfo);
  return compact.length <= COMPACT_SIZE_MAX ? compact : undefined;
}

export const isCompactPostmark = (bytes: Uint8Array): boolean =>
  bytes.length > HEAD_SIZE && equalBytes(bytes.subarray(0, MAGIC.length), MAGIC);

/** The token again; undefined where the certificate is not among those that are known. */
export function tokenOfCompact(
  compact: Uint8Array,
  known: readonly HostCertificate[],
): Uint8Array | undefined {
  const id = compact.subarray(MAGIC.length, MAGIC.length + ID_SIZE);
  const certificate = known.find(({ der }) => equalBytes(idOf(der), id))?.der;
  if (certificate === undefined) return undefined;
  const tstInfo = compact.slice(HEAD_SIZE);
  return encodeTimeStampToken(
    {
      tstInfo,
      signedAttributes: encodeSignedAttributes(nodeCrypto, tstInfo, sha256(certificate)),
      signature: compact.slice(HEAD_SIZE - SIGNATURE_SIZE, HEAD_SIZE),
    },
    certificate,
  );
}
