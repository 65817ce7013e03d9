/** The table of operations. Names are stable; what is new is added, nothing is used for something else. */

import { choice, flag, list, nullable, record, text, whole } from '#protocol/http/shape';
import { wearFailures } from '../flash/wear.ts';
import { base64, powerCut } from '../rig/chip-shape.ts';
import { DRIFT_PPM_MAX } from '../rig/rig-clock.ts';
import { entropyFault } from '../rig/state-shape.ts';
import { operation } from './operation.ts';
import {
  capabilities,
  count,
  indicator,
  lineCounts,
  portName,
  roughness,
  seed,
  status,
  surroundings,
  tracing,
} from './shapes.ts';

/** The largest file of a state that is taken. */
export const STATE_SIZE_MAX = 32 << 20;
/** The largest trace that is handed out, compressed. */
export const TRACE_SIZE_MAX = 32 << 20;
/** Boards that come of one by forking and live at the same time, where each has ports. */
export const FORKS_MAX = 64;

const onBoard = { kind: 'change', needs: 'board', response: status } as const;
const nothing = record({});

const reads = {
  capabilities: operation({
    kind: 'read',
    needs: 'board',
    summary: 'What exactly this board has, and which operations there are.',
    request: nothing,
    response: capabilities,
  }),
  status: operation({
    kind: 'read',
    needs: 'board',
    summary: 'Power, lamp, clock, noise, surroundings and housing as they are now.',
    request: nothing,
    response: status,
  }),
  panel: operation({
    kind: 'read',
    needs: 'board',
    summary: 'The front panel: what the lamp shows. This board has no display and no buttons.',
    request: nothing,
    response: record({
      indicator,
      display: nullable(text(200)),
      buttons: list(text(40), 16),
    }),
  }),
  flash: operation({
    kind: 'read',
    needs: 'board',
    summary: 'What was done to the flash so far; operations are its programs and erases.',
    request: nothing,
    response: record({
      operations: count,
      reads: count,
      programs: count,
      erases: count,
      syncs: count,
      refused: count,
      failed: count,
      cuts: count,
      wear: list(count, 1 << 14),
      weakBits: count,
      hasPower: flag,
    }),
  }),
  lines: operation({
    kind: 'read',
    needs: 'board',
    summary: 'What the faults of each line have done to it so far.',
    request: nothing,
    response: record({ ports: list(lineCounts, 16) }),
  }),
} as const;

const powerAndTime = {
  powerOn: operation({
    ...onBoard,
    summary: 'Switches the board on; it has started and tested itself when this answers.',
    request: nothing,
  }),
  powerOff: operation({ ...onBoard, summary: 'Switches the board off.', request: nothing }),
  powerCycle: operation({
    ...onBoard,
    summary: 'Off and on again: the only way out of the error state.',
    request: nothing,
  }),
  cutPower: operation({
    ...onBoard,
    summary:
      'Arms a power cut: so many programs and erases of the flash succeed, and the next one is torn in this way.',
    request: record({ operations: count, ...powerCut }),
  }),
  setClock: operation({
    ...onBoard,
    summary: 'Sets the time of day behind the back of the meter, which notices a jump.',
    request: record({ timeMs: count }),
  }),
  advanceClock: operation({
    ...onBoard,
    summary: 'Lets time pass at once, and gives the firmware its turn.',
    request: record({ durationMs: count }),
  }),
  runClock: operation({
    ...onBoard,
    summary: 'Lets the clock run with this computer, or stand still.',
    request: record({ isRunning: flag }),
  }),
  driftClock: operation({
    ...onBoard,
    summary: 'Makes the clock run fast, or slow where it is negative, while it runs.',
    request: record({ ppm: whole(-DRIFT_PPM_MAX, DRIFT_PPM_MAX) }),
  }),
  loseClock: operation({
    ...onBoard,
    summary: 'Takes the battery out: the time of day is unknown until it is set.',
    request: nothing,
  }),
} as const;

const surroundingsAndFaults = {
  openHousing: operation({
    ...onBoard,
    summary: 'Opens the housing: the meter destroys its keys.',
    request: nothing,
  }),
  rearmTamper: operation({
    ...onBoard,
    summary: "Closes the housing and rearms its contact, which is the maker's alone.",
    request: nothing,
  }),
  setSurroundings: operation({
    ...onBoard,
    summary:
      'Temperature and voltage. Heat, cold and overvoltage beyond the limits open the tamper contact, too little voltage switches off.',
    request: record(surroundings),
  }),
  breakEntropy: operation({
    ...onBoard,
    summary:
      'Breaks the source of noise: stuck at `value`, each bit one in `onesOf256` of 256, or `bytes` at most of each read.',
    request: entropyFault,
  }),
  mendEntropy: operation({ ...onBoard, summary: 'Mends the source of noise.', request: nothing }),
  rotFlash: operation({
    kind: 'change',
    needs: 'board',
    summary: 'Turns bits of the flash round at rest, chosen by the seed, and tells which.',
    request: record({
      seed,
      flips: whole(1, 10_000),
      offset: nullable(count),
      length: nullable(count),
    }),
    response: record({ bits: list(count, 10_000) }),
  }),
  damageFlash: operation({
    ...onBoard,
    summary: 'Overwrites bytes of the flash by force.',
    request: record({ offset: count, bytes: base64(1, 65_536) }),
  }),
  breakSector: operation({
    ...onBoard,
    summary: 'Makes a sector of the flash fail as a worn one does.',
    request: record({ sector: count, failure: choice(wearFailures) }),
  }),
  mendSector: operation({
    ...onBoard,
    summary: 'Mends a sector of the flash.',
    request: record({ sector: count }),
  }),
  roughenLine: operation({
    kind: 'change',
    needs: 'board',
    summary:
      'Makes a line lose, flip, double, delay or split what it carries: chances in a hundred, drawn from the seed, for so many portions of bytes.',
    request: record(roughness),
    response: lineCounts,
  }),
  mendLine: operation({
    kind: 'change',
    needs: 'board',
    summary: 'Makes a line good again.',
    request: record({ port: portName }),
    response: lineCounts,
  }),
} as const;

const states = {
  snapshot: operation({
    kind: 'change',
    needs: 'board',
    summary:
      'Everything of the board as one file: flash, fuses, clock, place in the noise, and memory where the processor can copy it. The board notices nothing.',
    request: nothing,
    response: record({ state: base64(1, STATE_SIZE_MAX), hasMemory: flag }),
  }),
  restore: operation({
    ...onBoard,
    summary:
      'Becomes the board of a snapshot, which must be of this board. `boots` leaves the memory out: power comes on as after a power cut at that moment.',
    request: record({ state: base64(1, STATE_SIZE_MAX), boots: nullable(flag) }),
  }),
  fork: operation({
    kind: 'change',
    needs: 'host',
    summary: `Makes boards of their own, each exactly as this one is now, with ports of their own; ${FORKS_MAX} at a time.`,
    request: record({ count: whole(1, FORKS_MAX) }),
    response: record({
      boards: list(record({ control: text(200), tcp: text(200) }), FORKS_MAX),
    }),
  }),
  end: operation({
    kind: 'change',
    needs: 'host',
    summary: 'Ends a board that came of forking, with its ports.',
    request: nothing,
    response: nothing,
  }),
} as const;

const traces = {
  startTrace: operation({
    kind: 'change',
    needs: 'board',
    summary:
      'Records all that passes between board and image. A trace begins where power comes on, so a board that is on goes off and on again.',
    request: record({ withSecrets: nullable(flag) }),
    response: tracing,
  }),
  stopTrace: operation({
    kind: 'change',
    needs: 'board',
    summary: 'Ends the recording; what was recorded can be fetched until the next one begins.',
    request: nothing,
    response: tracing,
  }),
  fetchTrace: operation({
    kind: 'read',
    needs: 'board',
    summary:
      'All that was recorded so far, as a file for `tessera trace`, compressed; the recording goes on.',
    request: nothing,
    response: record({ trace: base64(1, TRACE_SIZE_MAX), tracing }),
  }),
} as const;

export const operations = {
  ...reads,
  ...powerAndTime,
  ...surroundingsAndFaults,
  ...states,
  ...traces,
} as const;
export type OperationName = keyof typeof operations;
