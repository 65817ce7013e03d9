/** Everything that a board is at one moment: flash, fuses, clock, place in the noise, surroundings, and memory where there is a copy of it. */

import { randomBytes } from 'node:crypto';
import { type BoardSnapshot, DEVICE_SECRET_SIZE } from '../board-options.ts';
import { ordinarySurroundings, type Surroundings } from '../environment.ts';
import {
  createMemoryFlash,
  DEFAULT_FLASH_GEOMETRY,
  type FlashGeometry,
  type FlashOptions,
  type FlashSnapshot,
} from '../flash.ts';
import { SLOT_GEOMETRY, type SlotNumber } from '../image-slots.ts';
import type { ClockState } from './rig-clock.ts';
import type { EntropyState } from './rig-entropy.ts';

/** The slots for images; one that nothing was ever written to is not among the contents. */
export interface SlotsState {
  readonly geometry: FlashGeometry;
  readonly contents: Readonly<Partial<Record<SlotNumber, FlashSnapshot>>>;
}

/** Not to be changed: boards that come of it share what is never written. Where it goes into a file, see state-file.ts. */
export interface BoardState {
  readonly fuses: { readonly deviceSecret: Uint8Array; readonly securityVersion: number };
  readonly hasCryptoEngine: boolean;
  readonly flash: {
    readonly geometry: FlashGeometry;
    readonly options: FlashOptions;
    readonly snapshot: FlashSnapshot;
  };
  /** Undefined on a board without: it takes no updates. */
  readonly imageSlots: SlotsState | undefined;
  readonly clock: ClockState;
  readonly entropy: EntropyState;
  readonly surroundings: Surroundings;
  readonly isTampered: boolean;
  readonly isPowered: boolean;
  /** The running image; undefined where none ran, or on a processor whose memory cannot be copied. */
  readonly running: BoardSnapshot | undefined;
}

export interface BlankBoardOptions {
  /** Decides noise and chance of the flash; one that is drawn where left out. 0 to 2^53 - 1. */
  readonly seed?: number | undefined;
  readonly deviceSecret?: Uint8Array | undefined;
  readonly cryptoEngine?: boolean | undefined;
  readonly geometry?: FlashGeometry | undefined;
  readonly flashOptions?: FlashOptions | undefined;
  /** Whether it has slots, and takes updates; false by default. */
  readonly imageSlots?: boolean | undefined;
  /** Standing still at the epoch, which no meter trusts, unless given. */
  readonly clock?: Partial<ClockState> | undefined;
}

/** A board as it leaves its factory: off, its flash erased. */
export function blankState(options: BlankBoardOptions = {}): BoardState {
  const { seed = randomBytes(6).readUIntBE(0, 6), geometry = DEFAULT_FLASH_GEOMETRY } = options;
  const flashOptions = { seed: seed % 0x1_0000_0000, ...options.flashOptions };
  return {
    fuses: {
      deviceSecret: Uint8Array.from(options.deviceSecret ?? randomBytes(DEVICE_SECRET_SIZE)),
      securityVersion: 0,
    },
    hasCryptoEngine: options.cryptoEngine ?? true,
    flash: {
      geometry,
      options: flashOptions,
      snapshot: createMemoryFlash({ ...flashOptions, geometry }).snapshot(),
    },
    imageSlots: options.imageSlots === true ? { geometry: SLOT_GEOMETRY, contents: {} } : undefined,
    clock: { timeMs: 0, elapsedMs: 0, isRunning: false, driftPpm: 0, ...options.clock },
    entropy: { seed, position: 0, fault: undefined },
    surroundings: ordinarySurroundings,
    isTampered: false,
    isPowered: false,
    running: undefined,
  };
}

export const stateErrorReasons = [
  'stateOfAnotherBoard',
  'memoryDoesNotFit',
  'stateDamaged',
  'stateOfNewerVersion',
] as const;
export type StateErrorReason = (typeof stateErrorReasons)[number];

/** A state cannot be brought back here; nothing was changed. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly reason: StateErrorReason;

  constructor(reason: StateErrorReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
