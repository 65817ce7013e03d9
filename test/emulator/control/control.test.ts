/** The control of a board: every operation, in its process and over HTTP the same (requirements.md H4; docs/control.md). */

import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMeter } from '#driver/meter';
import { controlClient } from '#emulator/control/client';
import type { Control } from '#emulator/control/control';
import type { ControlEvent } from '#emulator/control/events';
import type { AnyOperation } from '#emulator/control/operation';
import { FORKS_MAX, operations } from '#emulator/control/operations';
import { ControlRefusedError } from '#emulator/control/refusals';
import { environmentLimits } from '#emulator/environment';
import { decodeTrace } from '#emulator/trace/trace-file';
import { type EmulatedMeter, emulatedMeter } from '#testing/emulated-meter';
import { START_TIME_MS } from '#testing/made-meter';

const faces = ['in its process', 'over HTTP'] as const;

/** A fresh meter, and its control by one of the two ways. */
async function controlled(
  face: (typeof faces)[number],
): Promise<{ readonly meter: EmulatedMeter; readonly control: Control } & AsyncDisposable> {
  const meter = await emulatedMeter({ ports: face === 'over HTTP' });
  const control = face === 'over HTTP' ? controlClient(meter.controlUrl as string) : meter.control;
  return { meter, control, [Symbol.asyncDispose]: () => meter[Symbol.asyncDispose]() };
}

/** The name of the refusal that a call ends with. */
async function refusalOf(call: Promise<unknown>): Promise<string> {
  const outcome = await call.then(
    () => 'no refusal',
    (cause: unknown) => cause,
  );
  if (!(outcome instanceof ControlRefusedError)) throw new Error(`not refused: ${outcome}`);
  return outcome.error;
}

describe.each(faces)('%s', (face) => {
  let shared: Awaited<ReturnType<typeof controlled>>;
  beforeAll(async () => {
    shared = await controlled(face);
  });
  afterAll(() => shared[Symbol.asyncDispose]());

  test('capabilities tell exactly what there is', async () => {
    const { control } = shared;

    const told = await control.capabilities();

    const host = ['fork', 'end'];
    expect(told).toMatchObject({
      version: 1,
      cpu: 'node-vm',
      cryptoEngine: true,
      snapshotsHaveMemory: false,
      panel: { indicator: true, display: false, buttons: [] },
      sensors: environmentLimits,
      trace: true,
      forksMax: face === 'over HTTP' ? FORKS_MAX : 0,
    });
    const expected = Object.keys(operations).filter(
      (name) => !host.includes(name) || (name === 'fork' && face === 'over HTTP'),
    );
    expect(told.operations).toEqual(expected);
  });

  test('power goes off, on, and round', async () => {
    await using own = await controlled(face);
    const { control } = own;

    expect(await control.powerOff()).toMatchObject({ isPowered: false, indicator: 'powerOff' });
    expect(await control.panel()).toEqual({
      indicator: 'powerOff',
      display: undefined,
      buttons: [],
    });
    expect(await control.powerOn()).toMatchObject({ isRunning: true, indicator: 'uninitialized' });
    expect(await control.powerCycle()).toMatchObject({ isRunning: true });
  });

  test('power is cut in the flash operation that was named, and the meter comes up again', async () => {
    await using own = await controlled(face);
    const { control, meter } = own;
    await control.powerOff();
    const before = (await control.flash()).operations;

    await control.cutPower({ operations: 0, tear: 'tornByte' });
    const during = await control.powerOn();

    expect(during).toMatchObject({ isPowered: false, isRunning: false });
    expect(await control.flash()).toMatchObject({
      operations: before + 1,
      cuts: 1,
      hasPower: false,
    });
    expect(await control.powerOn()).toMatchObject({ isRunning: true, indicator: 'uninitialized' });
    expect(await meter.driver.status()).toMatchObject({ lifeCycle: 'registered' });
  });

  test('time is set, passes, drifts and is lost', async () => {
    await using own = await controlled(face);
    const { control } = own;

    expect(await control.advanceClock({ durationMs: 60_000 })).toMatchObject({
      clock: { timeMs: START_TIME_MS + 60_000, elapsedMs: 60_000 },
    });
    expect(await control.setClock({ timeMs: 5 })).toMatchObject({ clock: { timeMs: 5 } });
    expect(await control.driftClock({ ppm: -7 })).toMatchObject({ clock: { driftPpm: -7 } });
    expect(await control.loseClock()).toMatchObject({ clock: { timeMs: 0 } });
    expect(await control.runClock({ isRunning: true })).toMatchObject({
      clock: { isRunning: true },
    });
    expect(await refusalOf(control.driftClock({ ppm: 1_000_000 }))).toBe('requestMalformed');
  });

  test('time that no state could tell does not pass', async () => {
    await using own = await controlled(face);
    const { control } = own;
    const { clock } = await control.status();

    const advanced = control.advanceClock({ durationMs: Number.MAX_SAFE_INTEGER });

    expect(await refusalOf(advanced)).toBe('valueOutOfRange');
    expect(await control.status()).toMatchObject({ clock });
  });

  test.each<[string, (control: Control) => Promise<unknown>]>([
    ['an opened housing', (control) => control.openHousing()],
    ['heat', (control) => control.setSurroundings({ temperatureMilliC: 85_001 })],
    ['cold', (control) => control.setSurroundings({ temperatureMilliC: -40_001 })],
    ['overvoltage', (control) => control.setSurroundings({ supplyMillivolts: 6_001 })],
  ])('%s ends the keys of the meter, and no rearming brings them back', async (_, attack) => {
    await using own = await controlled(face);
    const { control, meter } = own;

    expect(await attack(control)).toMatchObject({ isTampered: true, indicator: 'error' });
    await control.setSurroundings({ temperatureMilliC: 20_000, supplyMillivolts: 5_000 });
    expect(await control.rearmTamper()).toMatchObject({ isTampered: false });
    await control.powerCycle();

    expect(await meter.driver.status()).toMatchObject({ lifeCycle: 'tampered' });
  });

  test.each([true, false])(
    'a trace is recorded from power-up on, with secrets %s',
    async (withSecrets) => {
      await using own = await controlled(face);
      const { control, meter } = own;
      expect(await refusalOf(control.fetchTrace())).toBe('nothingRecorded');

      const begun = await control.startTrace({ withSecrets });
      await meter.driver.status();
      const during = await control.fetchTrace();
      await meter.driver.version();
      const ended = await control.stopTrace();
      await meter.driver.status();
      const { trace, tracing } = await control.fetchTrace();

      expect(begun).toMatchObject({ isRecording: true, withSecrets, endedBy: undefined });
      expect(during.tracing.events).toBeGreaterThan(begun.events);
      expect(ended.events).toBeGreaterThan(during.tracing.events);
      expect(tracing).toEqual({ ...ended, isRecording: false });
      const [before, read] = [during.trace, trace].map((file) => decodeTrace(gunzipSync(file)));
      expect(read?.events.slice(0, before?.events.length)).toEqual(before?.events);
      expect(read).toMatchObject({ isRedacted: !withSecrets, isWhole: true });
      expect(read?.events).toHaveLength(ended.events);
      expect(read?.events[0]?.kind).toBe('boot');
      const secretOf = /"deviceSecret":\{"secret":("?)/.exec(gunzipSync(trace).toString())?.[1];
      expect(secretOf).toBe(withSecrets ? '"' : '');
    },
  );

  test('too little voltage switches off, and does no more harm', async () => {
    await using own = await controlled(face);
    const { control, meter } = own;

    expect(await control.setSurroundings({ supplyMillivolts: 3_999 })).toMatchObject({
      isPowered: false,
      isTampered: false,
    });
    expect(await refusalOf(control.powerOn())).toBe('supplyTooLow');
    await control.setSurroundings({ supplyMillivolts: 4_000 });
    await control.powerOn();

    expect(await meter.driver.status()).toMatchObject({ lifeCycle: 'registered' });
  });

  test.each<[string, Parameters<Control['breakEntropy']>[0]]>([
    ['sticks', { kind: 'stuck', value: 0x55 }],
    ['leans', { kind: 'biased', onesOf256: 250 }],
    ['gives too little', { kind: 'short', bytes: 3 }],
  ])('a meter whose noise %s does not start, and does once it is mended', async (_, fault) => {
    await using own = await controlled(face);
    const { control } = own;

    expect(await control.breakEntropy(fault)).toMatchObject({ entropy: { fault } });
    expect(await control.powerCycle()).toMatchObject({ indicator: 'error' });
    expect(await control.mendEntropy()).toMatchObject({ entropy: { fault: undefined } });
    expect(await control.powerCycle()).toMatchObject({ indicator: 'uninitialized' });
  });

  test('flash rots, is damaged, and breaks where it was told to', async () => {
    await using own = await controlled(face);
    const { control, meter } = own;
    const { flash } = meter.rig.board;

    const { bits } = await control.rotFlash({ seed: 4, flips: 3, offset: 8192, length: 64 });
    expect(bits).toHaveLength(3);
    expect(bits.every((bit) => bit >= 8192 * 8 && bit < 8256 * 8)).toBe(true);
    await control.damageFlash({ offset: 100, bytes: Uint8Array.of(1, 2, 3) });
    expect([...flash.contents().subarray(100, 103)]).toEqual([1, 2, 3]);
    await control.breakSector({ sector: 9, failure: 'eraseFails' });
    expect(flash.erase(9 * 4096)).toBe(2);
    await control.mendSector({ sector: 9 });
    expect(flash.erase(9 * 4096)).toBe(0);
    const far = { offset: flash.size, bytes: Uint8Array.of(1) };
    expect(await refusalOf(control.damageFlash(far))).toBe('valueOutOfRange');
    expect(await refusalOf(control.breakSector({ sector: 64, failure: 'readFails' }))).toBe(
      'valueOutOfRange',
    );
  });

  test('a line is made bad and good again', async () => {
    await using own = await controlled(face);
    const { control, meter } = own;

    await control.roughenLine({ port: 'memory', split: 100, double: 100, direction: 'fromMeter' });
    await meter.driver.status();
    const counts = await control.mendLine({ port: 'memory' });
    await meter.driver.status();

    expect(counts).toMatchObject({ port: 'memory', split: 1, doubled: 1, dropped: 0 });
    const { ports } = await control.lines();
    expect(ports.find(({ port }) => port === 'memory')).toEqual(counts);
  });

  test('a snapshot brings back what was', async () => {
    await using own = await controlled(face);
    const { control, meter } = own;
    const { state, hasMemory } = await control.snapshot();

    await control.openHousing();
    await control.setClock({ timeMs: 1 });
    const back = await control.restore({ state });

    expect(hasMemory).toBe(false);
    expect(back).toMatchObject({ isTampered: false, clock: { timeMs: START_TIME_MS } });
    expect(await meter.driver.status()).toMatchObject({ lifeCycle: 'registered' });
    expect(await refusalOf(control.restore({ state: state.slice(0, 50) }))).toBe('stateDamaged');
    const { state: foreign } = await (await controlled('in its process')).control.snapshot();
    expect(await control.restore({ state: foreign })).toMatchObject({ isRunning: true });
  });

  test('events tell what happens in its order', async () => {
    await using own = await controlled(face);
    const { control, meter } = own;
    const seen: ControlEvent[] = [];

    for await (const event of control.events()) {
      seen.push(event);
      if (event.number === 1) {
        await meter.driver.status();
        await control.advanceClock({ durationMs: 10 });
        await control.powerOff();
      }
      if (event.state === 'powerOff') break;
    }

    expect(seen.map(({ kind, direction, state }) => direction ?? state ?? kind)).toEqual([
      'uninitialized',
      'toMeter',
      'fromMeter',
      'run',
      'powerOff',
    ]);
    expect(seen.at(-2)).toMatchObject({ elapsedMs: 10, isRunning: false });
    expect(seen[1]).toMatchObject({ port: 'memory' });
  });
});

test('the table is performed as a whole over HTTP: nothing is answered in another form than declared', async () => {
  await using own = await controlled('over HTTP');
  const url = own.meter.controlUrl as string;
  await own.control.startTrace({});

  for (const [name, { kind, request }] of Object.entries(operations) as [string, AnyOperation][]) {
    if (Object.keys(request.fields).length > 0 || name === 'end') continue;
    const method = kind === 'read' ? 'GET' : 'POST';
    const headers = { 'content-type': 'application/json' };
    const asked = await fetch(`${url}/v1/${name}`, {
      method,
      ...(kind === 'change' && { headers, body: '{}' }),
    });
    const { response } = operations[name as keyof typeof operations] as AnyOperation;
    const json: unknown = await asked.json();

    expect(asked.status, name).toBe(200);
    expect(response.encode(response.decode(json)), name).toEqual(json);
  }
});

describe('forks over HTTP', () => {
  test('are boards of their own with ports of their own, until they end', async () => {
    await using own = await controlled('over HTTP');
    const { boards } = await own.control.fork({ count: 2 });
    const [first, second] = boards.map(({ control }) => controlClient(control)) as [
      Control,
      Control,
    ];
    await using driver = await openMeter(boards[1]?.tcp as string);

    await first.openHousing();

    expect(await second.status()).toMatchObject({ isTampered: false });
    expect(await driver.status()).toMatchObject({ lifeCycle: 'registered' });
    expect(await own.control.status()).toMatchObject({ isTampered: false });
    expect((await first.capabilities()).operations).toContain('end');
    await first.end();
    await expect(first.status()).rejects.toThrow(/Nobody listens/);
    expect(await refusalOf(own.control.end())).toBe('noFork');
  });

  test('are counted with those of forks', async () => {
    await using own = await controlled('over HTTP');
    const { boards } = await own.control.fork({ count: 1 });
    const [only] = boards.map(({ control }) => controlClient(control)) as [Control];

    expect(await refusalOf(only.fork({ count: FORKS_MAX }))).toBe('forksAtMost');
    await only.end();
  });
});

test('in its process nobody opens ports for forks', async () => {
  await using own = await controlled('in its process');

  expect(await refusalOf(own.control.fork({ count: 1 }))).toBe('hostMissing');
});
