/** What is told while a job is worked on. */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createJob, openJob } from '#driver/batch/job';
import { trackProgress } from '#driver/batch/progress';
import { runJob } from '#driver/batch/run';
import { temporaryFolder } from '#test/support/temporary-folder';
import { listOf, METER, openDesk } from './desk.ts';

test('progress tells pieces, rate and time left', async () => {
  await using desk = await openDesk();
  const directory = join(temporaryFolder(), 'job');
  await createJob(directory, listOf(3), { meter: METER });
  await using job = await openJob(directory);
  const charge = async (options: Parameters<typeof runJob>[2]) =>
    await runJob(job, (await desk.meter()).meter, options);
  let nowMs = 1_000;
  const progress = trackProgress(job, false, () => nowMs);
  expect(progress(job)).toEqual({ done: 0, pieces: 3, piecesPerSecond: 0, secondsLeft: undefined });

  await charge({ stop: AbortSignal.abort() });
  const stop = new AbortController();
  await charge({ stop: stop.signal, onPiece: () => stop.abort() });
  nowMs = 1_500;

  expect(progress(job)).toEqual({ done: 1, pieces: 3, piecesPerSecond: 2, secondsLeft: 1 });
});
