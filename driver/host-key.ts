/**
 * Another key for the host of a role (requirements.md F3): it is safe in a file beside the old one before the meter is asked,
 * and takes the old one's place once the meter has it. Wherever that is interrupted, one of the two files opens a session.
 */

import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { equalBytes, wipe } from '#protocol/bytes';
import { RefusedError } from './errors.ts';
import { syncFolder } from './file.ts';
import {
  createKeyFile,
  type KeyFile,
  KeyFileError,
  type KeyFileHeader,
  type KeyFileOptions,
  openKeyFile,
  readKeyFileHeader,
} from './key-file.ts';
import type { Meter } from './meter.ts';
import { nodeCrypto } from './node-crypto.ts';
import type { CallOptions } from './session.ts';

const nextFileOf = (path: string): string => `${path}.next`;

/** What is left of another meter, role or authority is no other key of this one, whatever its password. */
function areOfOneHost(one: KeyFileHeader, other: KeyFileHeader): boolean {
  return (
    one.role === other.role &&
    equalBytes(one.meterId, other.meterId) &&
    equalBytes(one.authorityKey, other.authorityKey)
  );
}

/**
 * Makes a new pair and has the meter take it in place of the one of the role that is logged in.
 * @param path of the key file that the session was opened with
 * @param password of the key file, for the new one too; the caller wipes it
 * @throws KeyFileError, RefusedError, LinkError: the old file stays, and {@link openingWithEither} finds which one counts
 */
export async function renewHostKey(
  meter: Pick<Meter, 'changeHostKey'>,
  path: string,
  password: Uint8Array,
  { logCost, ...options }: KeyFileOptions & CallOptions = {},
): Promise<void> {
  using keyFile = await openKeyFile(path, password);
  using next = await nextKey(keyFile, path, password, {
    ...(logCost !== undefined && { logCost }),
  });
  await meter.changeHostKey(next.publicKey, options);
  await putInPlace(path);
}

/**
 * The one that an interrupted renewal left, or a new one. One that does not open is of an earlier password: the meter does not
 * know it, since it knows the old one. One of another meter stays, because that may know no other.
 * @throws KeyFileError `exists`
 */
async function nextKey(
  old: KeyFile,
  path: string,
  password: Uint8Array,
  options: KeyFileOptions,
): Promise<KeyFile> {
  const next = nextFileOf(path);
  const left = await openedOrNothing(next, password);
  if (left !== undefined) {
    if (areOfOneHost(old, left)) return left;
    left[Symbol.dispose]();
    throw new KeyFileError(next, 'exists');
  }
  await rm(next, { force: true });
  const pair = nodeCrypto.generateKeyPair();
  const { role, meterId, authorityKey } = old;
  await createKeyFile(next, { ...pair, role, meterId, authorityKey }, password, options);
  wipe(pair.privateKey);
  return openKeyFile(next, password);
}

async function openedOrNothing(path: string, password: Uint8Array): Promise<KeyFile | undefined> {
  try {
    return await openKeyFile(path, password);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    return undefined;
  }
}

async function putInPlace(path: string): Promise<void> {
  await rename(nextFileOf(path), path);
  await syncFolder(dirname(path));
}

/**
 * Opens something with the key of a file, and where the meter does not know it any more with the one that an interrupted
 * renewal left beside it, which then takes its place.
 * @throws KeyFileError, and what opening throws
 */
export async function openingWithEither<T>(
  path: string,
  password: Uint8Array,
  open: (keyFile: KeyFile) => Promise<T>,
): Promise<T> {
  let refused: unknown;
  try {
    using keyFile = await openKeyFile(path, password);
    return await open(keyFile);
  } catch (error) {
    const isUnknown = error instanceof RefusedError && error.status === 'authenticationFailed';
    if (!isUnknown || !existsSync(nextFileOf(path))) throw error;
    refused = error;
  }
  using next = await openKeyFile(nextFileOf(path), password);
  if (!areOfOneHost(await readKeyFileHeader(path), next)) throw refused;
  const opened = await open(next);
  await putInPlace(path);
  return opened;
}
