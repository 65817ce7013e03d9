/** Where builds of an image, or processors, stop doing what a trace tells (docs/trace.md). */

import type { Cpu } from '../cpu/cpu.ts';
import type { ImageFile } from '../image-file.ts';
import type { Trace } from './event.ts';
import { type Divergence, type Replayed, replayTrace } from './replay.ts';
import { type ReplayedImage, replayedImage } from './replayed-image.ts';

/** What a trace is replayed on. */
export interface Candidate {
  readonly name: string;
  readonly cpu: Cpu;
  readonly image: ImageFile;
}

export interface CandidateVerdict extends Replayed {
  readonly name: string;
}

/** What came of two candidates: each beside the trace, and the first step in which one of them leaves it. */
export interface Comparison {
  readonly verdicts: readonly CandidateVerdict[];
  /** Undefined where none diverges. */
  readonly first: (Divergence & { readonly name: string }) | undefined;
  /**
   * `same`: both did all that was recorded · `different`: one did what the other did not · `unknown`: both left the trace in
   * the same step and in the same way, and what they do after that no trace tells.
   */
  readonly relation: 'same' | 'different' | 'unknown';
}

/** Both whole, one after the other: what a replay knows of the image at a step comes from all steps before it. */
export function compareCandidates(trace: Trace, left: Candidate, right: Candidate): Comparison {
  const verdicts = [left, right].map((candidate) => verdictOn(trace, candidate));
  const [one, other] = verdicts.map(({ divergence }) => divergence);
  const first = verdicts
    .flatMap(({ name, divergence }) => (divergence === undefined ? [] : [{ name, ...divergence }]))
    .toSorted((before, after) => before.step - after.step)[0];
  const isAlike = one?.step === other?.step && one?.found === other?.found;
  const relation = first === undefined ? 'same' : isAlike ? 'unknown' : 'different';
  return { verdicts, first, relation };
}

export function verdictOn(trace: Trace, { name, cpu, image }: Candidate): CandidateVerdict {
  const checked: ReplayedImage = replayedImage(image, cpu.bytecodeEngine);
  return { name, ...replayTrace(trace, cpu, checked) };
}

/** The first of many builds that leaves the trace, and the last that does not. */
export interface BuildSearch {
  readonly lastGood: string | undefined;
  readonly firstBad: CandidateVerdict | undefined;
  /** In the order in which they were tried. */
  readonly tried: readonly CandidateVerdict[];
}

/**
 * Halves the stretch between a build that does what was recorded and one that does not; so it finds one place where builds
 * change from the one to the other, and the only one where no later build came back.
 * @param builds in their order, the oldest first
 */
export function searchBuilds(trace: Trace, builds: readonly Candidate[]): BuildSearch {
  const tried: CandidateVerdict[] = [];
  const judge = (at: number): CandidateVerdict => {
    const verdict = verdictOn(trace, builds[at] as Candidate);
    tried.push(verdict);
    return verdict;
  };
  const newest = builds.length - 1;
  let firstBad = judge(newest);
  if (firstBad.divergence === undefined)
    return { lastGood: firstBad.name, firstBad: undefined, tried };
  let [good, bad] = [-1, newest];
  while (bad - good > 1) {
    const middle = good + ((bad - good) >> 1);
    const verdict = judge(middle);
    if (verdict.divergence === undefined) good = middle;
    else [bad, firstBad] = [middle, verdict];
  }
  return { lastGood: builds[good]?.name, firstBad, tried };
}
