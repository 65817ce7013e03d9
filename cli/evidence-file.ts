/** Files of documents as commands are given them: bytes or hexadecimal; and whom they are judged by without a network. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { meterName } from '#driver/issue';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { authorityKeysFrom } from '#protocol/documents/authority-chain';
import { Failure, UsageError } from './failure.ts';
import type { Home } from './home.ts';

/** The bytes of a file, or of hexadecimal digits: given in place of it, or in it. */
export function bytesOf(given: string): Uint8Array {
  const digits = /^([0-9a-fA-F]{2}){20,4096}$/;
  if (digits.test(given)) return hexToBytes(given.toLowerCase());
  const file = readFile(given);
  const text = file.toString('latin1').trim();
  const papers = Object.values(parse(text) ?? {});
  const only = papers.length === 1 ? String(papers[0]) : text; // a file of one document
  return digits.test(only) ? hexToBytes(only.toLowerCase()) : Uint8Array.from(file);
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('fileMissing', message, 'Name a file, or give the bytes in hexadecimal.');
  }
}

/** What goes from one party to another of one payment or one line: documents by their names. */
export type Papers = Readonly<Record<string, Uint8Array>>;

/** As JSON, each document in hexadecimal. */
export function writePapers(path: string, papers: Papers): void {
  const digits = Object.entries(papers).map(([name, bytes]) => [name, bytesToHex(bytes)]);
  const text = `${JSON.stringify(Object.fromEntries(digits), undefined, 2)}\n`;
  writeFileSync(path, text, { flush: true });
}

/** @param names what must be in it */
export function readPapers<const N extends string>(
  path: string,
  names: readonly N[],
): Readonly<Record<N, Uint8Array>> {
  const found = parse(readFile(path).toString('utf8'));
  const papers = names.map((name) => {
    const digits = found?.[name];
    if (typeof digits !== 'string' || !/^([0-9a-f]{2})+$/.test(digits))
      throw new Failure('papersDamaged', `${path} holds no ${name}.`, 'Ask for it once more.');
    return [name, hexToBytes(digits)];
  });
  return Object.fromEntries(papers) as Record<N, Uint8Array>;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined; // the caller says which file
  }
}

/** Keys of the authority, the one of today first: as given, or as the user's key file and what it led to. */
export async function authorityKeysOf(
  home: Home,
  given: string | undefined,
): Promise<readonly Uint8Array[]> {
  if (given !== undefined) {
    const key = /^0[23][0-9a-fA-F]{64}$/.test(given) ? hexToBytes(given.toLowerCase()) : undefined;
    if (key === undefined) throw new UsageError('An authority key has 66 hexadecimal digits.');
    return [key];
  }
  const header = await home.header('user');
  if (header === undefined)
    throw new UsageError('Say --authority-key: there is no key file of a user here.');
  const keys = authorityKeysFrom(nodeCrypto, header.authorityKey, home.authorityKeys());
  return keys.map(({ publicKey }) => publicKey).reverse();
}

/** Where a service under way at a meter is noted (driver/charged.ts). */
export const underWay = (home: Home, meter: Meter): string =>
  join(home.path, `service-under-way-${meterName(meter)}.json`);
