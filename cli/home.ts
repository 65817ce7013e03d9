/**
 * Where the command line keeps what belongs to one meter: the key files of its two roles, the journal of pieces under
 * way, and where meter, provider and authority are found, so that they need not be said each time.
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writePrivateFile } from '#driver/file';
import { type KeyFileHeader, readKeyFileHeader } from '#driver/key-file';
import { nodeCrypto } from '#driver/node-crypto';
import { joinBytes } from '#protocol/bytes';
import { longerChain } from '#protocol/documents/authority-chain';
import { AUTHORITY_KEY_SIZE } from '#protocol/documents/authority-key';
import type { Role } from '#protocol/state';
import { defaultsFile, readDefaults } from './defaults.ts';
import { Failure, UsageError } from './failure.ts';

/** What is remembered between commands; a command line option goes before it. */
export interface Settings {
  /** Port URL of the meter. */
  readonly port?: string;
  readonly provider?: string;
  readonly authority?: string;
  /** Port URL of the printer, and the name of its profile. */
  readonly printer?: string;
  readonly profile?: string;
  /** Of the labels that are in it. */
  readonly layout?: string;
  /** Time of day after which mail goes with the next working day, HH:MM. */
  readonly cutOff?: string;
  /** Amounts: a contact buys so much where less than that is left. */
  readonly autoRefill?: string;
  readonly autoRefillBelow?: string;
  /** Cost account and user of the desk. */
  readonly account?: string;
  readonly user?: string;
}

export interface Home {
  readonly path: string;
  readonly settings: Settings;
  keyFile(role: Role): string;
  /** What the key file of a role tells without its password; undefined where there is none. */
  header(role: Role): Promise<KeyFileHeader | undefined>;
  /** Makes the directory, for its owner alone. */
  prepare(): void;
  readonly journal: string;
  /** Of the key that the meter proved, once it is to be withdrawn: the proof is verified with it. */
  readonly deviceKey: string;
  /** Certificates of the authority's keys, as far as they are known, the first one first. */
  authorityKeys(): readonly Uint8Array[];
  /** Keeps those that were told, where they lead on from the key in the user's key file and contradict nothing known. */
  believe(certificates: readonly Uint8Array[]): Promise<void>;
  /** Undefined forgets. */
  remember(changes: { readonly [Name in keyof Settings]: Settings[Name] | undefined }): void;
}

const FILE = 'settings.json';
const names = [
  'port',
  'provider',
  'authority',
  'printer',
  'profile',
  'layout',
  'cutOff',
  'autoRefill',
  'autoRefillBelow',
  'account',
  'user',
] as const;

/** The home where none is named. */
export const defaultHome = (): string => join(homedir(), '.tessera');

interface Defaults {
  readonly home?: string | undefined;
  readonly settings: Settings;
}

/** Of this user, for every home. */
function userDefaults(): Defaults {
  const text = readDefaults();
  if (text === undefined) return { settings: {} };
  const { home, ...rest } = parse(text) ?? damaged(defaultsFile());
  if (home !== undefined && typeof home !== 'string') damaged(defaultsFile());
  return { home: home as string | undefined, settings: settingsIn(rest, defaultsFile()) };
}

/** The directory is made when something is kept in it. */
export function openHome(given: string | undefined): Home {
  const defaults = userDefaults();
  const path = given ?? process.env['TESSERA_HOME'] ?? defaults.home ?? defaultHome();
  const { port: _, ...others } = defaults.settings; // another home is of another meter
  const shared = path === (defaults.home ?? defaultHome()) ? defaults.settings : others;
  const keyFile = (role: Role): string => join(path, `${role === 'user' ? 'user' : 'officer'}.key`);
  const prepare = (): void => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  };
  const authorityFile = join(path, 'authority-keys.bin');
  let settings = readSettings(join(path, FILE));
  return {
    path,
    get settings() {
      return { ...shared, ...settings };
    },
    keyFile,
    header: async (role) =>
      existsSync(keyFile(role)) ? readKeyFileHeader(keyFile(role)) : undefined,
    prepare,
    journal: join(path, 'pieces.journal'),
    deviceKey: join(path, 'device-key.bin'),
    authorityKeys: () => readAuthorityKeys(authorityFile),
    async believe(certificates) {
      const header = existsSync(keyFile('user'))
        ? await readKeyFileHeader(keyFile('user'))
        : undefined;
      if (header === undefined) return;
      const known = readAuthorityKeys(authorityFile);
      const longer = longerChain(nodeCrypto, header.authorityKey, known, certificates);
      if (longer !== undefined)
        await writePrivateFile(authorityFile, joinBytes(...longer), 'replace');
    },
    remember(changes) {
      settings = JSON.parse(JSON.stringify({ ...settings, ...changes })) as Settings;
      prepare();
      const next = join(path, `${FILE}.new`);
      writeFileSync(next, `${JSON.stringify(settings, undefined, 2)}\n`, { flush: true });
      renameSync(next, join(path, FILE));
    },
  };
}

/** What is damaged in the file proves nothing, and is not believed. */
function readAuthorityKeys(file: string): readonly Uint8Array[] {
  if (!existsSync(file)) return [];
  const content = Uint8Array.from(readFileSync(file));
  const count = Math.floor(content.length / AUTHORITY_KEY_SIZE);
  return Array.from({ length: count }, (_, place) =>
    content.slice(place * AUTHORITY_KEY_SIZE, (place + 1) * AUTHORITY_KEY_SIZE),
  );
}

function readSettings(file: string): Settings {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  return settingsIn(parse(text) ?? damaged(file), file);
}

function settingsIn(parsed: Record<string, unknown>, file: string): Settings {
  const known = names.filter((name) => typeof parsed[name] === 'string');
  return Object.keys(parsed).length === known.length ? (parsed as Settings) : damaged(file);
}

function damaged(file: string): never {
  throw new Failure('settingsDamaged', `${file} is damaged.`, 'Mend it, or remove it.');
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // the caller says which file
  }
}

/** A setting that must be there, from the command line or from before. */
export function needed(
  given: string | undefined,
  remembered: string | undefined,
  option: string,
): string {
  const value = given ?? remembered;
  if (value === undefined) throw new UsageError(`Say ${option}: nothing is remembered for it.`);
  return value;
}
