/** A stretch of traces on all processors: how much was compared, and the first difference. */

import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import { createBellardCpu } from './bellard-cpu.ts';
import { type Difference, differenceOn, firstOtherCall } from './compare.ts';
import { createStages } from './stages.ts';
import { liveTrace, type Trace } from './trace.ts';

/** The one that lives the traces, then those that are compared with it. */
export type Cpus = readonly [Cpu, ...Cpu[]];

export async function allCpus(): Promise<Cpus> {
  return [createNodeVmCpu(), createQuickJsCpu(), await createBellardCpu()];
}

/** What was seen in a stretch of traces. */
export interface Tally {
  readonly traces: number;
  readonly steps: number;
  readonly bytesSent: number;
  readonly boots: number;
  readonly powerFailures: number;
  readonly withoutCryptoEngine: number;
  /** How often each command had each verdict: `createIndicium ok`. */
  readonly verdicts: Readonly<Record<string, number>>;
}

/** A trace that must not be: processors differ, or the firmware crashed on all of them alike. */
export interface Failure {
  readonly seed: number;
  readonly text: string;
}

export const nothingSeen: Tally = {
  traces: 0,
  steps: 0,
  bytesSent: 0,
  boots: 0,
  powerFailures: 0,
  withoutCryptoEngine: 0,
  verdicts: {},
};

/** @param seeds of the traces @param told of each trace when it was compared */
export async function compareTraces(
  [first, ...others]: Cpus,
  seeds: Iterable<number>,
  told: (tally: Tally, failures: readonly Failure[]) => void,
): Promise<void> {
  const stageOf = createStages(first);
  for (const seed of seeds) {
    const trace = await liveTrace(first, seed, stageOf);
    const failures: Failure[] = crashesIn(trace);
    for (const cpu of others) {
      const difference = await differenceOn(cpu, trace);
      if (difference !== undefined)
        failures.push({ seed, text: await explained(first, cpu, trace, difference) });
    }
    told(tallyOf(trace), failures);
  }
}

function crashesIn({ seed, steps }: Trace): Failure[] {
  return steps.flatMap(({ what, outputs }, step) =>
    outputs
      .flat()
      .filter((line) => line.startsWith('fault '))
      .map((line) => ({ seed, text: `trace ${seed}, step ${step} (${what}): ${line}\n` })),
  );
}

async function explained(
  first: Cpu,
  cpu: Cpu,
  trace: Trace,
  { step, what, expected, found }: Difference,
): Promise<string> {
  const call = await firstOtherCall(first, cpu, trace);
  const width = Math.max(first.name.length, cpu.name.length) + 1;
  const both = (left: string, right: string): string =>
    `  ${`${first.name}:`.padEnd(width)} ${left}\n  ${`${cpu.name}:`.padEnd(width)} ${right}\n`;
  return (
    `trace ${trace.seed}, step ${step} (${what}): ${first.name} and ${cpu.name} differ\n` +
    both(expected, found) +
    (call === undefined ? '' : ` first other hardware call\n${both(call.expected, call.found)}`) +
    `  npm run differential -- --seed ${trace.seed} --traces 1\n`
  );
}

function tallyOf({ steps, start }: Trace): Tally {
  const inputs = steps.flatMap((step) => step.inputs);
  const outputs = steps.flatMap((step) => step.outputs);
  const lines = outputs.flat();
  const verdicts: Record<string, number> = {};
  for (const { what, verdict } of steps)
    if (verdict !== undefined)
      verdicts[`${what} ${verdict}`] = (verdicts[`${what} ${verdict}`] ?? 0) + 1;
  const isOff = (at: number): boolean => outputs[at]?.at(-1)?.startsWith('off') === true;
  const isFailure = (_: readonly string[], at: number): boolean =>
    inputs[at]?.op !== 'powerOff' && isOff(at) && !isOff(at - 1);
  return {
    traces: 1,
    steps: steps.length,
    bytesSent: lines.reduce((sum, line) => sum + bytesIn(line), 0),
    boots: inputs.filter(({ op }) => op === 'powerOn').length,
    powerFailures: outputs.filter(isFailure).length,
    withoutCryptoEngine: start.cryptoEngine ? 0 : 1,
    verdicts,
  };
}

const bytesIn = (line: string): number => (/^sent on \d (.*)$/.exec(line)?.[1]?.length ?? 0) / 2;

export function sumOf(left: Tally, right: Tally): Tally {
  const verdicts: Record<string, number> = { ...left.verdicts };
  for (const [verdict, count] of Object.entries(right.verdicts))
    verdicts[verdict] = (verdicts[verdict] ?? 0) + count;
  return {
    traces: left.traces + right.traces,
    steps: left.steps + right.steps,
    bytesSent: left.bytesSent + right.bytesSent,
    boots: left.boots + right.boots,
    powerFailures: left.powerFailures + right.powerFailures,
    withoutCryptoEngine: left.withoutCryptoEngine + right.withoutCryptoEngine,
    verdicts,
  };
}
