/** Provider, authority and meters agree to the mill, and what does not is listed by meter (requirements.md G7, G9). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import {
  type BatchFields,
  batchDocument,
  type Movement,
  signBatch,
} from '#protocol/documents/batch';
import { mills } from '#protocol/mills';
import {
  cuttable,
  DAY_MS,
  granted,
  makeCustomer,
  makeMeter,
  makeOffice,
  memory,
  refusalOf,
  requestId,
  signRequest,
} from '#test/support/back-office';
import { makeLeaving, makeLoaded } from '#test/support/leaving-meter';
import { done } from '#test/support/rule-meter';

type Desk = Awaited<ReturnType<typeof makeLeaving>>;

/** Has the meter inspected, with its log. */
async function inspect({ office, meter, meterId }: Desk): Promise<boolean> {
  const { challenge, logCount } = granted(await office.authority.askForReport({ meterId }));
  const report = meter.report(challenge);
  const taken = { report, log: meter.exportLog(logCount) };
  return granted(await office.authority.takeReport(taken)).accepted;
}

test('all kinds of movements balance: pool, meters, what is reserved, what came back', async () => {
  const desk = await makeLeaving({ terms: { spoilageCap: 10_000 } });
  const { provider, customerId, meterId, meter, refill, withdraw, prove } = desk;
  await refill(50_000);
  await refill(5_000, 'certificate');
  const indicia = [done(meter.print(780)), done(meter.print(1_000))];
  const claim = { customerId, meterId, requestId: requestId(1), reason: 'misprint' } as const;
  granted(await provider.submitClaim({ ...claim, indicia }));
  await refill(1_700, 'postal', 'spoilage');
  expect(await inspect(desk)).toBe(true);

  const first = granted(await provider.reconcile({}));

  expect(first).toEqual({
    batch: 1,
    isComplete: true,
    isEqual: true,
    issued: 1_001_780,
    underWay: 0,
    inPool: 945_000,
    forSpoilage: 80,
    toMeters: 56_700,
    returned: 0,
    meters: 1,
    unreported: 0,
    differences: [],
  });
  await refill(80, 'postal', 'spoilage');
  granted(await prove((await withdraw()).proof));
  expect(granted(await provider.reconcile({}))).toMatchObject({
    batch: 2,
    isEqual: true,
    forSpoilage: 0,
    toMeters: 56_780,
    returned: 55_000,
    unreported: 0,
  });
});

test('a settled account balances by what is settled', async () => {
  const desk = await makeLeaving({ terms: { accountKind: 'current' } });
  done(desk.meter.print(7_800));
  await desk.refill(5_000, 'postal', 'settlement');
  expect(await inspect(desk)).toBe(true);

  expect(granted(await desk.provider.reconcile({}))).toMatchObject({
    isEqual: true,
    toMeters: 5_000,
    unreported: 0,
  });
});

test('a refill that the meter has not taken yet, or took after it reported, is no difference', async () => {
  const desk = await makeLoaded();
  const { office, provider, meter } = desk;
  const wish = { kind: 'purchase', account: 'postal', amount: mills(9_000) } as const;
  const request = done(meter.requestRefill(wish));
  const { authorisation } = granted(await provider.refill({ request }));
  expect(await inspect(desk)).toBe(true);
  expect(granted(await provider.reconcile({}))).toMatchObject({ isEqual: true, unreported: 0 });
  meter.commitRefill(authorisation);
  await desk.refill(100);
  office.clock.timeMs += 1;
  expect(await inspect(desk)).toBe(true);

  const compared = granted(await office.authority.reconcile({ providerId: 1 }));

  expect(compared).toMatchObject({ isEqual: true, unreported: 1 });
  expect(granted(await provider.reconcile({}))).toMatchObject({ isEqual: true, unreported: 0 });
});

test('value whose issue was lost on the way is under way, and named', async () => {
  const desk = await makeLeaving();
  const { office, provider, line } = desk;
  line.cut = 'after';
  await provider.buyValue({ requestId: requestId(5), amount: mills(77_000) });
  line.cut = 'none';
  // told before it is finished: by the authority's own comparison after a batch from another hand
  const base = { issued: 1_077_000, underWay: 77_000, inPool: 1_000_000 };
  const batch = await nextBatch(desk, { underWay: [requestId(5)] });
  expect(granted(await office.authority.takeBatch({ batch }))).toMatchObject({
    isEqual: true,
    ...base,
  });
});

test('a reconciliation without an answer sends the same batch again, and then what came after it', async () => {
  const { office, provider, line, refill } = await makeLoaded();
  for (const cut of ['before', 'after'] as const) {
    line.cut = cut;
    expect(refusalOf(await provider.reconcile({}))).toBe('authorityUnavailable');
    line.cut = 'none';
    await refill(100);
  }

  const compared = granted(await provider.reconcile({}));

  expect(compared).toMatchObject({ batch: 2, isEqual: true, toMeters: 55_200, meters: 1 });
  expect(granted(await office.authority.reconcile({ providerId: 1 }))).toEqual(compared);
});

test('more movements than one batch holds are told in several', async () => {
  const { provider, meter } = await makeLeaving({ pool: 5_000_000, balance: 3_000_000 });
  for (let count = 0; count < 801; count++) {
    const wish = { kind: 'purchase', account: 'postal', amount: mills(1_000) } as const;
    const request = done(meter.requestRefill(wish));
    meter.commitRefill(granted(await provider.refill({ request })).authorisation);
  }

  expect(granted(await provider.reconcile({}))).toMatchObject({
    batch: 2,
    isComplete: true,
    isEqual: true,
    toMeters: 801_000,
  });
});

/** A batch as the provider would make it next, with something else in it. */
async function nextBatch(
  { office, provider, meterId }: Desk,
  changes: Partial<BatchFields> = {},
): Promise<Uint8Array> {
  const { refills } = granted(await provider.listRefills({ meterId, after: 0 }));
  const movements = refills.map(
    ({ sequence, kind, account, amount, timeMs }): Movement => ({
      meterId,
      sequence,
      kind,
      account,
      amount,
      timeMs,
    }),
  );
  const { withdrawing, ...pool } = granted(await provider.readPool({}));
  expect(withdrawing).toBe(0);
  return signBatch(nodeCrypto, office.providerKeys, {
    providerId: office.providerId,
    number: 1,
    logCount: 0,
    logHead: new Uint8Array(32),
    isComplete: true,
    ...pool,
    issueSequence: 1,
    underWay: [],
    movements,
    suspects: [],
    timeMs: office.clock.timeMs,
    ...changes,
  });
}

describe('what differs is listed to the mill', () => {
  const movement = (desk: Desk, place: number, changes: Partial<Movement>) => async () => {
    const batch = batchDocument.read(await nextBatch(desk));
    if (!batch.ok) throw new Error('the batch cannot be read');
    const { movements } = batch.value;
    const changed = movements.map((each, at) => (at === place ? { ...each, ...changes } : each));
    return { movements: changed };
  };
  test.each<[string, (desk: Desk) => () => Promise<Partial<BatchFields>>, object[]]>([
    [
      'a pool with a mill too much',
      () => async () => ({ descending: mills(945_001) }),
      [{ name: 'pool', provider: 1_000_001, authority: 1_000_000 }],
    ],
    [
      'a pool that came from nowhere, with movements that explain it',
      () => async () => ({ ascending: mills(55_001), descending: mills(944_999) }),
      [{ name: 'toMeters', provider: 55_001, authority: 55_000 }],
    ],
    [
      'something that came back, of which no meter knows',
      () => async () => ({ refunded: mills(7) }),
      [{ name: 'returned', provider: 7, authority: 0 }],
    ],
    [
      'a refill of which the meter got less',
      (desk) => movement(desk, 0, { amount: mills(50_001) }),
      [
        { name: 'toMeters', provider: 55_000, authority: 55_001 },
        { name: 'credited', meter: true, provider: 50_001, authority: 50_000 },
      ],
    ],
    [
      'a refill into the other account',
      (desk) => movement(desk, 1, { account: 'postal' }),
      [
        { name: 'credited', meter: true, provider: 55_000, authority: 50_000 },
        { name: 'certificateCredited', meter: true, provider: 0, authority: 5_000 },
      ],
    ],
    [
      'spoilage that was never approved',
      (desk) => movement(desk, 1, { kind: 'spoilage' }),
      [
        { name: 'spoilageApproved', meter: true, provider: 5_000, authority: 0 },
        { name: 'certificateCredited', meter: true, provider: 0, authority: 5_000 },
        { name: 'spoilageCredited', meter: true, provider: 5_000, authority: 0 },
      ],
    ],
    [
      'a settlement that the meter does not know',
      (desk) => movement(desk, 1, { kind: 'settlement' }),
      [
        { name: 'certificateCredited', meter: true, provider: 0, authority: 5_000 },
        { name: 'settled', meter: true, provider: 5_000, authority: 0 },
      ],
    ],
    [
      'a movement left out, which the meter has finished',
      (desk) => async () => {
        const { movements = [] } = await movement(desk, 0, {})();
        return {
          movements: movements.slice(0, 1),
          ascending: mills(50_000),
          descending: mills(950_000),
        };
      },
      [{ name: 'movementMissing', meter: true, provider: 1, authority: 2 }],
    ],
    [
      'a gap in the numbers',
      (desk) => movement(desk, 1, { sequence: 3 }),
      [
        { name: 'movementMissing', meter: true, provider: 2, authority: 3 },
        { name: 'certificateCredited', meter: true, provider: 0, authority: 5_000 },
      ],
    ],
  ])('%s', async (_, changesOf, expected) => {
    const desk = await makeLoaded();
    const { office, meterId } = desk;
    expect(await inspect(desk)).toBe(true);
    const batch = await nextBatch(desk, await changesOf(desk)());

    const compared = granted(await office.authority.takeBatch({ batch }));

    expect(compared.isEqual).toBe(false);
    expect(compared.differences).toEqual(
      expected.map((each) => {
        const { meter, ...difference } = each as { meter?: true };
        return { ...difference, meterId: meter === undefined ? undefined : meterId };
      }),
    );
  });

  test('a meter of somebody else', async () => {
    const desk = await makeLoaded();
    const { meterId } = await makeMeter(desk.office.authority);
    const other: Movement = {
      meterId,
      sequence: 1,
      kind: 'purchase',
      account: 'postal',
      amount: mills(0),
      timeMs: 1,
    };
    const read = batchDocument.read(await nextBatch(desk));
    const movements = [...(read.ok ? read.value.movements : []), other];

    const batch = await nextBatch(desk, { movements });

    const { differences } = granted(await desk.office.authority.takeBatch({ batch }));
    expect(differences).toEqual([{ name: 'meterUnknown', meterId, provider: 1, authority: 0 }]);
  });
});

describe('a batch', () => {
  test('is taken once, in turn, from the provider that signed it', async () => {
    const desk = await makeLoaded();
    const { authority } = desk.office;
    const take = async (batch: Uint8Array) => refusalOf(await authority.takeBatch({ batch }));
    const first = await nextBatch(desk);

    expect(await take(await nextBatch(desk, { number: 2 }))).toBe('batchOutOfSequence');
    expect(await take(first)).toBe('ok');
    expect(await take(first)).toBe('ok');
    expect(await take(await nextBatch(desk, { descending: mills(1) }))).toBe('batchChanged');
    expect(await take(await nextBatch(desk, { providerId: 9 }))).toBe('providerUnknown');
    const forged = Uint8Array.from(first);
    forged[40] = (forged[40] as number) ^ 1;
    expect(await take(forged)).toBe('signatureInvalid');
  });

  test('that tells a movement a second time is a finding, and changes nothing', async () => {
    const desk = await makeLoaded();
    const { authority } = desk.office;
    granted(await authority.takeBatch({ batch: await nextBatch(desk) }));

    const again = granted(
      await authority.takeBatch({ batch: await nextBatch(desk, { number: 2 }) }),
    );

    expect(again.isEqual).toBe(true);
    const { findings } = granted(await authority.listFindings({ after: 0 }));
    expect(findings.map(({ kind }) => kind)).toEqual(['movement', 'movement']);
  });

  test('begins the time of a meter that was refilled anew', async () => {
    const { office, provider, meterId, refill } = await makeLeaving();
    office.clock.timeMs += 10 * DAY_MS;
    const refilledMs = office.clock.timeMs;
    await refill(1_000);
    office.clock.timeMs += DAY_MS;

    granted(await provider.reconcile({}));

    expect(granted(await office.authority.readMeter({ meterId })).contactMs).toBe(refilledMs);
  });
});

test('a meter whose request contradicts the books is locked by the authority, with the evidence', async () => {
  const { office, provider, keys, meterId, refill } = await makeLeaving();
  await refill(50_000);
  const request = signRequest(keys, { sequence: 2, descending: mills(50_001) });
  expect(refusalOf(await provider.refill({ request }))).toBe('registersContradict');

  granted(await provider.reconcile({}));
  granted(await provider.reconcile({}));

  const { findings } = granted(await office.authority.listFindings({ after: 0 }));
  expect(findings).toMatchObject([{ kind: 'registers', evidence: request }]);
  const { orders } = granted(await office.authority.listOrders({ meterId, after: 0 }));
  expect(orders).toMatchObject([{ action: 'lock', reason: 'registers' }]);
});

test('a provider cannot have a meter locked that did not sign, or that is not its own', async () => {
  const desk = await makeLoaded();
  const { office, keys } = desk;
  const stranger = nodeCrypto.generateKeyPair();
  const suspects = [
    signRequest({ ...keys, device: stranger }),
    signRequest(await makeMeter(office.authority)),
    new Uint8Array(100),
  ];

  granted(await office.authority.takeBatch({ batch: await nextBatch(desk, { suspects }) }));

  expect(granted(await office.authority.listFindings({ after: 0 })).findings).toEqual([]);
});

test('the books of an office with many customers balance', async () => {
  const base = await makeOffice();
  const line = cuttable(base.authority);
  const office = { ...base, provider: await base.reopen(memory(), line.link) };
  const customers = [];
  for (let count = 0; count < 5; count++) customers.push(await makeCustomer(office));
  for (const { meter } of customers)
    granted(await office.provider.refill({ request: signRequest(meter) }));

  expect(granted(await office.provider.reconcile({}))).toMatchObject({
    isEqual: true,
    issued: 5_000_000,
    inPool: 4_750_000,
    toMeters: 250_000,
    meters: 5,
    unreported: 5,
  });
});
