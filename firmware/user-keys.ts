/** The keys that a meter keeps for its user: which there are, and their use (requirements.md B8, D4, D6; domain.md R51, R53). */

import type { Crypto } from '#protocol/crypto';
import type { KeyUse } from '#protocol/documents/user-key';
import { ok, type Result, refuse } from '#protocol/result';
import { type Device, today } from './device.ts';
import { invariant } from './fault.ts';
import { provedSigning } from './self-test.ts';
import type { StoreContent, UserKey } from './store.ts';
import { withPrivateKey } from './vault.ts';

/** Keys that wait and those in use together. */
export const USER_KEYS_MAX = 8;

/** A sealed key opens as the key of its number only. */
export const userKeyLabel = (number: number): string => `user key ${number}`;

export function findUserKey({ content }: Pick<Device, 'content'>, number: number): Result<UserKey> {
  const found = content.userKeys.find((key) => key.number === number);
  return found === undefined ? refuse('keyUnknown') : ok(found);
}

/**
 * A key that may do something today. Refusals: `keyUnknown` · `keyNotActive` it waits for its certificate · `keyNotFor` this
 * use · `keyExpired`, or not valid yet · `clockNotTrusted`.
 */
export function usableKey(device: Device, number: number, use: KeyUse): Result<UserKey> {
  const found = findUserKey(device, number);
  if (!found.ok) return found;
  const { state, uses, validFrom, validTo } = found.value;
  if (state !== 'active') return refuse('keyNotActive');
  if (!uses[use]) return refuse('keyNotFor');
  const date = today(device);
  if (!date.ok) return date;
  return date.value < validFrom || date.value > validTo ? refuse('keyExpired') : found;
}

/** Lends a key of the user, with algorithms that judge what it signs; it is wiped afterwards. */
export function withUserKey<T>(
  { crypto, access }: Device,
  { number, sealedKey, publicKey }: UserKey,
  use: (privateKey: Uint8Array, crypto: Crypto) => T,
): T {
  invariant(access !== undefined);
  return withPrivateKey(crypto, access.vaultKey, userKeyLabel(number), sealedKey, (key) =>
    use(key, provedSigning(crypto, publicKey)),
  );
}

/** The content of the store with a key changed, added, or taken away where it is undefined. */
export function withKey(
  content: StoreContent,
  number: number,
  key: UserKey | undefined,
): StoreContent {
  const others = content.userKeys.filter((each) => each.number !== number);
  const userKeys = key === undefined ? others : [...others, key];
  return { ...content, userKeys: userKeys.sort((one, other) => one.number - other.number) };
}

/** What a change of the store must pass: that a bank holds it. */
export function checkRoom({ store }: Device, content: StoreContent): Result<undefined> {
  return store.fits(content) ? ok(undefined) : refuse('storeFull');
}
