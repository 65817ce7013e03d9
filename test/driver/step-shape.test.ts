/** Lines of journals that are whole and yet no steps: found by the fuzzer (docs/fuzz.md), refused as damage. */

import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BatchError } from '#driver/batch/batch-error';
import { jobFiles, readDescription } from '#driver/batch/job-files';
import { openJobJournal } from '#driver/batch/job-journal';
import { JournalError } from '#driver/checked-lines';
import { hostDisk } from '#driver/disk';
import { openPendingJournal } from '#driver/pending';
import { failureOf } from '#test/support/settle';

let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steps-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A journal with the check sums that belong to its lines. */
async function journalOf(...lines: readonly string[]): Promise<string> {
  const path = join(folder, `${count++}.journal`);
  const sealed = lines.map((line) => {
    const digest = createHash('sha256').update(line).digest('hex').slice(0, 16);
    return `${digest} ${line}\n`;
  });
  await writeFile(path, sealed.join(''));
  return path;
}

const key = '"meter":"TS01-0000000042","counter":1,"nonce":2';
const piece = '{"serviceId":1,"postage":780,"mailingDate":20260101,"destination":0}';
const intended = `{"step":"intended",${key},"piece":${piece}}`;

const PENDING = '{"journal":"tessera pending indicia","version":2}';

describe('a journal of pending indicia is damaged', () => {
  test('but not with a step', async () => {
    await using journal = await openPendingJournal(await journalOf(PENDING, intended));

    expect(journal.entries('TS01-0000000042')).toMatchObject([{ state: 'intended' }]);
  });

  test.each<[string, readonly string[]]>([
    ['no JSON as its header', ['{"":"":']],
    ['no JSON', [PENDING, '{"":"":']],
    ['nothing', [PENDING, 'null']],
    ['a step that there is none of', [PENDING, `{"step":"toString",${key}}`]],
    ['an intention of no piece', [PENDING, `{"step":"intended",${key}}`]],
    ['an amount below nothing', [PENDING, intended.replace('780', '-1')]],
    ['an amount that is text', [PENDING, intended.replace('780', '"780"')]],
    ['an issue without indicium', [PENDING, intended, `{"step":"issued",${key}}`]],
    ['a field too many', [PENDING, intended.replace('"step"', '"other":1,"step"')]],
  ])('with %s', async (_, lines) => {
    const path = await journalOf(...lines);

    expect(await failureOf(openPendingJournal(path))).toBeInstanceOf(JournalError);
  });
});

const JOB = '{"journal":"tessera batch job","version":2}';

describe('a journal of a job is damaged', () => {
  test.each([
    ['no step', '{"piece":0,"atMs":0}'],
    ['a step that there is none of', '{"piece":0,"step":"constructor","atMs":0}'],
    ['an intention without its terms', '{"piece":0,"step":"intended","atMs":0}'],
    ['a piece that is no number', '{"piece":"0","step":"refused","reason":"no","atMs":0}'],
  ])('with %s', async (_, line) => {
    const path = await journalOf(JOB, line);

    const opening = openJobJournal(path, { pieces: 1, now: () => 0 });

    expect(await failureOf(opening)).toBeInstanceOf(JournalError);
  });
});

test('a job whose description has no label is damaged', async () => {
  const description = {
    format: 'tessera batch job',
    version: 2,
    meter: 'TS01-0000000042',
    createdMs: 0,
    pieces: 1,
    total: 780,
    isRated: false,
    listDigest: '00',
  };
  await writeFile(join(folder, jobFiles.job), JSON.stringify(description));

  const reading = readDescription({ disk: hostDisk, directory: folder });

  expect(await failureOf(reading)).toBeInstanceOf(BatchError);
});
