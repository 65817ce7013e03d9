/** The simulated disk keeps what was synced, and of the rest a beginning at most. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startHost } from './host.ts';
import { randomOf } from './random.ts';
import { createSimDisk } from './sim-disk.ts';

const PATH = '/desk/lines';

/** A disk with two lines on it, of which the first is synced. */
async function writtenDisk() {
  const disk = createSimDisk(() => undefined);
  const host = startHost(randomOf(1), () => undefined);
  const file = await disk.of(host).openLines(PATH);
  await file.appendFile('first\n');
  await file.datasync();
  await file.appendFile('second\n');
  return { disk, host, file };
}

async function contentOf({ disk, host }: Awaited<ReturnType<typeof writtenDisk>>) {
  return Buffer.from(await disk.of(host).readWhole(PATH)).toString();
}

test('a power cut leaves what was synced, and of the rest its beginning, or zeros', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const written = await writtenDisk();

      written.disk.losePower(randomOf(seed));

      const content = await contentOf(written);
      expect(content.slice(0, 6)).toBe('first\n');
      expect('second\n').toContain(content.slice(6).replace(/\0+$/, ''));
    }),
  );
});

test('every length is left some time, with zeros behind it and without', async () => {
  const left = new Set<string>();
  for (let seed = 0; seed < 1_000; seed += 1) {
    const written = await writtenDisk();
    written.disk.losePower(randomOf(seed));
    left.add((await contentOf(written)).slice(6));
  }

  for (let length = 0; length <= 7; length += 1)
    expect(left).toContain('second\n'.slice(0, length));
  expect([...left].some((content) => content.endsWith('\0'))).toBe(true);
});

test('the end of a program leaves all that it wrote, and frees its locks', async () => {
  const written = await writtenDisk();
  const { disk, host } = written;
  expect(disk.of(host).lock('/desk/lock')).toBeDefined();
  expect(disk.of(host).lock('/desk/lock')).toBeUndefined();

  disk.forgetLocks();

  expect(await contentOf(written)).toBe('first\nsecond\n');
  expect(disk.of(host).lock('/desk/lock')).toBeDefined();
});

test('a full disk takes what fits, and says so', async () => {
  const written = await writtenDisk();
  written.disk.free = 3;

  await expect(written.file.appendFile('third\n')).rejects.toMatchObject({ code: 'ENOSPC' });

  expect(await contentOf(written)).toBe('first\nsecond\nthi');
});

test.each([
  ['before', 1, 'first\nsecond\n'],
  ['behind', 2, 'first\nsecond\nthird\n'],
])('a host that ends %s a step is heard of no more', async (_, steps, left) => {
  const written = await writtenDisk();
  written.host.endAfter(steps, 'killed');
  let isAnswered = false;

  void written.file.appendFile('third\n').then(() => {
    isAnswered = true;
  });
  expect(await written.host.ended).toBe('killed');

  expect(written.disk.durableLines(PATH)).toEqual(['first']);
  const other = startHost(randomOf(2), () => undefined);
  expect(await contentOf({ ...written, host: other })).toBe(left);
  expect(isAnswered).toBe(false);
});
