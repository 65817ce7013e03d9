/** A board that is driven by inputs which a seed decides, and what came of each of them for whoever sits at it. */

import { type Board, type BoardOptions, createBoard } from '#emulator/board';
import { createManualClock, type ManualClock } from '#emulator/clock';
import type { Cpu } from '#emulator/cpu/cpu';
import { createSeededEntropy } from '#emulator/entropy';
import { createMemoryFlash, type FlashDevice } from '#emulator/flash';
import type { TearMode } from '#emulator/flash/tear';
import { strictFlash } from '#emulator/flash-strict';
import { loadImage } from '#emulator/image-file';
import type { TraceSink } from '#emulator/trace/event';
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

/** What one input led to, a line for each thing that can be seen from outside. */
export type Output = readonly string[];

export interface Bench extends AsyncDisposable {
  readonly board: Board;
  readonly clock: ManualClock;
  readonly flash: FlashDevice;
  apply(input: Input): Output;
}

const PORTS = [0, 1, 2, 3];

/** @param trace told all that passes between the board and its image */
export function createBench(cpu: Cpu, start: Start, trace?: TraceSink): Bench {
  const { seed, contents, cryptoEngine, form = 'source' } = start;
  const clock = createManualClock(TEST_TIME_MS);
  const flash = strictFlash(
    createMemoryFlash({ seed, ...(contents !== undefined && { contents }) }),
  );
  let seen: string[] = [];
  const options: BoardOptions = {
    ...loadImage(form),
    deviceSecret: new Uint8Array(32).fill(0x5e),
    entropy: createSeededEntropy(seed),
    clock,
    flash,
    cryptoEngine,
    cpu,
    ...(trace !== undefined && { trace }),
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
      seen.push(`${board.isPowered ? 'on' : 'off'}, lamp ${board.indicator}`);
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
