/** A part of a differential run in a thread of its own: told its seeds, it tells of each trace. */

import { parentPort, workerData } from 'node:worker_threads';
import { allCpus, compareTraces, type Failure, type Tally } from './run.ts';

/** Every `stride`-th seed of a stretch, from the `offset`-th on. */
export interface Share {
  readonly seed: number;
  readonly traces: number;
  readonly offset: number;
  readonly stride: number;
}

export interface News {
  readonly tally: Tally;
  readonly failures: readonly Failure[];
}

function* seedsOf({ seed, traces, offset, stride }: Share): Generator<number> {
  for (let place = offset; place < traces; place += stride) yield seed + place;
}

await compareTraces(await allCpus(), seedsOf(workerData as Share), (tally, failures) =>
  parentPort?.postMessage({ tally, failures } satisfies News),
);
