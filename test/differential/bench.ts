/** A board that is driven by inputs which can be written down, and what came of each of them in a form to compare. */

import { createHash, type Hash } from 'node:crypto';
import { type Board, type BoardOptions, createBoard } from '#emulator/board';
import { createManualClock, type ManualClock } from '#emulator/clock';
import type { Cpu } from '#emulator/cpu/cpu';
import { createSeededEntropy } from '#emulator/entropy';
import { createMemoryFlash, type FlashDevice } from '#emulator/flash';
import type { TearMode } from '#emulator/flash/tear';
import { strictFlash } from '#emulator/flash-strict';
import { loadImage } from '#emulator/image-file';
import { PowerLost } from '#emulator/power';
import type { Hardware } from '#hw/hardware';
import type { BodyForm } from '#protocol/documents/image-header';
import { TEST_TIME_MS } from '#test/support/board';

/** One thing that is done to a board. */
export type Input =
  | { readonly op: 'receive'; readonly port: number; readonly bytes: Uint8Array }
  | { readonly op: 'tick' | 'powerOn' | 'powerOff' | 'loseTrust' | 'openHousing' | 'closeHousing' }
  | { readonly op: 'advance'; readonly durationMs: number }
  | {
      readonly op: 'cut';
      readonly operations: number;
      readonly tear: TearMode;
      readonly tornBytes: number;
      readonly seed: number;
      readonly unsynced: 'kept' | 'lost';
    };

/** What a board is before the first input. */
export interface Start {
  /** Decides noise and tears. */
  readonly seed: number;
  /** What the flash holds; blank where left out. */
  readonly contents?: Uint8Array;
  readonly cryptoEngine: boolean;
  /** Source, unless given. */
  readonly form?: BodyForm;
}

/** What one input led to, a line for each thing that can be seen from outside, and a digest of all hardware calls. */
export type Output = readonly string[];

export interface Bench extends AsyncDisposable {
  readonly board: Board;
  readonly clock: ManualClock;
  readonly flash: FlashDevice;
  apply(input: Input): Output;
}

const PORTS = [0, 1, 2, 3];

/** @param hear told every hardware call, where a difference is looked for */
export function createBench(cpu: Cpu, start: Start, hear?: (call: string) => void): Bench {
  const { seed, contents, cryptoEngine, form = 'source' } = start;
  const clock = createManualClock(TEST_TIME_MS);
  const flash = strictFlash(
    createMemoryFlash({ seed, ...(contents !== undefined && { contents }) }),
  );
  const calls = createHash('sha256');
  let seen: string[] = [];
  const options: BoardOptions = {
    ...loadImage(form),
    deviceSecret: new Uint8Array(32).fill(0x5e),
    entropy: createSeededEntropy(seed),
    clock,
    flash,
    cryptoEngine,
    cpu: witnessed(cpu, calls, hear),
    onFault: ({ kind }) => seen.push(`fault ${kind}`),
  };
  const board = createBoard(options);
  for (const port of PORTS)
    board.onSend(port, (bytes) => {
      seen.push(`sent on ${port} ${Buffer.from(bytes).toString('hex')}`);
    });

  return {
    board,
    clock,
    flash,
    apply(input) {
      seen = [];
      perform(input, board, clock, flash);
      seen.push(
        `${board.isPowered ? 'on' : 'off'}, lamp ${board.indicator}, calls ${digestOf(calls)}`,
      );
      return seen;
    },
    [Symbol.asyncDispose]: () => board[Symbol.asyncDispose](),
  };
}

function perform(input: Input, board: Board, clock: ManualClock, flash: FlashDevice): void {
  switch (input.op) {
    case 'receive':
      board.receive(input.port, input.bytes);
      break;
    case 'tick':
      board.tick();
      break;
    case 'powerOn':
      board.powerOn();
      break;
    case 'powerOff':
      board.powerOff();
      break;
    case 'loseTrust':
      clock.loseTrust();
      break;
    case 'openHousing':
      board.tamper.trigger();
      break;
    case 'closeHousing':
      board.tamper.rearm();
      break;
    case 'advance':
      clock.advance(input.durationMs);
      break;
    case 'cut': {
      const { operations, tear, tornBytes, seed, unsynced } = input;
      flash.losePowerAfter(operations, { tear, tornBytes, seed, unsynced });
      break;
    }
  }
}

const digestOf = (hash: Hash): string => hash.copy().digest('hex').slice(0, 24);

/**
 * The same processor; every call of the hardware goes into a digest, with all that went in and came out. What an image asks
 * after its power is gone is asked of nobody: some engines let it go on until then, some do not.
 */
function witnessed(cpu: Cpu, calls: Hash, hear?: (call: string) => void): Cpu {
  return {
    ...cpu,
    boot(program, hardware) {
      let hasPower = true;
      const told = (text: string, ends: boolean): void => {
        if (hasPower) {
          calls.update(`${text}\n`);
          hear?.(text);
        }
        hasPower &&= !ends;
      };
      told('power comes on', false);
      return cpu.boot(program, listening(hardware, '', told));
    },
  };
}

type Teller = (text: string, ends: boolean) => void;
type Call = (...given: readonly unknown[]) => unknown;

function listening(part: object, path: string, told: Teller): Hardware {
  const entries = Object.entries(part).map(([name, value]) => {
    const inner = `${path}${name}`;
    if (typeof value === 'object' && value !== null)
      return [name, listening(value, `${inner}.`, told)];
    return [name, typeof value === 'function' ? heard(value as Call, inner, told) : value];
  });
  return Object.fromEntries(entries) as Hardware;
}

function heard(call: Call, path: string, told: Teller): Call {
  return (...given) => {
    const asked = `${path}(${given.map(textOf).join(', ')})`;
    try {
      const answer = call(...given);
      told(`${asked} = ${textOf(answer)}`, false);
      return answer;
    } catch (error) {
      told(`${asked} fails: ${(error as Error).name}`, error instanceof PowerLost);
      throw error;
    }
  };
}

const textOf = (value: unknown): string =>
  typeof value === 'number' || value === undefined
    ? String(value)
    : Buffer.from(value as ArrayBuffer).toString('hex');
