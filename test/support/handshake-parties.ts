/** A client and a server for tests of the handshake, and how to read what it answers. */

import { ascii } from '#protocol/bytes';
import { nobleCrypto } from '#protocol/noble-crypto';
import type { Result } from '#protocol/result';
import type { Role } from '#protocol/state';
import { seededRandom } from './seeded-random.ts';

export const crypto = nobleCrypto(seededRandom('handshake'));
export const client = { ...crypto.generateKeyPair(), role: 'user' as Role };
export const server = {
  ...crypto.generateKeyPair(),
  meterId: ascii('TS01\x2a\0\0\0'),
  certificate: new Uint8Array(130).fill(0xcc),
};

export const anybody = (): boolean => true;

/** The value of an outcome that a test needs in order to go on. */
export function accepted<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${result.status}`);
  return result.value;
}

export const statusOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.status);
