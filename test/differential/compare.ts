/** Puts a processor through a trace that another one lived through, and tells where they first differ. */

import type { Cpu } from '#emulator/cpu/cpu';
import { createBench, type Input } from './bench.ts';
import type { Trace } from './trace.ts';

/** Where two processors part. */
export interface Difference {
  readonly cpu: string;
  readonly step: number;
  /** The command, or what else was done. */
  readonly what: string;
  /** What could be seen, on the one that lived the trace and on the other. */
  readonly expected: string;
  readonly found: string;
}

/** Undefined where every byte was the same. */
export async function differenceOn(cpu: Cpu, trace: Trace): Promise<Difference | undefined> {
  await using bench = createBench(cpu, trace.start);
  for (const [step, { what, inputs, outputs }] of trace.steps.entries())
    for (const [at, input] of inputs.entries()) {
      const expected = outputs[at] ?? [];
      const found = bench.apply(input);
      const line = expected.findIndex((text, place) => text !== found[place]);
      const place = line < 0 && found.length > expected.length ? expected.length : line;
      if (place >= 0)
        return {
          cpu: cpu.name,
          step,
          what,
          expected: expected[place] ?? 'nothing',
          found: found[place] ?? 'nothing',
        };
    }
  const digest = bench.flash.digest();
  if (digest === trace.flashDigest) return undefined;
  const flash = { expected: `flash ${trace.flashDigest}`, found: `flash ${digest}` };
  return { cpu: cpu.name, step: trace.steps.length, what: 'the end', ...flash };
}

/** The first hardware call in which two processors part, in a trace in which they do. */
export async function firstOtherCall(
  left: Cpu,
  right: Cpu,
  trace: Trace,
): Promise<{ readonly expected: string; readonly found: string } | undefined> {
  const inputs = trace.steps.flatMap((step) => step.inputs);
  const [expected, found] = [
    await callsOn(left, trace, inputs),
    await callsOn(right, trace, inputs),
  ];
  const length = Math.max(expected.length, found.length);
  for (let at = 0; at < length; at += 1)
    if (expected[at] !== found[at])
      return { expected: expected[at] ?? 'none', found: found[at] ?? 'none' };
  return undefined;
}

async function callsOn(cpu: Cpu, trace: Trace, inputs: readonly Input[]): Promise<string[]> {
  const calls: string[] = [];
  await using bench = createBench(cpu, trace.start, (call) => calls.push(call));
  for (const input of inputs) bench.apply(input);
  return calls;
}
