/** A stretch of traces on all processors: how much was compared, and the first difference. */

import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import { createBellardCpu } from './bellard-cpu.ts';
import { type Difference, differenceOn } from './compare.ts';
import { type Lived, live } from './life.ts';
import { createStages } from './stages.ts';

/** The one that lives the traces, then those that are compared with it. */
export type Cpus = readonly [Cpu, ...Cpu[]];

export async function allCpus(): Promise<Cpus> {
  return [createNodeVmCpu(), createQuickJsCpu(), await createBellardCpu()];
}

/** What was seen in a stretch of traces. */
export interface Tally {
  readonly traces: number;
  readonly steps: number;
  /** Events of the traces, nearly all of them hardware calls. */
  readonly events: number;
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
  events: 0,
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
    const lived = await live(first, seed, stageOf);
    const failures: Failure[] = crashesIn(lived);
    for (const cpu of others) {
      const difference = differenceOn(cpu, lived);
      if (difference !== undefined)
        failures.push({ seed, text: explained(first, cpu, seed, difference) });
    }
    told(tallyOf(lived), failures);
  }
}

function crashesIn({ seed, steps }: Lived): Failure[] {
  return steps.flatMap(({ what, outputs }, step) =>
    outputs
      .flat()
      .filter((line) => line.startsWith('fault '))
      .map((line) => ({ seed, text: `trace ${seed}, step ${step} (${what}): ${line}\n` })),
  );
}

function explained(
  first: Cpu,
  cpu: Cpu,
  seed: number,
  { place, what, event, expected, found }: Difference,
): string {
  const width = Math.max(first.name.length, cpu.name.length) + 1;
  return (
    `trace ${seed}, step ${place} (${what}), event ${event}: ${first.name} and ${cpu.name} differ\n` +
    `  ${`${first.name}:`.padEnd(width)} ${expected}\n  ${`${cpu.name}:`.padEnd(width)} ${found}\n` +
    `  npm run differential -- --seed ${seed} --traces 1\n`
  );
}

function tallyOf({ steps, cryptoEngine, trace }: Lived): Tally {
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
    events: trace.events.length,
    bytesSent: lines.reduce((sum, line) => sum + bytesIn(line), 0),
    boots: inputs.filter(({ op }) => op === 'powerOn').length,
    powerFailures: outputs.filter(isFailure).length,
    withoutCryptoEngine: cryptoEngine ? 0 : 1,
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
    events: left.events + right.events,
    bytesSent: left.bytesSent + right.bytesSent,
    boots: left.boots + right.boots,
    powerFailures: left.powerFailures + right.powerFailures,
    withoutCryptoEngine: left.withoutCryptoEngine + right.withoutCryptoEngine,
    verdicts,
  };
}
