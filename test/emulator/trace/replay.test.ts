/** A trace that is replayed leads to the same calls, bit for bit, on every engine, and what does not is named (docs/trace.md). */

import { beforeAll, describe, expect, test } from 'vitest';
import type { Board } from '#emulator/board';
import { createManualClock } from '#emulator/clock';
import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import { createMemoryFlash } from '#emulator/flash';
import { type ImageFile, loadImage } from '#emulator/image-file';
import { redacted, type Trace, type TraceEvent } from '#emulator/trace/event';
import { type Replayed, replayTrace } from '#emulator/trace/replay';
import { replayedImage } from '#emulator/trace/replayed-image';
import { encodeTrace } from '#emulator/trace/trace-file';
import { makeTestBoard, TEST_TIME_MS, type TestBoard } from '#test/support/board';
import { patchedImage } from '#test/support/image-patch';
import { type RecordedLife, recordedLife } from '#test/support/recorded-life';
import { testImage, testImageKey } from '#test/support/test-firmware';
import { release } from '#test/support/update';

let life: RecordedLife;
beforeAll(async () => {
  life = await recordedLife();
});

const replayed = (trace: Trace, cpu: Cpu, image: ImageFile = loadImage()): Replayed =>
  replayTrace(trace, cpu, replayedImage(image, cpu.bytecodeEngine));

/** Names of the commands that sealed records asked for, and that were answered. */
const heardIn = ({ events }: Trace): Set<string> =>
  new Set(events.flatMap((event) => (event.kind === 'heard' ? [event.text] : [])));

describe('a whole life', () => {
  test('has in it what a life has', () => {
    const { events } = life.trace;

    const heard = heardIn(life.trace);
    for (const text of [
      'request createIndicium',
      'response createIndicium ok idle',
      'response createIndicium postageAboveMaximum idle',
      'response zeroize ok idle',
    ])
      expect(heard).toContain(text);
    const kinds = Map.groupBy(events, ({ kind }) => kind);
    expect(kinds.get('boot')?.length).toBe(3);
    const lost = events.filter(
      (event) =>
        event.kind === 'call' && 'error' in event.outcome && event.path === 'flash.program',
    );
    expect(lost).toHaveLength(1);
    expect(events.length).toBeGreaterThan(1_500);
  });

  test.each<[string, () => Cpu]>([
    ['node-vm', () => createNodeVmCpu()],
    ['quickjs', () => createQuickJsCpu()],
  ])('is the same on %s, again and again, call by call', (_, cpu) => {
    const { events } = life.trace;

    const first = replayed(life.trace, cpu());
    const second = replayed(life.trace, cpu());

    expect(first).toEqual({ mode: 'calls', steps: events.length, divergence: undefined });
    expect(second).toEqual(first);
  });

  test('has the same effects as bytecode, which is another image', () => {
    const { mode, divergence } = replayed(life.trace, createQuickJsCpu(), loadImage('bytecode'));

    expect({ mode, divergence }).toEqual({ mode: 'effects', divergence: undefined });
  });

  test('is replayed by its effects under another version with the same body, which is another image', () => {
    const { imageVersion } = replayedImage(loadImage(), undefined);
    const image = release({ imageVersion: imageVersion + 1, securityVersion: 1 });
    const { events } = life.trace;
    const start = events.slice(
      0,
      events.findIndex(({ kind }) => kind === 'receive'),
    );

    const { mode, divergence } = replayed({ ...life.trace, events: start }, createNodeVmCpu(), {
      image,
      imageKey: testImageKey.publicKey,
    });

    expect({ mode, divergence }).toEqual({ mode: 'effects', divergence: undefined });
  });

  test('is the same without a crypto engine, where nothing of records is heard', async () => {
    const { trace } = await recordedLife({ cryptoEngine: false });

    expect(replayed(trace, createNodeVmCpu()).divergence).toBeUndefined();
    expect(heardIn(trace).size).toBe(0);
  });

  test('is the same trace, byte for byte, whenever it is recorded', async () => {
    const again = await recordedLife();

    expect(encodeTrace(again.trace)).toBe(encodeTrace(life.trace));
  });

  test('is lived as without a recorder', async () => {
    const plain = await recordedLife({ isRecorded: false });

    expect(plain.outputs).toEqual(life.outputs);
    expect(plain.trace.events).toEqual([]);
  });
});

describe('a change is named with its first step', () => {
  /** The step of the first event that fits. */
  const stepOf = (fits: (event: TraceEvent) => boolean): number =>
    life.trace.events.findIndex(fits) + 1;

  test('in an image: where it first does otherwise', () => {
    const image = patchedImage([/postageAboveMaximum:\{code:\d+/, 'postageAboveMaximum:{code:772']);

    const { mode, divergence } = replayed(life.trace, createNodeVmCpu(), image);

    expect(mode).toBe('effects');
    const refusal = stepOf(
      ({ kind, ...event }) =>
        kind === 'heard' && 'text' in event && event.text.includes('postageAboveMaximum'),
    );
    const sent = life.trace.events.findIndex(
      (event, place) => place >= refusal && event.kind === 'call' && event.path === 'ports.send',
    );
    expect(divergence?.step).toBe(sent + 1);
    expect(divergence?.expected).toMatch(/^ports\.send\(0, aa/);
    expect(divergence?.found).toMatch(/^ports\.send\(0, aa.*, other from byte \d+ on$/);
  });

  test('not in an image that computes the same in another way', () => {
    const { mode, divergence } = replayed(life.trace, createNodeVmCpu(), patchedImage([/^/, ';']));

    expect({ mode, divergence }).toEqual({ mode: 'effects', divergence: undefined });
  });

  test.each<[string, (event: TraceEvent) => TraceEvent | undefined, RegExp]>([
    [
      'a byte that arrives',
      (event) =>
        event.kind === 'receive'
          ? { ...event, bytes: event.bytes.map((byte, at) => (at === 7 ? byte ^ 1 : byte)) }
          : undefined,
      /^ports\.send|^the image returns|^entropy\.read|^clock\./,
    ],
    [
      'entropy',
      (event) =>
        event.kind === 'call' && event.path === 'entropy.read'
          ? { ...event, outcome: { answer: { size: 1536, bytes: new Uint8Array(1536) } } }
          : undefined,
      /^indicator\.show\(error\)/,
    ],
    [
      'the result of an erase',
      (event) =>
        event.kind === 'call' && event.path === 'flash.erase'
          ? { ...event, outcome: { answer: 2 } }
          : undefined,
      /^indicator\.show|^flash\.|^clock\./,
    ],
  ])('in the trace: %s', (_, change, found) => {
    const place = life.trace.events.findIndex((event) => change(event) !== undefined);
    const events = life.trace.events.map((event, at) =>
      at === place ? (change(event) as TraceEvent) : event,
    );

    const { divergence } = replayed({ isRedacted: false, events }, createNodeVmCpu());

    expect(divergence?.step).toBeGreaterThan(place + 1);
    expect(divergence?.found).toMatch(found);
  });

  test('in calls that are no events, by the digest of a turn', () => {
    const place = life.trace.events.findLastIndex(
      (event) => event.kind === 'end' && event.quiet !== undefined && event.quiet !== '',
    );
    const events = life.trace.events.map((event, at) =>
      at === place && event.kind === 'end' ? { ...event, quiet: '00'.repeat(12) } : event,
    );

    const { divergence } = replayed({ isRedacted: false, events }, createNodeVmCpu());

    expect(divergence).toMatchObject({ step: place + 1 });
    expect(divergence?.expected).toContain('000000');
  });

  test('in a call too few and a call too many', () => {
    const isRead = (event: TraceEvent) => event.kind === 'call' && event.path === 'clock.ticksMs';
    const place = life.trace.events.findLastIndex(isRead);
    const twice = life.trace.events.toSpliced(place, 0, life.trace.events[place] as TraceEvent);
    const never = life.trace.events.toSpliced(place, 1);

    const many = replayed({ isRedacted: false, events: never }, createNodeVmCpu());
    const few = replayed({ isRedacted: false, events: twice }, createNodeVmCpu());

    expect(many.divergence).toMatchObject({ step: place + 1, found: 'clock.ticksMs()' });
    expect(few.divergence).toMatchObject({ step: place + 2 });
  });
});

test('a redacted trace cannot be replayed', () => {
  const trace = { isRedacted: true, events: life.trace.events.map(redacted) };

  expect(() => replayed(trace, createNodeVmCpu())).toThrow('redacted');
});

test('an image that the boot ROM refuses is not replayed', () => {
  const { image, imageKey } = loadImage();
  const broken = image.map((byte, at) => (at === 5_000 ? byte ^ 1 : byte));

  expect(() => replayedImage({ image: broken, imageKey }, undefined)).toThrow('was refused');
});

describe('a power cycle of a board', () => {
  const image = { image: testImage(), imageKey: testImageKey.publicKey };

  /** What the test firmware was asked, recorded. */
  function recorded(act: (made: TestBoard) => void, options = {}): Trace {
    const events: TraceEvent[] = [];
    act(makeTestBoard({ trace: (event) => events.push(event), ...options }));
    return { isRedacted: false, events };
  }

  const cpus: readonly Cpu[] = [createNodeVmCpu(), createQuickJsCpu()];

  test.each<[string, (made: TestBoard) => void]>([
    [
      'that asks everything',
      ({ board }) => ask(board, 'n', 'f', 'p\x03', 'v\x03', 'x', 'r', 'c', 't', 'd'),
    ],
    [
      'that is switched off and on',
      ({ board }) => {
        ask(board, 'n');
        board.powerOff();
        board.powerOn();
        ask(board, 'n');
      },
    ],
    [
      'whose firmware is not there any more',
      ({ board }) => {
        board.powerOff();
        board.tick();
      },
    ],
    [
      'whose contact changes',
      ({ board }) => {
        board.tamper.trigger();
        ask(board, 't');
      },
    ],
    [
      'whose power fails in a program',
      ({ board, flash }) => {
        flash.losePowerAfter(0, { tornBytes: 5 });
        ask(board, 'p\x03');
        board.powerOn();
        ask(board, 'v\x03');
      },
    ],
    [
      'whose flash rots',
      ({ board, flash }) => {
        ask(board, 'p\x01');
        flash.damage(16, Uint8Array.of(0));
        ask(board, 'v\x01');
      },
    ],
  ])('%s', (_, act) => {
    const trace = recorded(act);

    for (const cpu of cpus) expect(replayed(trace, cpu, image).divergence).toBeUndefined();
    expect(trace.events.length).toBeGreaterThan(2);
  });

  test('that ends within a call, by whoever looks at its clock', () => {
    const clock = createManualClock(TEST_TIME_MS);
    let off = (): void => undefined;
    const falling = {
      ...clock,
      monotonicMs: () => {
        off();
        return clock.monotonicMs();
      },
    };
    const trace = recorded(
      ({ board }) => {
        let asked = 0;
        off = () => {
          asked += 1;
          if (asked === 2) board.powerOff();
        };
        ask(board, 'c');
        board.powerOn();
        ask(board, 'n');
      },
      { clock: falling, flash: createMemoryFlash() },
    );

    for (const cpu of cpus) expect(replayed(trace, cpu, image).divergence).toBeUndefined();
    expect(trace.events.filter(({ kind }) => kind === 'stop').length).toBeGreaterThan(0);
  });
});

function ask(board: Board, ...requests: readonly string[]): void {
  for (const request of requests) board.receive(0, Buffer.from(request, 'latin1'));
}
