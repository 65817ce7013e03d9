/** What a piece costs, what it weighs, and on which day it is mailed (requirements.md C6; domain.md R31, R32). */

import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Mailing, mailingDateOf } from '#driver/mailing-date';
import { pieceRequest } from '#driver/piece';
import { type PricedPiece, postageOf, ratesOf } from '#driver/price';
import { ENVELOPE_MG, ouncesToMg, SHEET_MG, weightOf } from '#driver/weight';
import { addDays, dateOf, isDate } from '#protocol/documents/date';
import { type Rate, type RateTable, rateTableDocument } from '#protocol/documents/rate-table';
import { mills } from '#protocol/mills';
import { meterAt, rateTable } from '#test/support/meter';

const fixed = (serviceId: number, kind: 'fixed' | 'extra', price: number): Rate => ({
  serviceId,
  kind,
  minimum: mills(price),
  maximum: mills(price),
  steps: [],
});
const rates: readonly Rate[] = [
  fixed(1, 'fixed', 780),
  {
    serviceId: 5,
    kind: 'weighed',
    minimum: mills(1_000),
    maximum: mills(4_000),
    steps: [
      { weightMaxMg: 28_350, prices: [mills(1_000), mills(1_500)] },
      { weightMaxMg: 56_700, prices: [mills(2_000), mills(4_000)] },
    ],
  },
  { serviceId: 9, kind: 'keyedIn', minimum: mills(200), maximum: mills(95_000), steps: [] },
  fixed(30, 'extra', 4_850),
  fixed(31, 'extra', 3_350),
];

function tableOf(bytes: Uint8Array): RateTable {
  const read = rateTableDocument.read(bytes);
  if (!read.ok) throw new Error(read.status);
  return read.value;
}
const table = tableOf(rateTable({ rates }));

describe('the postage of a piece', () => {
  test.each<[string, PricedPiece, number | string]>([
    ['a fixed service', { serviceId: 1 }, 780],
    ['the price said rightly', { serviceId: 1, postage: mills(780) }, 780],
    ['the price said wrongly', { serviceId: 1, postage: mills(781) }, 'postageNotRate 780'],
    ['by weight', { serviceId: 5, weightMg: 28_350 }, 1_000],
    ['a milligram more', { serviceId: 5, weightMg: 28_351 }, 2_000],
    ['by weight and zone', { serviceId: 5, weightMg: 56_700, zone: 1 }, 4_000],
    ['too heavy', { serviceId: 5, weightMg: 56_701 }, 'weightInvalid 56700'],
    ['not weighed', { serviceId: 5 }, 'weightInvalid 56700'],
    ['a zone that is none', { serviceId: 5, weightMg: 1, zone: 2 }, 'zoneInvalid 2'],
    ['weight where none is asked', { serviceId: 1, weightMg: 1 }, 'weightInvalid 0'],
    ['with extras', { serviceId: 1, extras: [30, 31] }, 780 + 4_850 + 3_350],
    ['an extra twice', { serviceId: 1, extras: [30, 30] }, 'serviceUnknown 0'],
    ['an extra alone', { serviceId: 30 }, 'serviceUnknown 0'],
    ['a service that is none', { serviceId: 2 }, 'serviceUnknown 0'],
    ['keyed in', { serviceId: 9, postage: mills(1_234) }, 1_234],
    ['keyed in, and not said', { serviceId: 9 }, 'amountInvalid 0'],
    ['keyed in below', { serviceId: 9, postage: mills(199) }, 'postageBelowMinimum 200'],
    ['keyed in above', { serviceId: 9, postage: mills(95_001) }, 'postageAboveMaximum 95000'],
  ])('%s', (_, piece, expected) => {
    const price = postageOf(table, piece);

    expect(price.ok ? price.value : `${price.status} ${price.detail}`).toBe(expected);
  });

  test('is what the meter takes, and nothing else', async () => {
    const device = await meterAt('refilled');
    onTestFinished(() => device[Symbol.asyncDispose]());
    const meter = await device.loggedIn('user');
    await meter.installRateTable(rateTable({ version: 2, rates }));
    const { current } = await ratesOf(meter);
    if (current === undefined) throw new Error('the meter has no rates');
    const piece = { serviceId: 5, weightMg: 30_000, zone: 1, extras: [31] };
    const price = postageOf(current, piece);
    if (!price.ok) throw new Error(price.status);

    const outcomes = [];
    for (const [at, off] of [-1, 0, 1].entries()) {
      const postage = mills(price.value + off);
      const request = pieceRequest(
        { counter: 10 + at, nonce: 1 },
        { ...piece, postage, mailingDate: 20260301, destination: 0 },
      );
      outcomes.push(
        await meter.createIndicium(request).then(
          () => 'taken',
          (error: { readonly status: string }) => error.status,
        ),
      );
    }

    expect(price.value).toBe(4_000 + 3_350);
    expect(outcomes).toEqual(['postageNotRate', 'taken', 'postageNotRate']);
  });
});

describe('a weight', () => {
  test('of sheets in an envelope', () => {
    expect(weightOf({ sheets: 0 })).toBe(ENVELOPE_MG);
    expect(weightOf({ sheets: 3 })).toBe(3 * SHEET_MG + ENVELOPE_MG);
    expect(weightOf({ sheets: 2, sheetMg: 4_990.2, envelopeMg: 5_000 })).toBe(14_981);
    expect(() => weightOf({ sheets: 1.5 })).toThrow(RangeError);
  });

  test('in ounces is never less in milligrams', () => {
    expect([1, 2, 3.5].map(ouncesToMg)).toEqual([28_350, 56_700, 99_224]);
  });
});

describe('the date of mailing', () => {
  const at = (text: string): number => Date.parse(`${text}Z`);
  const mailing: Mailing = { cutOffMinutes: 17 * 60, zoneMinutes: 0 };

  test.each<[string, string, Partial<Mailing>, number]>([
    ['before the cut-off', '2026-03-03T16:59:59', {}, 20260303],
    ['at the cut-off', '2026-03-03T17:00:00', {}, 20260304],
    ['on a Friday evening', '2026-03-06T17:00:00', {}, 20260309],
    ['on a Saturday', '2026-03-07T09:00:00', {}, 20260309],
    ['on a Saturday that is worked on', '2026-03-07T09:00:00', { workingDays: [6] }, 20260307],
    ['on a holiday', '2026-03-03T09:00:00', { holidays: [20260303, 20260304] }, 20260305],
    ['at the end of a year', '2026-12-31T18:00:00', {}, 20270101],
    ['east, where it is tomorrow', '2026-03-03T16:00:00', { zoneMinutes: 540 }, 20260304],
    ['west, where it is yesterday still', '2026-03-04T03:00:00', { zoneMinutes: -480 }, 20260304],
    ['west, before its cut-off', '2026-03-03T20:00:00', { zoneMinutes: -480 }, 20260303],
  ])('%s', (_, now, changes, date) => {
    expect(mailingDateOf(at(now), { ...mailing, ...changes })).toBe(date);
  });

  test('is one that a meter takes, and a working day, whenever it is asked for', () => {
    const anyTime = fc.integer({ min: at('2026-01-01T00:00:00'), max: at('2036-01-01T00:00:00') });
    const anyZone = fc.integer({ min: -720, max: 840 });
    const anyCutOff = fc.integer({ min: 0, max: 1_440 });
    const anyDays = fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 });

    fc.assert(
      fc.property(
        anyTime,
        anyZone,
        anyCutOff,
        anyDays,
        (nowMs, zone, cutOffMinutes, workingDays) => {
          const date = mailingDateOf(nowMs, { cutOffMinutes, workingDays, zoneMinutes: zone });

          const day = Date.UTC(
            Math.floor(date / 10_000),
            (Math.floor(date / 100) % 100) - 1,
            date % 100,
          );
          expect(isDate(date)).toBe(true);
          expect(workingDays).toContain(new Date(day).getUTCDay());
          expect(date).toBeGreaterThanOrEqual(dateOf(nowMs));
          expect(date).toBeLessThanOrEqual(addDays(dateOf(nowMs), 9));
        },
      ),
    );
  });

  test('is none where no day is worked on', () => {
    expect(() => mailingDateOf(at('2026-03-03T00:00:00'), { ...mailing, workingDays: [] })).toThrow(
      RangeError,
    );
  });
});
