/** `tessera emulate --trace` and `tessera trace`: what a meter did, looked at, done again, and compared (requirements.md H4). */

import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ImageFile, loadImage } from '#emulator/image-file';
import type { Trace } from '#emulator/trace/event';
import { encodeTrace } from '#emulator/trace/trace-file';
import { cli } from '#test/support/cli';
import { patchedImage } from '#test/support/image-patch';
import { recordedLife } from '#test/support/recorded-life';
import { temporaryFolder } from '#test/support/temporary-folder';

let trace: Trace;
beforeAll(async () => {
  ({ trace } = await recordedLife());
});

function fileOf(text = encodeTrace(trace)): string {
  const path = join(temporaryFolder(), 'meter.trace');
  writeFileSync(path, text);
  return path;
}

function folderWith(image: ImageFile, name = 'firmware.img', folder = temporaryFolder()): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), image.image);
  writeFileSync(join(folder, 'image-key.bin'), image.imageKey);
  return folder;
}

const wrong = (code: number): ImageFile =>
  patchedImage([/postageAboveMaximum:\{code:\d+/, `postageAboveMaximum:{code:${code}`]);

describe('emulate', () => {
  test('records with secrets a trace that is replayed, and packets', async () => {
    const folder = temporaryFolder();
    const [path, packets] = [join(folder, 'meter.trace.gz'), join(folder, 'meter.pcapng')];
    const recording = ['--trace', path, '--with-secrets', '--pcapng', packets];

    const emulated = await cli('emulate', '--tcp', '0', ...recording, '-c', 'true');
    const replayed = await cli('trace', 'replay', path);
    const shown = await cli('trace', 'show', path);

    expect(emulated.exitCode).toBe(0);
    expect(replayed.error).toBeUndefined();
    expect(replayed.figures('replayed')).toMatchObject({ mode: 'calls' });
    expect(shown.figures('sum')).toMatchObject({ boots: 1, redacted: false });
    expect(shown.said.flatMap(({ messages }) => messages)).toContainEqual({
      port: 0,
      text: expect.stringMatching(/^open response \d+: status ok uninitialized$/),
    });
    expect(readFileSync(packets).readUInt32LE(0)).toBe(0x0a0d0d0a);
    expect(statSync(packets).mode & 0o077).toBe(0);
  });

  test('records without them what can be looked at and not be replayed', async () => {
    const path = join(temporaryFolder(), 'meter.trace');

    await cli('emulate', '--tcp', '0', '--trace', path, '-c', 'true');
    const replayed = await cli('trace', 'replay', path);
    const shown = await cli('trace', 'show', path);

    expect(replayed.exitCode).toBe(1);
    expect(replayed.error).toMatchObject({ message: expect.stringContaining('redacted') });
    expect(shown.figures('sum')).toMatchObject({ redacted: true });
  });
});

test('of a trace whose end is missing each command says so, and takes the rest where it is told to', async () => {
  const text = encodeTrace(trace);
  const path = fileOf(text.slice(0, text.length - 3_000));

  const refused = await cli('trace', 'replay', path);
  const shown = await cli('trace', 'show', path, '--partial');
  const replayed = await cli('trace', 'replay', path, '--partial');

  expect(refused.error).toMatchObject({
    error: 'traceFile',
    message: expect.stringContaining('without its end'),
    advice: expect.stringContaining('--partial'),
  });
  const { events } = shown.figures('unfinished') as unknown as { readonly events: number };
  expect(shown.figures('sum')).toMatchObject({ events });
  expect(replayed.figures('unfinished')).toEqual(shown.figures('unfinished'));
  expect(replayed.figures('replayed')).toMatchObject({ steps: events });
});

describe('show', () => {
  test('tells turns with their messages, in seals too, and what there was in all', async () => {
    const { said, exitCode, figures } = await cli('trace', 'show', fileOf());

    expect(exitCode).toBe(0);
    const turns = said.filter(({ event }) => event === 'turn');
    expect(turns).toContainEqual(
      expect.objectContaining({
        heard: ['request createIndicium', 'response createIndicium ok idle'],
        flash: expect.objectContaining({ programs: 1, programmedBytes: 256 }),
        messages: [
          { port: 0, text: expect.stringMatching(/^sealed request \d+: \d+ bytes$/) },
          { port: 0, text: expect.stringMatching(/^sealed response \d+: createIndicium ok idle$/) },
        ],
      }),
    );
    expect(turns.filter(({ end }) => end === 'powerLost')).toHaveLength(2);
    expect(figures('sum')).toMatchObject({ boots: 3, entropyBytes: 3 * 1_536, redacted: false });
  });

  test('tells each call where that is wanted', async () => {
    const { said } = await cli('trace', 'show', fileOf(), '--calls');

    expect(said.filter(({ event }) => event === 'step').length).toBe(
      trace.events.filter(({ kind }) => kind !== 'note' && kind !== 'stop').length,
    );
  });
});

describe('replay', () => {
  test('on another engine is the same', async () => {
    const replayed = await cli('trace', 'replay', fileOf(), '--cpu', 'quickjs');

    expect(replayed.figures('replayed')).toMatchObject({
      mode: 'calls',
      steps: trace.events.length,
    });
  });

  test('of an image that does otherwise names the step, the request, and the steps before', async () => {
    const { exitCode, figures } = await cli(
      ...['trace', 'replay', fileOf(), '--image', folderWith(wrong(772))],
    );

    expect(exitCode).toBe(1);
    const { request, before, found } = figures('diverged');
    expect(found).toMatch(/^ports\.send\(0, aa/);
    expect(request).toMatchObject({ text: expect.stringContaining('createIndicium') });
    expect(before).toHaveLength(5);
  });
});

describe('bisect', () => {
  test('names which of two images is otherwise', async () => {
    const images = ['--image', folderWith(loadImage()), '--image', folderWith(wrong(772))];

    const { exitCode, figures, said } = await cli('trace', 'bisect', fileOf(), ...images);

    expect(exitCode).toBe(1);
    expect(said.filter(({ event }) => event === 'candidate')).toMatchObject([
      { mode: 'calls', steps: trace.events.length },
      { mode: 'effects', divergesIn: expect.any(Number) },
    ]);
    expect(figures('compared')).toMatchObject({ relation: 'different' });
  });

  test('finds the first wrong one of a folder of builds', async () => {
    const folder = temporaryFolder();
    for (const build of [1, 2, 3, 9, 10, 11])
      folderWith(
        build < 10 ? patchedImage([/^/, `/*${build}*/`]) : wrong(1_000 + build),
        'firmware.img',
        join(folder, `build-${build}`),
      );

    const { exitCode, figures } = await cli('trace', 'bisect', fileOf(), '--image', folder);

    expect(exitCode).toBe(1);
    expect(figures('searched')).toMatchObject({
      builds: 6,
      firstBad: expect.stringContaining('build-10 '),
      lastGood: expect.stringContaining('build-9 '),
    });
  });

  test('compares two processors', async () => {
    const { exitCode } = await cli('trace', 'bisect', fileOf(), '--cpu', 'node-vm', 'quickjs');

    expect(exitCode).toBe(0);
  });

  test('of one image and one processor is wrong usage', async () => {
    expect((await cli('trace', 'bisect', fileOf())).exitCode).toBe(2);
  });
});

test('export writes packets', async () => {
  const packets = join(temporaryFolder(), 'meter.pcapng');

  const { exitCode } = await cli('trace', 'export', fileOf(), '--pcapng', packets);

  expect(exitCode).toBe(0);
  expect(readFileSync(packets).length).toBeGreaterThan(5_000);
});

test.each<[string, string]>([
  ['is no trace', 'something else'],
  ['was not finished', '{"format":"tessera-trace","version":1,"redacted":true}\n["stop"]\n'],
  ['newer version', '{"format":"tessera-trace","version":9,"redacted":true}\n'],
])('a file of which one says "%s" is refused', async (message, text) => {
  const { exitCode, error } = await cli('trace', 'show', fileOf(text));

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({
    error: 'traceFile',
    message: expect.stringContaining(message),
  });
});
