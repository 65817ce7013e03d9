/** The rules of money, one by one (requirements.md B1-B7; domain.md R1-R16, R20, R22, R29). */

import { describe, expect, test } from 'vitest';
import { blankState, type DebitDetail, type MeterState, NO_DETAIL } from '#firmware/journal-record';
import {
  aside,
  beginRefill,
  checkConsistent,
  checkFresh,
  debit,
  endRefill,
  hasAccount,
  type RefillWish,
  registersOf,
  spoilageRoom,
  type Terms,
  withdraw,
} from '#firmware/registers';
import { SPOILAGE_CAP_WHOLE } from '#protocol/documents/licence';
import { refillKinds } from '#protocol/documents/refill';
import { mills } from '#protocol/mills';
import type { Result } from '#protocol/result';
import { accountKindNames, accountNames } from '#protocol/state';
import { terms } from '#test/support/terms';

const nonce = new Uint8Array(8).fill(7);
const id = { counter: 1, nonce: 1 };
const NOON_MS = Date.UTC(2026, 2, 1, 12);
const HALF_DAY_MS = 43_200_000;

const wish = (amount: number, changes: Partial<RefillWish> = {}): RefillWish => ({
  kind: 'purchase',
  account: 'postal',
  amount: mills(amount),
  ...changes,
});
const piece = (amount: number): DebitDetail => ({
  ...NO_DETAIL,
  kind: 'postage',
  postage: mills(amount),
});

function granted<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`the test was refused: ${result.status}`);
  return result.value;
}

/** A refill from beginning to end. */
const refilled = (state: MeterState, { amount, ...others }: RefillWish, own = terms()) =>
  endRefill(granted(beginRefill(state, own, { amount, ...others }, nonce)), amount);
const funded = (amount: number): MeterState => refilled(blankState(), wish(amount));

const spent = (state: MeterState, amount: number, own = terms(), timeMs = NOON_MS) =>
  granted(debit(state, own, id, piece(amount), timeMs));

describe('a debit', () => {
  test('moves its postage from descending to ascending and counts one piece', () => {
    expect(debit(funded(1000), terms(), { counter: 1, nonce: 9 }, piece(370), 0)).toMatchObject({
      ok: true,
      value: {
        ascending: 370,
        descending: 630,
        credited: 1000,
        pieceCount: 1,
        zeroPieceCount: 0,
        batchPieceCount: 1,
        batchAmount: 370,
        requestId: { counter: 1, nonce: 9 },
      },
    });
  });

  test('of nothing counts a piece, and counts it apart too', () => {
    const state = spent(spent(funded(1000), 370), 0);

    expect(state).toMatchObject({ ascending: 370, pieceCount: 2, zeroPieceCount: 1 });
  });

  test('with funds that are short by one mill is refused, and says so', () => {
    expect(debit(funded(779), terms(), id, piece(780), 0)).toEqual({
      ok: false,
      status: 'insufficientFunds',
      detail: 1,
    });
  });

  test('is paid from the postal register, whatever is in the certificate register', () => {
    const state = refilled(blankState(), wish(1000, { account: 'certificate' }));

    expect(debit(state, terms(), id, piece(1), 0)).toMatchObject({ status: 'insufficientFunds' });
  });

  test('stops before the ascending register would wrap in an indicium', () => {
    const full = mills(0xff_ffff_ffff);
    const state = { ...blankState(), ascending: full, descending: mills(1) };
    const sound = { ...state, credited: mills(full + 1) };

    expect(debit(sound, terms(), id, piece(1), 0)).toMatchObject({ status: 'fieldOutOfRange' });
    expect(debit(sound, terms(), id, piece(0), 0).ok).toBe(true);
  });

  test('stops before the number of a piece would wrap', () => {
    const state = { ...funded(1000), pieceCount: 0xffff_ffff };

    expect(debit(state, terms(), id, piece(1), 0)).toMatchObject({ status: 'fieldOutOfRange' });
  });
});

describe('a current account', () => {
  const current = terms({ accountKind: 'current', descendingMax: mills(5_000) });

  test('spends without a refill, up to its limit, and what is settled makes room again', () => {
    const state = spent(blankState(), 5_000, current);
    expect(state).toMatchObject({ ascending: 5_000, descending: 0, credited: 5_000, settled: 0 });
    expect(debit(state, current, id, piece(1), 0)).toEqual({
      ok: false,
      status: 'creditLimitReached',
      detail: 1,
    });

    const settled = refilled(state, wish(2_000, { kind: 'settlement' }), current);

    expect(settled).toMatchObject({ ascending: 5_000, credited: 5_000, settled: 2_000 });
    expect(spent(settled, 2_000, current)).toMatchObject({ ascending: 7_000, credited: 7_000 });
    expect(debit(settled, current, id, piece(2_001), 0)).toMatchObject({ detail: 1 });
  });

  test('settles no more than was spent', () => {
    const state = spent(blankState(), 3_000, current);

    expect(beginRefill(state, current, wish(3_001, { kind: 'settlement' }), nonce)).toEqual({
      ok: false,
      status: 'refillAboveMaximum',
      detail: 3_000,
    });
  });
});

test.each(
  accountKindNames.flatMap((kind) =>
    accountNames.flatMap((account) =>
      refillKinds.map((refill) => [kind, account, refill] as const),
    ),
  ),
)('of a meter with %s accounts, can the %s one have a refill for %s', (kind, account, refill) => {
  const allowed = [
    'separate postal purchase',
    'separate postal spoilage',
    'separate certificate purchase',
    'combined postal purchase',
    'combined postal spoilage',
    'current postal settlement',
  ];

  expect(hasAccount(terms({ accountKind: kind }), account, refill)).toBe(
    allowed.includes(`${kind} ${account} ${refill}`),
  );
});

describe('a refill', () => {
  const limited = terms({
    descendingMax: mills(500_000),
    certificateDescendingMax: mills(9_000),
    refillMin: mills(1_000),
    refillMax: mills(400_000),
    refillMultiple: mills(500),
  });
  const held = refilled(funded(200_000), wish(2_000, { account: 'certificate' }));

  test.each<[string, number, Partial<RefillWish>, string, number]>([
    ['of nothing', 0, {}, 'amountInvalid', 0],
    ['below the least', 500, {}, 'refillBelowMinimum', 1_000],
    ['above the most', 400_500, {}, 'refillAboveMaximum', 400_000],
    ['that is no multiple', 1_001, {}, 'amountInvalid', 0],
    ['beyond the maximum of the register', 300_500, {}, 'refillAboveMaximum', 300_000],
    ['beyond the other maximum', 7_500, { account: 'certificate' }, 'refillAboveMaximum', 7_000],
    ['for spoilage of nothing', 0, { kind: 'spoilage' }, 'amountInvalid', 0],
    ['for spoilage where nothing was spent', 1, { kind: 'spoilage' }, 'spoilageAboveCap', 0],
    ['for no account of it', 1, { kind: 'settlement' }, 'accountUnavailable', 0],
  ])('%s is refused', (_name, amount, changes, status, detail) => {
    expect(beginRefill(held, limited, wish(amount, changes), nonce)).toEqual({
      ok: false,
      status,
      detail,
    });
  });

  test.each<[string, number, Partial<RefillWish>]>([
    ['the least', 1_000, {}],
    ['the most that fits', 300_000, {}],
    ['the most that fits in the other register', 7_000, { account: 'certificate' }],
  ])('of %s is begun and ended', (_name, amount, changes) => {
    const begun = granted(beginRefill(held, limited, wish(amount, changes), nonce));

    expect(begun).toMatchObject({ refillPending: amount, refillSequence: held.refillSequence + 1 });
    const ended = endRefill(begun, mills(amount));
    const isPostal = changes.account === undefined;
    expect(ended).toMatchObject({
      refillPending: 0,
      descending: 200_000 + (isPostal ? amount : 0),
      credited: 200_000 + (isPostal ? amount : 0),
      certificateDescending: 2_000 + (isPostal ? 0 : amount),
      certificateCredited: 2_000 + (isPostal ? 0 : amount),
    });
  });

  test('that is declined changes no register', () => {
    const begun = granted(beginRefill(held, limited, wish(1_000), nonce));

    expect(endRefill(begun, mills(0))).toEqual({
      ...held,
      refillSequence: held.refillSequence + 1,
      refillNonce: nonce,
      refillKind: 'purchase',
      refillAccount: 'postal',
    });
  });

  test('of a meter that holds more than its licence allows now finds no room', () => {
    const less = { ...limited, descendingMax: mills(100_000) };

    expect(beginRefill(held, less, wish(1_000), nonce)).toMatchObject({
      status: 'refillAboveMaximum',
      detail: 0,
    });
  });
});

describe('spoilage', () => {
  const used = (ascending: number, spoilageCredited = 0): MeterState => ({
    ...blankState(),
    ascending: mills(ascending),
    credited: mills(ascending),
    spoilageCredited: mills(spoilageCredited),
    descending: mills(spoilageCredited),
  });

  test.each([
    [0, 0, 100, 0],
    [99, 0, 100, 0],
    [100, 0, 100, 1],
    [199, 0, 100, 1],
    [1_234_567, 0, 100, 12_345],
    [1_234_567, 12_000, 100, 345],
    [1_234_567, 12_345, 100, 0],
    [1_234_567, 20_000, 100, 0],
    [1_234_567, 0, 0, 0],
    [1_234_567, 0, 1, 123],
    [1_234_567, 0, SPOILAGE_CAP_WHOLE, 1_234_567],
    [0xff_ffff_ffff, 0, 9_999, 1_099_401_676_612],
  ])('of %i spent, %i back and a cap of %i: %i may come', (ascending, back, spoilageCap, room) => {
    expect(spoilageRoom(used(ascending, back), terms({ spoilageCap }))).toBe(room);
  });

  test('goes back into the postal register and is counted apart', () => {
    const state = refilled(used(100_000), wish(1_000, { kind: 'spoilage' }));

    expect(state).toMatchObject({ descending: 1_000, credited: 100_000, spoilageCredited: 1_000 });
    expect(beginRefill(state, terms(), wish(1, { kind: 'spoilage' }), nonce)).toMatchObject({
      status: 'spoilageAboveCap',
      detail: 0,
    });
  });

  test('knows neither the least nor the multiple of what is bought', () => {
    const strict = terms({ refillMin: mills(5_000), refillMultiple: mills(1_000) });

    expect(beginRefill(used(100_000), strict, wish(7, { kind: 'spoilage' }), nonce).ok).toBe(true);
  });
});

describe('the limits of a day', () => {
  const daily = terms({ dayAmountMax: mills(1_000), dayPiecesMax: 3 });
  const MIDNIGHT_MS = NOON_MS + HALF_DAY_MS;

  test('hold for its postage, to the mill', () => {
    const state = spent(funded(9_000), 600, daily);

    expect(debit(state, daily, id, piece(401), NOON_MS)).toEqual({
      ok: false,
      status: 'dayLimitReached',
      detail: HALF_DAY_MS,
    });
    expect(debit(state, daily, id, piece(400), NOON_MS).ok).toBe(true);
  });

  test('hold for its pieces, zero-value ones counted', () => {
    const state = spent(spent(spent(funded(9_000), 1, daily), 0, daily), 1, daily);

    expect(debit(state, daily, id, piece(0), NOON_MS)).toMatchObject({ status: 'dayLimitReached' });
  });

  test('begin anew at midnight UTC, and not a millisecond before', () => {
    const state = spent(funded(9_000), 1_000, daily);

    expect(debit(state, daily, id, piece(1), MIDNIGHT_MS - 1)).toMatchObject({
      status: 'dayLimitReached',
      detail: 1,
    });
    expect(debit(state, daily, id, piece(1_000), MIDNIGHT_MS)).toMatchObject({
      ok: true,
      value: { dayPieces: 1, dayAmount: 1_000 },
    });
  });

  test('of a licence without them do not hold, but the day is counted all the same', () => {
    const state = spent(funded(9_000), 2_000);

    expect(state).toMatchObject({ dayPieces: 1, dayAmount: 2_000 });
    expect(debit(state, daily, id, piece(1), NOON_MS)).toMatchObject({ status: 'dayLimitReached' });
  });
});

test('a withdrawal takes all that is left out of both registers, and nothing else', () => {
  const before = spent(refilled(funded(1_000), wish(300, { account: 'certificate' })), 370);

  expect(withdraw(before)).toEqual({
    ...before,
    descending: 0,
    withdrawn: 630,
    certificateDescending: 0,
    certificateWithdrawn: 300,
    detail: NO_DETAIL,
  });
});

test.each<[string, Partial<MeterState>]>([
  ['postal registers', { descending: mills(1_001) }],
  ['certificate registers', { certificateCredited: mills(1) }],
  ['what was settled', { settled: mills(1) }],
  ['what was withdrawn', { withdrawn: mills(1) }],
  ['what came back for spoilage', { spoilageCredited: mills(1) }],
])('a contradiction in %s stops everything', (_name, wrong) => {
  const state = { ...funded(1_000), ...wrong };

  const attempts: readonly (() => unknown)[] = [
    () => checkConsistent(state),
    () => debit(state, terms(), id, piece(1), 0),
    () => beginRefill(state, terms(), wish(1), nonce),
    () => endRefill(state, mills(1)),
    () => withdraw(state),
  ];
  for (const attempt of attempts) expect(attempt).toThrow('registersInconsistent');
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

test('a state beside the registers does not pass for the debit before it', () => {
  const charged = spent(funded(1000), 1);

  expect(charged.detail).not.toEqual(NO_DETAIL);
  expect(aside(charged, { userTries: 1 }).detail).toEqual(NO_DETAIL);
});

test('registers are told with the limits of the licence, and with none where there is no licence', () => {
  const own: Terms = terms({ descendingMax: mills(7), certificateDescendingMax: mills(8) });

  expect(registersOf(blankState(), own)).toMatchObject({
    descendingMax: 7,
    certificateDescendingMax: 8,
  });
  expect(registersOf(blankState(), undefined)).toMatchObject({
    descendingMax: 0,
    certificateDescendingMax: 0,
  });
});
