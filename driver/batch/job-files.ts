/** The files of a job, as they are made and as they are found again (docs/batch.md). */

import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RateTable, rateTableDocument } from '#protocol/documents/rate-table';
import { mills } from '#protocol/mills';
import { PRIVATE_MODE, writePrivateFile } from '../file.ts';
import { lockFile } from '../file-lock.ts';
import { BatchError, ListError } from './batch-error.ts';
import type { JobDescription } from './job-description.ts';
import { type CheckedList, rateList } from './list-check.ts';

const FORMAT = { format: 'tessera batch job', version: 2 } as const;
export const jobFiles = {
  job: 'job.json',
  list: 'list.csv',
  rates: 'rates.bin',
  journal: 'pieces.journal',
  lock: 'lock',
} as const;

/** Whether a job was begun there. */
export const isJob = (directory: string): boolean => existsSync(join(directory, jobFiles.job));

/** @throws BatchError `jobInUse` */
export function lockJob(directory: string): Disposable {
  const lock = lockFile(join(directory, jobFiles.lock));
  if (lock === undefined) throw new BatchError('jobInUse', `${directory} is being worked on`);
  return lock;
}

/** The list on its way into its copy, which is durable when the last byte was handed on. */
export async function* copyList(
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

/** What makes a directory a job; written last. */
export async function writeDescription(
  directory: string,
  description: JobDescription,
): Promise<void> {
  const content = `${JSON.stringify({ ...FORMAT, ...description }, undefined, 2)}\n`;
  await writePrivateFile(join(directory, jobFiles.job), Buffer.from(content), 'new');
}

/** @throws BatchError `jobDamaged` */
export async function readDescription(directory: string): Promise<JobDescription> {
  const path = join(directory, jobFiles.job);
  try {
    const parsed = JSON.parse(await readFile(path, 'utf8')) as typeof FORMAT & JobDescription;
    const { format, version, ...description } = parsed;
    if (format !== FORMAT.format || version !== FORMAT.version)
      throw new Error('it is of another kind or of another version');
    return { ...description, total: mills(description.total) };
  } catch (cause) {
    throw new BatchError('jobDamaged', `${path} cannot be read`, cause);
  }
}

/** Durable when it returns, and whole whatever happens. */
export function writeRates(directory: string, rateTable: Uint8Array): Promise<void> {
  return writePrivateFile(join(directory, jobFiles.rates), rateTable, 'replace');
}

/** The rate table that a job is charged by. @throws BatchError `jobDamaged` */
export async function readRates(directory: string): Promise<RateTable> {
  const path = join(directory, jobFiles.rates);
  try {
    const read = rateTableDocument.read(await readFile(path));
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
  directory: string,
  { listDigest, pieces }: JobDescription,
  table: RateTable | undefined,
): Promise<CheckedList> {
  const path = join(directory, jobFiles.list);
  const hash = createHash('sha256');
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
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
