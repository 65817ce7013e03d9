/** Calendar dates without `Date`, compared with the one of the host. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDays, dateOf, daysBetween, isDate } from '#protocol/documents/date';

const DAY_MS = 86_400_000;
const LAST_DAY = 2_932_896;

/** What the host's calendar says. */
const hostDateOf = (timeMs: number): number =>
  Number(new Date(timeMs).toISOString().slice(0, 10).replaceAll('-', ''));

const anyDay = fc.integer({ min: 0, max: LAST_DAY });

test('every day from 1970 to 2400 is the one of the host calendar', () => {
  const wrong: number[] = [];
  for (let day = 0; day < 157_000; day++)
    if (dateOf(day * DAY_MS) !== hostDateOf(day * DAY_MS)) wrong.push(day);

  expect(wrong).toEqual([]);
});

test('any instant to the end of 9999 has the date of the host calendar', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: (LAST_DAY + 1) * DAY_MS - 1 }), (timeMs) => {
      expect(dateOf(timeMs)).toBe(hostDateOf(timeMs));
    }),
  );
});

test('the date changes at midnight UTC and not a millisecond before', () => {
  const midnight = Date.UTC(2028, 1, 29);

  expect([dateOf(midnight - 1), dateOf(midnight)]).toEqual([20280228, 20280229]);
});

test('days added are days between', () => {
  fc.assert(
    fc.property(anyDay, anyDay, (from, to) => {
      const date = dateOf(from * DAY_MS);

      expect(addDays(date, to - from)).toBe(dateOf(to * DAY_MS));
      expect(daysBetween(date, addDays(date, to - from))).toBe(to - from);
    }),
  );
});

test.each([
  [20280228, 1, 20280229],
  [20270228, 1, 20270301],
  [21000228, 1, 21000301],
  [20001231, 1, 20010101],
  [20000301, -1, 20000229],
  [20270115, 30, 20270214],
  [19700101, 0, 19700101],
])('%i and %i days is %i', (date, days, expected) => {
  expect(addDays(date, days)).toBe(expected);
});

describe('a date is a day that exists', () => {
  test.each([
    [19700101, true],
    [99991231, true],
    [20280229, true],
    [20000229, true],
    [20270229, false],
    [21000229, false],
    [20270431, false],
    [20270001, false],
    [20271301, false],
    [20270100, false],
    [20270132, false],
    [19691231, false],
    [100000101, false],
    [0, false],
    [-20270101, false],
    [20270101.5, false],
    [Number.NaN, false],
  ])('%d: %s', (number, expected) => {
    expect(isDate(number)).toBe(expected);
  });

  test('the dates of a century are as many as its days', () => {
    let dates = 0;
    for (let number = 20000000; number < 21000000; number++) if (isDate(number)) dates++;

    expect(dates).toBe(36_525);
  });
});

test.each([
  ['before 1970', () => dateOf(-1)],
  ['after 9999', () => dateOf((LAST_DAY + 1) * DAY_MS)],
  ['no instant', () => dateOf(Number.NaN)],
  ['one day past the end', () => addDays(99991231, 1)],
  ['one day before the beginning', () => addDays(19700101, -1)],
  ['half a day', () => addDays(20270101, 0.5)],
  ['from no date', () => daysBetween(20270229, 20270301)],
  ['to no date', () => daysBetween(20270228, 20270229)],
])('%s is a bug of the caller', (_, attempt) => {
  expect(attempt).toThrow(RangeError);
});
