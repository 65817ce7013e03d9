/** A line at its speed: a byte arrives when it and all before it have been sent, by a clock that the test moves. */

import { expect, test } from 'vitest';
import type { PortLines } from '#emulator/board';
import { type PaceTimer, paced } from '#emulator/ports/pace';

interface Bench {
  readonly line: PortLines & Disposable;
  /** What arrived at the board so far, and what came back from it. */
  readonly inward: number[];
  readonly outward: number[];
  /** Bytes from the board. */
  send(bytes: Uint8Array): void;
  pass(timeMs: number): void;
}

function bench(baud: number): Bench {
  const inward: number[] = [];
  const outward: number[] = [];
  let alarms: { readonly atMs: number; readonly action: () => void }[] = [];
  let now = 1_000;
  const timer: PaceTimer = {
    nowMs: () => now,
    after(timeMs, action) {
      const alarm = { atMs: now + timeMs, action };
      alarms.push(alarm);
      return () => {
        alarms = alarms.filter((each) => each !== alarm);
      };
    },
  };
  let send: (bytes: Uint8Array) => void = () => undefined;
  const board: PortLines = {
    receive: (_, bytes) => void inward.push(...bytes),
    onSend(_, listener) {
      send = listener;
      return () => true;
    },
  };
  const line = paced(board, baud, timer);
  line.onSend(2, (bytes) => void outward.push(...bytes));
  return {
    ...{ line, inward, outward },
    send: (bytes) => send(bytes),
    pass(timeMs) {
      const endMs = now + timeMs;
      for (;;) {
        const next = alarms.toSorted((left, right) => left.atMs - right.atMs)[0];
        if (next === undefined || next.atMs > endMs) break;
        alarms = alarms.filter((each) => each !== next);
        now = next.atMs;
        next.action();
      }
      now = endMs;
    },
  };
}

const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, at) => at);

test.each([
  [9_600, 1_000, 960],
  [115_200, 100, 1_152],
  [300, 1_000, 30],
])('at %i baud a line carries in %i ms %i bytes, each way', (baud, timeMs, count) => {
  const { line, inward, outward, send, pass } = bench(baud);

  line.receive(2, bytes(5_000));
  send(bytes(5_000));
  pass(timeMs);

  expect([inward.length, outward.length]).toEqual(
    [count, count].map((most) => expect.closeTo(most, -1.7)),
  );
  expect(Math.max(inward.length, outward.length)).toBeLessThanOrEqual(count);
});

test('all bytes arrive in their order, however they were sent, and none before its time', () => {
  const { line, inward, pass } = bench(9_600);

  for (let at = 0; at < 200; at += 10) {
    line.receive(2, bytes(200).subarray(at, at + 10));
    pass(3);
  }
  const early = inward.length;
  pass(1_000);

  expect(early).toBeLessThanOrEqual(58); // 60 ms
  expect(inward).toEqual([...bytes(200)]);
});

test('a line that was quiet carries nothing faster for it', () => {
  const { line, inward, pass } = bench(9_600);

  line.receive(2, bytes(1));
  pass(10_000);
  line.receive(2, bytes(100));
  pass(10);

  expect(inward.length).toBeLessThanOrEqual(1 + 9);
});

test('what is too much for it is lost, not kept without end', () => {
  const { line, inward, pass } = bench(115_200);

  line.receive(2, new Uint8Array(64 * 1024));
  line.receive(2, new Uint8Array(1));
  pass(60_000);

  expect(inward.length).toBe(64 * 1024);
});

test('nothing arrives once it is disposed of', () => {
  const { line, inward, pass } = bench(9_600);
  line.receive(2, bytes(10));

  line[Symbol.dispose]();
  pass(1_000);

  expect(inward).toEqual([]);
});
