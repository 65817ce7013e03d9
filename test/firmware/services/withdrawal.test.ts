/**
 * Withdrawal through the driver, on the real image: all that is left goes back, the keys are destroyed, the proof stays,
 * wherever power is cut (requirements.md B7; domain.md R22, R23).
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import type { FlashDevice } from '#emulator/flash';
import { encodeMeterId } from '#protocol/documents/meter-id';
import {
  signWithdrawalAuthorisation,
  type WithdrawalAuthorisation,
  type WithdrawalReport,
  withdrawalReportDocument,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import { mills } from '#protocol/mills';
import { TEST_TIME_MS } from '#test/support/board';
import { LOG_OFFSET, newestState } from '#test/support/journal-forgery';
import { found, keyMaterialOf } from '#test/support/key-material';
import { letter } from '#test/support/mail';
import {
  authorisation,
  authorityKeys,
  certifiedCopy,
  FUNDS,
  flashAfter,
  meterId,
  meterWith,
  providerKeys,
  purchase,
  type TestMeter,
} from '#test/support/meter';
import { rawHost } from '#test/support/raw-host';
import { expectRefused } from '#test/support/refusal';
import { historyOf } from '#test/support/security-log';

const CERTIFICATE_FUNDS = mills(5_000);

/** A meter that has spent 0.780 of its postage and holds something for certificates. */
const used = flashAfter('refilled', async (meter) => {
  const user = await meter.loggedIn('user');
  await user.createIndicium(letter(1));
  const { request } = await user.refillRequest({
    kind: 'purchase',
    account: 'certificate',
    amount: CERTIFICATE_FUNDS,
  });
  await user.refillCommit(authorisation(request));
});

/** The same, with all of it on offer. */
let offer: Uint8Array;
const offered = flashAfter('refilled', async (meter) => {
  const flash = await used();
  await using source = meterWith(flash);
  ({ request: offer } = await (await source.loggedIn('cryptoOfficer')).withdrawalRequest());
  meter.flash.restore(flash.snapshot());
});

/** What the provider answers to an offer. */
function answer(
  request: Uint8Array,
  changes: Partial<WithdrawalAuthorisation> = {},
  signer = providerKeys,
): Uint8Array {
  const read = withdrawalRequestDocument.read(request);
  if (!read.ok) throw new Error('that is no offer');
  const { registers: _, ...terms } = read.value;
  const verdict = 'agreed' as const;
  return signWithdrawalAuthorisation(nodeCrypto, signer.privateKey, {
    ...terms,
    verdict,
    ...changes,
  });
}

const isBlank = (contents: Uint8Array): boolean => contents.every((byte) => byte === 0xff);

describe('an offer', () => {
  let meter: TestMeter;
  let officer: Meter;
  beforeAll(async () => {
    meter = meterWith(await used());
    officer = await meter.loggedIn('cryptoOfficer');
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('is signed by the device, holds both amounts and all registers, and stops production', async () => {
    const { request } = await officer.withdrawalRequest();

    const key = officer.server?.publicKey as Uint8Array;
    const registers = await officer.registers();
    expect(withdrawalRequestDocument.verify(nodeCrypto, key, request)).toEqual({
      ok: true,
      value: {
        meterId,
        sequence: 3,
        nonce: expect.any(Uint8Array),
        postal: FUNDS - 780,
        certificate: CERTIFICATE_FUNDS,
        registers,
        timeMs: TEST_TIME_MS,
      },
    });
    expect(registers).toMatchObject({ refillSequence: 3, descending: FUNDS - 780 });
    expect((await historyOf(officer)).at(-1)).toMatchObject({
      event: 'withdrawalRequested',
      a: FUNDS - 780,
      b: 3,
      c: CERTIFICATE_FUNDS,
    });
  });

  test('repeated is the same one, also after power-up', async () => {
    const terms = (request: Uint8Array) => request.subarray(0, 36); // the signature differs
    const { request } = await officer.withdrawalRequest();
    meter.board.powerOff();
    meter.board.powerOn();
    officer = await meter.loggedIn('cryptoOfficer');

    expect(terms((await officer.withdrawalRequest()).request)).toEqual(terms(request));
    expect(await officer.registers()).toMatchObject({ refillSequence: 3 });
  });

  test('lets nobody produce or refill any more', async () => {
    const user = await meter.loggedIn('user');
    for (const ask of [
      () => user.createIndicium(letter(2)),
      () => user.reprintIndicium({ counter: 1, nonce: 77 }),
      () => user.testPrint(false),
      () => user.resetBatch(),
      () => user.refillRequest(purchase(mills(1_000))),
    ])
      await expectRefused(meter, ask, 'wrongLifeCycle');
    officer = await meter.loggedIn('cryptoOfficer');
  });

  test.each<[string, Partial<WithdrawalAuthorisation>, string]>([
    [
      'for another meter',
      { meterId: encodeMeterId({ model: 'TS01', serial: 43 }) },
      'documentForOtherMeter',
    ],
    ['with another nonce', { nonce: new Uint8Array(8) }, 'documentMismatch'],
    ['with an older sequence', { sequence: 2 }, 'documentMismatch'],
    ['with a later sequence', { sequence: 4 }, 'documentMismatch'],
    ['of a mill less', { postal: mills(FUNDS - 781) }, 'documentMismatch'],
    ['of a mill more for certificates', { certificate: mills(5_001) }, 'documentMismatch'],
  ])('is not ended by an answer %s', async (_name, changes, status) => {
    const { request } = await officer.withdrawalRequest();

    await expectRefused(meter, () => officer.withdrawalCommit(answer(request, changes)), status);
  });

  test('is not ended by an answer that the authority signed, nor by a part of one', async () => {
    const { request } = await officer.withdrawalRequest();
    const stranger = answer(request, {}, authorityKeys);
    await expectRefused(meter, () => officer.withdrawalCommit(stranger), 'signatureInvalid');
    const part = answer(request).slice(0, -1);

    await expectRefused(meter, () => officer.withdrawalCommit(part), 'documentMalformed');
  });

  test('that is refused leaves the meter as it was, and it goes on', async () => {
    const { request } = await officer.withdrawalRequest();
    const before = await officer.registers();
    const refusal = answer(request, { verdict: 'refused' });

    await officer.withdrawalCommit(refusal);

    expect(await officer.registers()).toEqual(before);
    expect((await historyOf(officer)).at(-1)).toMatchObject({ event: 'withdrawalRefused', b: 3 });
    await expectRefused(meter, () => officer.withdrawalCommit(refusal), 'wrongLifeCycle');
    await (await meter.loggedIn('user')).createIndicium(letter(2));
  });

  test('after that is another one: neither answer to the first one ends it', async () => {
    officer = await meter.loggedIn('cryptoOfficer');
    const { request } = await officer.withdrawalRequest();
    const stale = { sequence: 3, postal: mills(FUNDS - 780) };

    for (const verdict of ['agreed', 'refused'] as const)
      await expectRefused(
        meter,
        () => officer.withdrawalCommit(answer(request, { ...stale, verdict })),
        'documentMismatch',
      );

    expect(await officer.registers()).toMatchObject({ refillSequence: 4, ascending: 1_560 });
  });
});

test('no offer is made while a refill is under way: its value might come too late', async () => {
  await using meter = meterWith(await used());
  const user = await meter.loggedIn('user');
  const { request } = await user.refillRequest(purchase(mills(1_000)));
  const officer = await meter.loggedIn('cryptoOfficer');
  await expectRefused(meter, () => officer.withdrawalRequest(), 'refillPending', 1_000);

  await (await meter.loggedIn('user')).refillCommit(authorisation(request));

  await (await meter.loggedIn('cryptoOfficer')).withdrawalRequest();
});

test('the user makes no offer', async () => {
  await using meter = meterWith(await used());
  const user = await meter.loggedIn('user');

  await expectRefused(meter, () => user.withdrawalRequest(), 'wrongRole');
});

/** The proof as anybody gets it, in clear; its signature under the key that the meter had. */
function proofOf(meter: TestMeter, deviceKey: Uint8Array): WithdrawalReport {
  const reply = rawHost(meter.board).open(Uint8Array.of(0x52));
  if (reply?.status !== 'ok') throw new Error(`the proof is answered by ${reply?.status}`);
  const read = withdrawalReportDocument.verify(nodeCrypto, deviceKey, reply.payload.slice(4));
  if (!read.ok) throw new Error(`the proof is refused: ${read.status}`);
  return read.value;
}

const afterwards = {
  ascending: 780,
  descending: 0,
  credited: FUNDS,
  withdrawn: FUNDS - 780,
  certificateDescending: 0,
  certificateCredited: CERTIFICATE_FUNDS,
  certificateWithdrawn: CERTIFICATE_FUNDS,
};

describe('an offer that is agreed to', () => {
  let meter: TestMeter;
  let flash: FlashDevice;
  let sealed: ReturnType<typeof keyMaterialOf>;
  let deviceKey: Uint8Array;
  beforeAll(async () => {
    flash = await offered();
    sealed = keyMaterialOf(flash);
    meter = meterWith(flash);
    const officer = await meter.loggedIn('cryptoOfficer');
    deviceKey = officer.server?.publicKey as Uint8Array;
    await officer.withdrawalCommit(answer(offer));
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test('leaves nothing in the registers, in an account that still adds up', async () => {
    expect(await (await meter.anonymous()).status()).toMatchObject({
      state: 'uninitialized',
      lifeCycle: 'withdrawn',
      fault: 0,
      meterId,
      registersValid: true,
      registers: afterwards,
    });
  });

  test('is proved by the device key, which is gone since', async () => {
    const { auditHead, sequence } = newestState(flash.contents());
    const proof = proofOf(meter, deviceKey);

    expect(proof).toMatchObject({
      meterId,
      sequence: 3,
      postal: FUNDS - 780,
      certificate: CERTIFICATE_FUNDS,
      registers: afterwards,
      timeMs: TEST_TIME_MS,
      logCount: 8,
    });
    expect(proof.journalSequence).toBeLessThan(sequence);
    expect(proof.auditHead).not.toEqual(auditHead);
  });

  test('leaves no key in flash, sealed or in clear', () => {
    expect(found(flash.contents(), [...sealed.sealed, ...sealed.clear])).toEqual([]);
  });

  test('ends all sessions, and none can be opened any more', async () => {
    for (const role of ['user', 'cryptoOfficer'] as const)
      await expect(meter.session(role)).rejects.toMatchObject({ status: 'wrongLifeCycle' });
  });

  test('is final: the proof is the same after every power-up, and takes no order', async () => {
    const proof = proofOf(meter, deviceKey);

    for (let cycle = 0; cycle < 3; cycle++) {
      meter.board.powerOff();
      meter.clock.loseTrust();
      meter.board.powerOn();
      expect(proofOf(meter, deviceKey)).toEqual(proof);
    }
    await expect((await meter.anonymous()).challengeClock()).rejects.toMatchObject({
      status: 'wrongLifeCycle',
    });
  });

  test('outlives damage of the log, and an opened housing: nothing is left that it could give away', async () => {
    const proof = proofOf(meter, deviceKey);
    flash.damage(LOG_OFFSET, new Uint8Array(4096));
    meter.board.powerOff();
    meter.board.powerOn();
    expect(proofOf(meter, deviceKey)).toEqual(proof);

    meter.board.tamper.trigger();

    expect(proofOf(meter, deviceKey)).toEqual(proof);
    meter.board.powerOff();
    meter.board.powerOn();
    expect(proofOf(meter, deviceKey)).toEqual(proof);
  });
});

test('power cut at any operation of it ends with nothing taken, or with the proof and no key', async () => {
  const start = await offered();
  const { sealed, clear } = keyMaterialOf(start);
  let operations = 0;
  let deviceKey: Uint8Array;
  {
    await using meter = meterWith(certifiedCopy(start.contents()));
    const officer = await meter.loggedIn('cryptoOfficer');
    deviceKey = officer.server?.publicKey as Uint8Array;
    const trace = meter.flash.traceOperations();
    await officer.withdrawalCommit(answer(offer));
    operations = trace.operations.length;
  }
  const outcomes: string[] = [];

  for (let operation = 0; operation < operations; operation++) {
    const flash = certifiedCopy(start.contents());
    await using meter = meterWith(flash);
    const officer = await meter.loggedIn('cryptoOfficer');
    flash.losePowerAfter(operation, { tornBytes: [0, 100, 4_000][operation % 3] as number });
    // the last operations are those of the restart behind the answer
    await officer.withdrawalCommit(answer(offer), { timeoutMs: 20 }).catch(() => undefined);
    expect([operation, meter.board.isPowered]).toEqual([operation, false]);
    meter.board.powerOff();
    flash.restorePower();
    // and once more in what makes it good
    flash.losePowerAfter(1 + (operation % 4), { tornBytes: 50 });
    meter.board.powerOn();
    meter.board.powerOff();
    flash.restorePower();
    flash.losePowerAfter(1_000);
    meter.board.powerOn();

    const { lifeCycle, fault, registers } = rawHost(meter.board).status();
    expect([operation, fault]).toEqual([operation, 0]);
    outcomes.push(lifeCycle);
    if (lifeCycle === 'withdrawing') {
      expect(registers).toMatchObject({ descending: FUNDS - 780, withdrawn: 0 });
      expect(found(flash.contents(), sealed)).toHaveLength(sealed.length);
      await (await meter.loggedIn('cryptoOfficer')).withdrawalCommit(answer(offer));
    }
    expect(rawHost(meter.board).status()).toMatchObject({
      lifeCycle: 'withdrawn',
      registers: afterwards,
    });
    expect(proofOf(meter, deviceKey)).toMatchObject({ postal: FUNDS - 780, registers: afterwards });
    expect([operation, found(flash.contents(), [...sealed, ...clear])]).toEqual([operation, []]);
    const banks = flash.contents();
    expect([banks.slice(0, 12_288), banks.slice(12_288, 24_576)].map(isBlank).sort()).toEqual([
      false,
      true,
    ]);
  }

  expect(operations).toBeGreaterThan(8);
  const first = outcomes.indexOf('withdrawn');
  expect(first).toBe(1); // the first record takes the money out; what follows is made good
  expect(new Set(outcomes.slice(first))).toEqual(new Set(['withdrawn']));
});
