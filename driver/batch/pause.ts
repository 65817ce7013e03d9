/** Pausing a job from outside: a mark in its folder, seen behind the piece that is under way (requirements.md C4). */

import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostDisk } from '../disk.ts';
import { BatchError } from './batch-error.ts';
import { isJob } from './job-files.ts';

const markOf = (directory: string): string => join(directory, 'pause');

/** @throws BatchError `jobMissing` */
export async function pauseJob(directory: string): Promise<void> {
  if (!isJob({ disk: hostDisk, directory }))
    throw new BatchError('jobMissing', `${directory} holds no job`);
  await writeFile(markOf(directory), '');
}

/** Takes an earlier mark away: whoever goes on with a job means it. */
export const unpauseJob = (directory: string): Promise<void> =>
  rm(markOf(directory), { force: true });

export const isPaused = (directory: string): boolean => existsSync(markOf(directory));
