/** The JSON form of one part of flash: cells, wear, noise, what is broken, power, the armed cut (docs/control.md). */

import {
  choice,
  flag,
  list,
  nullable,
  parsed,
  record,
  type Shape,
  type ShapeValue,
  whole,
} from '#protocol/http/shape';
import type { SectorImage } from '../flash/cells.ts';
import { tearModes } from '../flash/tear.ts';
import { wearFailures } from '../flash/wear.ts';
import { checkGeometry, type FlashGeometry, type FlashSnapshot, type PowerCut } from '../flash.ts';

const SAFE = Number.MAX_SAFE_INTEGER;
const U32 = 0xffff_ffff;
/** The largest part or memory that a state holds. */
export const BYTES_MAX = 1 << 26;
const SECTORS_MAX = 1 << 14;

/** Bytes in base64. */
export function base64(minimum: number, maximum = minimum): Shape<Uint8Array> {
  return parsed(
    `${minimum === maximum ? minimum : `${minimum} to ${maximum}`} bytes in base64`,
    (digits) => {
      const bytes = Uint8Array.from(Buffer.from(digits, 'base64'));
      const isExact = Buffer.from(bytes).toString('base64') === digits;
      return isExact && bytes.length >= minimum && bytes.length <= maximum ? bytes : undefined;
    },
    (bytes) => Buffer.from(bytes).toString('base64'),
  );
}

const count = whole(0, SAFE);
const word = whole(0, U32);

export const geometry = record({
  size: whole(1, BYTES_MAX),
  sectorSize: count,
  programUnit: count,
});

export const powerCut = {
  tear: nullable(choice(tearModes)),
  tornBytes: nullable(whole(0, 4096)),
  seed: nullable(word),
  disturbedBits: nullable(whole(0, 4096)),
  unsynced: nullable(choice(['kept', 'lost'])),
} as const;

const cells = record({
  bytes: base64(1, BYTES_MAX),
  spent: base64(1, BYTES_MAX),
  weak: list(record({ offset: word, mask: whole(1, 255) }), BYTES_MAX),
});
type CellsRecord = ShapeValue<typeof cells>;

/** What a part has at one moment, without its sizes. */
export const chipFields = {
  cells,
  wear: list(count, SECTORS_MAX),
  noise: word,
  broken: list(record({ sector: count, failure: choice(wearFailures) }), SECTORS_MAX),
  flashHasPower: flag,
  cut: nullable(record({ operationsLeft: count, ...powerCut, synced: nullable(cells) })),
} as const;
export const chip = record(chipFields);
type ChipRecord = ShapeValue<typeof chip>;

export function chipToRecord(snapshot: FlashSnapshot): ChipRecord {
  const { sectors, wear, noise, broken, isPowered, cut } = snapshot;
  return {
    cells: cellsOf(sectors),
    wear,
    noise,
    broken: Array.from(broken, ([sector, failure]) => ({ sector, failure })),
    flashHasPower: isPowered,
    cut: cut && {
      ...cut.cut,
      operationsLeft: cut.operationsLeft,
      synced: cut.synced && cellsOf(cut.synced),
    },
  } as ChipRecord;
}

/** @throws RangeError where it does not fit the sizes of its part */
export function chipFrom(read: ChipRecord, sizes: FlashGeometry): FlashSnapshot {
  checkGeometry(sizes);
  return {
    sectors: sectorsOf(read.cells, sizes),
    wear: checkedWear(read.wear, sizes),
    noise: read.noise,
    broken: new Map(
      read.broken.map(({ sector, failure }) => [checkedSector(sector, sizes), failure]),
    ),
    isPowered: read.flashHasPower,
    cut: read.cut && cutOf(read.cut, sizes),
  };
}

/** Without the fields that are undefined. */
export function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function cutOf(
  { operationsLeft, synced, ...cut }: NonNullable<ChipRecord['cut']>,
  geometry: FlashGeometry,
): FlashSnapshot['cut'] {
  return {
    operationsLeft,
    cut: defined(cut) as PowerCut,
    synced: synced && sectorsOf(synced, geometry),
  };
}

function cellsOf(sectors: readonly SectorImage[]): CellsRecord {
  return {
    bytes: Buffer.concat(sectors.map(({ bytes }) => bytes)),
    spent: Buffer.concat(sectors.map(({ spent }) => spent)),
    weak: sectors.flatMap(({ weak }) =>
      Array.from(weak ?? [], ([offset, mask]) => ({ offset, mask })),
    ),
  };
}

function sectorsOf(
  { bytes, spent, weak }: CellsRecord,
  { size, sectorSize, programUnit }: FlashGeometry,
): SectorImage[] {
  const units = sectorSize / programUnit;
  if (bytes.length !== size || spent.length !== size / programUnit)
    throw new RangeError('cells do not fit the sizes of their flash');
  const weakOf = Map.groupBy(weak, ({ offset }) => Math.floor(offset / sectorSize));
  return Array.from({ length: size / sectorSize }, (_, sector) => {
    const begin = sector * sectorSize;
    const own = weakOf.get(sector) ?? [];
    return {
      bytes: bytes.slice(begin, begin + sectorSize),
      spent: spent.slice(sector * units, (sector + 1) * units).map((byte) => (byte === 0 ? 0 : 1)),
      weak: own.length === 0 ? undefined : new Map(own.map(({ offset, mask }) => [offset, mask])),
      digest: undefined,
    };
  });
}

function checkedSector(sector: number, { size, sectorSize }: FlashGeometry): number {
  if (sector < size / sectorSize) return sector;
  throw new RangeError(`a flash of ${size} bytes has no sector ${sector}`);
}

function checkedWear(wear: readonly number[], { size, sectorSize }: FlashGeometry) {
  if (wear.length === size / sectorSize) return wear;
  throw new RangeError('wear is told of each sector');
}
