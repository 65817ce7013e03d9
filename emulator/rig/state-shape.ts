/** The JSON form of a board's state: what its file holds, judged field by field when it comes back (docs/control.md). */

import {
  choice,
  flag,
  list,
  nullable,
  record,
  type ShapeValue,
  text,
  whole,
} from '#protocol/http/shape';
import { stateNames } from '#protocol/state';
import type { BoardSnapshot } from '../board.ts';
import type { QuickJsState } from '../cpu/quickjs.ts';
import { wearFailures } from '../flash/wear.ts';
import type { SlotNumber } from '../image-slots.ts';
import type { BoardState, SlotsState } from './board-state.ts';
import {
  BYTES_MAX,
  base64,
  chip,
  chipFields,
  chipFrom,
  chipToRecord,
  defined,
  geometry,
} from './chip-shape.ts';

const SAFE = Number.MAX_SAFE_INTEGER;
const U32 = 0xffff_ffff;

const count = whole(0, SAFE);
const word = whole(0, U32);

export const entropyFault = record({
  kind: choice(['stuck', 'biased', 'short']),
  value: nullable(whole(0, 255)),
  onesOf256: nullable(whole(0, 256)),
  bytes: nullable(whole(0, 4096)),
});

const stateShape = record({
  deviceSecret: base64(32),
  securityVersion: word,
  hasCryptoEngine: flag,
  geometry,
  flashOptions: record({
    seed: nullable(word),
    erasesThroughZeros: nullable(flag),
    endurance: nullable(count),
    enduranceSpread: nullable(count),
    wearFailure: nullable(choice([...wearFailures, 'any'])),
  }),
  ...chipFields,
  /** Absent where the board has none, and in states of version 1. */
  imageSlots: nullable(record({ geometry, slot1: nullable(chip), slot2: nullable(chip) })),
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
  const { flash, imageSlots, clock, entropy, running } = state;
  return stateShape.encode({
    deviceSecret: state.fuses.deviceSecret,
    securityVersion: state.fuses.securityVersion,
    hasCryptoEngine: state.hasCryptoEngine,
    geometry: flash.geometry,
    flashOptions: flash.options,
    ...chipToRecord(flash.snapshot),
    imageSlots: imageSlots && slotsToRecord(imageSlots),
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
  return {
    fuses: { deviceSecret: read.deviceSecret, securityVersion: read.securityVersion },
    hasCryptoEngine: read.hasCryptoEngine,
    flash: {
      geometry: read.geometry,
      options: defined(read.flashOptions),
      snapshot: chipFrom(read, read.geometry),
    },
    imageSlots: read.imageSlots && slotsFrom(read.imageSlots),
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

function slotsToRecord({ geometry, contents }: SlotsState) {
  const record = (slot: SlotNumber) => contents[slot] && chipToRecord(contents[slot]);
  return { geometry, slot1: record(1), slot2: record(2) };
}

function slotsFrom({ geometry, slot1, slot2 }: NonNullable<StateRecord['imageSlots']>): SlotsState {
  return {
    geometry,
    contents: {
      ...(slot1 && { 1: chipFrom(slot1, geometry) }),
      ...(slot2 && { 2: chipFrom(slot2, geometry) }),
    },
  };
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
