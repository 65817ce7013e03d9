/** Boards for tests: everything repeats, time stands still, nothing is on a disk. */

import { type Board, type BoardOptions, createBoard } from '#emulator/board';
import { createManualClock, type ManualClock } from '#emulator/clock';
import { createSeededEntropy } from '#emulator/entropy';
import { createMemoryFlash, type FlashDevice } from '#emulator/flash';
import { strictFlash } from '#emulator/flash-strict';
import { loadImage } from '#emulator/image-file';
import { connectMemory } from '#emulator/ports/memory';
import { testImage, testImageKey } from './test-firmware.ts';

/** 2026-03-01 12:00 UTC: the time that a test's clock stands at. */
export const TEST_TIME_MS = Date.UTC(2026, 2, 1, 12);

export interface TestBoard {
  readonly board: Board;
  readonly clock: ManualClock;
  readonly flash: FlashDevice;
}

/**
 * A board that is switched on: the real image, seeded noise, a clock that stands still, a flash that does not forgive.
 * @param options what shall be otherwise
 */
export function makeBoard(
  options: Partial<Omit<BoardOptions, 'clock'>> & { readonly clock?: ManualClock } = {},
): TestBoard {
  const clock = options.clock ?? createManualClock(TEST_TIME_MS);
  const flash = options.flash ?? strictFlash(createMemoryFlash());
  const board = createBoard({
    ...(options.image === undefined || options.imageKey === undefined ? loadImage() : {}),
    deviceSecret: new Uint8Array(32).fill(0x5e),
    entropy: createSeededEntropy(1),
    ...options,
    clock,
    flash,
  } as BoardOptions);
  board.powerOn();
  return { board, clock, flash };
}

/** The same with the firmware of test/support/test-firmware.ts. */
export function makeTestBoard(
  options: Partial<Omit<BoardOptions, 'clock'>> & { readonly clock?: ManualClock } = {},
): TestBoard {
  return makeBoard({ image: testImage(), imageKey: testImageKey.publicKey, ...options });
}

/** What the test firmware answers to a request, as text; each portion it sent on its own. */
export function ask(board: Board, request: string | Uint8Array, port = 0): string[] {
  const line = connectMemory(board, port);
  const answers: string[] = [];
  line.onData((bytes) => answers.push(Buffer.from(bytes).toString('latin1')));
  line.send(typeof request === 'string' ? Buffer.from(request, 'latin1') : request);
  line.close();
  return answers;
}
