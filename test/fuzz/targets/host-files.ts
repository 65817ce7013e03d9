/** What a host finds on its disk, below the check sums: key file, journals, job, mailing list, record of a board. */

import { createHash } from 'node:crypto';
import { BatchError } from '#driver/batch/batch-error';
import { readDescription, writeDescription } from '#driver/batch/job-files';
import { openJobJournal } from '#driver/batch/job-journal';
import { isPiece, readList } from '#driver/batch/list';
import { JournalError } from '#driver/checked-lines';
import { checkedKeyFile, KeyFileError } from '#driver/key-file';
import { openPendingJournal } from '#driver/pending';
import { mills } from '#protocol/mills';
import { readGolden } from '#test/support/golden';
import { hold, type Target } from '../target.ts';
import { memoryDisk } from './memory-disk.ts';

const CHECKSUM_SIZE = 8;
const SCOPE_OF_LINES = ['driver/checked-lines.ts', 'driver/pending.ts', 'driver/batch/'];
const METER = 'TS01-0000000042';

/** @throws whatever is not of the kind that is declared */
async function declared<T>(kind: new (...given: never[]) => Error, work: () => T | Promise<T>) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof kind) return undefined;
    throw error;
  }
}

const keyFile: Target = {
  name: 'key file',
  scope: ['driver/key-file.ts', 'protocol/fields.ts', 'node_modules/micro-packed/'],
  sizeMax: 300,
  share: 0.5,
  seeds: () => [readGolden('key-file').bytes.slice(0, -CHECKSUM_SIZE)],
  async run(content) {
    const digest = createHash('sha256').update(content).digest().subarray(0, CHECKSUM_SIZE);
    const file = Uint8Array.of(...content, ...digest);
    const read = await declared(KeyFileError, () => checkedKeyFile('a file', file));
    if (read === undefined) return;
    const { logCost, blockSize, parallel, role } = read.header;
    hold(logCost <= 20 && blockSize === 8 && parallel <= 4, 'a file asks for bounded memory');
    hold(role !== 'nobody', 'a key belongs to somebody');
  },
};

/** Lines with the check sums that belong to them; the last one may lack its end. */
function sealed(input: Uint8Array): Uint8Array {
  const text = Buffer.from(input);
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, from)) {
    const line = text.subarray(from, end);
    const digest = createHash('sha256').update(line).digest('hex').slice(0, 16);
    parts.push(Buffer.from(`${digest} `), line, Buffer.from('\n'));
    from = end + 1;
  }
  return Buffer.concat([...parts, text.subarray(from)]);
}

const linesOf = (...values: readonly object[]): Uint8Array =>
  Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));

const piece = { serviceId: 1, postage: mills(780), mailingDate: 20_260_101, destination: 0 };
const key = { meter: METER, counter: 10, nonce: 7 };
const PENDING = { journal: 'tessera pending indicia', version: 2 };
const JOB = { journal: 'tessera batch job', version: 2 };

/** Opens a journal, says what it holds, goes on with it, and finds the same when it is opened again. */
async function takePending(input: Uint8Array): Promise<void> {
  const { disk, files } = memoryDisk();
  files.set('journal', sealed(input));
  const open = () => openPendingJournal('journal', { disk });
  const journal = await declared(JournalError, open);
  if (journal === undefined) return;
  const entries = journal.entries(METER);
  for (const entry of entries)
    hold(
      Number.isSafeInteger(entry.piece.postage) && Number.isInteger(entry.requestId.counter),
      'an entry has its amount and its number',
    );
  const fresh = { counter: 4_000_000_000, nonce: 4_000_000_000 };
  if (!entries.some(({ requestId }) => requestId.counter === fresh.counter))
    await journal.intend(METER, fresh, piece);
  const count = journal.entries(METER).length;
  await journal.close();
  await using again = await open();
  hold(again.entries(METER).length === count, 'what is in a journal is found again');
}

const pending: Target = {
  name: 'pending journal',
  scope: SCOPE_OF_LINES,
  sizeMax: 900,
  share: 0.1,
  seeds: () => [
    linesOf(
      PENDING,
      { step: 'intended', ...key, piece },
      { step: 'issued', ...key, indicium: 'ab' },
    ),
    linesOf(
      PENDING,
      { step: 'intended', ...key, piece },
      { step: 'refused', ...key, reason: 'no' },
    ),
    linesOf(
      PENDING,
      { step: 'intended', ...key, piece },
      { step: 'issued', ...key, indicium: 'ab' },
      { step: 'spoiled', ...key, reason: 'torn' },
    ),
  ],
  run: takePending,
};

const intention = { requestId: { counter: 1, nonce: 2 }, mailingDate: 20_260_101, postage: 780 };

async function takeJobJournal(input: Uint8Array): Promise<void> {
  const { disk, files } = memoryDisk();
  files.set('journal', sealed(input));
  const options = { pieces: 3, now: () => 0, disk };
  const journal = await declared(JournalError, () => openJobJournal('journal', options));
  if (journal === undefined) return;
  const before = JSON.stringify(journal.records);
  hold(journal.records.length === 3, 'a job has its pieces, no more');
  for (const [place, { state, indiciumAt }] of journal.records.entries())
    if (indiciumAt !== undefined && state !== 'planned') await journal.issued(place);
  await journal.close();
  const again = await openJobJournal('journal', options);
  hold(JSON.stringify(again.records) === before, 'what is in a journal is found again');
  await again.close();
}

const jobJournal: Target = {
  name: 'job journal',
  scope: SCOPE_OF_LINES,
  sizeMax: 900,
  share: 0.1,
  seeds: () => [
    linesOf(
      JOB,
      { piece: 0, step: 'intended', intention: { ...intention, pieceCount: 0 }, atMs: 0 },
      { piece: 0, step: 'issued', indicium: 'ab', atMs: 0 },
      { piece: 0, step: 'sending', atMs: 0 },
      { piece: 0, step: 'sent', atMs: 0 },
      { piece: 0, step: 'reprinting', atMs: 0 },
      { piece: 0, step: 'unsent', atMs: 0 },
      { piece: 0, step: 'spoiled', reason: 'torn', atMs: 0 },
      { piece: 1, step: 'refused', reason: 'no', atMs: 0 },
    ),
  ],
  run: takeJobJournal,
};

const description = {
  format: 'tessera batch job',
  version: 2,
  meter: METER,
  createdMs: 0,
  pieces: 3,
  total: mills(2_340),
  isRated: false,
  listDigest: '00'.repeat(32),
  label: { returnAddress: ['A. Sender'] },
};

const job: Target = {
  name: 'job description',
  scope: ['driver/batch/'],
  sizeMax: 600,
  share: 0.1,
  seeds: () => [Buffer.from(JSON.stringify(description))],
  async run(input) {
    const { disk, files } = memoryDisk();
    const place = { disk, directory: 'job' };
    files.set('job/job.json', input);
    const read = await declared(BatchError, () => readDescription(place));
    if (read === undefined) return;
    const { total, label, pieces } = read;
    hold(Number.isSafeInteger(total) && Number.isSafeInteger(pieces), 'a job has its amounts');
    hold(
      label.returnAddress.every((line) => typeof line === 'string'),
      'and its label',
    );
    await writeDescription(place, read);
    const again = await readDescription(place);
    hold(JSON.stringify(again) === JSON.stringify(read), 'a job is found again');
  },
};

const HEADER = 'reference,service,postage,destination,mailing date,addressee,weight,zone,extras';

const NO_TEXT = 'no text';

/** @returns what is read, or that it is no text */
async function rowsOf(...chunks: readonly Uint8Array[]): Promise<string> {
  async function* source() {
    yield* chunks;
  }
  const rows: unknown[] = [];
  for await (const row of readList(source())) {
    rows.push(row);
    if (!isPiece(row) && row.what.includes('UTF-8')) return NO_TEXT;
    if (isPiece(row)) {
      hold(row.reference.length > 0 && row.serviceId <= 0xffff, 'a piece has a name and a service');
      hold(row.postage === undefined || Number.isSafeInteger(row.postage), 'and its amount');
    }
  }
  return JSON.stringify(rows);
}

const list: Target = {
  name: 'mailing list',
  scope: ['driver/batch/', 'protocol/mills.ts', 'protocol/documents/date.ts'],
  sizeMax: 600,
  share: 0.1,
  seeds: () => [
    Buffer.from(`${HEADER}\nletter 7,1,0.780,20260-1234,2026-03-01,"A. Reader|1 Main St",,,\n`),
    Buffer.from(`${HEADER.replaceAll(',', ' ,')}\r\n"a ""b""",2,,20260,,,12.5,3,4 5\r\n`),
    Buffer.from('reference,service,destination\n1,1,\n2,70000,123456789012\n'),
  ],
  async run(input) {
    const whole = await rowsOf(input);
    const middle = Math.floor(input.length / 2);
    const cut = await rowsOf(input.subarray(0, middle), input.subarray(middle));
    const isText = whole !== NO_TEXT && cut !== NO_TEXT; // where it is none, portions decide how far it is read
    hold(!isText || cut === whole, 'a list is the same however it is cut');
  },
};

export const hostFileTargets: readonly Target[] = [keyFile, pending, jobJournal, job, list];
