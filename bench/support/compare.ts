/** Compares how fast things are: interleaved rounds, medians, and ratios to a baseline that ran in the same round. */

export interface Candidate {
  readonly name: string;
  /** The candidate that this one is a ratio of. */
  readonly baseline?: string;
  /** Operations in one round; choose it for about 100 ms or more. */
  readonly operations: number;
  /** Performs that many operations. @param done to be called behind each, where it is measured how long each took */
  run(operations: number, done: () => void): void | Promise<void>;
}

export interface Measurement {
  readonly name: string;
  /** Operations per second, median over the rounds. */
  readonly perSecond: number;
  readonly baseline?: string;
  /** This candidate's rate by that of its baseline in the same round: median, least and most over the rounds. */
  readonly ratio?: number;
  readonly ratioMin?: number;
  readonly ratioMax?: number;
  /** What one operation took, of all rounds, where that was told: milliseconds. */
  readonly latencyMedianMs?: number;
  readonly latencyP99Ms?: number;
}

/**
 * Runs every candidate once to warm up, then in each round all of them one after the other, forth in one round and back
 * in the next, so that a machine that slows down slows all of them.
 * @param rounds odd, so that a median is a round that happened
 * @param nowMs the clock; another one in tests
 * @throws RangeError for rounds that are not odd, or a baseline that is no candidate
 */
export async function compare(
  rounds: number,
  candidates: readonly Candidate[],
  nowMs: () => number = () => performance.now(),
): Promise<readonly Measurement[]> {
  if (!Number.isSafeInteger(rounds) || rounds % 2 !== 1)
    throw new RangeError(`${rounds} is no odd number of rounds`);
  const rates = new Map<string, number[]>(candidates.map(({ name }) => [name, []]));
  for (const { name, baseline } of candidates)
    if (baseline !== undefined && !rates.has(baseline))
      throw new RangeError(`${name} has the baseline ${baseline}, which does not run`);

  const latencies = new Map<string, number[]>(candidates.map(({ name }) => [name, []]));
  for (const { operations, run } of candidates) await run(operations, () => undefined);
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? candidates : candidates.toReversed();
    for (const { name, operations, run } of order) {
      const startMs = nowMs();
      let lastMs = startMs;
      await run(operations, () => {
        const endMs = nowMs();
        latencies.get(name)?.push(endMs - lastMs);
        lastMs = endMs;
      });
      rates.get(name)?.push((operations * 1000) / (nowMs() - startMs));
    }
  }
  return candidates.map(({ name, baseline }) => ({
    ...measurementOf(name, baseline, rates),
    ...latencyOf(latencies.get(name) ?? []),
  }));
}

function measurementOf(
  name: string,
  baseline: string | undefined,
  rates: ReadonlyMap<string, readonly number[]>,
): Measurement {
  const own = rates.get(name) ?? [];
  const perSecond = median(own);
  if (baseline === undefined) return { name, perSecond };
  const base = rates.get(baseline) ?? [];
  const ratios = own.map((rate, round) => rate / (base[round] as number));
  return {
    name,
    perSecond,
    baseline,
    ratio: median(ratios),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
  };
}

function latencyOf(
  latencies: readonly number[],
): Pick<Measurement, 'latencyMedianMs' | 'latencyP99Ms'> {
  if (latencies.length === 0) return {};
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] as number;
  return { latencyMedianMs: at(0.5), latencyP99Ms: at(0.99) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) / 2] as number;
}
