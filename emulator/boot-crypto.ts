/** The engine of the boot ROM: SHA-256 and ECDSA verification by Node, since it works at every start of every board. */

import { createHash, createPublicKey, ECDH, type KeyObject, verify } from 'node:crypto';
import { type Crypto, SIGNATURE_SIZE } from '#protocol/crypto';
import { nobleCrypto } from '#protocol/noble-crypto';

const COORDINATE_SIZE = 32;

/** What a boot ROM does not compute is left to noble, but for random bytes: it has none. */
export const bootCrypto: Crypto = {
  ...nobleCrypto(() => {
    throw new Error('the boot ROM has no random bytes');
  }),
  sha256(...parts) {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return Uint8Array.from(hash.digest());
  },
  verify(publicKey, message, signature) {
    const key = readPublicKey(publicKey);
    if (key === undefined || signature.length !== SIGNATURE_SIZE) return false;
    return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  },
};

/** Undefined for bytes that are no point of P-256. */
function readPublicKey(publicKey: Uint8Array): KeyObject | undefined {
  try {
    const point = ECDH.convertKey(publicKey, 'prime256v1') as Buffer; // 04 ‖ x ‖ y (SEC 1 2.3.3)
    const x = point.subarray(1, 1 + COORDINATE_SIZE).toString('base64url');
    const y = point.subarray(1 + COORDINATE_SIZE).toString('base64url');
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch {
    return undefined; // the only way Node has to say so
  }
}
