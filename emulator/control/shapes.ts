/** Shapes that several operations share. */

import { choice, flag, list, nullable, record, text, whole } from '#protocol/http/shape';
import { stateNames } from '#protocol/state';
import { boardPortNames } from '../board-ports.ts';
import { base64 } from '../rig/chip-shape.ts';
import { lineDirections } from '../rig/rough-lines.ts';
import { entropyFault } from '../rig/state-shape.ts';

const SAFE = Number.MAX_SAFE_INTEGER;

export const count = whole(0, SAFE);
export const seed = whole(0, 0xffff_ffff);
const percent = whole(0, 100);
export const portName = choice(boardPortNames);
export const indicator = choice(stateNames);
export const surroundings = {
  temperatureMilliC: nullable(whole(-273_150, 1_000_000)),
  supplyMillivolts: nullable(whole(0, 100_000)),
} as const;

/** What a board is like from outside; every change answers it. */
export const status = record({
  isPowered: flag,
  isRunning: flag,
  indicator,
  fault: nullable(record({ kind: text(40), message: text(2000) })),
  clock: record({
    timeMs: count,
    elapsedMs: count,
    isRunning: flag,
    driftPpm: whole(-SAFE, SAFE),
  }),
  entropy: record({ seed: count, position: count, fault: nullable(entropyFault) }),
  surroundings: record({ temperatureMilliC: whole(-SAFE, SAFE), supplyMillivolts: count }),
  isTampered: flag,
});

export const lineCounts = record({
  port: portName,
  dropped: count,
  flipped: count,
  doubled: count,
  delayed: count,
  split: count,
});

const nothingLeftOut = nullable(percent);

/** Chances in a hundred; what is left out does not happen. */
export const roughness = {
  port: portName,
  drop: nothingLeftOut,
  flip: nothingLeftOut,
  double: nothingLeftOut,
  delay: nothingLeftOut,
  delayMs: nullable(whole(0, 60_000)),
  split: nothingLeftOut,
  direction: nullable(choice(lineDirections)),
  seed: nullable(seed),
  portions: nullable(count),
} as const;

/** One event, numbered from 1 on each stream; the fields of its kind are there, the others null. */
export const controlEvent = record({
  number: count,
  /** Milliseconds of the board's own clock. */
  elapsedMs: count,
  kind: choice(['indicator', 'run', 'fault', 'tamper', 'bytes']),
  state: nullable(indicator),
  isRunning: nullable(flag),
  message: nullable(text(2000)),
  isTriggered: nullable(flag),
  direction: nullable(choice(['toMeter', 'fromMeter'])),
  port: nullable(portName),
  bytes: nullable(base64(0, 4096)),
});

/** What is recorded. */
export const tracing = record({
  isRecording: flag,
  /** Without, it can be looked at and not be replayed. */
  withSecrets: flag,
  events: count,
  /** Why it ended, where nobody ended it. */
  endedBy: nullable(choice(['full', 'restore'])),
});

const bounds = record({ minimum: whole(-SAFE, SAFE), maximum: whole(-SAFE, SAFE) });

export const capabilities = record({
  version: count,
  cpu: text(40),
  cryptoEngine: flag,
  /** Whether snapshots have the memory of the running image; else a board boots from them. */
  snapshotsHaveMemory: flag,
  stateVersion: count,
  ports: list(portName, 16),
  panel: record({ indicator: flag, display: flag, buttons: list(text(40), 16) }),
  sensors: record({ temperatureMilliC: bounds, supplyMillivolts: bounds }),
  flash: record({ size: count, sectorSize: count, programUnit: count }),
  tears: list(text(40), 32),
  sectorFailures: list(text(40), 32),
  forksMax: count,
  trace: flag,
  operations: list(text(40), 100),
});
