/** The rules of money, as laws over any sequence of transactions (requirements.md B1-B6; domain.md R1-R16). */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type MeterState, NO_DETAIL } from '#firmware/journal-record';
import {
  aside,
  beginRefill,
  blankState,
  checkConsistent,
  checkFresh,
  debit,
  endRefill,
  isConsistent,
} from '#firmware/registers';
import { mills } from '#protocol/mills';

const MAX = mills(5_000_000);
const nonce = new Uint8Array(8).fill(7);

function funded(amount: number): MeterState {
  const asked = beginRefill(blankState(), mills(amount), MAX, nonce);
  if (!asked.ok) throw new Error('the refill of the test was refused');
  return endRefill(asked.value, mills(amount));
}

const postage = (amount: number) => ({ ...NO_DETAIL, postage: mills(amount) });

type Step = { kind: 'debit' | 'refill' | 'refusedRefill'; amount: number };

const step = fc.record({
  kind: fc.constantFrom<Step['kind']>('debit', 'refill', 'refusedRefill'),
  amount: fc.integer({ min: 1, max: 2_000_000 }),
});

function perform(state: MeterState, { kind, amount }: Step, counter: number): MeterState {
  if (kind === 'debit') {
    const charged = debit(state, { counter, nonce: 1 }, postage(amount));
    return charged.ok ? charged.value : state;
  }
  const asked = beginRefill(state, mills(amount), MAX, nonce);
  if (!asked.ok) return state;
  return endRefill(asked.value, mills(kind === 'refill' ? amount : 0));
}

test('ascending + descending + refunded is what was credited, ascending never falls, the maximum holds', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let state = blankState();
      for (const [index, each] of steps.entries()) {
        const next = perform(state, each, index + 1);

        expect(isConsistent(next)).toBe(true);
        expect(next.ascending).toBeGreaterThanOrEqual(state.ascending);
        expect(next.descending).toBeLessThanOrEqual(MAX);
        state = next;
      }
    }),
  );
});

test('a debit moves its postage from descending to ascending and counts one piece', () => {
  const before = funded(1000);

  const after = debit(before, { counter: 1, nonce: 9 }, postage(370));

  expect(after).toMatchObject({
    ok: true,
    value: { ascending: 370, descending: 630, pieceCount: 1, requestId: { counter: 1, nonce: 9 } },
  });
});

test('funds that are short by one mill refuse, and say so', () => {
  expect(debit(funded(779), { counter: 1, nonce: 1 }, postage(780))).toEqual({
    ok: false,
    status: 'insufficientFunds',
    detail: 1,
  });
});

test('registers that contradict each other stop everything', () => {
  const wrong = { ...funded(1000), descending: mills(1001) };

  expect(() => checkConsistent(wrong)).toThrow('registersInconsistent');
  expect(() => debit(wrong, { counter: 1, nonce: 1 }, postage(1))).toThrow('registersInconsistent');
  expect(() => endRefill(wrong, mills(1))).toThrow('registersInconsistent');
});

test.each([
  [0, 'amountInvalid', 0],
  [4_999_001, 'refillAboveMaximum', 4_999_000],
])('a refill of %i is refused: %s', (amount, status, detail) => {
  expect(beginRefill(funded(1000), mills(amount), MAX, nonce)).toEqual({
    ok: false,
    status,
    detail,
  });
});

test.each([
  [5, 'requestForgotten', 0],
  [4, 'requestForgotten', 0],
  [5 + 0x1_0000 + 1, 'requestIdTooFar', 5],
])('after request 5, a request with counter %i is refused: %s', (counter, status, detail) => {
  const state = { ...blankState(), requestId: { counter: 5, nonce: 1 } };

  expect(checkFresh(state, { counter, nonce: 2 })).toEqual({ ok: false, status, detail });
});

test.each([6, 5 + 0x1_0000])('after request 5, counter %i is fresh', (counter) => {
  const state = { ...blankState(), requestId: { counter: 5, nonce: 1 } };

  expect(checkFresh(state, { counter, nonce: 2 }).ok).toBe(true);
});

test('the ascending register stops before it would wrap in an indicium', () => {
  const full = mills(0xff_ffff_ffff);
  const state = {
    ...blankState(),
    ascending: full,
    descending: mills(1),
    credited: mills(full + 1),
  };

  expect(debit(state, { counter: 1, nonce: 1 }, postage(1)).ok).toBe(false);
});

test('a state beside the registers does not pass for the debit before it', () => {
  const charged = debit(funded(1000), { counter: 1, nonce: 1 }, postage(1));
  if (!charged.ok) throw new Error('the debit of the test was refused');

  expect(aside(charged.value, { userTries: 1 }).detail).toEqual(NO_DETAIL);
});
