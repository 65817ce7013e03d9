/**
 * What is true of the registers after any sequence of transactions, under any licence (requirements.md B3; domain.md R1-R3,
 * R13, R20). Beside the firmware's own rules runs the plainest book: what went in, what was spent, what came out.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blankState, type MeterState, NO_DETAIL } from '#firmware/journal-record';
import {
  beginRefill,
  debit,
  endRefill,
  isConsistent,
  type Terms,
  withdraw,
} from '#firmware/registers';
import { refillKinds } from '#protocol/documents/refill';
import { MILLS_MAX, mills } from '#protocol/mills';
import { accountKindNames, accountNames } from '#protocol/state';
import { terms } from '#test/support/terms';

const nonce = new Uint8Array(8);
const HOUR_MS = 3_600_000;

/** From a few mills to more than any register of an indicium holds. */
const anyAmount = fc.oneof(
  fc.integer({ min: 0, max: 3_000 }),
  fc.integer({ min: 0, max: 5_000_000 }),
  fc.integer({ min: 0, max: 0xff_ffff_ffff }),
);
const amount = anyAmount.map(mills);
const postage = fc.integer({ min: 0, max: 0xff_ffff }).map(mills);

const anyTerms = fc.record({
  accountKind: fc.constantFrom(...accountKindNames),
  descendingMax: fc.integer({ min: 0, max: 0xffff_ffff }).map(mills),
  certificateDescendingMax: amount,
  refillMin: fc.constantFrom(0, 1, 1_000).map(mills),
  refillMax: amount,
  refillMultiple: fc.constantFrom(0, 1, 500).map(mills),
  spoilageCap: fc.constantFrom<number>(0, 1, 100, 5_000, 10_000),
  dayAmountMax: fc.constantFrom(0, 10_000, 50_000_000).map(mills),
  dayPiecesMax: fc.constantFrom<number>(0, 2, 100),
});

const anyStep = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('debit' as const), postage }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('refill' as const),
      kind: fc.constantFrom(...refillKinds),
      account: fc.constantFrom(...accountNames),
      amount,
      isGranted: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('refill' as const),
      kind: fc.constantFrom('spoilage' as const, 'settlement' as const),
      account: fc.constant('postal' as const),
      amount: fc.integer({ min: 0, max: 20_000 }).map(mills),
      isGranted: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('licence' as const), terms: anyTerms }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const) }) },
);
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** What somebody would write down who sees the money only. */
interface Book {
  readonly bought: number;
  /** Spent from a current account. */
  readonly owed: number;
  readonly spoiled: number;
  readonly spent: number;
  readonly taken: number;
  readonly certificateBought: number;
  readonly certificateTaken: number;
}
const emptyBook: Book = {
  bought: 0,
  owed: 0,
  spoiled: 0,
  spent: 0,
  taken: 0,
  certificateBought: 0,
  certificateTaken: 0,
};

interface World {
  readonly state: MeterState;
  readonly terms: Terms;
  readonly book: Book;
}

function booked({ book, state }: World, step: Step & { do: 'refill' }): Book {
  const { kind, account, amount: value } = step;
  if (kind === 'spoilage') return { ...book, spoiled: book.spoiled + value };
  if (kind === 'settlement') return book; // no value goes there
  if (account === 'postal') return { ...book, bought: book.bought + value };
  expect(state.refillAccount).toBe('certificate');
  return { ...book, certificateBought: book.certificateBought + value };
}

function perform(world: World, step: Step, index: number): World {
  const { state, terms: own, book } = world;
  switch (step.do) {
    case 'licence':
      return { ...world, terms: terms(step.terms) };
    case 'debit': {
      const detail = { ...NO_DETAIL, kind: 'postage' as const, postage: step.postage };
      const id = { counter: index + 1, nonce: 1 };
      const next = debit(state, own, id, detail, index * 5 * HOUR_MS);
      if (!next.ok) return world;
      const owed = book.owed + (own.accountKind === 'current' ? step.postage : 0);
      return {
        ...world,
        state: next.value,
        book: { ...book, owed, spent: book.spent + step.postage },
      };
    }
    case 'refill': {
      const begun = beginRefill(state, own, step, nonce);
      if (!begun.ok) return world;
      const state2 = endRefill(begun.value, step.isGranted ? step.amount : mills(0));
      const after = { ...world, state: state2 };
      return step.isGranted ? { ...after, book: booked(after, step) } : after;
    }
    case 'withdraw': {
      const taken = book.taken + state.descending;
      const certificateTaken = book.certificateTaken + state.certificateDescending;
      return { ...world, state: withdraw(state), book: { ...book, taken, certificateTaken } };
    }
  }
}

/** Of each account: money is where the book says, whatever way it went. */
function expectSound(before: MeterState, { state, book }: World): void {
  expect(isConsistent(state)).toBe(true);
  expect(state.ascending).toBe(book.spent);
  expect(state.withdrawn).toBe(book.taken);
  expect(state.spoilageCredited).toBe(book.spoiled);
  expect(state.certificateCredited).toBe(book.certificateBought);
  expect(state.certificateDescending).toBe(book.certificateBought - book.certificateTaken);
  // what a current account spends is credited as it is spent; all else was bought
  expect(state.credited).toBe(book.bought + book.owed);
  expect(state.descending).toBe(book.bought + book.spoiled - (book.spent - book.owed) - book.taken);
  expect(state.ascending).toBeGreaterThanOrEqual(before.ascending);
  expect(state.pieceCount).toBeGreaterThanOrEqual(before.pieceCount);
  expect(state.settled).toBeLessThanOrEqual(state.ascending);
  for (const register of Object.values(state).filter((value) => typeof value === 'number')) {
    expect(Number.isSafeInteger(register)).toBe(true);
    expect(register).toBeGreaterThanOrEqual(0);
    expect(register).toBeLessThanOrEqual(MILLS_MAX);
  }
}

/** What the licence of the moment promises of a step that was performed. */
function expectWithinTerms(before: World, step: Step, { state, terms: own }: World): void {
  if (state === before.state) return;
  if (step.do === 'debit' && own.accountKind === 'current')
    expect(state.ascending - state.settled).toBeLessThanOrEqual(own.descendingMax);
  if (step.do === 'debit' && own.dayPiecesMax > 0)
    expect(state.dayPieces).toBeLessThanOrEqual(own.dayPiecesMax);
  if (step.do === 'debit' && own.dayAmountMax > 0)
    expect(state.dayAmount).toBeLessThanOrEqual(own.dayAmountMax);
  if (step.do === 'refill' && step.isGranted && step.kind !== 'settlement') {
    const { descendingMax, certificateDescendingMax } = own;
    if (step.account === 'postal') expect(state.descending).toBeLessThanOrEqual(descendingMax);
    else expect(state.certificateDescending).toBeLessThanOrEqual(certificateDescendingMax);
  }
  if (step.do === 'refill' && step.isGranted && step.kind === 'spoilage')
    expect(state.spoilageCredited * 10_000).toBeLessThanOrEqual(state.ascending * own.spoilageCap);
}

const purchase = { do: 'refill', kind: 'purchase', isGranted: true } as const;

/** Every kind of movement once, whatever chance brings. */
const everyMovement: Step[] = [
  { ...purchase, account: 'postal', amount: mills(90_000) },
  { ...purchase, account: 'certificate', amount: mills(5_000) },
  { do: 'debit', postage: mills(80_000) },
  { ...purchase, kind: 'spoilage', account: 'postal', amount: mills(7) },
  { do: 'licence', terms: terms({ accountKind: 'current' }) },
  { do: 'debit', postage: mills(900) },
  { ...purchase, kind: 'settlement', account: 'postal', amount: mills(900) },
  { do: 'withdraw' },
];

test('money is never lost, never made and never wrapped, in whatever order licences, debits, refills of every kind and withdrawals come', () => {
  const performed = new Map<string, number>();
  fc.assert(
    fc.property(anyTerms, fc.array(anyStep, { maxLength: 60 }), (first, steps) => {
      let world: World = { state: blankState(), terms: terms(first), book: emptyBook };
      for (const [index, step] of steps.entries()) {
        const next = perform(world, step, index);
        expectSound(world.state, next);
        expectWithinTerms(world, step, next);
        if (next.state !== world.state) {
          const key = step.do === 'refill' ? `${step.do} ${step.kind} ${step.account}` : step.do;
          performed.set(key, (performed.get(key) ?? 0) + 1);
        }
        world = next;
      }
    }),
    { numRuns: 300, examples: [[terms(), everyMovement]] },
  );

  expect([...performed.keys()].sort()).toEqual([
    'debit',
    'refill purchase certificate',
    'refill purchase postal',
    'refill settlement postal',
    'refill spoilage postal',
    'withdraw',
  ]);
});

test('with one prepaid account the sum of what is spent and what is left changes by refills and withdrawals only', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      let world: World = { state: blankState(), terms: terms(), book: emptyBook };
      for (const [index, step] of steps.entries()) {
        const next = perform(world, step.do === 'licence' ? { do: 'withdraw' } : step, index);
        const sum = ({ ascending, descending }: MeterState): number => ascending + descending;
        if (step.do === 'debit') expect(sum(next.state)).toBe(sum(world.state));
        world = next;
      }
    }),
  );
});
