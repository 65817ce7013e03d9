/** Withdrawal from the host: both steps, the proof, and going on after whatever was lost (B7; domain.md R22, R23). */

import { describe, expect, onTestFinished, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { fetchProof, handProof, withdraw, withdrawalStage } from '#driver/withdrawal';
import { FUNDS, meterAt, type TestMeter } from '#test/support/meter';
import { openOffices } from '#test/support/offices';
import { failureOf } from '#test/support/settle';

async function refilled(): Promise<TestMeter> {
  const device = await meterAt('refilled');
  onTestFinished(() => device[Symbol.asyncDispose]());
  return device;
}

test('a meter gives everything back and proves it, for ever', async () => {
  const device = await refilled();
  const officer = await device.loggedIn('cryptoOfficer');
  const deviceKey = officer.server?.publicKey ?? new Uint8Array();
  const { provider, asked } = openOffices();

  const answer = await withdraw(officer, provider);
  const meter = await device.anonymous();
  const proof = await fetchProof(meter, deviceKey);
  const credited = await handProof(proof, provider);
  device.board.powerOff();
  device.board.powerOn();
  const later = await fetchProof(await device.anonymous(), deviceKey);

  expect(answer).toEqual({ outcome: 'agreed', postal: FUNDS, certificate: 0 });
  expect(proof.fields).toMatchObject({ postal: FUNDS, registers: { descending: 0 } });
  expect(credited).toEqual({ postal: FUNDS, certificate: 0 });
  expect(later.report).toEqual(proof.report);
  expect(await withdrawalStage(meter)).toBe('done');
  expect(asked).toEqual(['withdraw', 'proveWithdrawal']);
});

test('a provider that refuses leaves the meter as it was, and says why', async () => {
  const device = await refilled();
  const officer = await device.loggedIn('cryptoOfficer');
  const { provider, rules } = openOffices();
  rules.verdict = 'refused';

  const answer = await withdraw(officer, provider);

  expect(answer).toEqual({ outcome: 'refused', obstacle: 'registersContradict' });
  expect(await withdrawalStage(officer)).toBe('notBegun');
  expect((await officer.registers()).descending).toBe(FUNDS);
});

describe('interrupted', () => {
  test('before the provider has answered: it is asked again, for the same', async () => {
    const device = await refilled();
    const officer = await device.loggedIn('cryptoOfficer');
    const { provider, rules } = openOffices();
    rules.onQuestion = () => {
      throw new Error('the office is shut');
    };
    await failureOf(withdraw(officer, provider));
    expect(await withdrawalStage(officer)).toBe('asked');
    const user = await device.loggedIn('user');
    expect(await failureOf(user.testPrint(false))).toMatchObject({ status: 'wrongLifeCycle' });
    rules.onQuestion = () => undefined;

    const answer = await withdraw(await device.loggedIn('cryptoOfficer'), provider);

    expect(answer).toMatchObject({ outcome: 'agreed', postal: FUNDS });
  });

  test.each([0, 1, 5, 20, 60])(
    'by power behind %i operations: the proof is there in the end',
    async (operations) => {
      const device = await refilled();
      const officer = await device.loggedIn('cryptoOfficer');
      const deviceKey = officer.server?.publicKey ?? new Uint8Array();
      const { provider, rules } = openOffices();
      rules.onQuestion = () => device.flash.losePowerAfter(operations);
      await withdraw(officer, provider, { timeoutMs: 200 }).catch(() => undefined);
      device.flash.losePowerAfter(Number.MAX_SAFE_INTEGER);
      device.board.powerOn();
      rules.onQuestion = () => undefined;

      const stage = await withdrawalStage(await device.anonymous());
      if (stage !== 'done') await withdraw(await device.loggedIn('cryptoOfficer'), provider);
      const proof = await fetchProof(await device.anonymous(), deviceKey);

      expect(['asked', 'done']).toContain(stage);
      expect(proof.fields).toMatchObject({ postal: FUNDS, registers: { descending: 0 } });
    },
  );
});

test('a proof that another key signed is none', async () => {
  const device = await refilled();
  await withdraw(await device.loggedIn('cryptoOfficer'), openOffices().provider);

  const other = nodeCrypto.generateKeyPair().publicKey;

  expect(await failureOf(fetchProof(await device.anonymous(), other))).toMatchObject({
    name: 'ProofError',
  });
});
