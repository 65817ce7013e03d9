/**
 * A self-test that failed stays on record: in flash over the loss of power without any computing, and in the security log once
 * the meter works again (requirements.md A2, A3, A9; FIPS 140-3 area 10).
 */

import { expect, test } from 'vitest';
import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createSeededEntropy, createStuckEntropy } from '#emulator/entropy';
import type { FlashDevice } from '#emulator/flash';
import type { Hardware } from '#hw/hardware';
import { encodeRequest } from '#protocol/dispatch';
import type { LogRecord } from '#protocol/documents/security-log';
import { stateNames } from '#protocol/state';
import { statuses } from '#protocol/status';
import { newestState } from '#test/support/journal-forgery';
import { flashAt, meterWith, type TestMeter } from '#test/support/meter';
import { rawHost } from '#test/support/raw-host';
import { historyOf } from '#test/support/security-log';

const SELF_TEST_FAILED = statuses.selfTestFailed.code;

/** Where notes are (docs/flash.md): the last 768 bytes of each bank of the store, 32 bytes each. */
const NOTE_PLACES = [12_288, 24_576].flatMap((end) =>
  Array.from({ length: 24 }, (_, place) => end - 768 + 32 * place),
);

/** The notes in a flash: each place that is not blank. */
function notes(flash: FlashDevice): Uint8Array[] {
  const contents = flash.contents();
  return NOTE_PLACES.map((at) => contents.slice(at, at + 32)).filter((note) =>
    note.some((byte) => byte !== 0xff),
  );
}

function cycle({ board }: TestMeter): void {
  board.powerOff();
  board.powerOn();
}

const failures = async (meter: TestMeter): Promise<readonly LogRecord[]> =>
  (await historyOf(await meter.loggedIn('user'))).filter(({ event }) => event === 'selfTestFailed');

/** A meter whose crypto engine signs wrongly while it is told to. */
async function meterThatSignsWrongly() {
  const engine = { isBroken: false };
  const cryptoEngine = { call: 'sign', answer: 'wrong', isOn: () => engine.isBroken } as const;
  const flash = await flashAt('refilled');
  return { meter: meterWith(flash, { cryptoEngine }), engine, flash };
}

/** Asks for the self-tests, which fail. */
function askForFailure({ board }: TestMeter): void {
  const host = rawHost(board, 2);
  expect(host.open(encodeRequest('selfTest', {}))).toBeUndefined();
  expect(board.indicator).toBe('error');
  host.close();
}

test('a failure at work is told by the log after the power cycle, proved and once', async () => {
  const { meter, engine, flash } = await meterThatSignsWrongly();
  await using _ = meter;
  const { powerCount } = newestState(flash.contents());
  engine.isBroken = true;
  askForFailure(meter);
  engine.isBroken = false;

  cycle(meter);
  const told = await failures(meter);
  cycle(meter);

  expect(told).toMatchObject([{ a: SELF_TEST_FAILED, b: 4, c: powerCount }]);
  expect(await failures(meter)).toEqual(told);
});

test('failures at power-up are told each, though nothing can prove them', async () => {
  const { meter, engine } = await meterThatSignsWrongly();
  await using _ = meter;
  engine.isBroken = true;
  cycle(meter);
  cycle(meter);
  expect(meter.board.indicator).toBe('error');
  engine.isBroken = false;

  cycle(meter);

  const told = { a: SELF_TEST_FAILED, b: 4, c: 0 };
  expect(await failures(meter)).toMatchObject([told, told]);
});

test('noise that failed is on record as well', async () => {
  const healthy = createSeededEntropy(1);
  let isStuck = false;
  const entropy = {
    read: (size: number) => (isStuck ? createStuckEntropy(0) : healthy).read(size),
  };
  await using meter = meterWith(await flashAt('refilled'), { entropy });
  isStuck = true;
  cycle(meter);
  isStuck = false;

  cycle(meter);

  expect(await failures(meter)).toMatchObject([{ a: statuses.entropyFailed.code, b: 1, c: 0 }]);
});

test('a hundred failed power-ups take what room there is, and the meter works on', async () => {
  const { meter, engine, flash } = await meterThatSignsWrongly();
  await using _ = meter;
  engine.isBroken = true;
  for (let power = 0; power < 100; power++) cycle(meter);
  expect(notes(flash)).toHaveLength(NOTE_PLACES.length);
  engine.isBroken = false;

  cycle(meter);

  expect(await failures(meter)).toHaveLength(NOTE_PLACES.length);
  expect(notes(flash)).toEqual([]);
});

/** A note as whoever can write the flash would make it. */
function forge(flash: FlashDevice, note: Uint8Array): void {
  const place = NOTE_PLACES.find((at) =>
    flash
      .contents()
      .slice(at, at + 32)
      .every((byte) => byte === 0xff),
  ) as number;
  flash.damage(place, note);
}

const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

test('a changed note proves nothing: without its mark it is told as not proved, else it is none', async () => {
  const { meter, engine, flash } = await meterThatSignsWrongly();
  await using _ = meter;
  engine.isBroken = true;
  askForFailure(meter);
  engine.isBroken = false;
  const [note] = notes(flash) as [Uint8Array];
  const broken = [0, 17, 40, 63]; // number, detail, and both inverted
  const unproved = [64, 95, 96, 223]; // power count, and tag
  for (const bit of [...broken, ...unproved]) forge(flash, flipped(note, bit));

  cycle(meter);

  const told = await failures(meter);
  expect(told.filter(({ c }) => c !== 0)).toHaveLength(1);
  expect(told).toHaveLength(1 + unproved.length);
});

/** A meter that is off, with a note in its flash. */
async function meterWithNote() {
  const broken = await meterThatSignsWrongly();
  broken.engine.isBroken = true;
  askForFailure(broken.meter);
  broken.engine.isBroken = false;
  broken.meter.board.powerOff();
  return broken;
}

/** How many programs and erases the power-up does that tells a note. */
async function operationsOfTelling(): Promise<number> {
  const { meter, flash } = await meterWithNote();
  await using _ = meter;
  using trace = flash.traceOperations();
  meter.board.powerOn();
  return trace.operations.length;
}

test('power that fails while a note is told: it is told once or twice, and never lost', async () => {
  const counts = new Set<number>();
  const operations = await operationsOfTelling();
  for (let operation = 0; operation < operations; operation++)
    for (const tornBytes of [0, 17]) {
      const { meter, flash } = await meterWithNote();
      await using _ = meter;
      flash.losePowerAfter(operation, { tornBytes });
      meter.board.powerOn();
      expect(meter.board.isPowered).toBe(false);

      meter.board.powerOn();

      const told = await failures(meter);
      counts.add(told.length);
      cycle(meter);
      expect(await failures(meter)).toEqual(told);
    }
  expect([...counts].sort()).toEqual([1, 2]);
});

/** Which calls the image makes of its crypto engine once the lamp shows the error state. */
function listening(calls: string[]): Cpu {
  const cpu = createNodeVmCpu();
  let isError = false;
  const heard = (hardware: Hardware): Hardware => ({
    ...hardware,
    indicator: {
      show(state) {
        isError = stateNames[state] === 'error';
        hardware.indicator.show(state);
      },
    },
    cryptoEngine: Object.fromEntries(
      Object.entries(hardware.cryptoEngine ?? {}).map(([name, call]) => [
        name,
        (...given: unknown[]) => {
          if (isError) calls.push(name);
          return (call as (...given: unknown[]) => unknown)(...given);
        },
      ]),
    ) as unknown as NonNullable<Hardware['cryptoEngine']>,
  });
  return { ...cpu, boot: (program, hardware) => cpu.boot(program, heard(hardware)) };
}

test('for its record nothing is computed: in the error state the crypto engine is not called', async () => {
  const engine = { isBroken: false };
  const cryptoEngine = { call: 'sign', answer: 'wrong', isOn: () => engine.isBroken } as const;
  const calls: string[] = [];
  const flash = await flashAt('refilled');
  await using meter = meterWith(flash, { cryptoEngine, cpu: listening(calls) });
  engine.isBroken = true;

  askForFailure(meter);
  meter.board.tick();

  expect(notes(flash)).toHaveLength(1);
  expect(calls).toEqual([]);
});

/** The last sector of each bank of the store, where notes are. */
test.each([2, 5])(
  'sector %i, of which nothing can be read any more, keeps no meter from starting',
  async (sector) => {
    const flash = await flashAt('refilled');
    await using meter = meterWith(flash);
    flash.breakSector(sector, 'readFails');

    cycle(meter);

    expect(meter.board.indicator).toBe('uninitialized');
    expect(await (await meter.loggedIn('user')).registers()).toMatchObject({ ascending: 0 });
  },
);
