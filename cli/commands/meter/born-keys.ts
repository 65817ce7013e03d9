/**
 * What a device told when its keys were born, kept beside the key files until their certificates are in the device: the
 * authority certifies one pair of keys under a number, and after an interruption it must be asked about the same ones.
 */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { syncFolder, writePrivateFile } from '#driver/file';
import { hex, record, type ShapeValue } from '#protocol/http/shape';
import { Failure } from '../../failure.ts';
import type { Home } from '../../home.ts';

const shape = record({ deviceKey: hex(33), indiciumKey: hex(33), proof: hex(64) });
export type BornKeys = ShapeValue<typeof shape>;

const fileOf = ({ path }: Home): string => join(path, 'born-keys.json');

/** Durable when this returns. */
export async function keepBornKeys(home: Home, born: BornKeys): Promise<void> {
  const json = JSON.stringify(shape.encode(born), undefined, 2);
  await writePrivateFile(fileOf(home), utf8ToBytes(`${json}\n`), 'replace');
}

/** @returns undefined where no making is under way @throws Failure where the file is damaged */
export async function readBornKeys(home: Home): Promise<BornKeys | undefined> {
  const file = fileOf(home);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return shape.decode(JSON.parse(text));
  } catch {
    throw new Failure('homeDamaged', `${file} is damaged.`, 'Make the meter with a new --home.');
  }
}

export async function forgetBornKeys(home: Home): Promise<void> {
  await rm(fileOf(home), { force: true });
  await syncFolder(home.path);
}
