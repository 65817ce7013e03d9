/** The smallest limits of the embedded processor in which a whole life of a meter passes, and that one less is too few. */

import type { CpuFigures, LimitName } from '#emulator/cpu/cpu';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import type { MachineLimits } from '#emulator/cpu/quickjs-machine';
import { type Conditions, liveWholly } from './life.ts';

/** Where nothing is in the way: what an image takes does not depend on what it may take. */
const WIDE: MachineLimits = { ramBytes: 64 << 20, stackBytes: 256 << 10, polls: 1_000_000 };
const PAGE_SIZE = 65_536;

export interface Smallest {
  readonly conditions: Conditions;
  readonly limits: MachineLimits;
}

/** @throws Error where a life does not pass in what it took before, or passes in less */
export async function smallestLimits(conditions: Conditions): Promise<Smallest> {
  const wide = await liveWholly(createQuickJsCpu(WIDE), conditions);
  if (!wide.passes) throw new Error(`no life passes at all: ${wide.fault.message}`);
  const limits = limitsOf(wide.figures);
  const exact = await liveWholly(createQuickJsCpu(limits), conditions);
  if (!exact.passes) throw new Error(`no life passes in what it took: ${exact.fault.message}`);
  await mustFail(conditions, 'ram', { ...limits, ramBytes: limits.ramBytes - PAGE_SIZE });
  await mustFail(conditions, 'stack', { ...limits, stackBytes: limits.stackBytes - 1 });
  await mustFail(conditions, 'time', { ...limits, polls: limits.polls - 1 });
  return { conditions, limits };
}

const limitsOf = ({ ram, stack, polls }: CpuFigures): MachineLimits => ({
  ramBytes: ram.peak,
  stackBytes: stack.peak,
  polls: polls.peak,
});

async function mustFail(
  conditions: Conditions,
  limit: LimitName,
  limits: MachineLimits,
): Promise<void> {
  const outcome = await liveWholly(createQuickJsCpu(limits), conditions);
  if (outcome.passes || outcome.fault.limit !== limit)
    throw new Error(`a life passes with less ${limit} than it took`);
}
