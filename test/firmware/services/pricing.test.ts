/**
 * What a piece must cost, through the driver, on the real image: weight, zone, extras, high values, licensed services, and
 * the table of the day (requirements.md B4, C6; domain.md R7, R8, R29, R30).
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { readIndicium } from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import { letter, type PieceRequest } from '#test/support/mail';
import {
  FUNDS,
  flashAfter,
  KEYED_IN,
  licence,
  meterAt,
  meterWith,
  rateTable,
  type TestMeter,
  TODAY,
} from '#test/support/meter';
import { allRatesTable, INSURED, LETTER, POSTMARK, REGISTERED, WEIGHED } from '#test/support/rates';
import { expectRefused } from '#test/support/refusal';

const DAY_MS = 86_400_000;

const rated = flashAfter('refilled', async (meter) => {
  const officer = await meter.loggedIn('cryptoOfficer');
  await officer.installRateTable(allRatesTable());
});

type Wish = Omit<Partial<PieceRequest>, 'postage'> & { readonly postage: number };
const piece = (counter: number, { postage, ...changes }: Wish): PieceRequest =>
  letter(counter, { ...changes, postage: mills(postage) });

describe('a piece by class, weight, zone and extras', () => {
  let meter: TestMeter;
  let user: Meter;
  let counter = 0;
  beforeAll(async () => {
    meter = meterWith(await rated());
    user = await meter.loggedIn('user');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test.each<[string, Wish]>([
    ['of the least weight', { serviceId: WEIGHED, weightMg: 1, postage: 1070 }],
    ['of the most weight of a step', { serviceId: WEIGHED, weightMg: 20_000, postage: 1070 }],
    ['a milligram heavier', { serviceId: WEIGHED, weightMg: 20_001, postage: 1730 }],
    ['to another zone', { serviceId: WEIGHED, weightMg: 20_001, zone: 1, postage: 2480 }],
    ['with an extra', { extras: [REGISTERED], postage: 2980 }],
    ['with all extras', { extras: [INSURED, REGISTERED], postage: 3330 }],
    [
      'with everything',
      { serviceId: WEIGHED, weightMg: 500_000, zone: 1, extras: [INSURED], postage: 2830 },
    ],
    ['keyed in, with an extra', { serviceId: KEYED_IN, extras: [INSURED], postage: 551 }],
  ])('%s is charged what the table says', async (_name, wish) => {
    const before = await user.registers();
    counter += 1;

    const { indicium } = await user.createIndicium(piece(counter, wish));

    const { postage, serviceId = LETTER } = wish;
    expect(readIndicium(indicium)).toMatchObject({
      ok: true,
      value: { postage, serviceId, rateCategory: 2 },
    });
    expect(await user.registers()).toMatchObject({
      ascending: before.ascending + postage,
      descending: before.descending - postage,
    });
  });

  test.each<[string, Wish, string, number]>([
    ['a mill too little', { extras: [REGISTERED], postage: 2979 }, 'postageNotRate', 2980],
    ['a mill too much', { extras: [REGISTERED], postage: 2981 }, 'postageNotRate', 2980],
    [
      'the price of a lighter one',
      { serviceId: WEIGHED, weightMg: 20_001, postage: 1070 },
      'postageNotRate',
      1730,
    ],
    [
      'the price of a nearer zone',
      { serviceId: WEIGHED, weightMg: 20_001, zone: 1, postage: 1730 },
      'postageNotRate',
      2480,
    ],
    ['no weight', { serviceId: WEIGHED, postage: 1070 }, 'weightInvalid', 500_000],
    [
      'too much weight',
      { serviceId: WEIGHED, weightMg: 500_001, postage: 1730 },
      'weightInvalid',
      500_000,
    ],
    ['a weight where none is asked', { weightMg: 1, postage: 780 }, 'weightInvalid', 0],
    [
      'a zone that is not there',
      { serviceId: WEIGHED, weightMg: 1, zone: 2, postage: 1070 },
      'zoneInvalid',
      2,
    ],
    ['a zone where there is none', { zone: 1, postage: 780 }, 'zoneInvalid', 0],
    ['an extra twice', { extras: [INSURED, INSURED], postage: 1480 }, 'serviceUnknown', 0],
    ['an extra that is none', { extras: [LETTER], postage: 1560 }, 'serviceUnknown', 0],
    ['an extra alone', { serviceId: INSURED, postage: 350 }, 'serviceUnknown', 0],
    ['a certificate service', { serviceId: POSTMARK, postage: 250 }, 'serviceUnknown', 0],
    [
      'less than extra and minimum',
      { serviceId: KEYED_IN, extras: [INSURED], postage: 549 },
      'postageBelowMinimum',
      550,
    ],
  ])('with %s is refused', async (_name, wish, status, detail) => {
    await expectRefused(meter, () => user.createIndicium(piece(counter + 1, wish)), status, detail);
  });
});

describe('a licence with limits on single pieces', () => {
  const flash = flashAfter('refilled', async (meter) => {
    const officer = await meter.loggedIn('cryptoOfficer');
    await officer.register(
      licence({ sequence: 2, highValue: mills(10_000), services: [LETTER, KEYED_IN, INSURED] }),
    );
    await officer.installRateTable(allRatesTable());
  });
  let meter: TestMeter;
  let user: Meter;
  beforeAll(async () => {
    meter = meterWith(await flash());
    user = await meter.loggedIn('user');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('a high value is made where it is meant, and a lower one without being asked', async () => {
    const high = piece(1, { serviceId: KEYED_IN, postage: 10_000 });
    await expectRefused(meter, () => user.createIndicium(high), 'confirmationNeeded', 10_000);
    await user.createIndicium({ ...high, isConfirmed: true });

    await user.createIndicium(piece(2, { serviceId: KEYED_IN, postage: 9_999 }));

    expect(await user.registers()).toMatchObject({ ascending: 19_999, descending: FUNDS - 19_999 });
  });

  test.each<[string, Wish]>([
    ['a service', { serviceId: WEIGHED, weightMg: 1, postage: 1070 }],
    ['an extra', { extras: [REGISTERED], postage: 2980 }],
    ['one of two extras', { extras: [INSURED, REGISTERED], postage: 3330 }],
    [
      'the service of a correction',
      { kind: 'correction', original: 1, serviceId: WEIGHED, postage: 5 },
    ],
  ])('%s that is not in it is refused', async (_name, wish) => {
    await expectRefused(meter, () => user.createIndicium(piece(3, wish)), 'serviceNotLicensed');
  });

  test('what is in it is made', async () => {
    await user.createIndicium(piece(3, { extras: [INSURED], postage: 1_130 }));

    expect(await user.registers()).toMatchObject({ pieceCount: 3 });
  });
});

describe('the table of the day', () => {
  const dearer = (version: number, validFrom: number) =>
    rateTable({
      version,
      validFrom,
      rates: [
        { serviceId: LETTER, kind: 'fixed', minimum: mills(850), maximum: mills(850), steps: [] },
      ],
    });
  const tomorrow = { mailingDate: TODAY + 1 };

  test('a table that is loaded ahead takes over on its first day, at midnight UTC', async () => {
    await using meter = await meterAt('refilled');
    const user = await meter.loggedIn('user');
    const next = dearer(2, TODAY + 1);
    await user.installRateTable(next);
    expect(await user.condition()).toMatchObject({ rateVersion: 1, nextRateVersion: 2 });
    expect((await user.rateTables()).next).toEqual(next);
    meter.clock.advance(DAY_MS / 2 - 1);
    await user.createIndicium(letter(1, tomorrow));
    await expectRefused(
      meter,
      () => user.createIndicium(letter(2, { ...tomorrow, postage: mills(850) })),
      'postageNotRate',
      780,
    );

    meter.clock.advance(1);

    await expectRefused(
      meter,
      () => user.createIndicium(letter(2, tomorrow)),
      'postageNotRate',
      850,
    );
    const made = await user.createIndicium(letter(2, { ...tomorrow, postage: mills(850) }));
    expect(readIndicium(made.indicium)).toMatchObject({ value: { rateCategory: 2 } });
    expect(await user.condition()).toMatchObject({ rateVersion: 2, nextRateVersion: 0 });
    expect(await user.rateTables()).toEqual({ current: next, next: new Uint8Array(0) });
  });

  test('the one loaded ahead is replaced by a later one, and stays beside the one in use', async () => {
    await using meter = await meterAt('refilled');
    const user = await meter.loggedIn('user');
    const { current } = await user.rateTables();
    await user.installRateTable(dearer(2, TODAY + 5));
    const later = dearer(4, TODAY + 3);

    await user.installRateTable(later);

    expect(await user.rateTables()).toEqual({ current, next: later });
    for (const version of [1, 2, 3, 4])
      await expectRefused(
        meter,
        () => user.installRateTable(dearer(version, TODAY)),
        'documentOutdated',
      );
  });

  test('one loaded ahead that has taken over stays in use when the next is loaded', async () => {
    await using meter = await meterAt('refilled');
    const user = await meter.loggedIn('user');
    const second = dearer(2, TODAY + 1);
    await user.installRateTable(second);
    meter.clock.advance(2 * DAY_MS);
    const third = dearer(3, TODAY + 9);

    await user.installRateTable(third);

    expect(await user.rateTables()).toEqual({ current: second, next: third });
    await user.installRateTable(dearer(5, TODAY)); // valid at once: it takes the place of both
    expect(await user.condition()).toMatchObject({ rateVersion: 5, nextRateVersion: 0 });
  });

  test('one that was loaded ahead is not used before its day, also where the other has ended', async () => {
    await using meter = await meterAt('registered');
    const officer = await meter.loggedIn('cryptoOfficer');
    await officer.installRateTable(rateTable({ version: 2, validTo: TODAY }));
    await officer.installRateTable(dearer(3, TODAY + 2));
    meter.clock.advance(DAY_MS);
    const user = await meter.loggedIn('user');

    await expectRefused(meter, () => user.createIndicium(letter(1, tomorrow)), 'rateTableMissing');
  });

  test('it is told when a table is about to end and none is loaded behind it', async () => {
    await using meter = await meterAt('registered');
    const officer = await meter.loggedIn('cryptoOfficer');
    const expires = async () => (await officer.condition()).warnings.rateTableExpiring;
    expect(await expires()).toBe(false);
    await officer.installRateTable(rateTable({ version: 2, validTo: 20260330 }));
    expect(await expires()).toBe(true);

    await officer.installRateTable(dearer(3, 20260331));

    expect(await expires()).toBe(false);
  });
});
