/**
 * The key file of the user: the private key that opens sessions, under a password (requirements.md F3).
 *
 * scrypt (RFC 7914) makes the key from the password, AES-256-GCM seals; the header is authenticated with it. The checksum
 * behind tells a damaged file from a wrong password; it covers nothing secret, so it helps nobody to guess.
 */

import { scrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as P from 'micro-packed';
import { equalBytes, joinBytes, wipe } from '#protocol/bytes';
import {
  GCM_NONCE_SIZE,
  GCM_TAG_SIZE,
  type KeyPair,
  PRIVATE_KEY_SIZE,
  PUBLIC_KEY_SIZE,
} from '#protocol/crypto';
import { bytes, decode, oneOf, u8 } from '#protocol/fields';
import { callerNames, type Role } from '#protocol/state';
import { writePrivateFile } from './file.ts';
import { nodeCrypto } from './node-crypto.ts';

/** Why a key file was not opened or made. */
export type KeyFileReason =
  | 'missing'
  | 'exists'
  | 'foreign'
  | 'versionUnsupported'
  | 'corrupted'
  | 'passwordWrong'
  | 'passwordUnfit';

const texts: Record<KeyFileReason, string> = {
  missing: 'there is no such file, or it may not be read',
  exists: 'there is a file already, and it stays as it is: choose another name',
  foreign: 'this is no key file',
  versionUnsupported: 'this key file is of a later version: update the program',
  corrupted: 'the file is damaged: take it from a backup',
  passwordWrong: 'the password is wrong, or the file was changed on purpose',
  passwordUnfit: 'a password has 8 to 1024 bytes',
};

export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
  readonly reason: KeyFileReason;
  readonly path: string;

  constructor(path: string, reason: KeyFileReason, cause?: unknown) {
    super(`${path}: ${texts[reason]}`, cause === undefined ? {} : { cause });
    this.path = path;
    this.reason = reason;
  }
}

/** What a key file tells without its password; not proved until it is opened. */
export interface KeyFileHeader {
  readonly role: Role;
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
  /** 8 bytes: the meter the key belongs to. */
  readonly meterId: Uint8Array;
  /** 33 bytes: whom the host believes about meters. */
  readonly authorityKey: Uint8Array;
}

/** What a key file holds. It is a {@link KeyPair} until it is disposed of, which wipes it. */
export interface KeyFile extends KeyFileHeader, KeyPair, Disposable {}

export interface KeyFileOptions {
  /** log2 of the cost of scrypt: 14 to 20; 17 unless given, 128 MiB and some tenths of a second. */
  readonly logCost?: number;
}

const FORMAT_VERSION = 1;
const SALT_SIZE = 16;
const CHECKSUM_SIZE = 8;
/** Bounds on what a file may ask for: 16 MiB to 1 GiB of memory. */
const COST_MIN = 14;
const COST_MAX = 20;
const COST_DEFAULT = 17;
const BLOCK_SIZE = 8;
const PARALLEL = 1;
const PARALLEL_MAX = 4;
const PASSWORD_SIZE_MIN = 8;
const PASSWORD_SIZE_MAX = 1024;

const MAGIC = Uint8Array.from('TKEY', (character) => character.charCodeAt(0));

const headerLayout = P.struct({
  magic: P.magicBytes(MAGIC),
  version: u8,
  /** scrypt: log2 N, r, p. */
  logCost: u8,
  blockSize: u8,
  parallel: u8,
  salt: bytes(SALT_SIZE),
  nonce: bytes(GCM_NONCE_SIZE),
  role: oneOf(callerNames),
  meterId: bytes(8),
  publicKey: bytes(PUBLIC_KEY_SIZE),
  authorityKey: bytes(PUBLIC_KEY_SIZE),
});
type Header = Omit<P.UnwrapCoder<typeof headerLayout>, 'magic'>;

const HEADER_SIZE = headerLayout.size as number;
const SEALED_SIZE = PRIVATE_KEY_SIZE + GCM_TAG_SIZE;
const FILE_SIZE = HEADER_SIZE + SEALED_SIZE + CHECKSUM_SIZE;

const derive = promisify<Uint8Array, Uint8Array, number, object, Buffer>(scrypt);

/** The key of the file. The parameters come from the file, so they were bounded before. */
async function keyFrom(password: Uint8Array, header: Header): Promise<Buffer> {
  const cost = 2 ** header.logCost;
  const { blockSize, parallel, salt } = header;
  const maxmem = 2 * 128 * blockSize * cost;
  return derive(password, salt, 32, { cost, blockSize, parallelization: parallel, maxmem });
}

async function sealFile(header: Header, privateKey: Uint8Array, password: Uint8Array) {
  const head = headerLayout.encode(header);
  const key = await keyFrom(password, header);
  try {
    const sealed = nodeCrypto.seal(key, header.nonce, head, privateKey);
    const content = joinBytes(head, sealed);
    return joinBytes(content, nodeCrypto.sha256(content).subarray(0, CHECKSUM_SIZE));
  } finally {
    key.fill(0);
  }
}

function checkPassword(path: string, { length }: Uint8Array): void {
  if (length < PASSWORD_SIZE_MIN || length > PASSWORD_SIZE_MAX)
    throw new KeyFileError(path, 'passwordUnfit');
}

/**
 * Makes a key file, readable by its owner only and durable when this returns.
 * @param password 8 to 1024 bytes; the caller wipes it
 * @throws KeyFileError `exists`, `passwordUnfit`
 */
export async function createKeyFile(
  path: string,
  content: KeyFileHeader & KeyPair,
  password: Uint8Array,
  { logCost = COST_DEFAULT }: KeyFileOptions = {},
): Promise<void> {
  checkPassword(path, password);
  if (!Number.isInteger(logCost) || logCost < COST_MIN || logCost > COST_MAX)
    throw new RangeError(`logCost is ${COST_MIN} to ${COST_MAX}, not ${logCost}`);
  const { role, meterId, publicKey, authorityKey } = content;
  const fields = { role, meterId, publicKey, authorityKey, logCost };
  if (!equalBytes(nodeCrypto.publicKeyOf(content.privateKey), publicKey))
    throw new RangeError('the two keys are no pair');
  const file = await sealFile(freshHeader(fields), content.privateKey, password);
  try {
    await writePrivateFile(path, file, 'new');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new KeyFileError(path, 'exists');
  }
}

function freshHeader(fields: KeyFileHeader & { readonly logCost: number }): Header {
  const { role, meterId, publicKey, authorityKey, logCost } = fields;
  return {
    version: FORMAT_VERSION,
    logCost,
    blockSize: BLOCK_SIZE,
    parallel: PARALLEL,
    salt: nodeCrypto.randomBytes(SALT_SIZE),
    nonce: nodeCrypto.randomBytes(GCM_NONCE_SIZE),
    role,
    meterId,
    publicKey,
    authorityKey,
  };
}

interface ReadKeyFile {
  readonly header: Header;
  /** The header as it is authenticated. */
  readonly head: Uint8Array;
  readonly sealed: Uint8Array;
}

async function readChecked(path: string): Promise<ReadKeyFile> {
  return checkedKeyFile(path, await readBytes(path));
}

/**
 * Checks of a file what can be checked without the password; each reason is tested before the next.
 * @throws KeyFileError `foreign`, `versionUnsupported`, `corrupted`
 */
export function checkedKeyFile(path: string, file: Uint8Array): ReadKeyFile {
  const fail = (reason: KeyFileReason): KeyFileError => new KeyFileError(path, reason);
  if (!equalBytes(file.subarray(0, MAGIC.length), MAGIC)) throw fail('foreign');
  const version = file[MAGIC.length];
  if (version !== undefined && version > FORMAT_VERSION) throw fail('versionUnsupported');
  if (file.length !== FILE_SIZE) throw fail('corrupted');
  const content = file.subarray(0, HEADER_SIZE + SEALED_SIZE);
  const checksum = nodeCrypto.sha256(content).subarray(0, CHECKSUM_SIZE);
  if (!equalBytes(checksum, file.subarray(content.length))) throw fail('corrupted');
  const head = content.subarray(0, HEADER_SIZE);
  const read = decode(headerLayout, head, 'documentMalformed');
  if (!read.ok || !isBounded(read.value)) throw fail('corrupted');
  return { header: read.value, head, sealed: content.subarray(HEADER_SIZE) };
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return Uint8Array.from(await readFile(path));
  } catch (cause) {
    throw new KeyFileError(path, 'missing', cause);
  }
}

function isBounded({ version, logCost, blockSize, parallel, role }: Header): boolean {
  return (
    version === FORMAT_VERSION &&
    logCost >= COST_MIN &&
    logCost <= COST_MAX &&
    blockSize === BLOCK_SIZE &&
    parallel >= PARALLEL &&
    parallel <= PARALLEL_MAX &&
    role !== 'nobody'
  );
}

const toHeader = ({ role, meterId, publicKey, authorityKey }: Header): KeyFileHeader => ({
  role: role as Role, // isBounded has refused nobody
  meterId,
  publicKey,
  authorityKey,
});

/**
 * What a key file tells without its password.
 * @throws KeyFileError `missing`, `foreign`, `versionUnsupported`, `corrupted`
 */
export async function readKeyFileHeader(path: string): Promise<KeyFileHeader> {
  return toHeader((await readChecked(path)).header);
}

/**
 * Opens a key file. `using keyFile = await openKeyFile(path, password)` wipes the key at the end of the block.
 * @param password the caller wipes it
 * @throws KeyFileError `missing`, `foreign`, `versionUnsupported`, `corrupted`, `passwordWrong`
 */
export async function openKeyFile(path: string, password: Uint8Array): Promise<KeyFile> {
  const { header, head, sealed } = await readChecked(path);
  const key = await keyFrom(password, header);
  const privateKey = nodeCrypto.open(key, header.nonce, head, sealed);
  key.fill(0);
  if (privateKey === undefined) throw new KeyFileError(path, 'passwordWrong');
  return { ...toHeader(header), privateKey, [Symbol.dispose]: () => wipe(privateKey) };
}

/**
 * Puts the same key under another password; the old file is replaced at once or not at all.
 * @throws KeyFileError as {@link openKeyFile}, and `passwordUnfit`
 */
export async function changeKeyFilePassword(
  path: string,
  oldPassword: Uint8Array,
  newPassword: Uint8Array,
): Promise<void> {
  checkPassword(path, newPassword);
  const { header } = await readChecked(path);
  using keyFile = await openKeyFile(path, oldPassword);
  const { logCost } = header;
  const file = await sealFile(
    freshHeader({ ...keyFile, logCost }),
    keyFile.privateKey,
    newPassword,
  );
  await writePrivateFile(path, file, 'replace');
}
