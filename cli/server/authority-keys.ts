/**
 * The key of an authority that comes next, in its directory: made ahead, sealed under a secret that belongs in a safe, and put
 * in the place of the one before (requirements.md D8, G8).
 *
 * The settings name the key that counts, and are replaced at once: what an interrupted rollover left in front of them is
 * overwritten by the next one, and an old key that it left behind them is removed.
 */

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writePrivateFile } from '#driver/file';
import { equalBytes, wipe } from '#protocol/bytes';
import type { Crypto, KeyPair } from '#protocol/crypto';
import {
  type AuthorityKey,
  issueFirstAuthorityKey,
  issueNextAuthorityKey,
  verifyAuthorityKey,
} from '#protocol/documents/authority-key';
import {
  type AuthoritySettings,
  DirectoryError,
  keyFileOf,
  readPart,
  replaceAuthoritySettings,
  type ServerDirectory,
} from './directory.ts';
import { privateKeyFromPem, privateKeyToPem, sealedKeyToPem, sealSecretOf } from './private-key.ts';

type AuthorityDirectory = ServerDirectory<AuthoritySettings>;

const sealedFileOf = (sequence: number): string => `next-key-${sequence}.pem`;
const secretFileOf = (sequence: number): string => `next-key-${sequence}.secret`;

export interface AnnouncedKey {
  /** Certificate of the key of today, which holds the hash of the next one. */
  readonly certificate: Uint8Array;
  readonly fields: AuthorityKey;
  /** The file that unseals the next key: for a safe, and off this computer. */
  readonly secretFile: string;
}

/**
 * Makes the next key ahead and announces its hash, for an authority that has announced none.
 * @param date today, YYYYMMDD
 * @throws DirectoryError where one is announced
 */
export async function announceNextKey(
  { path, keys, settings }: AuthorityDirectory,
  crypto: Crypto,
  date: number,
): Promise<AnnouncedKey> {
  if (settings.authorityKeys !== undefined)
    throw new DirectoryError('The next key is announced already.');
  const next = await makeSealed(path, crypto, 2);
  const certificate = issueFirstAuthorityKey(crypto, keys, next, date);
  await replaceAuthoritySettings(path, { ...settings, authorityKeys: [certificate] });
  return announced(path, crypto, certificate);
}

/**
 * Puts the announced key in the place of the one of today, and announces another one. The old private key is removed.
 * @param secret what the sealed key was sealed with
 * @param appoint is called with the new public key while there is still the old private one
 * @throws DirectoryError where it is not the key that was announced, or where the key of today would have ended before it began,
 * and nothing that it signed would count
 */
export async function rollOver(
  { path, keys, settings }: AuthorityDirectory,
  crypto: Crypto,
  secret: Uint8Array,
  date: number,
  appoint: (publicKey: Uint8Array) => Promise<void> = async () => undefined,
): Promise<AnnouncedKey> {
  const { authorityKeys = [] } = settings;
  const before = verifyAuthorityKey(crypto, authorityKeys.at(-1) ?? new Uint8Array(0));
  if (!before.ok) throw new DirectoryError('No next key is announced: announce one first.');
  const { validFrom } = before.value;
  if (date < validFrom)
    throw new DirectoryError(`The key of today counts from ${validFrom}: is the clock right?`);
  const sequence = before.value.sequence + 1;
  const own = await unseal(path, crypto, before.value, secret);
  const pem = privateKeyToPem(own);
  try {
    await appoint(own.publicKey);
    const next = await makeSealed(path, crypto, sequence + 1);
    const pairs = { previous: keys, own };
    const certificate = issueNextAuthorityKey(crypto, before.value, pairs, next, date);
    await writePrivateFile(join(path, keyFileOf(sequence)), pem, 'replace');
    await replaceAuthoritySettings(path, {
      ...settings,
      publicKey: own.publicKey,
      authorityKeys: [...authorityKeys, certificate],
    });
    await removeEarlier(path, sequence);
    return announced(path, crypto, certificate);
  } finally {
    wipe(pem, own.privateKey);
  }
}

function announced(path: string, crypto: Crypto, certificate: Uint8Array): AnnouncedKey {
  const read = verifyAuthorityKey(crypto, certificate);
  if (!read.ok) throw new Error('a new certificate does not hold');
  const secretFile = join(path, secretFileOf(read.value.sequence + 1));
  return { certificate, fields: read.value, secretFile };
}

/** @returns the public key */
async function makeSealed(path: string, crypto: Crypto, sequence: number): Promise<Uint8Array> {
  const pair = crypto.generateKeyPair();
  const secret = sealSecretOf();
  try {
    const sealed = sealedKeyToPem(pair, secret);
    await writePrivateFile(join(path, secretFileOf(sequence)), secret, 'replace');
    await writePrivateFile(join(path, sealedFileOf(sequence)), sealed, 'replace');
    return pair.publicKey;
  } finally {
    wipe(pair.privateKey, secret);
  }
}

async function unseal(
  path: string,
  crypto: Crypto,
  { sequence, nextKeyHash }: AuthorityKey,
  secret: Uint8Array,
): Promise<KeyPair> {
  const name = sealedFileOf(sequence + 1);
  const pair = privateKeyFromPem(await readPart(path, name), secret);
  if (pair === undefined)
    throw new DirectoryError(
      `${join(path, name)} does not open: give the secret it was made with.`,
    );
  if (equalBytes(crypto.sha256(pair.publicKey), nextKeyHash)) return pair;
  wipe(pair.privateKey);
  throw new DirectoryError(`${join(path, name)} is not the key that was announced.`);
}

/** Removes the keys before one, private and sealed, also those that an interrupted rollover left. */
export async function removeEarlier(path: string, sequence: number): Promise<void> {
  for (const name of await readdir(path)) {
    const [, own] = /^key(?:-(\d+))?\.pem$/.exec(name) ?? [];
    const [, sealed] = /^next-key-(\d+)\.(?:pem|secret)$/.exec(name) ?? [];
    const isOwn = name === keyFileOf() || own !== undefined;
    const isEarlier = isOwn && Number(own ?? 1) < sequence;
    if (isEarlier || (sealed !== undefined && Number(sealed) <= sequence))
      await rm(join(path, name), { force: true });
  }
  await syncFolder(path);
}
