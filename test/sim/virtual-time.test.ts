/** The clock of a simulated world jumps from timer to timer, and leaves the globals as it found them. */

import { expect, test } from 'vitest';
import { pause } from '#driver/abort';
import { createVirtualTime } from './virtual-time.ts';

const START_MS = Date.UTC(2027, 2, 1);

test('programs that wait see the time pass, and nobody else', async () => {
  const before = [setTimeout, clearTimeout, Date, performance.now, AbortSignal.timeout];
  const seen: number[] = [];
  {
    using time = createVirtualTime(START_MS);
    const work = (async () => {
      for (const delayMs of [86_400_000, 1, 0]) {
        await pause(delayMs, undefined);
        seen.push(Date.now() - START_MS);
      }
    })();

    await time.runWhile(work, 2 * 86_400_000);

    expect(new Date(Date.now()).getTime()).toBe(time.nowMs);
  }

  expect(seen).toEqual([86_400_000, 86_400_001, 86_400_001]);
  expect([setTimeout, clearTimeout, Date, performance.now, AbortSignal.timeout]).toEqual(before);
});

test('timers run in the order of their time, and of their setting where that is equal', async () => {
  using time = createVirtualTime(START_MS);
  const ran: string[] = [];
  for (const [name, delayMs] of [
    ['c', 3],
    ['a', 1],
    ['x', 2],
    ['b', 1],
  ] as const) {
    const timer = time.after(delayMs, () => ran.push(`${name} ${time.nowMs - START_MS}`));
    if (name === 'x') time.cancel(timer);
  }

  await time.runUntil(START_MS + 2);
  expect(ran).toEqual(['a 1', 'b 1']);
  await time.runUntil(START_MS + 10);

  expect(ran).toEqual(['a 1', 'b 1', 'c 3']);
  expect(time.nowMs).toBe(START_MS + 10);
});

test('all that one timer causes is done before the next one runs', async () => {
  using time = createVirtualTime(START_MS);
  const ran: string[] = [];
  async function takeManyTurns(): Promise<void> {
    for (let turn = 0; turn < 100; turn += 1) await undefined;
    ran.push('first, and all that follows');
  }
  time.after(1, () => void takeManyTurns());
  time.after(1, () => ran.push('second'));

  await time.runUntil(START_MS + 1);

  expect(ran).toEqual(['first, and all that follows', 'second']);
});

test('work that waits for nothing that can happen is told so', async () => {
  using time = createVirtualTime(START_MS);

  const waiting = time.runWhile(new Promise(() => undefined), 1_000);

  await expect(waiting).rejects.toThrow('nothing happens any more');
});
