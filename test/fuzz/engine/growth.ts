/** Whether memory grows while the same inputs are run again and again. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Growth {
  readonly bytes: number;
  readonly isLeak: boolean;
}

/** Rounds between two weighings; the first ones still compile and fill caches. */
const ROUNDS = 4;
/** Executions of a round: a part of those of the run, within bounds. */
const ROUND_MIN = 400;
const ROUND_MAX = 4_000;
const PART = 50;
/** No round may take longer: of a slow target there are fewer executions. */
const ROUND_MS = 1_500;
/** A leak grows in every round, by more than what an engine moves about by itself. */
const LEAK_PER_EXECUTION = 64;
const NOISE = 300_000;

/**
 * @param inputs at least one
 * @param before executions so far: a long run is weighed with more of them
 */
export async function growthOf(
  inputs: readonly Uint8Array[],
  run: (input: Uint8Array) => Promise<void>,
  before: number,
): Promise<Growth> {
  const collect = collector();
  const least = Math.min(ROUND_MAX, Math.max(ROUND_MIN, before / PART));
  const weights: number[] = [];
  let executions = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const endMs = performance.now() + ROUND_MS;
    executions = 0;
    for (; executions < least && performance.now() < endMs; executions++)
      await run(inputs[executions % inputs.length] as Uint8Array);
    collect();
    weights.push(weight());
  }
  const steps = weights.slice(2).map((after, place) => after - (weights[place + 1] as number));
  const bytes = Math.min(...steps);
  return { bytes, isLeak: bytes > NOISE && bytes > LEAK_PER_EXECUTION * executions };
}

function weight(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The collector, which Node hides unless it is asked for. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return () => {
    collect();
    collect();
  };
}
