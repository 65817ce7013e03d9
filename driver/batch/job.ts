/**
 * A job: a directory with the list as it was taken, the rate table it is charged by, a journal of what happened to each
 * piece, and what the job is (requirements.md C4; docs/batch.md). One process at a time works on it.
 */

import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { type RateTable, rateTableDocument } from '#protocol/documents/rate-table';
import { type Mills, mills } from '#protocol/mills';
import { type Disk, hostDisk } from '../disk.ts';
import { BatchError } from './batch-error.ts';
import type { JobDescription, JobFigures, JobLabel, JobQuote } from './job-description.ts';
import {
  copyList,
  isJob,
  type JobPlace,
  jobFiles,
  lockJob,
  readDescription,
  readRates,
  readTakenList,
  writeDescription,
  writeRates,
} from './job-files.ts';
import {
  type IssuedPiece,
  type JobJournal,
  openJobJournal,
  type PieceChange,
} from './job-journal.ts';
import { createTally, postageNow } from './job-tally.ts';
import { isPiece, type ListPiece, readList } from './list.ts';
import { type CheckedList, checkList } from './list-check.ts';
import { chargedPrice } from './list-price.ts';
import { type PieceRecord, plannedPiece } from './piece-state.ts';

/** A piece with what happened to it so far. */
export interface JobPiece extends ListPiece {
  /** What it was asked for with, else what it costs now; undefined where the table has no price for it. */
  readonly postage: Mills | undefined;
  /** Place in the job, from 0. */
  readonly index: number;
  readonly record: PieceRecord;
}

export interface Job extends AsyncDisposable {
  readonly directory: string;
  readonly description: JobDescription;
  readonly figures: JobFigures;
  /** The table its pieces are charged by; undefined where the list gives the amounts. */
  readonly rates: RateTable | undefined;
  /** What its pieces that are still planned would cost by another table. */
  quote(table: RateTable): Promise<JobQuote>;
  /** Charges by this table from now on. Durable when it returns. @param rateTable the signed document */
  adoptRates(rateTable: Uint8Array): Promise<void>;
  /** All pieces in the order of the list, read from it one by one. */
  pieces(): AsyncGenerator<JobPiece>;
  /** @throws BatchError `pieceUnknown` */
  piece(reference: string): Promise<JobPiece>;
  record(index: number): PieceRecord;
  /** The 128 bytes of a piece that is charged. */
  indicium(index: number): Promise<Uint8Array>;
  /** The same, with when it was noted. */
  issued(index: number): Promise<IssuedPiece>;
  /** Notes what happened; see docs/batch.md for what must be durable when. */
  append(changes: readonly PieceChange[], isDurable: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface OpenJobOptions {
  readonly now?: (() => number) | undefined;
  /** Where the directory is; the one of this computer unless given. */
  readonly disk?: Disk | undefined;
}

export interface CreateJobOptions {
  readonly meter: string;
  /** The signed table that gives the prices; without one the list has to. */
  readonly rateTable?: Uint8Array | undefined;
  readonly label?: JobLabel | undefined;
  readonly now?: (() => number) | undefined;
  /** As for {@link openJob}. */
  readonly disk?: Disk | undefined;
}

/**
 * Checks a list and makes a job of it; nothing is charged yet.
 * @param list the bytes of a CSV file
 * @throws ListError with the rows that are not in order: no job is made · BatchError `jobExists`, `jobInUse`
 */
export async function createJob(
  directory: string,
  list: AsyncIterable<Uint8Array>,
  options: CreateJobOptions,
): Promise<void> {
  const { meter, rateTable, label = { returnAddress: [] } } = options;
  const { now = Date.now, disk = hostDisk } = options;
  const place = { disk, directory };
  await disk.makeFolder(directory);
  using _ = lockJob(place);
  if (isJob(place)) throw new BatchError('jobExists', `${directory} holds a job already`);
  try {
    const hash = createHash('sha256');
    const table = rateTable === undefined ? undefined : tableIn(rateTable);
    const copy = copyList(list, place, hash);
    const { postages, total } = await checkList(copy, table);
    if (rateTable !== undefined) await writeRates(place, rateTable);
    await writeDescription(place, {
      meter,
      createdMs: now(),
      pieces: postages.length,
      total,
      isRated: rateTable !== undefined,
      listDigest: hash.digest('hex'),
      label,
    });
    await disk.syncFolder(dirname(resolve(directory)));
  } catch (error) {
    await disk.remove(join(directory, jobFiles.list));
    throw error;
  }
}

function tableIn(rateTable: Uint8Array): RateTable {
  const read = rateTableDocument.read(rateTable);
  if (!read.ok) throw new Error('that is no rate table: a bug of the caller');
  return read.value;
}

/**
 * Opens a job to go on with it or to ask how it stands.
 * @throws BatchError `jobMissing`, `jobInUse`, `jobDamaged` · JournalError
 */
export async function openJob(directory: string, options: OpenJobOptions = {}): Promise<Job> {
  const { now = Date.now, disk = hostDisk } = options;
  const place = { disk, directory };
  if (!isJob(place)) throw new BatchError('jobMissing', `${directory} holds no job`);
  await using opening = new AsyncDisposableStack();
  opening.use(lockJob(place));
  const description = await readDescription(place);
  const rates = description.isRated ? await readRates(place) : undefined;
  const list = await readTakenList(place, description, rates);
  const journal = await openJobJournal(join(directory, jobFiles.journal), {
    pieces: description.pieces,
    now,
    disk,
  });
  opening.defer(() => journal.close());
  return jobOver({ place, description, journal, owned: opening.move() }, list, rates);
}

interface OpenParts {
  readonly place: JobPlace;
  readonly description: JobDescription;
  readonly journal: JobJournal;
  readonly owned: AsyncDisposableStack;
}

function jobOver(
  { place, description, journal, owned }: OpenParts,
  { places, postages }: CheckedList,
  table: RateTable | undefined,
): Job {
  const close = (): Promise<void> => owned.disposeAsync();
  const record = (index: number): PieceRecord => journal.records[index] ?? plannedPiece;
  const { directory } = place;
  let rates = table;
  let prices = postages;
  let tally = createTally(journal.records, prices);

  async function* pieces(): AsyncGenerator<JobPiece> {
    let index = 0;
    for await (const row of rowsOf(place)) {
      const before = record(index);
      yield { ...row, index, record: before, postage: postageNow(before, prices[index]) };
      index += 1;
    }
  }

  async function quote(other: RateTable): Promise<JobQuote> {
    let [index, toCharge, changed, unpriced] = [0, 0, 0, 0];
    for await (const row of rowsOf(place)) {
      const { state, intention } = record(index);
      const before = prices[index];
      index += 1;
      if (state === 'intended') toCharge += intention?.postage ?? 0;
      if (state !== 'planned') continue;
      const price = chargedPrice(other, row);
      if (!price.ok) unpriced += 1;
      else toCharge += price.value;
      if (price.ok && price.value !== before) changed += 1;
    }
    return { toCharge: mills(toCharge), changed, unpriced };
  }

  return {
    directory,
    description,
    get figures() {
      return tally.figures();
    },
    get rates() {
      return rates;
    },
    quote,
    async adoptRates(rateTable) {
      const next = tableIn(rateTable);
      await writeRates(place, rateTable);
      ({ postages: prices } = await readTakenList(place, description, next));
      tally = createTally(journal.records, prices);
      rates = next;
    },
    pieces,
    async piece(reference) {
      const place = places.get(reference.normalize('NFC'));
      if (place !== undefined)
        for await (const piece of pieces()) if (piece.index === place) return piece;
      throw new BatchError('pieceUnknown', `There is no piece ${reference}`);
    },
    record,
    indicium: async (index) => (await journal.issued(index)).indicium,
    issued: (index) => journal.issued(index),
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

/** The list row by row, as it was taken. */
async function* rowsOf({ disk, directory }: JobPlace): AsyncGenerator<ListPiece> {
  for await (const row of readList(disk.read(join(directory, jobFiles.list)))) {
    if (!isPiece(row)) throw new BatchError('jobDamaged', `${directory}: the list was changed`);
    yield row;
  }
}
