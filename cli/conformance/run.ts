/** Runs the checks of a level against one meter, one after the other, and says what came of each. */

import { LinkError } from '#driver/errors';
import { type Check, type Figures, lackOf } from './check.ts';
import type { Station } from './station.ts';

export type Outcome = 'passed' | 'failed' | 'skipped';

export interface CheckResult extends Pick<Check, 'id' | 'title' | 'requirements' | 'level'> {
  readonly outcome: Outcome;
  /** Why it failed or was skipped. */
  readonly reason?: string | undefined;
  readonly figures?: Figures | undefined;
  readonly durationMs: number;
}

export interface RunOptions {
  readonly onResult?: ((result: CheckResult) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Why nothing more can be expected of the meter; undefined while something can. */
  readonly isLost?: (() => string | undefined) | undefined;
}

/** @throws the reason of the signal */
export async function runChecks(
  station: Station,
  checks: readonly Check[],
  { onResult = () => undefined, signal, isLost = () => undefined }: RunOptions = {},
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  let lost: string | undefined;
  for (const check of checks) {
    signal?.throwIfAborted();
    const startMs = performance.now();
    const ended: Ended =
      lost === undefined ? await performed(station, check) : { outcome: 'skipped', reason: lost };
    const { id, title, requirements, level } = check;
    const durationMs = Math.round(performance.now() - startMs);
    const result = { id, title, requirements, level, ...ended, durationMs };
    results.push(result);
    onResult(result);
    if (ended.outcome === 'failed') lost ??= isLost() ?? (await silence(station));
  }
  return results;
}

type Ended = Pick<CheckResult, 'outcome' | 'reason' | 'figures'>;

async function performed(station: Station, check: Check): Promise<Ended> {
  try {
    const lack = await lackOf(check, station);
    if (lack !== undefined) return { outcome: 'skipped', reason: lack };
    return { outcome: 'passed', figures: await check.run(station) };
  } catch (error) {
    return { outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether anybody is still there, after a check failed: else every other one would wait in vain. */
async function silence(station: Station): Promise<string | undefined> {
  try {
    await station.status();
    return undefined;
  } catch (error) {
    return error instanceof LinkError ? 'nobody answers any more' : undefined;
  }
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function tallyOf(results: readonly CheckResult[]): Tally {
  const count = (outcome: Outcome): number =>
    results.filter((result) => result.outcome === outcome).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}
