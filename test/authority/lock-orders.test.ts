/** Orders to meters, clock settings, deadlines, and the locks that findings lead to (requirements.md A8, C8, G9; domain.md R24, R27). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { inspectionProfiles } from '#protocol/documents/licence';
import { encodeMeterId, formatMeterId } from '#protocol/documents/meter-id';
import { type LockAction, verifyClockSetting, verifyLockOrder } from '#protocol/documents/orders';
import { mills } from '#protocol/mills';
import {
  DAY_MS,
  granted,
  license,
  makeAuthority,
  makeMeter,
  NOON_MS,
  refusalOf,
  signIndicium,
} from '#test/support/back-office';
import { ruleMeter } from '#test/support/rule-meter';

const unknownMeter = encodeMeterId({ model: 'TS01', serial: 99 });

async function makeDesk() {
  const base = await makeAuthority();
  const { authority, keys } = base;
  const meter = await makeMeter(authority);
  const { meterId } = meter;
  await license(authority, meter);
  const order = async (action: LockAction) =>
    authority.orderLock({ meterId, action, reason: 'ordered' });
  const latest = async () => {
    const { order: document } = granted(await authority.lockOrder({ meterId }));
    if (document === undefined) return undefined;
    const read = verifyLockOrder(nodeCrypto, keys.publicKey, document, meterId);
    return read.ok ? `${read.value.sequence} ${read.value.action} ${read.value.reason}` : 'forged';
  };
  const verify = async (evidence: Uint8Array) =>
    granted(await authority.verifyEvidence({ evidence, seenMs: NOON_MS }));
  return { ...base, meter, meterId, order, latest, verify };
}

describe('orders', () => {
  test('are signed and numbered, and the latest is given to anybody', async () => {
    const { order, latest } = await makeDesk();
    expect(await latest()).toBeUndefined();

    const first = granted(await order('lock'));
    const second = granted(await order('unlock'));

    expect([first.sequence, second.sequence]).toEqual([1, 2]);
    expect(await latest()).toBe('2 unlock ordered');
  });

  test('after a revocation are refused: it is for ever', async () => {
    const { order, latest } = await makeDesk();
    granted(await order('revoke'));

    expect(refusalOf(await order('unlock'))).toBe('meterRevoked');
    expect(await latest()).toBe('1 revoke ordered');
  });

  test('that come at the same time get different numbers', async () => {
    const { order } = await makeDesk();

    const outcomes = await Promise.all(Array.from({ length: 6 }, () => order('lock')));

    const sequences = outcomes.map((outcome) => granted(outcome).sequence);
    expect(sequences.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('to a meter that does not exist are refused', async () => {
    const { authority } = await makeDesk();
    const meterId = unknownMeter;

    const ordered = await authority.orderLock({ meterId, action: 'lock', reason: 'stolen' });

    expect(refusalOf(ordered)).toBe('meterUnknown');
    expect(refusalOf(await authority.lockOrder({ meterId }))).toBe('meterUnknown');
  });
});

describe('evidence locks a meter', () => {
  test('that is seen twice; once, until it is unlocked and seen again', async () => {
    const { authority, meter, meterId, order, latest, verify } = await makeDesk();
    const evidence = signIndicium(meter);
    await verify(evidence);
    expect(await latest()).toBeUndefined();

    await verify(evidence);
    await verify(evidence);

    expect(await latest()).toBe('1 lock duplicate');
    granted(await order('unlock'));
    await verify(evidence);
    expect(await latest()).toBe('3 lock duplicate');
    const { orders } = granted(await authority.listOrders({ meterId, after: 2 }));
    expect(orders).toMatchObject([
      { cause: 'This indicium was seen before, first at 2027-03-01T12:00:00.000Z.' },
    ]);
  });

  test.each([
    ['another content under the same number', { destination: 99_999 }, 'duplicate'],
    [
      'registers that contradict another piece',
      { pieceCount: 9, ascending: mills(779 + 780) },
      'registers',
    ],
  ])('by %s', async (_, fields, reason) => {
    const { meter, latest, verify } = await makeDesk();
    await verify(signIndicium(meter, { pieceCount: 8, ascending: mills(780 * 2) }));

    await verify(signIndicium(meter, { pieceCount: 8, ascending: mills(780 * 2), ...fields }));

    expect(await latest()).toBe(`1 lock ${reason}`);
  });

  test('but forged evidence does not: it was not the meter', async () => {
    const { meter, latest, verify } = await makeDesk();
    const forger = { ...meter, indicium: nodeCrypto.generateKeyPair() };

    await verify(signIndicium(forger));
    await verify(signIndicium(forger));
    await verify(signIndicium(meter, { originZip: 10_001 }));

    expect(await latest()).toBeUndefined();
  });
});

test('the time is told over the challenge of a meter', async () => {
  const { authority, keys, clock, meterId } = await makeDesk();
  const challenge = nodeCrypto.randomBytes(16);
  clock.timeMs += 12_345;

  const { setting } = granted(await authority.setClock({ meterId, challenge }));

  const asked = { meterId, challenge };
  expect(verifyClockSetting(nodeCrypto, [keys.publicKey], setting, asked)).toMatchObject({
    ok: true,
    value: { timeMs: NOON_MS + 12_345 },
  });
  const other = await authority.setClock({ meterId: unknownMeter, challenge });
  expect(refusalOf(other)).toBe('meterUnknown');
});

describe('deadlines', () => {
  const hour = 3_600_000;

  test.each([
    [47, []],
    [48, ['due']],
    [71, ['due']],
    [72, ['overdue']],
    [143, ['overdue']],
    [144, ['silent']],
  ])('of a three-day licence after %i hours: %j', async (hours, states) => {
    const { authority, clock } = await makeAuthority();
    await license(authority, await makeMeter(authority), undefined, inspectionProfiles.threeDays);
    clock.timeMs += hours * hour;

    const { meters } = granted(await authority.listOverdue({}));

    expect(meters.map(({ state }) => state)).toEqual(states);
  });

  test('begin anew with an accepted inspection, and end with the meter', async () => {
    const { authority, clock } = await makeAuthority();
    const names = async () =>
      granted(await authority.listOverdue({})).meters.map(({ meterId }) => formatMeterId(meterId));
    const meters = [];
    for (let count = 0; count < 3; count++) {
      const keys = await makeMeter(authority);
      await license(authority, keys, undefined, inspectionProfiles.month);
      meters.push(ruleMeter(keys, clock));
      clock.timeMs += hour;
    }
    clock.timeMs += 40 * DAY_MS;
    expect(await names()).toEqual(['TS01-0000000001', 'TS01-0000000002', 'TS01-0000000003']);

    const [one, two, three] = meters.map(({ keys }) => keys.meterId) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const { challenge } = granted(await authority.askForReport({ meterId: one }));
    const report = (meters[0] as (typeof meters)[0]).report(challenge);
    expect(granted(await authority.takeReport({ report, log: new Uint8Array(0) })).accepted).toBe(
      true,
    );
    granted(await authority.orderLock({ meterId: three, action: 'revoke', reason: 'silent' }));

    expect(await names()).toEqual(['TS01-0000000002']);
    expect(granted(await authority.readMeter({ meterId: one }))).toMatchObject({
      contactMs: clock.timeMs,
      reportMs: clock.timeMs,
    });
    expect(granted(await authority.readMeter({ meterId: two })).reportMs).toBeUndefined();
  });
});
