/**
 * Test vectors that nobody here wrote (Wycheproof, ACVP, CAVP, PKITS, x509-limbo): where they are. They stay outside the repository; the
 * environment names their folder in TESSERA_VECTORS, `../shared/vectors` beside the repository otherwise.
 */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const repository = new URL('../../', import.meta.url);
const folder = process.env['TESSERA_VECTORS'] ?? '../shared/vectors';

/**
 * @param path below the folder, such as `acvp/KDF-1.0.counter.HMAC-SHA2-256.json`
 * @returns undefined where the file is absent, which is printed
 * @throws Error instead in continuous integration (CI=true), where the vectors must run
 */
function vectorFile(path: string): string | undefined {
  const file = fileURLToPath(new URL(`${folder.replace(/\/$/, '')}/${path}`, repository));
  if (existsSync(file)) return file;
  const message = `VECTORS DID NOT RUN: ${file} is absent; set TESSERA_VECTORS to their folder`;
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`${message}\n`);
  return undefined;
}

/** The contents of a vector file in JSON; undefined where it is absent. */
export function readVectors<T>(path: string): T | undefined {
  const file = vectorFile(path);
  return file === undefined ? undefined : (JSON.parse(readFileSync(file, 'utf8')) as T);
}

/** The bytes of a vector file; undefined where it is absent. */
export function readVectorBytes(path: string): Uint8Array | undefined {
  const file = vectorFile(path);
  return file === undefined ? undefined : Uint8Array.from(readFileSync(file));
}
