/** The files of a job, as they are made and as they are found again (docs/batch.md). */

import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import { type RateTable, rateTableDocument } from '#protocol/documents/rate-table';
import { amount, flag, list, nullable, record } from '#protocol/http/shape';
import type { Disk } from '../disk.ts';
import { anyText, count } from '../step-shape.ts';
import { BatchError, ListError } from './batch-error.ts';
import type { JobDescription } from './job-description.ts';
import { type CheckedList, rateList } from './list-check.ts';

const FORMAT = { format: 'tessera batch job', version: 2 } as const;
/** Of a return address; far more than a label has room for. */
const LINES_MAX = 100;
export const jobFiles = {
  job: 'job.json',
  list: 'list.csv',
  rates: 'rates.bin',
  journal: 'pieces.journal',
  lock: 'lock',
} as const;

const descriptionShape = record({
  format: anyText,
  version: count,
  meter: anyText,
  createdMs: count,
  pieces: count,
  total: amount,
  isRated: flag,
  listDigest: anyText,
  label: record({ returnAddress: list(anyText, LINES_MAX), inscription: nullable(anyText) }),
});

/** Where a job is. */
export interface JobPlace {
  readonly disk: Disk;
  readonly directory: string;
}

/** Whether a job was begun there. */
export const isJob = ({ disk, directory }: JobPlace): boolean =>
  disk.exists(join(directory, jobFiles.job));

/** @throws BatchError `jobInUse` */
export function lockJob({ disk, directory }: JobPlace): Disposable {
  const lock = disk.lock(join(directory, jobFiles.lock));
  if (lock === undefined) throw new BatchError('jobInUse', `${directory} is being worked on`);
  return lock;
}

/** The list on its way into its copy, which is durable when the last byte was handed on. */
export async function* copyList(
  list: AsyncIterable<Uint8Array>,
  { disk, directory }: JobPlace,
  hash: Hash,
): AsyncGenerator<Uint8Array> {
  const handle = await disk.create(join(directory, jobFiles.list));
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

/** What makes a directory a job; written last. */
export async function writeDescription(
  { disk, directory }: JobPlace,
  description: JobDescription,
): Promise<void> {
  const content = `${JSON.stringify({ ...FORMAT, ...description }, undefined, 2)}\n`;
  await disk.writeWhole(join(directory, jobFiles.job), Buffer.from(content), 'new');
}

/** @throws BatchError `jobDamaged` */
export async function readDescription({ disk, directory }: JobPlace): Promise<JobDescription> {
  const path = join(directory, jobFiles.job);
  try {
    const content = new TextDecoder().decode(await disk.readWhole(path));
    const parsed: unknown = JSON.parse(content);
    const { format, version } = parsed as Partial<typeof FORMAT>;
    if (format !== FORMAT.format || version !== FORMAT.version)
      throw new Error('it is of another kind or of another version');
    const { format: _, version: __, ...description } = descriptionShape.decode(parsed);
    return description;
  } catch (cause) {
    throw new BatchError('jobDamaged', `${path} cannot be read`, cause);
  }
}

/** Durable when it returns, and whole whatever happens. */
export function writeRates({ disk, directory }: JobPlace, rateTable: Uint8Array): Promise<void> {
  return disk.writeWhole(join(directory, jobFiles.rates), rateTable, 'replace');
}

/** The rate table that a job is charged by. @throws BatchError `jobDamaged` */
export async function readRates({ disk, directory }: JobPlace): Promise<RateTable> {
  const path = join(directory, jobFiles.rates);
  try {
    const read = rateTableDocument.read(await disk.readWhole(path));
    if (!read.ok) throw new Error('it is no rate table');
    return read.value;
  } catch (cause) {
    throw new BatchError('jobDamaged', `${path} cannot be read`, cause);
  }
}

/**
 * The list as it was taken, with its prices of now: pieces are known by their place in it, so that not one byte may have
 * changed.
 * @throws BatchError `jobDamaged`
 */
export async function readTakenList(
  { disk, directory }: JobPlace,
  { listDigest, pieces }: JobDescription,
  table: RateTable | undefined,
): Promise<CheckedList> {
  const path = join(directory, jobFiles.list);
  const hash = createHash('sha256');
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of disk.read(path)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  try {
    const list = await rateList(hashed(), table);
    if (hash.digest('hex') === listDigest && list.postages.length === pieces) return list;
  } catch (cause) {
    if (!(cause instanceof ListError) && !isFileError(cause)) throw cause;
    throw new BatchError('jobDamaged', `${path} is not the list that was taken`, cause);
  }
  throw new BatchError('jobDamaged', `${path} is not the list that was taken`);
}

const isFileError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;
