/** Zeroize: every key is gone for ever, the registers stay readable (requirements.md A7, A4; SECURITY.md). */

import { describe, expect, test } from 'vitest';
import { LOG_OFFSET } from '#test/support/journal-forgery';
import { found, keyMaterialOf } from '#test/support/key-material';
import { letter } from '#test/support/mail';
import { FUNDS, flashAt, meterAt, meterWith, type TestMeter } from '#test/support/meter';
import { rawHost } from '#test/support/raw-host';

async function zeroized(): Promise<TestMeter> {
  const meter = await meterAt('refilled');
  const user = await meter.loggedIn('user');
  await user.createIndicium(letter(1));
  const officer = await meter.loggedIn('cryptoOfficer');
  await officer.zeroize();
  return meter;
}

const told = {
  state: 'uninitialized',
  lifeCycle: 'zeroized',
  caller: 'nobody',
  fault: 0,
  registersValid: true,
  registers: { ascending: 780, descending: FUNDS - 780, credited: FUNDS, pieceCount: 1 },
};

test('before it, the keys are in flash under seal, and nothing of them in clear', async () => {
  const flash = await flashAt('refilled');
  const { sealed, clear } = keyMaterialOf(flash);

  expect(found(flash.contents(), sealed)).toEqual(sealed.map(([name]) => name));
  expect(found(flash.contents(), clear)).toEqual([]);
});

test('after it, no key is anywhere in flash, sealed or in clear', async () => {
  const before = await flashAt('refilled');
  const { sealed, clear } = keyMaterialOf(before);
  await using meter = meterWith(before);
  await (await meter.loggedIn('cryptoOfficer')).zeroize();

  expect(found(before.contents(), [...sealed, ...clear])).toEqual([]);
  expect(
    before
      .contents()
      .slice(0, LOG_OFFSET)
      .every((byte) => byte === 0xff),
  ).toBe(true);
});

test('the meter restarts by itself, and tells its registers to everybody', async () => {
  await using meter = await zeroized();

  const status = await (await meter.anonymous()).status();

  expect(status).toMatchObject(told);
});

test('no session can be opened any more, by nobody', async () => {
  await using meter = await zeroized();

  for (const role of ['user', 'cryptoOfficer'] as const)
    await expect(meter.session(role)).rejects.toMatchObject({ status: 'wrongLifeCycle' });
});

test('the session that asked for it is over', async () => {
  await using meter = await meterAt('refilled');
  const officer = await meter.loggedIn('cryptoOfficer');
  await officer.zeroize();

  await expect(officer.registers()).rejects.toMatchObject({ status: 'sessionEnded' });
});

test('it is final: power cycles change nothing and the registers stay', async () => {
  await using meter = await zeroized();

  for (let cycle = 0; cycle < 3; cycle++) {
    meter.board.powerOff();
    meter.board.powerOn();
    expect(rawHost(meter.board).status()).toMatchObject(told);
  }
});

test('the certificates are gone with the keys', async () => {
  await using meter = await zeroized();

  const { device, indicium } = await (await meter.anonymous()).certificates();

  expect([device.length, indicium.length]).toEqual([0, 0]);
});

describe('a power cut in the middle of it', () => {
  /** The record, then an erase for each sector of the banks that was in use, then it is done. */
  test.each([0, 1, 2, 5])(
    'in operation %i is made good at the next power-up',
    async (operation) => {
      for (const tornBytes of [0, 100, 143]) {
        const flash = await flashAt('refilled');
        const { sealed } = keyMaterialOf(flash);
        await using meter = meterWith(flash);
        const officer = await meter.loggedIn('cryptoOfficer');
        meter.flash.losePowerAfter(operation, { tornBytes });
        await expect(officer.zeroize({ timeoutMs: 20 })).rejects.toBeDefined();
        expect(meter.board.isPowered).toBe(false);

        meter.board.powerOn();
        const status = rawHost(meter.board).status();

        if (operation === 0) {
          expect(status).toMatchObject({ lifeCycle: 'registered', state: 'uninitialized' }); // nothing happened
          expect(found(flash.contents(), sealed)).toHaveLength(sealed.length);
        } else {
          expect(status).toMatchObject({ lifeCycle: 'zeroized', state: 'uninitialized', fault: 0 });
          expect(found(flash.contents(), sealed)).toEqual([]);
        }
        expect(status.registers).toMatchObject({ descending: FUNDS, credited: FUNDS });
      }
    },
  );

  test('and another one in what makes it good', async () => {
    const flash = await flashAt('refilled');
    const { sealed } = keyMaterialOf(flash);
    await using meter = meterWith(flash);
    const officer = await meter.loggedIn('cryptoOfficer');
    meter.flash.losePowerAfter(1, { tornBytes: 100 });
    await expect(officer.zeroize({ timeoutMs: 20 })).rejects.toBeDefined();
    meter.flash.losePowerAfter(1, { tornBytes: 2_000 }); // the pin, then an erase
    meter.board.powerOn();
    expect(meter.board.isPowered).toBe(false);

    meter.board.powerOn();

    expect(rawHost(meter.board).status()).toMatchObject({ lifeCycle: 'zeroized', fault: 0 });
    expect(found(flash.contents(), sealed)).toEqual([]);
  });
});
