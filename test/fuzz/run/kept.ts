/** The inputs of earlier runs in a folder: one folder for each target, one file for each input, named by its digest. */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folderOf = (corpus: string, target: string): string =>
  join(corpus, target.replace(/\W+/g, '-'));

/** In the order of their names, so that a run with them repeats. */
export function readKept(corpus: string | undefined, target: string): Uint8Array[] {
  if (corpus === undefined) return [];
  const folder = folderOf(corpus, target);
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .toSorted()
    .map((name) => Uint8Array.from(readFileSync(join(folder, name))));
}

export function keepAll(corpus: string, target: string, inputs: readonly Uint8Array[]): void {
  const folder = folderOf(corpus, target);
  mkdirSync(folder, { recursive: true });
  for (const input of inputs) {
    const digest = createHash('sha256').update(input).digest('hex');
    writeFileSync(join(folder, `${digest.slice(0, 16)}.bin`), input);
  }
}
