/** A trace is read as it was written, or refused with the reason (docs/trace.md). */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { pause } from '#driver/abort';
import { redacted, type Trace, type TraceEvent } from '#emulator/trace/event';
import {
  decodeTrace,
  encodeTrace,
  PORTION,
  readTraceFile,
  TraceFileError,
  writeTraceFile,
} from '#emulator/trace/trace-file';
import { recordedLife } from '#test/support/recorded-life';
import { temporaryFolder } from '#test/support/temporary-folder';
import { repositoryRoot } from '#tools/sources';

const whole = fc.nat(2 ** 40);
const bytes = fc.uint8Array({ maxLength: 40 });
const secret = bytes.map((content) => ({ size: content.length, bytes: content }));
const withheld = whole.map((size) => ({ size, bytes: undefined }));
const anySecret = fc.oneof(secret, withheld);
const part = fc.oneof(whole, bytes, anySecret, fc.constant('stored' as const));
const moment = fc.record({ timeMs: whole, monotonicMs: whole });
const hex = bytes.map((content) => Buffer.from(content).toString('hex'));
const outcome = fc.oneof(
  fc.record({ answer: fc.option(part, { nil: undefined }) }),
  fc.record({ error: fc.string(), message: fc.string() }),
);
const geometry = { size: 8192, sectorSize: 4096, programUnit: 16 };
const board = fc.record({
  digest: hex,
  imageVersion: whole,
  form: fc.constantFrom('source' as const, 'bytecode' as const),
  processor: fc.string(),
  geometry: fc.constant(geometry),
  hasCryptoEngine: fc.boolean(),
  imageStore: fc.option(
    fc.record({ running: fc.nat(2), isOnTrial: fc.nat(1), geometry: fc.constant(geometry) }),
    { nil: undefined },
  ),
  deviceSecret: anySecret,
  flash: fc.array(fc.record({ offset: whole, data: anySecret }), { maxLength: 3 }),
});
const kind = <const K extends string>(name: K) => fc.constant(name);
const anyEvent: fc.Arbitrary<TraceEvent> = fc.oneof(
  fc.record({ kind: kind('boot'), moment, board }),
  fc.record({ kind: kind('receive'), moment, port: fc.nat(15), bytes }),
  fc.record({ kind: kind('tick'), moment }),
  fc.record({ kind: kind('call'), path: fc.string(), given: fc.array(part), outcome }),
  fc.record({
    kind: kind('end'),
    error: fc.option(fc.string(), { nil: undefined }),
    quiet: fc.option(hex, { nil: undefined }),
  }),
  fc.record({ kind: kind('cut'), quietCalls: whole }),
  fc.record({ kind: kind('stop') }),
  fc.record({ kind: fc.constantFrom('heard' as const, 'note' as const), text: fc.string() }),
);
const plain = (event: TraceEvent): unknown => JSON.parse(JSON.stringify(event));

test('what is written is read, whatever it is', () => {
  fc.assert(
    fc.property(fc.array(anyEvent), fc.boolean(), (events, isRedacted) => {
      const written = isRedacted ? events.map(redacted) : events;

      const read = decodeTrace(Buffer.from(encodeTrace({ isRedacted, events })));

      expect(read.isRedacted).toBe(isRedacted);
      expect(read.events.map(plain)).toEqual(written.map(plain));
    }),
  );
});

let life: Trace;
let text: Buffer;
beforeAll(async () => {
  const { trace } = await recordedLife();
  life = { isRedacted: false, events: trace.events.slice(0, 1_000) };
  text = Buffer.from(encodeTrace(life));
});

function reasonOf(content: Buffer): string {
  try {
    decodeTrace(content);
    return 'none';
  } catch (error) {
    if (error instanceof TraceFileError) return error.reason;
    throw error;
  }
}

describe('refused is', () => {
  test('a trace that is cut anywhere', () => {
    const head = text.indexOf(0x0a);
    for (let size = 0; size < text.length - 1; size += size < 2_000 ? 1 : 997)
      expect(reasonOf(text.subarray(0, size)), `${size} bytes`).toBe(
        size < head ? 'foreign' : 'unfinished',
      );
  });

  test('a trace of which any bit is another', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 2), fc.nat(7), (at, bit) => {
        const changed = Buffer.from(text);
        changed[at] = (changed[at] as number) ^ (1 << bit);

        expect(reasonOf(changed)).not.toBe('none');
      }),
    );
  });

  test.each<[string, string, string]>([
    ['foreign', 'an image', 'TSRI\x01\x00'],
    ['foreign', 'another JSON', '{"format":"something"}\n'],
    ['foreign', 'an empty file', ''],
    ['newer', 'a trace of a later program', '{"format":"tessera-trace","version":2,"all":"new"}\n'],
    ['damaged', 'a header without redaction', '{"format":"tessera-trace","version":1}\n'],
    [
      'damaged',
      'an event that nobody knows',
      '{"format":"tessera-trace","version":1,"redacted":false}\n["jump",1]\n["stop"]\n',
    ],
  ])('as %s: %s', (reason, _, content) => {
    expect(reasonOf(Buffer.from(content))).toBe(reason);
  });

  test('a line that is none with its number, and never its content', () => {
    const content =
      '{"format":"tessera-trace","version":1,"redacted":false}\n["stop"]\n["cut","5e5e"]\n["stop"]\n';

    expect(() => decodeTrace(Buffer.from(content))).toThrow(
      'Line 3 of the trace is damaged: "5e5e" is no whole number.',
    );
  });

  test('whatever stands behind the end', () => {
    expect(reasonOf(Buffer.concat([text, Buffer.from('["stop"]\n')]))).toBe('damaged');
  });
});

test('of a recording that was not finished the whole turns can be had', () => {
  const cut = text.subarray(0, text.length - 2_000);

  const { events } = decodeTrace(cut, true);

  expect(events.length).toBeGreaterThan(100);
  expect(events).toEqual(life.events.slice(0, events.length));
  expect(['end', 'stop']).toContain(events.at(-1)?.kind);
});

describe.each(['killed.trace', 'killed.trace.gz'])('a recorder of %s that is killed', (name) => {
  async function recording(ticks: number, how: 'busy' | 'idle') {
    const path = join(temporaryFolder(), name);
    const script = join(repositoryRoot, 'test/support/killed-recorder.ts');
    const child = spawn(process.execPath, [script, path, String(ticks), how]);
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return { path, child };
  }
  async function killed(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  test('in the middle of its work loses less than a portion', async () => {
    const ticks = 3_000;
    const { path, child } = await recording(ticks, 'busy');

    await killed(child);

    expect(() => readTraceFile(path)).toThrow('was not finished');
    const { events, isWhole } = readTraceFile(path, true);
    expect(isWhole).toBe(false);
    expect(2 * ticks - events.length).toBeLessThanOrEqual(PORTION.events + 1);
    expect(events.at(-1)).toMatchObject({ kind: 'end' });
  });

  test('in a silence loses nothing of what came before', async () => {
    const { path, child } = await recording(3, 'idle');
    while (readTraceFile(path, true).events.length < 6) await pause(50, undefined);

    await killed(child);

    expect(readTraceFile(path, true).events).toHaveLength(6);
  });
});

describe('a file', () => {
  test.each(['trace', 'trace.gz'])('%s is for its owner alone, and is what was written', (name) => {
    const path = join(temporaryFolder(), name);
    {
      using file = writeTraceFile(path, true);
      for (const event of life.events) file.write(event);
    }

    expect(encodeTrace(readTraceFile(path))).toBe(text.toString());
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  test('that is compressed is much smaller, and refused where it is cut', () => {
    const path = join(temporaryFolder(), 'trace.gz');
    {
      using file = writeTraceFile(path, true);
      for (const event of life.events) file.write(event);
    }
    const content = readFileSync(path);
    expect(content.length).toBeLessThan(text.length / 2);

    writeFileSync(path, content.subarray(0, content.length >> 1));

    expect(() => readTraceFile(path)).toThrow('was not finished');
    expect(readTraceFile(path, true).events.length).toBeGreaterThan(0);
  });

  test('that is empty is told as a recording that was ended early', () => {
    const path = join(temporaryFolder(), 'trace.gz');
    writeFileSync(path, '');

    for (const isPartial of [false, true])
      expect(() => readTraceFile(path, isPartial)).toThrow(/^The file is empty/);
  });

  test('that cannot be unpacked is refused', () => {
    const path = join(temporaryFolder(), 'trace.gz');
    writeFileSync(path, Buffer.of(0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13));

    expect(() => readTraceFile(path)).toThrow(TraceFileError);
  });
});
