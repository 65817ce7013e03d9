/** The JSON form of a board's state: what its file holds, judged field by field when it comes back (docs/control.md). */

import {
  choice,
  flag,
  list,
  nullable,
  parsed,
  record,
  type Shape,
  type ShapeValue,
  text,
  whole,
} from '#protocol/http/shape';
import { stateNames } from '#protocol/state';
import type { BoardSnapshot } from '../board.ts';
import type { QuickJsState } from '../cpu/quickjs.ts';
import type { SectorImage } from '../flash/cells.ts';
import { tearModes } from '../flash/tear.ts';
import { wearFailures } from '../flash/wear.ts';
import { checkGeometry, type FlashGeometry, type FlashSnapshot, type PowerCut } from '../flash.ts';
import type { BoardState } from './board-state.ts';

const SAFE = Number.MAX_SAFE_INTEGER;
const U32 = 0xffff_ffff;
/** The largest part or memory that a state holds. */
const BYTES_MAX = 1 << 26;
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

export const entropyFault = record({
  kind: choice(['stuck', 'biased', 'short']),
  value: nullable(whole(0, 255)),
  onesOf256: nullable(whole(0, 256)),
  bytes: nullable(whole(0, 4096)),
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

const stateShape = record({
  deviceSecret: base64(32),
  securityVersion: word,
  hasCryptoEngine: flag,
  geometry: record({ size: whole(1, BYTES_MAX), sectorSize: count, programUnit: count }),
  flashOptions: record({
    seed: nullable(word),
    erasesThroughZeros: nullable(flag),
    endurance: nullable(count),
    enduranceSpread: nullable(count),
    wearFailure: nullable(choice([...wearFailures, 'any'])),
  }),
  cells,
  wear: list(count, SECTORS_MAX),
  noise: word,
  broken: list(record({ sector: count, failure: choice(wearFailures) }), SECTORS_MAX),
  flashHasPower: flag,
  cut: nullable(record({ operationsLeft: count, ...powerCut, synced: nullable(cells) })),
  clock: record({
    timeMs: count,
    elapsedMs: count,
    isRunning: flag,
    driftPpm: whole(-SAFE, SAFE),
  }),
  entropy: record({ seed: count, position: count, fault: nullable(entropyFault) }),
  surroundings: record({
    temperatureMilliC: whole(-273_150, SAFE),
    supplyMillivolts: whole(0, SAFE),
  }),
  isTampered: flag,
  isPowered: flag,
  running: nullable(
    record({
      bodyDigest: base64(32),
      indicator: choice(stateNames),
      ticksMs: count,
      unfedMs: count,
      engine: text(200),
      memory: base64(1, BYTES_MAX),
      stackPointer: word,
      runtime: word,
      context: word,
      staging: word,
      pollsPeak: count,
      calls: list(text(100), 126),
      entry: word,
      firmware: word,
      receive: word,
      tick: word,
    }),
  ),
});

type StateRecord = ShapeValue<typeof stateShape>;

/** @throws Error where the memory in it is of a processor that has no form for files */
export function stateToJson(state: BoardState): unknown {
  const { flash, clock, entropy, running } = state;
  const { sectors, wear, noise, broken, isPowered, cut } = flash.snapshot;
  return stateShape.encode({
    deviceSecret: state.fuses.deviceSecret,
    securityVersion: state.fuses.securityVersion,
    hasCryptoEngine: state.hasCryptoEngine,
    geometry: flash.geometry,
    flashOptions: flash.options,
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
    clock,
    entropy,
    surroundings: state.surroundings,
    isTampered: state.isTampered,
    isPowered: state.isPowered,
    running: running && runningToRecord(running),
  } as StateRecord);
}

/** @throws ShapeError, RangeError where it is no state */
export function stateFromJson(json: unknown): BoardState {
  const read = stateShape.decode(json);
  checkGeometry(read.geometry);
  const { geometry, cut } = read;
  return {
    fuses: { deviceSecret: read.deviceSecret, securityVersion: read.securityVersion },
    hasCryptoEngine: read.hasCryptoEngine,
    flash: {
      geometry,
      options: defined(read.flashOptions),
      snapshot: {
        sectors: sectorsOf(read.cells, geometry),
        wear: checkedWear(read.wear, geometry),
        noise: read.noise,
        broken: new Map(
          read.broken.map(({ sector, failure }) => [checkedSector(sector, geometry), failure]),
        ),
        isPowered: read.flashHasPower,
        cut: cut && cutOf(cut, geometry),
      },
    },
    clock: read.clock,
    entropy: { ...read.entropy, fault: faultFrom(read.entropy.fault) },
    surroundings: read.surroundings,
    isTampered: read.isTampered,
    isPowered: read.isPowered,
    running: read.running && runningFrom(read.running),
  };
}

/** @throws RangeError where what its kind needs is left out */
export function faultFrom(
  fault: ShapeValue<typeof entropyFault> | undefined,
): BoardState['entropy']['fault'] {
  if (fault === undefined) return undefined;
  const { kind, value = 0, onesOf256, bytes = 0 } = fault;
  switch (kind) {
    case 'stuck':
      return { kind, value };
    case 'short':
      return { kind, bytes };
    case 'biased':
      if (onesOf256 === undefined) throw new RangeError('a source that leans says onesOf256');
      return { kind, onesOf256 };
  }
}

/** Without the fields that are undefined. */
export function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function cutOf(
  { operationsLeft, synced, ...cut }: NonNullable<StateRecord['cut']>,
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

function runningToRecord({ bodyDigest, cpu, indicator, times }: BoardSnapshot) {
  const { machine, loaded } = cpu.state as QuickJsState;
  return { bodyDigest, indicator, ...times, engine: cpu.engine, ...machine, ...loaded };
}

function runningFrom(read: NonNullable<StateRecord['running']>): BoardSnapshot {
  const { bodyDigest, indicator, ticksMs, unfedMs, engine, ...rest } = read;
  const { entry, firmware, receive, tick, ...machine } = rest;
  const state = { machine, loaded: { entry, firmware, receive, tick } };
  return { bodyDigest, indicator, times: { ticksMs, unfedMs }, cpu: { engine, state } };
}
