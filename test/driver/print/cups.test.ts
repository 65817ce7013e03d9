/** CUPS by its own programs, played by two scripts that keep what they were given (requirements.md F6). */

import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBitmap } from '#driver/print/bitmap';
import { encodeJob } from '#driver/print/encode';
import { parseCupsAddress } from '#driver/print/line/cups';
import { openPrinter } from '#driver/print/printer';
import { printerProfiles } from '#driver/print/printer-profile';
import { temporaryFolder } from '#test/support/temporary-folder';

const picture = createBitmap(64, 64);
const path = process.env['PATH'];
let folder: string;

function play(program: 'lp' | 'lpstat', script: string): void {
  const file = join(folder, program);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

beforeEach(() => {
  folder = temporaryFolder();
  process.env['PATH'] = `${folder}${delimiter}${path}`;
  play('lpstat', 'echo "printer desk is idle.  enabled since now"');
  play('lp', `echo "$@" > ${folder}/asked; cat > ${folder}/job`);
});
afterEach(() => {
  process.env['PATH'] = path;
});

const kept = (name: string): Buffer => readFileSync(join(folder, name));

test.each([
  ['zpl-4inch', 'cups:desk', '-d desk -t tessera -o raw -'],
  [
    'office',
    'cups:desk?media=Env10&sides=one-sided',
    '-d desk -t tessera -o print-scaling=none -o media=Env10 -o sides=one-sided -',
  ],
] as const)('%s: the queue gets the whole job, and no more is known', async (name, url, asked) => {
  const profile = printerProfiles[name];
  const job = encodeJob(picture, profile);
  await using printer = await openPrinter(url, profile);

  expect(await printer.status()).toMatchObject({ readiness: 'unknown' });
  expect(await printer.print(job, { jobId: '0001' })).toBe('sent');

  expect(kept('asked').toString().trim()).toBe(asked);
  expect(kept('job')).toEqual(Buffer.from(job));
});

test.each([
  ['is stopped', 'echo "printer desk disabled since now"', 'the queue desk is stopped'],
  ['takes no jobs', 'echo "desk not accepting requests since now"', 'desk takes no jobs'],
  ['is not there', 'echo "lpstat: Invalid destination" >&2; exit 1', 'Invalid destination'],
])('a queue that %s is told when it is opened', async (_, script, what) => {
  play('lpstat', script);

  await expect(openPrinter('cups:desk', printerProfiles.office)).rejects.toThrow(what);
});

test('a queue that refuses the job got none of it', async () => {
  play('lp', 'cat > /dev/null; echo "lp: too many jobs" >&2; exit 1');
  await using printer = await openPrinter('cups:desk', printerProfiles.office);

  await expect(printer.print(encodeJob(picture, printerProfiles.office))).rejects.toMatchObject({
    stage: 'before first byte',
    problem: 'unreachable',
    message: expect.stringContaining('too many jobs'),
  });
  expect(existsSync(join(folder, 'job'))).toBe(false);
});

test.each(['cups:', 'cups:a b', 'cups:a;b', 'cups:a?x=1;rm', 'cups:-o'])(
  '%s is no queue',
  (url) => {
    expect(() => parseCupsAddress(url)).toThrow('a queue is cups:NAME');
  },
);
