/** SHA-256 of what is at hand, and of what is too long for that. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

export const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
};

/** Of a file. */
export async function sha256OfFile(path: string): Promise<Uint8Array> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Uint8Array);
  return Uint8Array.from(hash.digest());
}
