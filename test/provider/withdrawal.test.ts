/** A withdrawal is answered once, and what was in the meter comes back to the account (requirements.md B7; domain.md R22, R23). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { verifyLockOrder } from '#protocol/documents/orders';
import {
  type WithdrawalRequest,
  withdrawalAuthorisationDocument,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import { mills } from '#protocol/mills';
import {
  granted,
  license,
  makeMeter,
  refusalOf,
  requestId,
  signRequest,
} from '#test/support/back-office';
import { makeLeaving, makeLoaded } from '#test/support/leaving-meter';
import { done } from '#test/support/rule-meter';

test('what is left comes back to the account, the meter is revoked, and the account can be closed', async () => {
  const { office, provider, customerId, meterId, withdraw, prove, books } = await makeLoaded();
  const before = await books();
  const { authorisation, obstacle, proof } = await withdraw();
  expect(granted(await provider.readPool({})).withdrawing).toBe(53_440);
  expect(await books()).toEqual(before);
  expect(refusalOf(await provider.closeAccount({ customerId }))).toBe('accountBusy');

  const returned = granted(await prove(proof));

  expect(obstacle).toBeUndefined();
  expect(
    withdrawalAuthorisationDocument.verify(
      nodeCrypto,
      office.providerKeys.publicKey,
      authorisation,
    ),
  ).toMatchObject({
    ok: true,
    value: { verdict: 'agreed', postal: 48_440, certificate: 5_000, sequence: 3 },
  });
  expect(returned).toEqual({ postal: 48_440, certificate: 5_000 });
  expect(await books()).toMatchObject({
    balance: 145_000 + 53_440,
    returned: 53_440,
    refunded: 53_440,
    withdrawn: 53_440,
    sold: 55_000,
    inPool: 945_000,
  });
  expect(granted(await provider.readPool({})).withdrawing).toBe(0);
  const { order } = granted(await office.authority.lockOrder({ meterId }));
  const revocation = order ?? new Uint8Array(0);
  expect(verifyLockOrder(nodeCrypto, office.keys.publicKey, revocation, meterId)).toMatchObject({
    value: { action: 'revoke' },
  });
  expect(granted(await office.authority.readMeter({ meterId })).isWithdrawn).toBe(true);
  expect(granted(await office.authority.providerAccount({ providerId: 1 })).withdrawnTotal).toBe(
    53_440,
  );
  expect(refusalOf(await provider.closeAccount({ customerId }))).toBe('ok');
});

test('request and proof are answered alike however often they come, and credited once', async () => {
  const { provider, customerId, meter, withdraw, prove, books } = await makeLoaded();
  const request = meter.requestWithdrawal();
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => provider.withdraw({ request: meter.requestWithdrawal() })),
  );
  const { proof } = await withdraw();

  const proofs = await Promise.all(Array.from({ length: 5 }, () => prove(proof)));

  for (const answer of answers) expect(answer).toEqual(answers[0]);
  for (const each of proofs) expect(each).toEqual(proofs[0]);
  expect(await books()).toMatchObject({ returned: 53_440, balance: 198_440 });
  const { authorisation } = granted(answers[0] as (typeof answers)[0]);
  expect(granted(await provider.withdraw({ request })).authorisation).toEqual(authorisation);
  const { transactions } = granted(await provider.listTransactions({ customerId, after: 0 }));
  expect(transactions.filter(({ kind }) => kind === 'withdrawal')).toMatchObject([
    { amount: 53_440, balanceAfter: 198_440 },
  ]);
});

test('what comes back pays first what is owed', async () => {
  const { office, provider, customerId, refill, withdraw, prove } = await makeLeaving({
    balance: 50_000,
    creditMax: 9_000,
  });
  await refill(50_000);
  const other = await makeMeter(office.authority);
  await license(office.authority, other, office.providerKeys, { accountKind: 'current' });
  granted(await provider.enrolMeter({ customerId, certificate: other.deviceCertificate }));
  const spent = { kind: 'settlement', amount: mills(3_000), ascending: mills(3_000) } as const;
  granted(await provider.refill({ request: signRequest(other, spent) }));
  expect(granted(await provider.readCustomer({ customerId }))).toMatchObject({ owed: 3_000 });
  const { proof } = await withdraw();

  granted(await prove(proof));

  expect(granted(await provider.readCustomer({ customerId }))).toMatchObject({
    balance: 47_000,
    owed: 0,
    returned: 50_000,
  });
});

describe('a withdrawal is refused, with a signature, and the meter goes on', () => {
  test('while a current account has spent what is not settled', async () => {
    const { meter, refill, withdraw, prove, books } = await makeLeaving({
      terms: { accountKind: 'current' },
    });
    done(meter.print(5_000));
    const first = await withdraw();
    await refill(5_000, 'postal', 'settlement');

    const second = await withdraw();

    expect(first).toMatchObject({ obstacle: 'unsettled', proof: undefined });
    expect(second.obstacle).toBeUndefined();
    expect(granted(await prove(second.proof))).toEqual({ postal: 0, certificate: 0 });
    expect(await books()).toMatchObject({ settled: 5_000, balance: 195_000, returned: 0 });
  });

  test('while approved spoilage waits for the meter', async () => {
    const { provider, customerId, meterId, meter, refill, withdraw, prove, books } =
      await makeLeaving({
        terms: { spoilageCap: 10_000 },
      });
    await refill(50_000);
    const indicia = [done(meter.print(780))];
    const claim = { customerId, meterId, requestId: requestId(1), reason: 'misprint' } as const;
    expect(granted(await provider.submitClaim({ ...claim, indicia })).state).toBe('refunded');
    const first = await withdraw();
    await refill(780, 'postal', 'spoilage');

    const second = await withdraw();

    expect(first).toMatchObject({ obstacle: 'spoilageWaiting', proof: undefined });
    expect(granted(await prove(second.proof))).toEqual({ postal: 50_000, certificate: 0 });
    expect(await books()).toMatchObject({ forSpoilage: 0, sold: 50_780, returned: 50_000 });
  });

  test('though it is refused once, it may be asked for again', async () => {
    const { provider, meterId, meter, refill, withdraw } = await makeLeaving({
      terms: { accountKind: 'current' },
    });
    done(meter.print(5_000));
    await withdraw();
    await withdraw();

    const { withdrawals } = granted(await provider.listWithdrawals({ meterId }));

    expect(withdrawals).toMatchObject([
      { sequence: 2, verdict: 'refused', obstacle: 'unsettled', isProved: false },
      { sequence: 1, verdict: 'refused', obstacle: 'unsettled', isProved: false },
    ]);
    await expect(refill(1_000)).rejects.toThrow('accountUnavailable');
  });
});

/** A request of the meter with other content, truly signed. */
function forged(
  desk: Awaited<ReturnType<typeof makeLeaving>>,
  changes: (request: WithdrawalRequest) => Partial<WithdrawalRequest>,
  key = desk.keys.device.privateKey,
): Uint8Array {
  const read = withdrawalRequestDocument.read(desk.meter.requestWithdrawal());
  if (!read.ok) throw new Error('the request cannot be read');
  const fields = { ...read.value, ...changes(read.value) };
  return withdrawalRequestDocument.sign(nodeCrypto, key, fields);
}

describe('registers that are not what was credited are a finding, and no money moves', () => {
  test.each<[string, (request: WithdrawalRequest) => Partial<WithdrawalRequest>]>([
    [
      'more left than was bought',
      ({ registers }) => ({
        postal: mills(50_000),
        registers: { ...registers, descending: mills(50_000), credited: mills(51_560) },
      }),
    ],
    [
      'a sum that is wrong',
      ({ registers }) => ({
        postal: mills(48_441),
        registers: { ...registers, descending: mills(48_441) },
      }),
    ],
    [
      'spoilage that was never approved',
      ({ registers }) => ({
        postal: mills(49_440),
        registers: {
          ...registers,
          descending: mills(49_440),
          spoilageCredited: mills(1_000),
        },
      }),
    ],
    [
      'certificate funds that were never bought',
      ({ registers }) => ({
        certificate: mills(6_000),
        registers: {
          ...registers,
          certificateDescending: mills(6_000),
          certificateCredited: mills(6_000),
        },
      }),
    ],
    [
      'a withdrawal before this one',
      ({ registers }) => ({
        registers: { ...registers, withdrawn: mills(100), credited: mills(50_100) },
      }),
    ],
  ])('%s', async (_, changes) => {
    const desk = await makeLoaded();
    const before = await desk.books();

    const answer = granted(await desk.provider.withdraw({ request: forged(desk, changes) }));

    expect(answer.obstacle).toBe('registersContradict');
    expect(withdrawalAuthorisationDocument.read(answer.authorisation)).toMatchObject({
      value: { verdict: 'refused' },
    });
    expect(await desk.books()).toEqual(before);
    expect(await desk.findings()).toEqual(['registersContradict']);
  });
});

describe('a request that the meter did not make so gets no answer', () => {
  test.each<[string, (desk: Awaited<ReturnType<typeof makeLeaving>>) => Uint8Array, string]>([
    [
      'signed by another',
      (desk) => forged(desk, () => ({}), nodeCrypto.generateKeyPair().privateKey),
      'signatureInvalid',
    ],
    ['of another document', ({ keys }) => signRequest(keys), 'documentMalformed'],
    ['out of turn', (desk) => forged(desk, () => ({ sequence: 4 })), 'outOfSequence'],
    [
      'for a number that a refill has',
      (desk) => forged(desk, () => ({ sequence: 2 })),
      'outOfSequence',
    ],
  ])('%s', async (_, make, refusal) => {
    const desk = await makeLoaded();
    const before = await desk.books();

    expect(refusalOf(await desk.provider.withdraw({ request: make(desk) }))).toBe(refusal);
    expect(await desk.books()).toEqual(before);
  });

  test('twice with different content, or when it has agreed already: there are two meters', async () => {
    const desk = await makeLoaded();
    const { provider, meter, findings, keys } = desk;
    const copy = meter.copy();
    granted(await provider.withdraw({ request: meter.requestWithdrawal() }));

    const other = await provider.withdraw({ request: copy.requestWithdrawal() });
    const next = await provider.withdraw({ request: forged(desk, () => ({ sequence: 4 })) });
    const registers = { ascending: mills(1_560), descending: mills(48_440) };
    const refill = await provider.refill({
      request: signRequest(keys, { sequence: 4, ...registers }),
    });

    expect([other, next, refill].map(refusalOf)).toEqual([
      'requestChanged',
      'meterWithdrawn',
      'meterWithdrawn',
    ]);
    expect(await findings()).toEqual(['requestChanged', 'meterWithdrawn', 'meterWithdrawn']);
  });
});
