/** What a board keeps while no process runs it: its flash, its clock, and what is burnt in, in one directory (requirements.md H1). */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { wipe } from '#protocol/bytes';
import { DEVICE_SECRET_SIZE } from './board-options.ts';
import { type ClockSource, createSystemClock } from './clock.ts';
import {
  checkGeometry,
  DEFAULT_FLASH_GEOMETRY,
  ERASED,
  type FlashDevice,
  type FlashGeometry,
} from './flash.ts';
import { openFlashFile, syncDirectory } from './flash-file.ts';
import { createImageSlots, type ImageSlots, SLOT_GEOMETRY } from './image-slots.ts';
import { createSecurityFuse, type SecurityFuse } from './security-fuse.ts';
import { createTamperContact, type TamperContact } from './tamper.ts';

/** Grows when an older program could not read the directory any more. */
const FORMAT = 1;
const FLASH_FILE = 'flash.bin';
/** Made by the first update that writes to them: a board without them runs the image that it is given. */
const SLOT_FILES = { 1: 'slot-a.bin', 2: 'slot-b.bin' } as const;
const BOARD_FILE = 'board.json';

/** Ready to be spread into the options of a board. */
export interface BoardDirectory extends Disposable {
  readonly path: string;
  readonly flash: FlashDevice;
  readonly deviceSecret: Uint8Array;
  readonly securityFuse: SecurityFuse;
  readonly imageSlots: ImageSlots;
  readonly tamper: TamperContact;
  readonly clock: ClockSource;
  /** What is printed on the housing and told over USB; nothing is derived from it. */
  readonly serialNumber: string;
}

/** The content of board.json. */
interface BoardRecord {
  readonly format: number;
  readonly flash: FlashGeometry;
  /** 32 bytes in hex: the fuse that is different in every device. */
  readonly deviceSecret: string;
  readonly securityVersion: number;
  readonly isTampered: boolean;
  /** How far its clock is ahead of the computer's, milliseconds; 0 where it was never set. */
  readonly clockOffsetMs?: number;
  /** Given to a board of an earlier program when it is opened. */
  readonly serialNumber?: string;
}

/**
 * Opens a board, or makes a blank one where the directory is absent or empty.
 * @param geometry of a flash that is made; a board that exists keeps its own
 * @throws Error where another emulator runs this board, or where the directory is damaged; it says which file and why
 */
export function openBoardDirectory(
  path: string,
  geometry: FlashGeometry = DEFAULT_FLASH_GEOMETRY,
): BoardDirectory {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const flashPath = join(path, FLASH_FILE);
  const known = readRecord(path);
  if (known !== undefined && !existsSync(flashPath))
    throw new Error(`The board in ${path} is damaged: ${FLASH_FILE} is missing.`);
  const flash = openFlashFile(flashPath, { geometry: known?.flash ?? geometry });
  try {
    return boardIn(path, flash, known ?? createRecord(path, flash));
  } catch (error) {
    flash.close();
    throw error;
  }
}

function boardIn(path: string, flash: FlashDevice, opened: BoardRecord): BoardDirectory {
  let record = opened;
  function keep(changes: Partial<BoardRecord>): void {
    record = { ...record, ...changes };
    writeRecord(path, record);
  }
  const serialNumber = record.serialNumber ?? newSerialNumber();
  if (record.serialNumber === undefined) keep({ serialNumber });
  const deviceSecret = Uint8Array.from(Buffer.from(record.deviceSecret, 'hex'));
  const tamper = createTamperContact(record.isTampered);
  const forget = tamper.onChange((isTampered) => keep({ isTampered }));
  const imageSlots = slotsIn(path);
  return {
    path,
    serialNumber,
    flash,
    deviceSecret,
    imageSlots,
    tamper,
    clock: createSystemClock(record.clockOffsetMs, (clockOffsetMs) => keep({ clockOffsetMs })),
    securityFuse: createSecurityFuse(record.securityVersion, (securityVersion) =>
      keep({ securityVersion }),
    ),
    [Symbol.dispose]() {
      forget();
      wipe(deviceSecret);
      flash.close();
      imageSlots.close();
    },
  };
}

/** Slots that are there already keep their size: an earlier emulator made them smaller. */
function slotsIn(path: string): ImageSlots {
  const found = Object.values(SLOT_FILES).find((file) => existsSync(join(path, file)));
  const size = found === undefined ? SLOT_GEOMETRY.size : statSync(join(path, found)).size;
  const geometry = { ...SLOT_GEOMETRY, size };
  return createImageSlots(
    (slot) => openFlashFile(join(path, SLOT_FILES[slot]), { geometry }),
    (slot) => existsSync(join(path, SLOT_FILES[slot])),
    geometry,
  );
}

/** The flash is made first: a board that has a record is whole. */
function createRecord(path: string, flash: FlashDevice): BoardRecord {
  if (flash.contents().some((value) => value !== ERASED))
    throw new Error(`The board in ${path} is damaged: ${BOARD_FILE} is missing.`);
  const { size, sectorSize, programUnit } = flash;
  const record: BoardRecord = {
    format: FORMAT,
    flash: { size, sectorSize, programUnit },
    deviceSecret: randomBytes(DEVICE_SECRET_SIZE).toString('hex'),
    securityVersion: 0,
    isTampered: false,
    serialNumber: newSerialNumber(),
  };
  writeRecord(path, record);
  return record;
}

/** Long enough that no two boards of a desk have the same. */
function newSerialNumber(): string {
  return `TS${randomBytes(5).toString('hex').toUpperCase()}`;
}

/** Replaces the file as a whole, so that no power cut of the computer leaves half of it. */
function writeRecord(path: string, record: BoardRecord): void {
  const next = join(path, `${BOARD_FILE}.new`);
  const file = openSync(next, 'w', 0o600);
  try {
    writeSync(file, `${JSON.stringify(record, undefined, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(next, join(path, BOARD_FILE));
  syncDirectory(path);
}

function readRecord(path: string): BoardRecord | undefined {
  const file = join(path, BOARD_FILE);
  if (!existsSync(file)) return undefined;
  const record = parse(readFileSync(file, 'utf8'));
  if (isOfLaterFormat(record))
    throw new Error(`The board in ${path} was written by a newer version of this program.`);
  if (!isBoardRecord(record))
    throw new Error(`The board in ${path} is damaged: ${BOARD_FILE} is not a record of a board.`);
  return record;
}

/** Undefined where the text is no JSON; what it holds is secret and stays out of every error. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isOfLaterFormat(record: unknown): boolean {
  return isObject(record) && Number(record['format']) > FORMAT;
}

function isBoardRecord(record: unknown): record is BoardRecord {
  if (!isObject(record) || record['format'] !== FORMAT) return false;
  const {
    flash,
    deviceSecret,
    securityVersion,
    isTampered,
    clockOffsetMs = 0,
    serialNumber,
  } = record;
  return (
    isGeometry(flash) &&
    typeof deviceSecret === 'string' &&
    new RegExp(`^[0-9a-f]{${2 * DEVICE_SECRET_SIZE}}$`).test(deviceSecret) &&
    Number.isInteger(securityVersion) &&
    typeof isTampered === 'boolean' &&
    Number.isInteger(clockOffsetMs) &&
    (serialNumber === undefined ||
      (typeof serialNumber === 'string' && /^[A-Za-z0-9-]{1,32}$/.test(serialNumber)))
  );
}

function isGeometry(value: unknown): value is FlashGeometry {
  if (!isObject(value)) return false;
  const { size, sectorSize, programUnit } = value;
  if (typeof size !== 'number' || typeof sectorSize !== 'number' || typeof programUnit !== 'number')
    return false;
  try {
    checkGeometry({ size, sectorSize, programUnit });
    return true;
  } catch {
    return false; // sizes that do not fit are damage here, not a defect of the caller
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
