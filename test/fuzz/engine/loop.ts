/**
 * The loop: takes an input that showed something, changes it, gives it to the target, and keeps what shows something new.
 * All chance comes from a seed, so that a run of so many executions repeats.
 */

import { type Random, randomOf } from '#test/sim/random';
import type { Target } from '../target.ts';
import type { InstrumentedBundle, InstrumentedFile } from './bundle.ts';
import { COUNTS, createCorpus, type Entry, GUIDES } from './corpus.ts';
import { growthOf } from './growth.ts';
import { mutated } from './mutate.ts';
import { hintsOf, littleEndian, resized, substituted } from './operands.ts';
import { shortened } from './shorten.ts';

/** An execution that takes longer, again and again, is a finding. */
const SLOW_MS = 50;
const TOO_SLOW = `an execution takes more than ${SLOW_MS} ms`;
/** Nothing is said of executions that are quicker. */
const QUICK_MS = 2;
/** A busy machine makes one execution slow, and hardly the same one four times. */
const SLOW_AGAIN = 3;
const FINDINGS_MAX = 8;
/** Inputs that are made of the comparisons of one entry when it is new. */
const STUDIES_MAX = 1_000;
const ENTRIES_MAX = 4_000;
/** Executions of one entry before another one is drawn. */
const ROUND = 64;

export interface LoopOptions {
  readonly bundle: InstrumentedBundle;
  readonly target: Target;
  readonly seed: number;
  /** When it ends. */
  readonly executions: number;
  /** Ends it earlier; asked now and then. */
  readonly isOver?: () => boolean;
  /** False for a loop that is blind to comparisons, to see what they are worth. */
  readonly isCompareGuided?: boolean;
  /** Ends it at so many findings; 8 unless given. */
  readonly findingsMax?: number;
  /** Inputs of earlier runs. */
  readonly kept?: readonly Uint8Array[];
  /** Told each input before it is run, for whoever watches for one that never ends. */
  readonly onInput?: (input: Uint8Array) => void;
  /** Told now and then how many were run since. */
  readonly onProgress?: (executions: number) => void;
  /** Whether to look for growth of memory at the end; it needs the collector within reach. */
  readonly isWeighed?: boolean;
}

/** What became of one input. */
interface Attempt {
  readonly cause: unknown;
  readonly tookMs: number;
}

export interface Finding {
  readonly what: string;
  readonly input: Uint8Array;
}

export interface LoopReport {
  readonly target: string;
  readonly executions: number;
  readonly durationMs: number;
  readonly corpus: readonly Uint8Array[];
  /** Branches taken, of all in the files of the scope of which any was taken. */
  readonly branches: number;
  readonly branchesInReach: number;
  readonly slowestMs: number;
  /** Bytes that memory grew by while the same inputs were run again; undefined where it was not weighed. */
  readonly growth: number | undefined;
  readonly findings: readonly Finding[];
}

export async function runLoop(options: LoopOptions): Promise<LoopReport> {
  const beginMs = performance.now();
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1; // decoders refuse by throwing, millions of times
  try {
    return await inSearch(options, beginMs);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function inSearch(options: LoopOptions, beginMs: number): Promise<LoopReport> {
  const { target, seed } = options;
  const random = randomOf(seed, ...Buffer.from(target.name));
  const loop = createLoop(options, random);
  const seeds = [...(await target.seeds()), ...(options.kept ?? [])];
  for (const input of seeds) await loop.begin(input.slice(0, target.sizeMax));
  loop.learnWords();
  await loop.goOn();
  return loop.report(beginMs);
}

function createLoop(options: LoopOptions, random: Random) {
  const { bundle, target, executions: limit, isOver = () => false } = options;
  const { probe, files } = bundle;
  const inScope = files.filter(({ path }) => target.scope.some((begin) => path.startsWith(begin)));
  const corpus = createCorpus(scopeOf(files, inScope));
  const findings = new Map<string, Finding>();
  const studies: { readonly candidates: Iterator<Uint8Array, undefined>; left: number }[] = [];
  let executions = 0;
  let slowestMs = 0;
  let dictionary: readonly Uint8Array[] = [];

  let isEnded = false;
  const isDone = (): boolean => {
    isEnded ||=
      executions >= limit ||
      findings.size >= (options.findingsMax ?? FINDINGS_MAX) ||
      (executions % ROUND === 0 && isOver());
    return isEnded;
  };

  async function attempt(input: Uint8Array): Promise<Attempt> {
    let cause: unknown;
    options.onInput?.(input);
    const startMs = performance.now();
    try {
      const running = target.run(input);
      if (running !== undefined) await running;
    } catch (error) {
      cause = error ?? new Error('undefined was thrown');
    }
    return { cause, tookMs: performance.now() - startMs };
  }

  /** @returns whether it showed something new */
  async function execute(input: Uint8Array): Promise<boolean> {
    probe.clear();
    const { cause, tookMs } = await attempt(input);
    executions += 1;
    const isNews = corpus.isNews(probe);
    if (cause !== undefined) await note(whatOf(cause), input);
    if (tookMs > Math.max(slowestMs, QUICK_MS)) await judgeSlow(input);
    if (executions % 1_000 === 0) options.onProgress?.(1_000);
    return isNews;
  }

  /** Time of the processor: others may use the machine as well. */
  async function usedMsOf(input: Uint8Array): Promise<number> {
    const before = process.threadCpuUsage();
    await attempt(input);
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1_000;
  }

  async function judgeSlow(input: Uint8Array): Promise<void> {
    let leastMs = Number.POSITIVE_INFINITY;
    for (let again = 0; again < SLOW_AGAIN; again++)
      leastMs = Math.min(leastMs, await usedMsOf(input));
    slowestMs = Math.max(slowestMs, leastMs);
    if (leastMs > SLOW_MS) await note(TOO_SLOW, input);
  }

  async function note(what: string, input: Uint8Array): Promise<void> {
    if (findings.has(what)) return;
    findings.set(what, { what, input });
    const isSame = async (shorter: Uint8Array): Promise<boolean> => {
      if (what === TOO_SLOW) return (await usedMsOf(shorter)) > SLOW_MS;
      const { cause } = await attempt(shorter);
      return cause !== undefined && whatOf(cause) === what;
    };
    findings.set(what, { what, input: await shortened(input, isSame) });
  }

  async function keep(input: Uint8Array): Promise<void> {
    if (corpus.entries.length >= ENTRIES_MAX) return;
    const entry = corpus.add(input);
    if (options.isCompareGuided !== false) await study(entry);
  }

  /** Runs an entry once more to see what it is compared with, and puts down what that suggests. */
  async function study(entry: Entry): Promise<void> {
    const { input } = entry;
    const stop = probe.watchComparisons();
    await attempt(input);
    const { substitutions, sizes } = hintsOf(stop(), input);
    entry.substitutions = substitutions;
    studies.push({ candidates: candidatesOf(input, substitutions, sizes), left: STUDIES_MAX });
  }

  /** Some of what was put down, the oldest first: between rounds of chance, so that neither keeps the other from its turn. */
  async function tryStudies(): Promise<void> {
    for (let count = 0; count < ROUND && !isDone(); count++) {
      const [oldest] = studies;
      if (oldest === undefined) return;
      const { value: candidate } = oldest.candidates.next();
      if (candidate === undefined || oldest.left-- === 0) studies.shift();
      else if (await execute(candidate)) await keep(candidate);
    }
  }

  function* candidatesOf(
    input: Uint8Array,
    substitutions: Entry['substitutions'],
    sizes: readonly number[],
  ): Generator<Uint8Array, undefined> {
    for (const size of sizes) if (size <= target.sizeMax) yield resized(input, size);
    for (const one of substitutions)
      for (const candidate of substituted(input, one, random))
        if (candidate.length <= target.sizeMax) yield candidate;
    return undefined;
  }

  return {
    async begin(input: Uint8Array): Promise<void> {
      if (isDone()) return;
      await execute(input);
      await keep(input);
    },
    /** The literals of every file that the seeds have led into. */
    learnWords(): void {
      const reached = inScope.filter((file) => corpus.hasReached(file));
      const literals = new Set(reached.flatMap((file) => file.literals));
      dictionary = [...literals].flatMap(wordsOf);
    },
    async goOn(): Promise<void> {
      if (corpus.entries.length === 0) await keep(new Uint8Array(0));
      while (!isDone()) {
        const { input, substitutions } = corpus.pick(random);
        for (let count = 0; count < ROUND && !isDone(); count++) {
          const other = random.pick(corpus.entries).input;
          const { sizeMax } = target;
          const next = mutated(input, { random, sizeMax, dictionary, substitutions, other });
          if (await execute(next)) await keep(next);
        }
        await tryStudies();
      }
    },
    async report(beginMs: number): Promise<LoopReport> {
      const durationMs = performance.now() - beginMs;
      const inputs = corpus.entries.map(({ input }) => input);
      const again = async (input: Uint8Array): Promise<void> => {
        await attempt(input);
      };
      const growth =
        options.isWeighed === true ? await growthOf(inputs, again, executions) : undefined;
      if (growth?.isLeak === true)
        findings.set('memory grows', {
          what: `memory grows by ${growth.bytes} bytes`,
          input: EMPTY,
        });
      return {
        target: target.name,
        executions,
        durationMs,
        corpus: inputs,
        branches: corpus.branches,
        branchesInReach: sum(
          inScope.filter((file) => isOurs(file.path) && corpus.hasReached(file)),
        ),
        slowestMs,
        growth: growth?.bytes,
        findings: [...findings.values()],
      };
    },
  };
}

const EMPTY = new Uint8Array(0);

/** Branches of a package guide, and only our own are counted. */
const isOurs = (path: string): boolean => !path.includes('node_modules/');

const sum = (files: readonly InstrumentedFile[]): number =>
  files.reduce((all, { branches }) => all + branches, 0);

function scopeOf(
  files: readonly InstrumentedFile[],
  inScope: readonly InstrumentedFile[],
): Uint8Array {
  const isInScope = new Uint8Array(sum(files));
  for (const { path, firstBranch, branches } of inScope)
    isInScope.fill(isOurs(path) ? COUNTS : GUIDES, firstBranch, firstBranch + branches);
  return isInScope;
}

/** The same defect says the same, whatever the numbers in it are. */
function whatOf(cause: unknown): string {
  if (!(cause instanceof Error)) return `thrown: ${String(cause)}`;
  const place = /\n {4}at (?:async )?([\w.$#]+)/.exec(cause.stack ?? '')?.[1] ?? '';
  return `${cause.name}: ${cause.message.replace(/-?\d+/g, '#')}${place === '' ? '' : ` (${place})`}`;
}

function wordsOf(literal: number | string): Uint8Array[] {
  if (typeof literal === 'string') return [Buffer.from(literal)];
  if (!Number.isSafeInteger(literal) || literal < 0) return [];
  const width = [2, 3, 4, 6].find((bytes) => literal < 2 ** (8 * bytes)) ?? 8;
  const word = littleEndian(literal, width);
  return [word, word.toReversed()];
}
