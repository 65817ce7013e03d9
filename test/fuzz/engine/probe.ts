/** What the probes of an instrumented bundle saw: how often each branch was taken, and what was compared with what. */

import { probeNames } from './instrument.ts';

export type Operand = number | string;

/** Two different things that were compared. */
export interface Comparison {
  readonly left: Operand;
  readonly right: Operand;
  /** Whether it was asked which one is larger. */
  readonly isOrder: boolean;
}

export interface Probe {
  /** The functions that the instrumented code calls, by name. */
  readonly functions: Readonly<Record<string, unknown>>;
  /** Branches taken since {@link Probe.clear}, in order of their first time; `count` of `branches` are valid. */
  readonly taken: { readonly branches: Uint32Array; readonly count: number };
  timesOf(branch: number): number;
  clear(): void;
  /** Notes what is compared until the function that it gives is called, which tells it. */
  watchComparisons(): () => readonly Comparison[];
}

const BRANCHES_MAX = 65_536;
/** Of one place, and of all: a loop compares much, and the first times say most. */
const PER_PLACE_MAX = 12;
const COMPARISONS_MAX = 4_000;

export function createProbe(): Probe {
  const times = new Uint32Array(BRANCHES_MAX);
  const branches = new Uint32Array(BRANCHES_MAX);
  let count = 0;
  let notes: Comparison[] | undefined;
  const perPlace = new Map<number, number>();
  const chosen = new Map<number, unknown>();

  function branch(number: number): void {
    if (times[number] === 0) branches[count++] = number;
    (times[number] as number) += 1;
  }

  function note(place: number, left: unknown, right: unknown, isOrder: boolean): void {
    if (left === right || !isOperand(left) || !isOperand(right)) return;
    const before = perPlace.get(place) ?? 0;
    if (notes === undefined || before >= PER_PLACE_MAX || notes.length >= COMPARISONS_MAX) return;
    perPlace.set(place, before + 1);
    notes.push({ left, right, isOrder });
  }

  const { compare } = probeNames;
  const functions = {
    [probeNames.branch]: branch,
    [compare['===']]: (place: number, left: unknown, right: unknown) => {
      if (notes !== undefined) note(place, left, right, false);
      return left === right;
    },
    [compare['!==']]: (place: number, left: unknown, right: unknown) => {
      if (notes !== undefined) note(place, left, right, false);
      return left !== right;
    },
    [compare['<']]: (place: number, left: number, right: number) => {
      if (notes !== undefined) note(place, left, right, true);
      return left < right;
    },
    [compare['<=']]: (place: number, left: number, right: number) => {
      if (notes !== undefined) note(place, left, right, true);
      return left <= right;
    },
    [compare['>']]: (place: number, left: number, right: number) => {
      if (notes !== undefined) note(place, left, right, true);
      return left > right;
    },
    [compare['>=']]: (place: number, left: number, right: number) => {
      if (notes !== undefined) note(place, left, right, true);
      return left >= right;
    },
    [probeNames.choose]: (place: number, value: unknown) => {
      if (notes !== undefined) chosen.set(place, value);
      return value;
    },
    [probeNames.choice]: (place: number, value: unknown) => {
      if (notes !== undefined) note(place, chosen.get(place), value, false);
      return value;
    },
  };

  return {
    functions,
    taken: {
      branches,
      get count() {
        return count;
      },
    },
    timesOf: (number) => times[number] as number,
    clear() {
      for (let at = 0; at < count; at++) times[branches[at] as number] = 0;
      count = 0;
    },
    watchComparisons() {
      const found: Comparison[] = [];
      notes = found;
      perPlace.clear();
      return () => {
        notes = undefined;
        chosen.clear();
        return found;
      };
    },
  };
}

const isOperand = (value: unknown): value is Operand =>
  typeof value === 'number' || typeof value === 'string';
