/** Board profiles: what a board offers its image, as a file, so that the emulator holds the image to it (docs/profiles.md). */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flashBounds } from '#hw/flash';
import { type CpuName, cpuNames } from './cpu/cpus.ts';
import { checkGeometry } from './flash.ts';

export interface BoardProfile {
  /** Of the file. */
  readonly name: string;
  /** For a person. */
  readonly about: string;
  readonly cpu: CpuName;
  /** Bytes of memory, of the stack, and polls of the watchdog in a call; for the embedded processor alone. */
  readonly ramBytes?: number;
  readonly stackBytes?: number;
  readonly polls?: number;
  readonly cryptoEngine: boolean;
  readonly flash: {
    readonly sectorSize: number;
    readonly sectors: number;
    readonly programUnit: number;
  };
  /** How long the image may leave the watchdog without food. */
  readonly watchdogMs: number;
  /** Bits a second of the serial line: ten for each byte. */
  readonly serialBaud: number;
  /** What the source of noise gives; any speed where left out. */
  readonly entropyBytesPerSecond?: number;
}

/** In the repository; in the package, where these sources are in `dist/`. */
const FOLDERS = ['../hw/profiles', '../../hw/profiles'].map((path) =>
  join(import.meta.dirname, path),
);
const FILE_SIZE_MAX = 65_536;

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly isOptional?: boolean;
}

const limits: Readonly<Record<'ramBytes' | 'stackBytes' | 'polls', Bounds>> = {
  ramBytes: { min: 65_536, max: 2 ** 30 },
  stackBytes: { min: 8_192, max: 491_520 },
  polls: { min: 1, max: 1_000_000_000 },
};
const numbers: Readonly<Record<string, Bounds>> = {
  watchdogMs: { min: 100, max: 3_600_000 },
  serialBaud: { min: 50, max: 10_000_000 },
  entropyBytesPerSecond: { min: 1, max: 1_000_000_000, isOptional: true },
};
const flashNumbers: Readonly<Record<string, Bounds>> = {
  sectorSize: { min: flashBounds.sectorSizeMin, max: flashBounds.sectorSizeMax },
  sectors: { min: 1, max: 65_536 },
  programUnit: { min: 1, max: flashBounds.programUnitMax },
};

type Fields = Readonly<Record<string, unknown>>;

/** Names of the profiles that come with the program. */
export function profileNames(): readonly string[] {
  return readdirSync(profileFolder())
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .toSorted();
}

function profileFolder(): string {
  const folder = FOLDERS.find((path) => existsSync(path));
  if (folder === undefined) throw new Error('The board profiles of this program are not there.');
  return folder;
}

/**
 * @param nameOrFile one of {@link profileNames}, or the path of a file, which ends with `.json`
 * @throws Error that names what is wrong in it
 */
export function loadProfile(nameOrFile: string): BoardProfile {
  const isFile = nameOrFile.endsWith('.json');
  const names = isFile ? [] : profileNames();
  if (!isFile && !names.includes(nameOrFile))
    throw new Error(
      `There is no board profile ${nameOrFile}: there are ${names.join(', ')}, or name a file that ends with .json.`,
    );
  const path = isFile ? nameOrFile : join(profileFolder(), `${nameOrFile}.json`);
  return parseProfile(readProfile(path), isFile ? path : nameOrFile);
}

function readProfile(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length <= FILE_SIZE_MAX) return text;
  } catch (cause) {
    throw new Error(`The board profile ${path} cannot be read.`, { cause });
  }
  throw new Error(`The board profile ${path} is too long to be one.`);
}

/** @throws Error that names what is wrong */
export function parseProfile(text: string, name: string): BoardProfile {
  const fail = (what: string): Error => new Error(`The board profile ${name}: ${what}.`);
  const fields = jsonObject(text);
  if (fields === undefined) throw fail('it is no JSON object');
  const known = [
    'about',
    'cpu',
    'cryptoEngine',
    'flash',
    ...Object.keys(limits),
    ...Object.keys(numbers),
  ];
  const foreign = Object.keys(fields).find((key) => !known.includes(key));
  if (foreign !== undefined) throw fail(`${foreign} is nothing that a profile has`);
  const { about, cpu, cryptoEngine, flash } = fields;
  if (typeof about !== 'string') throw fail('about must be a text');
  if (!cpuNames.some((each) => each === cpu)) throw fail(`cpu must be ${cpuNames.join(' or ')}`);
  if (typeof cryptoEngine !== 'boolean') throw fail('cryptoEngine must be true or false');
  checkNumbers(fields, numbers, '', fail);
  if (cpu === 'quickjs') checkNumbers(fields, limits, '', fail);
  else if (Object.keys(limits).some((key) => key in fields))
    throw fail(`${Object.keys(limits).join(', ')} are limits of quickjs, and its cpu is ${cpu}`);
  checkFlash(flash, fail);
  return { ...(fields as Omit<BoardProfile, 'name'> & Fields), name };
}

function checkFlash(flash: unknown, fail: (what: string) => Error): void {
  if (!isObject(flash)) throw fail('flash must have sectorSize, sectors and programUnit');
  const foreign = Object.keys(flash).find((key) => !(key in flashNumbers));
  if (foreign !== undefined) throw fail(`flash.${foreign} is nothing that a profile has`);
  checkNumbers(flash, flashNumbers, 'flash.', fail);
  const { sectorSize, sectors, programUnit } = flash as BoardProfile['flash'];
  try {
    checkGeometry({ size: sectors * sectorSize, sectorSize, programUnit });
  } catch {
    throw fail(`flash.sectorSize ${sectorSize} is no multiple of flash.programUnit ${programUnit}`);
  }
  if (
    flashBounds.programUnitMax % programUnit !== 0 ||
    sectorSize % flashBounds.programUnitMax !== 0
  )
    throw fail(
      `the firmware writes records of ${flashBounds.programUnitMax} bytes: flash.programUnit must divide that, and that must divide flash.sectorSize`,
    );
}

function checkNumbers(
  fields: Fields,
  bounds: Readonly<Record<string, Bounds>>,
  path: string,
  fail: (what: string) => Error,
): void {
  for (const [key, { min, max, isOptional = false }] of Object.entries(bounds)) {
    const value = fields[key];
    if (value === undefined && isOptional) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
      throw fail(`${path}${key} must be a whole number from ${min} to ${max}`);
  }
}

function jsonObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // the caller says which profile
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
