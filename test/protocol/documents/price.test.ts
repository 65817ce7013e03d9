/** What a piece costs by a rate table (requirements.md C6). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isMailService,
  priceOf,
  type Rate,
  type Rated,
  type RateTableFields,
  rateOf,
} from '#protocol/documents/rate-table';
import { mills } from '#protocol/mills';
import { rateTable } from '#test/support/document-values';

const table: RateTableFields = {
  ...rateTable,
  rates: [
    ...rateTable.rates,
    { serviceId: 901, kind: 'extra', minimum: mills(350), maximum: mills(350), steps: [] },
  ],
};
const piece = (changes: Partial<Rated>): Rated => ({
  serviceId: 1,
  weightMg: 0,
  zone: 0,
  extras: [],
  ...changes,
});
const asked = (changes: Partial<Rated>) => priceOf(table, piece(changes));
const price = (minimum: number, maximum = minimum) => ({ ok: true, value: { minimum, maximum } });

test('a rate is found by its service, and none is made up', () => {
  expect(rateOf(table, 2)?.minimum).toBe(1070);
  expect(rateOf(table, 3)).toBeUndefined();
  const services = [1, 2, 3, 30, 40, 900];
  expect(services.filter((id) => isMailService(table, id))).toEqual([1, 2, 900]);
});

describe('a piece of mail costs', () => {
  test.each<[string, Partial<Rated>, number, number?]>([
    ['the fixed price', {}, 780],
    ['from minimum to maximum where it is keyed in', { serviceId: 900 }, 10, 99_999],
    ['the price of its weight', { serviceId: 2, weightMg: 1 }, 1070],
    ['the same up to the last milligram of the step', { serviceId: 2, weightMg: 20_000 }, 1070],
    ['the next step from there on', { serviceId: 2, weightMg: 20_001 }, 1730],
    ['the last step to its last milligram', { serviceId: 2, weightMg: 500_000 }, 1730],
    ['the price of its zone', { serviceId: 2, weightMg: 20_000, zone: 1 }, 1450],
    ['the price of weight and zone', { serviceId: 2, weightMg: 20_001, zone: 1 }, 2480],
    ['its extra too', { extras: [30] }, 780 + 2200],
    ['all its extras, in any order', { extras: [901, 30] }, 780 + 2200 + 350],
    [
      'extras on weight and zone',
      { serviceId: 2, weightMg: 9, zone: 1, extras: [30] },
      1450 + 2200,
    ],
    ['extras on what is keyed in', { serviceId: 900, extras: [901] }, 10 + 350, 99_999 + 350],
  ])('%s', (_, changes, minimum, maximum = minimum) => {
    expect(asked(changes)).toEqual(price(minimum, maximum));
  });
});

describe('a piece without a price', () => {
  test.each<[string, Partial<Rated>, string, number]>([
    ['of a service that is not there', { serviceId: 3 }, 'serviceUnknown', 0],
    ['that is nothing but an extra', { serviceId: 30 }, 'serviceUnknown', 0],
    ['that is a certificate service', { serviceId: 40 }, 'serviceUnknown', 0],
    ['with an extra that is not there', { extras: [31] }, 'serviceUnknown', 0],
    ['with a letter for an extra', { extras: [1] }, 'serviceUnknown', 0],
    ['with a certificate service for an extra', { extras: [40] }, 'serviceUnknown', 0],
    ['with an extra twice', { extras: [30, 30] }, 'serviceUnknown', 0],
    ['with a weight where none is asked', { weightMg: 1 }, 'weightInvalid', 0],
    ['with a zone where there is none', { zone: 1 }, 'zoneInvalid', 0],
    ['keyed in, with a weight', { serviceId: 900, weightMg: 1 }, 'weightInvalid', 0],
    ['weighed, without a weight', { serviceId: 2 }, 'weightInvalid', 500_000],
    ['too heavy', { serviceId: 2, weightMg: 500_001 }, 'weightInvalid', 500_000],
    ['to a zone too far', { serviceId: 2, weightMg: 1, zone: 2 }, 'zoneInvalid', 2],
  ])('%s', (_, changes, status, detail) => {
    expect(asked(changes)).toEqual({ ok: false, status, detail });
  });
});

/** Tables with one weighed service (1), and extras from 100 on. */
const anyTable = fc
  .record({
    weights: fc.uniqueArray(fc.integer({ min: 1, max: 10_000_000 }), {
      minLength: 1,
      maxLength: 8,
    }),
    zones: fc.integer({ min: 1, max: 5 }),
    prices: fc.array(fc.integer({ min: 0, max: 0xff_ffff }).map(mills), {
      minLength: 40,
      maxLength: 40,
    }),
    extras: fc.array(fc.integer({ min: 0, max: 0xff_ffff }).map(mills), { maxLength: 6 }),
  })
  .map(({ weights, zones, prices, extras }) => {
    const steps = weights
      .toSorted((a, b) => a - b)
      .map((weightMaxMg, step) => ({
        weightMaxMg,
        prices: prices.slice(step * zones, (step + 1) * zones),
      }));
    const all = steps.flatMap((step) => step.prices);
    const weighed: Rate = {
      serviceId: 1,
      kind: 'weighed',
      minimum: mills(Math.min(...all)),
      maximum: mills(Math.max(...all)),
      steps,
    };
    const added = extras.map(
      (each, index): Rate => ({
        serviceId: 100 + index,
        kind: 'extra',
        minimum: each,
        maximum: each,
        steps: [],
      }),
    );
    return { ...rateTable, rates: [weighed, ...added] };
  });

test('every weight up to the heaviest has one price in every zone: that of the first step that takes it', () => {
  fc.assert(
    fc.property(
      anyTable,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(),
      fc.nat(),
      (any, share, zoneSeed, mask) => {
        const [weighed, ...extras] = any.rates as [Rate, ...Rate[]];
        const heaviest = weighed.steps.at(-1)?.weightMaxMg ?? 0;
        const weightMg = Math.max(1, Math.ceil(share * heaviest));
        const zone = zoneSeed % (weighed.steps[0]?.prices.length ?? 1);
        const chosen = extras.filter((_, index) => (mask >> index) & 1);

        const found = priceOf(
          any,
          piece({ weightMg, zone, extras: chosen.map(({ serviceId }) => serviceId) }),
        );

        const below = weighed.steps.filter(({ weightMaxMg }) => weightMaxMg < weightMg).length;
        const sum = chosen.reduce((all, { minimum }) => all + minimum, 0);
        expect(found).toEqual(price((weighed.steps[below]?.prices[zone] ?? Number.NaN) + sum));
        expect(priceOf(any, piece({ weightMg: heaviest + 1, zone })).ok).toBe(false);
      },
    ),
  );
});

test('whatever is asked of whatever table, the answer is a refusal or whole mills from minimum to maximum', () => {
  const anyPiece = fc.record({
    serviceId: fc.constantFrom(1, 2, 100, 101, 65_535),
    weightMg: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff_ffff })),
    zone: fc.integer({ min: 0, max: 255 }),
    extras: fc.array(fc.constantFrom(1, 2, 100, 101, 102, 103), { maxLength: 5 }),
  });

  fc.assert(
    fc.property(anyTable, anyPiece, (any, each) => {
      const found = priceOf(any, each);

      if (!found.ok) return;
      expect(found.value.minimum).toSatisfy(Number.isSafeInteger);
      expect(found.value.maximum).toBeGreaterThanOrEqual(found.value.minimum);
      expect(found.value.minimum).toBeGreaterThanOrEqual(0);
    }),
  );
});
