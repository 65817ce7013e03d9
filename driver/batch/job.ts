/**
 * A job: a directory with the list as it was taken, a journal of what happened to each piece, and what the job is
 * (requirements.md C4; docs/batch.md). One process at a time works on it.
 */

import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Mills, mills } from '#protocol/mills';
import type { LineFile } from '../checked-lines.ts';
import { PRIVATE_MODE, syncFolder, writePrivateFile } from '../file.ts';
import { lockFile } from '../file-lock.ts';
import { BatchError, ListError } from './batch-error.ts';
import { type JobJournal, openJobJournal, type PieceChange } from './job-journal.ts';
import { isPiece, type ListPiece, readList } from './list.ts';
import { type CheckedList, checkList } from './list-check.ts';
import { type PieceRecord, type PieceState, pieceStates, plannedPiece } from './piece-state.ts';

/** What stands on every label of a job. */
export interface JobLabel {
  readonly returnAddress: readonly string[];
  /** Class inscription for all pieces; where there is none, the name of each one's service. */
  readonly inscription?: string | undefined;
}

export interface JobDescription {
  /** The only meter the job is charged by, as text: `TS01-0000000042`. */
  readonly meter: string;
  readonly createdMs: number;
  readonly pieces: number;
  /** Postage of all pieces. */
  readonly total: Mills;
  /** SHA-256 of the list, in hex. */
  readonly listDigest: string;
  readonly label: JobLabel;
}

export interface JobFigures extends Readonly<Record<PieceState, number>> {
  /** Postage of all that is charged, spoiled pieces too. */
  readonly charged: Mills;
  /** Postage of what may still be charged. */
  readonly toCharge: Mills;
}

/** A piece with what happened to it so far. */
export interface JobPiece extends ListPiece {
  /** Place in the job, from 0. */
  readonly index: number;
  readonly record: PieceRecord;
}

export interface Job extends AsyncDisposable {
  readonly directory: string;
  readonly description: JobDescription;
  readonly figures: JobFigures;
  /** All pieces in the order of the list, read from it one by one. */
  pieces(): AsyncGenerator<JobPiece>;
  /** @throws BatchError `pieceUnknown` */
  piece(reference: string): Promise<JobPiece>;
  record(index: number): PieceRecord;
  /** The 128 bytes of a piece that is charged. */
  indicium(index: number): Promise<Uint8Array>;
  /** Notes what happened; see docs/batch.md for what must be durable when. */
  append(changes: readonly PieceChange[], isDurable: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface OpenJobOptions {
  readonly now?: (() => number) | undefined;
  /** Opens the journal; for tests of what a power cut of the host leaves. */
  readonly openFile?: ((path: string) => Promise<LineFile>) | undefined;
}

export interface CreateJobOptions {
  readonly meter: string;
  readonly label?: JobLabel | undefined;
  readonly now?: (() => number) | undefined;
}

const FORMAT = { format: 'tessera batch job', version: 1 } as const;
const files = {
  job: 'job.json',
  list: 'list.csv',
  journal: 'pieces.journal',
  lock: 'lock',
} as const;

/** Whether a job was begun there. */
const isJob = (directory: string): boolean => existsSync(join(directory, files.job));

/**
 * Checks a list and makes a job of it; nothing is charged yet.
 * @param list the bytes of a CSV file
 * @throws ListError with the rows that are not in order: no job is made · BatchError `jobExists`, `jobInUse`
 */
export async function createJob(
  directory: string,
  list: AsyncIterable<Uint8Array>,
  { meter, label = { returnAddress: [] }, now = Date.now }: CreateJobOptions,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  using _ = locked(directory);
  if (isJob(directory)) throw new BatchError('jobExists', `${directory} holds a job already`);
  try {
    const hash = createHash('sha256');
    const checked = await checkList(copied(list, join(directory, files.list), hash));
    const description: JobDescription = {
      meter,
      createdMs: now(),
      pieces: checked.postages.length,
      total: checked.total,
      listDigest: hash.digest('hex'),
      label,
    };
    const content = `${JSON.stringify({ ...FORMAT, ...description }, undefined, 2)}\n`;
    await writePrivateFile(join(directory, files.job), Buffer.from(content), 'new');
    await syncFolder(dirname(resolve(directory)));
  } catch (error) {
    await rm(join(directory, files.list), { force: true });
    throw error;
  }
}

/** The list on its way into its copy, which is durable when the last byte was handed on. */
async function* copied(
  list: AsyncIterable<Uint8Array>,
  path: string,
  hash: Hash,
): AsyncGenerator<Uint8Array> {
  const handle = await open(path, 'w', PRIVATE_MODE);
  try {
    for await (const chunk of list) {
      await handle.writeFile(chunk);
      hash.update(chunk);
      yield chunk;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function locked(directory: string): Disposable {
  const lock = lockFile(join(directory, files.lock));
  if (lock === undefined) throw new BatchError('jobInUse', `${directory} is being worked on`);
  return lock;
}

/**
 * Opens a job to go on with it or to ask how it stands.
 * @throws BatchError `jobMissing`, `jobInUse`, `jobDamaged` · JournalError
 */
export async function openJob(directory: string, options: OpenJobOptions = {}): Promise<Job> {
  if (!isJob(directory)) throw new BatchError('jobMissing', `${directory} holds no job`);
  await using opening = new AsyncDisposableStack();
  opening.use(locked(directory));
  const description = await readDescription(join(directory, files.job));
  const list = await readTakenList(directory, description);
  const { now = Date.now, openFile } = options;
  const journal = await openJobJournal(join(directory, files.journal), {
    pieces: description.pieces,
    now,
    openFile,
  });
  opening.defer(() => journal.close());
  return jobOver(directory, description, list, journal, opening.move());
}

async function readDescription(path: string): Promise<JobDescription> {
  try {
    const parsed = JSON.parse(await readFile(path, 'utf8')) as typeof FORMAT & JobDescription;
    const { format, version, ...description } = parsed;
    if (format !== FORMAT.format || version !== FORMAT.version)
      throw new Error('it is of another kind or of a later version');
    return { ...description, total: mills(description.total) };
  } catch (cause) {
    throw new BatchError('jobDamaged', `${path} cannot be read`, cause);
  }
}

/** The list as it was taken: pieces are known by their place in it, so that not one byte may have changed. */
async function readTakenList(
  directory: string,
  { listDigest, pieces, total }: JobDescription,
): Promise<CheckedList> {
  const path = join(directory, files.list);
  const hash = createHash('sha256');
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      yield chunk;
    }
  }
  try {
    const list = await checkList(hashed());
    if (
      hash.digest('hex') === listDigest &&
      list.postages.length === pieces &&
      list.total === total
    )
      return list;
  } catch (cause) {
    if (!(cause instanceof ListError) && !isFileError(cause)) throw cause;
    throw new BatchError('jobDamaged', `${path} is not the list that was taken`, cause);
  }
  throw new BatchError('jobDamaged', `${path} is not the list that was taken`);
}

const isFileError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

function jobOver(
  directory: string,
  description: JobDescription,
  { places, postages }: CheckedList,
  journal: JobJournal,
  owned: AsyncDisposableStack,
): Job {
  const close = (): Promise<void> => owned.disposeAsync();
  const record = (index: number): PieceRecord => journal.records[index] ?? plannedPiece;
  const tally = createTally(journal.records, postages);

  async function* pieces(): AsyncGenerator<JobPiece> {
    let index = 0;
    const source: AsyncIterable<Uint8Array> = createReadStream(join(directory, files.list));
    for await (const row of readList(source)) {
      if (!isPiece(row)) throw new BatchError('jobDamaged', `${directory}: the list was changed`);
      yield { ...row, index, record: record(index) };
      index += 1;
    }
  }

  return {
    directory,
    description,
    get figures() {
      return tally.figures();
    },
    pieces,
    async piece(reference) {
      const place = places.get(reference.normalize('NFC'));
      if (place !== undefined)
        for await (const piece of pieces()) if (piece.index === place) return piece;
      throw new BatchError('pieceUnknown', `There is no piece ${reference}`);
    },
    record,
    indicium: (index) => journal.indicium(index),
    async append(changes, isDurable) {
      const before = changes.map(({ piece }) => record(piece));
      await journal.append(changes, isDurable);
      changes.forEach(({ piece }, at) => {
        tally.count(before[at] as PieceRecord, piece, -1);
        tally.count(record(piece), piece, 1);
      });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

export const isCharged = ({ indiciumAt }: PieceRecord): boolean => indiciumAt !== undefined;

/** The figures, counted once and then kept up to date. */
function createTally(records: readonly PieceRecord[], postages: readonly Mills[]) {
  const counts = Object.fromEntries(pieceStates.map((state) => [state, 0]));
  let charged = 0;
  let toCharge = 0;
  function count(record: PieceRecord, index: number, by: 1 | -1): void {
    const postage = by * (postages[index] as Mills);
    counts[record.state] = (counts[record.state] ?? 0) + by;
    if (isCharged(record)) charged += postage;
    else if (record.state !== 'refused') toCharge += postage;
  }
  records.forEach((record, index) => {
    count(record, index, 1);
  });
  return {
    count,
    figures: (): JobFigures => ({
      ...(counts as Record<PieceState, number>),
      charged: mills(charged),
      toCharge: mills(toCharge),
    }),
  };
}
