/** Rate tables are published in editions, today's and the next one are told (requirements.md B4, C6; domain.md R30). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { priceOf, type Rate, verifyRateTable } from '#protocol/documents/rate-table';
import { mills } from '#protocol/mills';
import { DAY_MS, granted, makeAuthority, refusalOf, TODAY } from '#test/support/back-office';

describe('rate tables', () => {
  const rate: Rate = {
    serviceId: 7,
    kind: 'fixed',
    minimum: mills(500),
    maximum: mills(500),
    steps: [],
  };
  const order = { validFrom: TODAY, validTo: 20271231, rates: [rate] };

  test('the latest edition that is valid today counts', async () => {
    const { authority, keys, clock } = await makeAuthority();
    const current = async () => {
      const { rateTable } = granted(await authority.currentRateTable({}));
      const read = verifyRateTable(nodeCrypto, keys.publicKey, rateTable);
      return read.ok && read.value.version;
    };

    granted(await authority.publishRateTable({ ...order, validFrom: 20270302 }));

    expect(await current()).toBe(1);
    clock.timeMs += DAY_MS;
    expect(await current()).toBe(2);
    clock.timeMs += 400 * DAY_MS;
    expect(refusalOf(await authority.currentRateTable({}))).toBe('rateTableMissing');
  });

  test('the one that takes over next is told ahead: of the later editions, the one that begins first', async () => {
    const { authority, keys, clock } = await makeAuthority();
    const next = async () => {
      const { rateTable } = granted(await authority.nextRateTable({}));
      if (rateTable === undefined) return undefined;
      const read = verifyRateTable(nodeCrypto, keys.publicKey, rateTable);
      return read.ok && read.value.version;
    };
    const publish = async (validFrom: number) =>
      granted(await authority.publishRateTable({ ...order, validFrom })).version;

    expect(await next()).toBe(undefined);
    const inJuly = await publish(20270701);
    expect(await next()).toBe(inJuly);
    const inApril = await publish(20270401);
    expect(await next()).toBe(inApril);
    clock.timeMs += 40 * DAY_MS;
    // the edition of April is a later one than that of July, which a meter that holds it would not take any more
    expect(await next()).toBe(undefined);
    const inMay = await publish(20270501);
    expect(await next()).toBe(inMay);
  });

  test('weighed rates, extras and certificate services are published with their steps', async () => {
    const { authority, keys } = await makeAuthority();

    const { rateTable } = granted(await authority.currentRateTable({}));

    const table = verifyRateTable(nodeCrypto, keys.publicKey, rateTable);
    if (!table.ok) throw new Error('the table is not ours');
    const price = (serviceId: number, grams: number, zone: number, extras: number[] = []) => {
      const piece = { serviceId, weightMg: grams * 1_000, zone, extras };
      const found = priceOf(table.value, piece);
      return found.ok ? found.value.minimum : found.status;
    };
    expect(price(1, 0, 0)).toBe(780);
    expect(price(30, 28, 0)).toBe(780);
    expect(price(30, 29, 0)).toBe(1_070);
    expect(price(30, 100, 0)).toBe('weightInvalid');
    expect(price(40, 500, 3)).toBe(38_700);
    expect(price(40, 500, 4)).toBe('zoneInvalid');
    expect(price(30, 28, 0, [200, 201])).toBe(780 + 4_850 + 2_620);
    expect(price(300, 0, 0)).toBe('serviceUnknown');
  });

  test('that no meter would take, because it is too large, is refused', async () => {
    const { authority } = await makeAuthority();
    const steps = Array.from({ length: 32 }, (_, place) => ({
      weightMaxMg: place + 1,
      prices: Array.from({ length: 8 }, () => mills(100)),
    }));
    const weighed = (serviceId: number): Rate => ({
      serviceId,
      kind: 'weighed',
      minimum: mills(100),
      maximum: mills(100),
      steps,
    });
    const publish = async (count: number) =>
      await authority.publishRateTable({
        ...order,
        rates: Array.from({ length: count }, (_, place) => weighed(place)),
      });

    const [four, five] = [await publish(4), await publish(5)];

    expect(granted(four).rateTable).toHaveLength(90 + 4 * (10 + 32 * 29));
    expect(refusalOf(five)).toBe('rateTableTooLarge');
  });

  test.each([
    ['a service twice', { rates: [rate, rate] }],
    [
      'more than 24 bits',
      { rates: [{ ...rate, minimum: mills(2 ** 24), maximum: mills(2 ** 24) }] },
    ],
    ['weighed without steps', { rates: [{ ...rate, kind: 'weighed' as const }] }],
    [
      'steps that do not grow',
      {
        rates: [
          {
            ...rate,
            kind: 'weighed' as const,
            steps: [5, 5].map((weightMaxMg) => ({ weightMaxMg, prices: [mills(500)] })),
          },
        ],
      },
    ],
    ['no service', { rates: [] }],
    ['a fixed rate with two prices', { rates: [{ ...rate, maximum: mills(501) }] }],
    ['a day that does not exist', { validTo: 20270230 }],
    ['an end before the beginning', { validTo: 20270228 }],
  ])('with %s is refused', async (_, changes) => {
    const { authority } = await makeAuthority();

    const outcome = await authority.publishRateTable({ ...order, ...changes });

    expect(refusalOf(outcome)).toBe('rateTableInvalid');
  });
});
