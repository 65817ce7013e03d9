/**
 * Self-tests by themselves while power stays on: all of them a day after the last time, one at each tick, and what fails stops
 * the meter (requirements.md A2, A3; FIPS 140-3, ISO 19790 7.10.3.8).
 */

import { describe, expect, test } from 'vitest';
import { createManualClock } from '#emulator/clock';
import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import type { EngineFault } from '#emulator/engine-fault';
import { knownAnswers } from '#firmware/known-answers';
import { encodeRequest } from '#protocol/dispatch';
import { TEST_TIME_MS } from '#test/support/board';
import {
  type Bench,
  bench,
  expectStopped,
  expectWorking,
  logIn,
  powerCycle,
} from '#test/support/error-state';
import { patchedImage } from '#test/support/image-patch';
import { flashAt } from '#test/support/meter';

const DAY_MS = 86_400_000;
/** Known answers, the image, the registers. */
const TESTS = knownAnswers.length + 2;

const answers: readonly [EngineFault['call'], number][] = [
  ['hashEnd', 1],
  ['macEnd', 2],
  ['verify', 3],
  ['sign', 4],
  ['agree', 5],
  ['sealEnd', 6],
  ['openEnd', 7],
  ['stretch', 9],
  ['publicKey', 11],
];

/** A meter in use whose crypto engine breaks when it is told to. */
async function failing(call: EngineFault['call']) {
  let isBroken = false;
  const clock = createManualClock(TEST_TIME_MS);
  const cryptoEngine = { call, answer: 'wrong', isOn: () => isBroken } as const;
  const meter = bench(await flashAt('refilled'), { clock, cryptoEngine });
  return {
    meter,
    clock,
    break: () => {
      isBroken = true;
    },
    mend: () => {
      isBroken = false;
    },
  };
}

const ticks = ({ board }: Bench, count: number): void => {
  for (let tick = 0; tick < count; tick++) board.tick();
};

describe.each(answers)('a crypto engine whose %s turns wrong while power is on', (call, number) => {
  test('is found a day after power-up, at the tick of its own test and not before', async () => {
    const broken = await failing(call);
    await using meter = broken.meter;
    broken.break();
    broken.clock.advance(DAY_MS - 1);
    ticks(meter, 2 * TESTS);
    expect(meter.board.indicator).toBe('uninitialized');
    broken.clock.advance(1);

    ticks(meter, number - 1);
    expect(meter.board.indicator).toBe('uninitialized');
    ticks(meter, 1);

    expectStopped(meter, { name: 'selfTestFailed', detail: number });
    broken.mend();
    powerCycle(meter);
    expectWorking(meter);
  });
});

test('who is logged in is logged out with it, and the session is gone', async () => {
  const broken = await failing('sign');
  await using meter = broken.meter;
  logIn(meter);
  expect(meter.board.indicator).toBe('idle');
  meter.host.bytesOut();
  broken.clock.advance(DAY_MS);
  broken.break();

  ticks(meter, 4);

  expectStopped(meter, { name: 'selfTestFailed', detail: 4 });
});

/** The board reads another image than it did, from a moment on. */
function rotting(isOn: () => boolean): Cpu {
  const cpu = createNodeVmCpu();
  return {
    ...cpu,
    boot(program, hardware) {
      const { size, read } = hardware.image;
      const rotten = (offset: number, length: number): ArrayBuffer =>
        isOn() && offset > 0 ? new ArrayBuffer(length) : read(offset, length);
      return cpu.boot(program, { ...hardware, image: { size, read: rotten } });
    },
  };
}

test('an image that rots is found behind the algorithms', async () => {
  let isRotten = false;
  const clock = createManualClock(TEST_TIME_MS);
  const cpu = rotting(() => isRotten);
  await using meter = bench(await flashAt('refilled'), { cpu, clock });
  clock.advance(DAY_MS);
  isRotten = true;

  ticks(meter, knownAnswers.length);
  expect(meter.board.indicator).toBe('uninitialized');
  ticks(meter, 1);

  expectStopped(meter, { name: 'imageInvalid', detail: 32 });
});

test('registers that contradict each other are found at last', async () => {
  const clock = createManualClock(TEST_TIME_MS);
  const image = patchedImage([
    /:(\w+)\((\w+)\.state\),(\w+\.selfTestNext=)/,
    ':$1({...$2.state,credited:1}),$3',
  ]);
  await using meter = bench(await flashAt('refilled'), { ...image, clock });
  clock.advance(DAY_MS);

  ticks(meter, TESTS - 1);
  expect(meter.board.indicator).toBe('uninitialized');
  ticks(meter, 1);

  expectStopped(meter, { name: 'registersInconsistent', detail: 0 });
});

test('a round that passed begins anew a day later, and one on demand puts it off', async () => {
  const broken = await failing('hashEnd');
  await using meter = broken.meter;
  broken.clock.advance(DAY_MS);
  ticks(meter, TESTS);
  broken.break();
  ticks(meter, 3 * TESTS);
  broken.clock.advance(DAY_MS - 1);
  ticks(meter, 3 * TESTS);
  expect(meter.board.indicator).toBe('uninitialized');
  broken.mend();
  expect(meter.host.open(encodeRequest('selfTest', {}))).toMatchObject({ status: 'ok' });
  meter.host.bytesOut();
  broken.break();
  broken.clock.advance(DAY_MS - 1);
  ticks(meter, TESTS);
  expect(meter.board.indicator).toBe('uninitialized');

  broken.clock.advance(1);
  ticks(meter, 1);

  expectStopped(meter, { name: 'selfTestFailed', detail: 1 });
});
