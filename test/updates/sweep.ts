/** Every cut of an update, one after the other, and a second one in the recovery from those around the commit. */

import type { TearMode } from '#emulator/flash/tear';
import { LABEL_SIZE, TRIED_OFFSET } from '#protocol/documents/image-slot';
import { type Cut, judge, makeCut, type Verdict, type Version } from './cut.ts';
import type { Operation, Rehearsal } from './rehearsal.ts';

export interface SweepOptions {
  readonly tears: readonly TearMode[];
  /** So many operations at the begin and twice as many at the end, the commit among them, are cut in any case. */
  readonly ends: number;
  /** Every so many-th of the others. */
  readonly every: number;
  readonly seed: number;
  /** Every so many-th cut is followed by the whole update. */
  readonly thoroughEvery: number;
  readonly hasDouble: boolean;
  readonly onCut?: (tally: Tally) => void;
}

export interface Tally {
  cuts: number;
  doubleCuts: number;
  /** What ran afterwards. */
  old: number;
  new: number;
  /** Updates that were done again, from the begin to the restart. */
  updatesAgain: number;
  readonly violations: string[];
}

export async function sweep(rehearsal: Rehearsal, options: SweepOptions): Promise<Tally> {
  const tally: Tally = {
    cuts: 0,
    doubleCuts: 0,
    old: 0,
    new: 0,
    updatesAgain: 0,
    violations: [],
  };
  const { operations } = rehearsal;
  const chosen = operations.flatMap((operation, number) => {
    const isEnd = number < options.ends || number >= operations.length - 2 * options.ends;
    return isEnd || number % options.every === options.seed % options.every
      ? [{ operation, number }]
      : [];
  });
  for (const tear of options.tears)
    for (const { operation, number } of chosen) {
      const cut = { operation, tear, seed: options.seed + number };
      const verdict = await single(rehearsal, cut, number, options, tally);
      if (options.hasDouble && number >= rehearsal.commit)
        await double(rehearsal, { first: cut, number, verdict }, tally);
      options.onCut?.(tally);
    }
  return tally;
}

/** Before the commit it is the old one, behind it the new one; the commit itself, cut, may be there or not. */
function expectedOf({ commit }: Rehearsal, number: number): Version | undefined {
  if (number === commit) return undefined;
  return number < commit ? 'old' : 'new';
}

async function single(
  rehearsal: Rehearsal,
  cut: Cut,
  number: number,
  { thoroughEvery }: SweepOptions,
  tally: Tally,
): Promise<Verdict> {
  if (!makeCut(rehearsal, cut)) throw new Error('the rehearsal had an operation refused');
  const isThorough = tally.cuts % thoroughEvery === 0;
  const { fuse } = cut.operation.before;
  const verdict = await judge(rehearsal, fuse, expectedOf(rehearsal, number), isThorough);
  tally.cuts++;
  note(tally, `operation ${number} (${nameOf(cut)})`, verdict);
  if (isThorough && verdict.runs === 'old') tally.updatesAgain++;
  return verdict;
}

/** The second cut, in each operation of the first start behind the first one. */
async function double(
  rehearsal: Rehearsal,
  { first, number, verdict }: { first: Cut; number: number; verdict: Verdict },
  tally: Tally,
): Promise<void> {
  const expected = expectedOf(rehearsal, number);
  for (const [place, operation] of verdict.recovery.entries()) {
    if (!makeCut(rehearsal, { ...first, operation, seed: first.seed + place })) {
      noteRefused(tally, operation, `${nameOf(first)}, then operation ${place} of the recovery`);
      continue;
    }
    const after = await judge(rehearsal, operation.before.fuse, expected, false);
    tally.doubleCuts++;
    note(tally, `${nameOf(first)}, then operation ${place} of the recovery`, after);
  }
}

/**
 * Journal and boot ROM may meet a place that a cut has spent without a trace, and pass on; in a slot nothing but a mark is
 * ever programmed twice.
 */
function noteRefused(tally: Tally, { chip, offset }: Operation, name: string): void {
  const isPassedOver = chip === 'main' || (offset >= TRIED_OFFSET && offset < LABEL_SIZE);
  if (!isPassedOver) tally.violations.push(`${name}: programmed twice, at ${offset} of ${chip}`);
}

function note(tally: Tally, name: string, { runs, violations }: Verdict): void {
  if (runs !== undefined) tally[runs]++;
  for (const violation of violations) tally.violations.push(`${name}: ${violation}`);
}

function nameOf({ operation: { chip, offset, data }, tear, seed }: Cut): string {
  return `${data === undefined ? 'erase' : 'program'} at ${offset} of ${chip}, ${tear}, seed ${seed}`;
}
