/** What goes to a printer and comes from one: answers as the driver hears them, and streams as the virtual printer reads them. */

import { readAnswers } from '#driver/print/printer-answers';
import { isStatusAnswer, readStatus } from '#driver/print/printer-status';
import { interpret } from '#emulator/printer/escpos-interpreter';
import { interpreterStart, type PrinterEvent } from '#emulator/printer/interpreter-state';
import { readyStatus } from '#emulator/printer/printer-status';
import { createRealTimeScanner } from '#emulator/printer/real-time-scanner';
import { readGolden } from '#test/support/golden';
import { hold, type Target } from '../target.ts';
import { createReader } from './reader.ts';

const answers: Target = {
  name: 'printer answers',
  scope: ['driver/print/printer-'],
  sizeMax: 200,
  share: 1,
  seeds: () => [
    Uint8Array.of(0x12, 0x12, 0x12, 0x12),
    Uint8Array.of(0x1a, 0x36, 0x5a, 0x7e, 0x37, 0x22, 0x30, 0x31, 0x32, 0x33, 0x00, 0x16),
  ],
  run(input) {
    const whole = readAnswers(input);
    hold(whole.states.every(isStatusAnswer), 'a state is an answer about the state');
    hold(
      whole.jobs.every((job) => job.length === 4),
      'a job has four characters',
    );
    const size = whole.states.length + 7 * whole.jobs.length;
    hold(size <= input.length, 'nothing is heard twice');
    for (let end = 0; end < input.length; end += 7) {
      const part = readAnswers(input.subarray(0, end));
      hold(
        part.jobs.every((job, place) => job === whole.jobs[place]),
        'a job that was confirmed stays confirmed',
      );
      hold(
        part.states.every((state, place) => state === whole.states[place]),
        'a state that was told stays told',
      );
    }
    const [a = 0, b = 0, c = 0, d = 0] = input;
    const { readiness, problems } = readStatus([a, b, c, d]);
    const isAnswered = [a, b, c, d].every(isStatusAnswer);
    hold((readiness === 'unknown') === !isAnswered, 'noise is never taken for ready');
    hold((readiness === 'blocked') === problems.length > 0, 'what blocks has a name');
  },
};

/** Dots across, as on the narrowest paper. */
const PROFILE = { paperWidthDots: 384, dpi: 203, graphicsSizeMax: 20_000 };
/** Rows that one byte may make the paper move on by: a line of text and its feed. */
const ROWS_PER_BYTE = 700 * 255;

function eventsOf(pieces: readonly Uint8Array[]): readonly PrinterEvent[] {
  let state = interpreterStart(PROFILE);
  const events: PrinterEvent[] = [];
  for (const piece of pieces) {
    const step = interpret(state, piece, readyStatus);
    state = step.state;
    for (const event of step.events) events.push(event);
  }
  return events;
}

function takeStream(input: Uint8Array): void {
  const [cut = 0] = input;
  const stream = input.subarray(1);
  const whole = eventsOf([stream]);
  const reader = createReader(stream);
  const pieces: Uint8Array[] = [];
  while (!reader.isAtEnd) pieces.push(reader.bytes(1 + (cut % 16)));
  const parts = eventsOf(pieces);
  hold(JSON.stringify(parts) === JSON.stringify(whole), 'the paper is the same however it is cut');
  for (const event of whole) {
    if (event.kind === 'feed')
      hold(Number.isInteger(event.rows) && event.rows >= 1 && event.rows <= ROWS_PER_BYTE, 'rows');
    if (event.kind === 'row')
      hold(event.dots.length === PROFILE.paperWidthDots / 8, 'a row is as wide as the paper');
  }
  const scanner = createRealTimeScanner();
  hold(
    scanner(stream).every((selector) => selector >= 1 && selector <= 4),
    'selectors',
  );
}

const stream: Target = {
  name: 'printer stream',
  scope: ['emulator/printer/escpos', 'emulator/printer/interpreter', 'emulator/printer/dot-rows'],
  sizeMax: 400,
  share: 0.3,
  seeds: () => [
    Uint8Array.of(3, ...readGolden('escpos-commands').bytes),
    Uint8Array.of(5, ...Buffer.from('\x1b@Hello\n\x1d!\x11World\n\x1dV\x00')),
    Uint8Array.of(
      1,
      0x1d,
      0x28,
      0x4c,
      16,
      0,
      48,
      112,
      48,
      1,
      1,
      49,
      16,
      0,
      3,
      0,
      1,
      2,
      3,
      4,
      5,
      6,
      0x1d,
      0x28,
      0x4c,
      2,
      0,
      48,
      50,
    ),
    Uint8Array.of(1, 0x10, 4, 1, 0x1d, 0x61, 0xff, 0x1d, 0x72, 1, 0x1b, 0x76),
  ],
  run: takeStream,
};

export const printingTargets: readonly Target[] = [answers, stream];
