/** Keys of digital tokens for tests, as an authority gives them. */

import type { KeyPair } from '#protocol/crypto';
import {
  issueTokenKeys,
  type TokenKeysFields,
  tokenKeyRequestDocument,
} from '#protocol/documents/token-keys';
import { nobleCrypto } from '#protocol/noble-crypto';
import { authorityKeys, flashAfter, meterId } from './meter.ts';
import { seededRandom } from './seeded-random.ts';

/** The postal key, then the vendor key. */
export const tokenKeys = Uint8Array.from({ length: 64 }, (_, at) => at + 1);
export const postalKey = tokenKeys.subarray(0, 32);
export const vendorKey = tokenKeys.subarray(32);

/** The answer to a request. */
export function tokenKeysFor(
  request: Uint8Array,
  changes: Partial<Pick<TokenKeysFields, 'meterId' | 'recipient' | 'serial'>> = {},
  issuer: KeyPair = authorityKeys,
  keys: Uint8Array = tokenKeys,
): Uint8Array {
  const read = tokenKeyRequestDocument.read(request);
  if (!read.ok) throw new Error(read.status);
  const { publicKey } = read.value;
  const asked = { meterId, recipient: publicKey, model: 17, serial: 42, ...changes };
  // each answer is made alike, so that what a meter stores is the same in every run
  const crypto = nobleCrypto(seededRandom('keys of tokens'));
  const document = issueTokenKeys(crypto, issuer, asked, keys);
  if (document === undefined) throw new Error('that key is no point');
  return document;
}

/** A meter with them. */
export const tokenFlash = flashAfter('refilled', async (meter) => {
  const officer = await meter.loggedIn('cryptoOfficer');
  const { request } = await officer.requestTokenKeys();
  await officer.installTokenKeys(tokenKeysFor(request));
});
