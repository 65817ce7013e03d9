/** Keys for files from passwords (RFC 8018 5.2): PBKDF2 with HMAC-SHA-256, as many rounds as OWASP advised in 2023. */

import { pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { plainBytes } from '../plain-bytes.ts';

const FILE_KEY_ROUNDS = 600_000;
const SALT_SIZE = 16;
const KEY_SIZE = 32;

/** A key that came of a password, and what it takes to come to it again. */
export interface FileKey {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  readonly rounds: number;
}

/** @param password UTF-8 */
export async function fileKeyOf(
  password: Uint8Array,
  salt: Uint8Array = plainBytes(randomBytes(SALT_SIZE)),
  rounds: number = FILE_KEY_ROUNDS,
): Promise<FileKey> {
  const key = await promisify(pbkdf2)(password, salt, rounds, KEY_SIZE, 'sha256');
  return { key: plainBytes(key), salt, rounds };
}
