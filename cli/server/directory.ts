/**
 * The directory of an authority or a provider: its private key, the operator's token, its settings and its data base.
 *
 * A directory is made aside and put in its place whole. What is missing, damaged or readable by others when it is opened
 * is refused with what to do: nothing is silently made anew, least of all a key or the books.
 */

import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AUTHORITY_KEYS_LIMIT, authorityKey } from '#authority/shapes';
import { certificateRule } from '#authority/user-keys/rules';
import { syncFolder, writePrivateFile } from '#driver/file';
import { equalBytes, wipe } from '#protocol/bytes';
import type { Crypto, KeyPair } from '#protocol/crypto';
import {
  choice,
  hex,
  list,
  nullable,
  record,
  type Shape,
  ShapeError,
  type ShapeValue,
  text,
  whole,
} from '#protocol/http/shape';
import { privateKeyFromPem, privateKeyToPem } from './private-key.ts';

const KEY_FILE = 'key.pem';
const TOKEN_FILE = 'token';
const SETTINGS_FILE = 'settings.json';
const DATABASE_FILE = 'database.sqlite';
/** Bytes of the operator's token; the file has them in hexadecimal. */
const TOKEN_SIZE = 32;

const common = { format: whole(1, 1), publicKey: hex(33) };

export const authoritySettings = record({
  kind: choice(['authority']),
  ...common,
  /** Certificates of all its keys, the first one first; null or left out before there were any. */
  authorityKeys: nullable(list(authorityKey, AUTHORITY_KEYS_LIMIT)),
  /** Requests for certificates that need no operator; as usual where null or left out. */
  certificateRules: nullable(list(certificateRule, 1_000)),
  /** Where the world reaches the authority, as it stands in certificates; nowhere where null or left out. */
  publicUrl: nullable(text(200)),
});
export type AuthoritySettings = ShapeValue<typeof authoritySettings>;
export const providerSettings = record({
  kind: choice(['provider']),
  ...common,
  /** Number, certificate and key that the authority gave. */
  providerId: whole(0, 0xffff_ffff),
  certificate: hex(130),
  authorityKey: hex(33),
  /** Where the authority is. */
  authorityUrl: text(1_000),
  /** Days after its date of mailing that a spoiled piece may be claimed in; as usual where null or left out. */
  spoilageDays: nullable(whole(0, 3_650)),
});
type Settings = AuthoritySettings | ShapeValue<typeof providerSettings>;

/** What a server needs to open: wipe the key and the token when it has closed. */
export interface ServerDirectory<S> {
  readonly path: string;
  readonly keys: KeyPair;
  /** Whoever shows it is the operator. */
  readonly token: Uint8Array;
  readonly databaseUrl: string;
  readonly settings: S;
}

/** The directory cannot be used; the message says why and what to do. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
}

/** The file of an authority key by its number, from 1. */
export const keyFileOf = (sequence = 1): string =>
  sequence === 1 ? KEY_FILE : `key-${sequence}.pem`;

/** Puts other settings in the place of those that are there: at once, or not at all. */
export function replaceAuthoritySettings(path: string, settings: AuthoritySettings): Promise<void> {
  const json = JSON.stringify(authoritySettings.encode(settings), undefined, 2);
  return writePrivateFile(join(path, SETTINGS_FILE), Buffer.from(`${json}\n`), 'replace');
}

/** Makes the directory of a new authority. @throws DirectoryError where there is something in it */
export async function createAuthorityDirectory(
  path: string,
  crypto: Crypto,
): Promise<ServerDirectory<ShapeValue<typeof authoritySettings>>> {
  const keys = crypto.generateKeyPair();
  const settings = {
    kind: 'authority',
    format: 1,
    publicKey: keys.publicKey,
    authorityKeys: undefined,
    certificateRules: undefined,
    publicUrl: undefined,
  } as const;
  return create(path, crypto, keys, authoritySettings, settings);
}

export interface ProviderSetUp {
  readonly crypto: Crypto;
  readonly authorityUrl: string;
  readonly authorityKey: Uint8Array;
  /** Has the authority register the new key. */
  readonly register: (
    publicKey: Uint8Array,
  ) => Promise<{ readonly providerId: number; readonly certificate: Uint8Array }>;
}

/** Makes the directory of a new provider. @throws DirectoryError where there is something in it */
export async function createProviderDirectory(
  path: string,
  { crypto, authorityKey, authorityUrl, register }: ProviderSetUp,
): Promise<ServerDirectory<ShapeValue<typeof providerSettings>>> {
  await refuseOccupied(path);
  const keys = crypto.generateKeyPair();
  const { publicKey } = keys;
  const { providerId, certificate } = await register(publicKey);
  return create(path, crypto, keys, providerSettings, {
    kind: 'provider',
    format: 1,
    publicKey,
    providerId,
    certificate,
    authorityKey,
    authorityUrl,
  });
}

/** @throws DirectoryError where it is not whole, or not an authority's */
export function openAuthorityDirectory(
  path: string,
): Promise<ServerDirectory<ShapeValue<typeof authoritySettings>>> {
  return open(path, authoritySettings, ({ authorityKeys }) => keyFileOf(authorityKeys?.length));
}

/** @throws DirectoryError where it is not whole, or not a provider's */
export function openProviderDirectory(
  path: string,
): Promise<ServerDirectory<ShapeValue<typeof providerSettings>>> {
  return open(path, providerSettings, () => KEY_FILE);
}

async function refuseOccupied(path: string): Promise<void> {
  const names = await readdir(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw new DirectoryError(`${path} cannot be read: ${cause.code}.`, { cause });
  });
  if (names.length > 0)
    throw new DirectoryError(`${path} is not empty: name a new directory, or open what is there.`);
}

async function create<S extends Settings>(
  path: string,
  crypto: Crypto,
  keys: KeyPair,
  shape: Shape<S>,
  settings: S,
): Promise<ServerDirectory<S>> {
  await refuseOccupied(path);
  const whole = resolve(path);
  const aside = `${whole}.${randomUUID()}.new`;
  const token = crypto.randomBytes(TOKEN_SIZE);
  const pem = privateKeyToPem(keys);
  try {
    await mkdir(aside, { recursive: true, mode: 0o700 });
    await writePrivateFile(join(aside, KEY_FILE), pem, 'new');
    await writePrivateFile(
      join(aside, TOKEN_FILE),
      Buffer.from(`${Buffer.from(token).toString('hex')}\n`),
      'new',
    );
    const json = JSON.stringify(shape.encode(settings), undefined, 2);
    await writePrivateFile(join(aside, SETTINGS_FILE), Buffer.from(`${json}\n`), 'new');
    await writePrivateFile(join(aside, DATABASE_FILE), new Uint8Array(), 'new');
    await rename(aside, whole);
    await syncFolder(dirname(whole));
  } finally {
    wipe(pem);
    await rm(aside, { recursive: true, force: true });
  }
  return { path: whole, keys, token, settings, databaseUrl: databaseUrl(whole) };
}

function databaseUrl(path: string): string {
  return `sqlite:${join(path, DATABASE_FILE)}`;
}

async function open<S extends Settings>(
  path: string,
  shape: Shape<S>,
  keyFile: (settings: S) => string,
): Promise<ServerDirectory<S>> {
  const whole = resolve(path);
  const settings = readSettings(whole, shape, await readPart(whole, SETTINGS_FILE));
  await readPart(whole, DATABASE_FILE, 0);
  const keyName = keyFile(settings);
  const pem = await readPart(whole, keyName);
  const keys = privateKeyFromPem(pem);
  wipe(pem);
  if (keys === undefined || !equalBytes(keys.publicKey, settings.publicKey))
    throw new DirectoryError(
      `${join(whole, keyName)} is not the key this directory was made with: put it back from a copy.`,
    );
  const token = readToken(whole, await readPart(whole, TOKEN_FILE));
  return { path: whole, keys, token, settings, databaseUrl: databaseUrl(whole) };
}

/** The bytes of a file that must be there, and be the owner's alone. @param size reads so many at most */
export async function readPart(path: string, name: string, size?: number): Promise<Buffer> {
  const file = join(path, name);
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new DirectoryError(`${file} can be read by others: chmod 600 it.`);
    return size === 0 ? Buffer.alloc(0) : await readFile(file);
  } catch (cause) {
    if (cause instanceof DirectoryError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new DirectoryError(`${file} cannot be read: ${code}.`, { cause });
    throw new DirectoryError(
      `${file} is missing: make a new directory, or put the file back from a copy.`,
    );
  }
}

function readSettings<S>(path: string, shape: Shape<S>, content: Buffer): S {
  try {
    return shape.decode(JSON.parse(content.toString('utf8')));
  } catch (cause) {
    const reason = cause instanceof ShapeError ? cause.message : 'it is no JSON';
    throw new DirectoryError(
      `${join(path, SETTINGS_FILE)} is damaged or of another kind of server (${reason}): put it back from a copy.`,
    );
  }
}

function readToken(path: string, content: Buffer): Uint8Array {
  const digits = content.toString('latin1').trim();
  const token = /^[0-9a-f]*$/.test(digits) && Buffer.from(digits, 'hex');
  content.fill(0);
  if (!token || token.length !== TOKEN_SIZE)
    throw new DirectoryError(
      `${join(path, TOKEN_FILE)} holds no token: write ${TOKEN_SIZE} random bytes in hexadecimal into it.`,
    );
  return Uint8Array.from(token);
}
