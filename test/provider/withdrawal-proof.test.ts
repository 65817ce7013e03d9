/** The proof of a withdrawal credits the account once, and the authority hears of it (requirements.md B7; domain.md R22, R23). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { withdrawalReportDocument } from '#protocol/documents/withdrawal';
import { mills } from '#protocol/mills';
import { DAY_MS, granted, refusalOf } from '#test/support/back-office';
import { makeLoaded } from '#test/support/leaving-meter';
import { done } from '#test/support/rule-meter';

describe('a proof credits nothing', () => {
  const signed = (
    proof: Uint8Array | undefined,
    key: Uint8Array,
    changes: (report: never) => object,
  ): Uint8Array => {
    const read = withdrawalReportDocument.read(proof ?? new Uint8Array(0));
    if (!read.ok) throw new Error('there is no proof');
    const fields = { ...read.value, ...changes(read.value as never) };
    return withdrawalReportDocument.sign(nodeCrypto, key, fields);
  };
  type Report = { registers: Record<string, number> };
  test.each<[string, (report: Report) => object, string]>([
    ['of another withdrawal', () => ({ sequence: 4 }), 'withdrawalUnknown'],
    ['with another nonce', () => ({ nonce: new Uint8Array(8) }), 'withdrawalUnknown'],
    ['with another amount', () => ({ postal: mills(48_439) }), 'withdrawalUnknown'],
    [
      'whose registers do not add up',
      ({ registers }) => ({ registers: { ...registers, withdrawn: mills(48_439) } }),
      'registersContradict',
    ],
    [
      'of a meter that printed after it had agreed',
      ({ registers }) => ({
        registers: { ...registers, ascending: mills(2_340), withdrawn: mills(47_660) },
      }),
      'registersContradict',
    ],
  ])('%s', async (_, changes, refusal) => {
    const { keys, withdraw, prove, books } = await makeLoaded();
    const { proof } = await withdraw();

    const outcome = await prove(signed(proof, keys.device.privateKey, changes as never));

    expect(refusalOf(outcome)).toBe(refusal);
    expect(await books()).toMatchObject({ returned: 0, balance: 145_000 });
    expect(refusalOf(await prove(proof))).toBe('ok');
  });

  test('that the meter did not sign, or that says it in other words the second time', async () => {
    const { keys, withdraw, prove, books } = await makeLoaded();
    const { proof } = await withdraw();
    const stranger = nodeCrypto.generateKeyPair().privateKey;
    const same = () => ({});

    expect(refusalOf(await prove(signed(proof, stranger, same)))).toBe('signatureInvalid');
    granted(await prove(proof));
    expect(refusalOf(await prove(signed(proof, keys.device.privateKey, same)))).toBe('ok');
    expect(
      refusalOf(await prove(signed(proof, keys.device.privateKey, () => ({ timeMs: 5 })))),
    ).toBe('proofChanged');
    expect(await books()).toMatchObject({ returned: 53_440 });
  });
});

test('a meter whose certificate has expired gets its money back all the same', async () => {
  const { office, withdraw, prove, books } = await makeLoaded();
  office.clock.timeMs += 3_000 * DAY_MS;
  const { proof } = await withdraw();

  granted(await prove(proof));

  expect(await books()).toMatchObject({ returned: 53_440 });
});

test.each(['before', 'after'] as const)(
  'the authority hears of a proof as soon as it answers, where its line was cut %s it was told',
  async (cut) => {
    const { office, provider, line, meterId, withdraw, prove } = await makeLoaded();
    const { proof } = await withdraw();
    line.cut = cut;
    granted(await prove(proof));
    const before = granted(await provider.listWithdrawals({ meterId })).withdrawals;
    expect(granted(await provider.finishWithdrawals({}))).toEqual({ finished: 0, pending: 1 });

    line.cut = 'none';
    const finished = granted(await provider.finishWithdrawals({}));

    expect(before).toMatchObject([{ isProved: true, isToldToAuthority: false }]);
    expect(finished).toEqual({ finished: 1, pending: 0 });
    expect(granted(await provider.listWithdrawals({ meterId })).withdrawals).toMatchObject([
      { isProved: true, isToldToAuthority: true },
    ]);
    const account = granted(await office.authority.providerAccount({ providerId: 1 }));
    expect(account.withdrawnTotal).toBe(53_440);
    const { orders } = granted(await office.authority.listOrders({ meterId, after: 0 }));
    expect(orders).toHaveLength(1);
  },
);

test('a piece that is seen, and was made after the withdrawal, has no licence', async () => {
  const { office, meter, withdraw, prove } = await makeLoaded();
  const copy = meter.copy();
  const { proof } = await withdraw();
  granted(await prove(proof));

  const evidence = done(copy.print(780));
  const verdict = granted(await office.authority.verifyEvidence({ evidence, seenMs: undefined }));

  expect(verdict.checks).toContainEqual({
    name: 'licence',
    outcome: 'fail',
    text: 'The meter was withdrawn before it could make this piece.',
  });
});
