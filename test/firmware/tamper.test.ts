/** An opened housing: the keys are gone at once, in any state and on battery, the registers stay (requirements.md A7, A3). */

import { describe, expect, test } from 'vitest';
import { createMemoryFlash } from '#emulator/flash';
import { createTamperContact } from '#emulator/tamper';
import { commands } from '#protocol/command';
import type { MeterStatus } from '#protocol/command-layouts';
import { statuses } from '#protocol/status';
import { bench, expectStopped, powerCycle } from '#test/support/error-state';
import { appendState, LOG_OFFSET } from '#test/support/journal-forgery';
import { found, keyMaterialOf } from '#test/support/key-material';
import { FUNDS, flashAt, meterWith, passwords } from '#test/support/meter';
import { type RawHost, rawHost, requestWith } from '#test/support/raw-host';

const tampered = { name: 'tampered', detail: 0 } as const;
const isBlank = (contents: Uint8Array): boolean =>
  contents.slice(0, LOG_OFFSET).every((byte) => byte === 0xff);

function logIn(host: RawHost, role: 'user' | 'cryptoOfficer'): void {
  const password = passwords[role]();
  host.openSession(role);
  host.sealed(requestWith('logIn', Uint8Array.of(password.length, ...password)));
}

describe.each<[string, (host: RawHost) => void]>([
  ['at rest', () => undefined],
  [
    'with a handshake under way',
    (host) => host.open(requestWith('openSession', new Uint8Array(9))),
  ],
  ['with a session', (host) => host.openSession('user')],
  ['while the user is logged in', (host) => logIn(host, 'user')],
  ['while the crypto officer is logged in', (host) => logIn(host, 'cryptoOfficer')],
])('opened %s', (_name, act) => {
  test('the keys are gone before anything is asked, and the meter says why it stops', async () => {
    const flash = await flashAt('refilled');
    const { sealed, clear } = keyMaterialOf(flash);
    await using meter = bench(flash);
    act(meter.host);
    meter.host.bytesOut();

    meter.board.tamper.trigger();

    expect(found(flash.contents(), [...sealed, ...clear])).toEqual([]);
    expect(isBlank(flash.contents())).toBe(true);
    expectStopped(meter, tampered);
    expect(meter.host.status()).toMatchObject({
      lifeCycle: 'tampered',
      registersValid: true,
      registers: { descending: FUNDS, credited: FUNDS },
    });
  });
});

describe('opened in the error state', () => {
  test.each([
    ['a damaged store', 'storeDamaged'],
    ['registers that contradict each other', 'registersInconsistent'],
  ] as const)('after %s: the keys go all the same', async (_name, fault) => {
    const flash = await flashAt('refilled');
    const { sealed } = keyMaterialOf(flash);
    appendState(flash, (last) =>
      fault === 'storeDamaged'
        ? { ...last, storeGeneration: last.storeGeneration + 2 }
        : { ...last, credited: last.credited + 1 },
    );
    await using meter = bench(flash);
    expectStopped(meter, { name: fault, detail: 0 });

    meter.board.tamper.trigger();

    expect(found(flash.contents(), sealed)).toEqual([]);
    expectStopped(meter, tampered);
    powerCycle(meter); // there is no key any more that could write it down before
    expectStopped(meter, tampered);
    expect(meter.host.status().lifeCycle).toBe('tampered');
  });
});

test.each(['blank', 'keyed', 'made'] as const)(
  'opened before it was licensed: %s',
  async (stage) => {
    const flash = await flashAt(stage);
    await using meter = bench(flash);

    meter.board.tamper.trigger();

    expect(isBlank(flash.contents())).toBe(true);
    expectStopped(meter, tampered);
  },
);

test('opened while all of it is on offer: the keys are gone, and what was on offer is still in the registers', async () => {
  const flash = await flashAt('refilled');
  const { sealed } = keyMaterialOf(flash);
  await using meter = bench(flash);
  logIn(meter.host, 'cryptoOfficer');
  meter.host.sealed(requestWith('withdrawalRequest', Uint8Array.of()));
  expect(meter.host.status().lifeCycle).toBe('withdrawing');
  meter.host.bytesOut();

  meter.board.tamper.trigger();

  expect(found(flash.contents(), sealed)).toEqual([]);
  expectStopped(meter, tampered);
  expect(meter.host.status().registers).toMatchObject({ descending: FUNDS, withdrawn: 0 });
});

test('opened after it was zeroized: it tells that too', async () => {
  const flash = await flashAt('refilled');
  await using meter = bench(flash);
  logIn(meter.host, 'cryptoOfficer');
  meter.host.sealed(requestWith('zeroize', Uint8Array.of()));
  meter.host.bytesOut();

  meter.board.tamper.trigger();

  expectStopped(meter, tampered);
  expect(meter.host.status().registers).toMatchObject({ descending: FUNDS });
});

test('opened without power: the keys go at the next power-up, before any answer', async () => {
  const flash = await flashAt('refilled');
  const { sealed } = keyMaterialOf(flash);
  await using meter = bench(flash);
  meter.board.powerOff();
  meter.board.tamper.trigger();
  expect(found(flash.contents(), sealed)).toHaveLength(sealed.length);

  meter.board.powerOn();

  expect(found(flash.contents(), sealed)).toEqual([]);
  expectStopped(meter, tampered);
});

test('it is final: neither power cycles nor the rearmed contact give a working meter', async () => {
  const contact = createTamperContact();
  await using meter = bench(await flashAt('refilled'), { tamper: contact });
  contact.trigger();
  powerCycle(meter);
  expectStopped(meter, tampered);
  contact.rearm();

  powerCycle(meter);

  expectStopped(meter, tampered);
  expect(meter.host.status()).toMatchObject({
    lifeCycle: 'tampered',
    registers: { descending: FUNDS, credited: FUNDS },
  });
});

test('a contact that opens for a moment only is enough', async () => {
  const contact = createTamperContact();
  const flash = await flashAt('refilled');
  const { sealed } = keyMaterialOf(flash);
  await using meter = bench(flash, { tamper: contact });

  contact.trigger();
  contact.rearm();

  expect(found(flash.contents(), sealed)).toEqual([]);
  expectStopped(meter, tampered);
});

test('a power cut while the keys are destroyed is made good at the next power-up', async () => {
  for (const operation of [0, 1, 2]) {
    const flash = await flashAt('refilled');
    const { sealed } = keyMaterialOf(flash);
    await using meter = bench(flash);
    flash.losePowerAfter(operation, { tornBytes: 100 });
    meter.board.tamper.trigger();
    expect(meter.board.isPowered).toBe(false);

    meter.board.powerOn();

    expect(found(flash.contents(), sealed)).toEqual([]);
    expectStopped(meter, tampered);
  }
});

describe('where the flash does not erase any more', () => {
  test('the meter stops, tells why and shows its registers', async () => {
    const contents = (await flashAt('refilled')).contents();
    await using meter = bench(createMemoryFlash({ contents, endurance: 0 }));

    meter.board.tamper.trigger();

    expectStopped(meter, tampered);
    expect(meter.host.status()).toMatchObject({
      lifeCycle: 'tampered',
      registers: { descending: FUNDS },
    });
    powerCycle(meter);
    expect(statusAfter(meter.host)).toMatchObject({ state: 'error', lifeCycle: 'tampered' });
  });

  test('one worn sector keeps no other from being erased', async () => {
    const whole = await flashAt('refilled');
    const { sealed } = keyMaterialOf(whole);
    const flash = createMemoryFlash({ contents: whole.contents(), endurance: 1 });
    flash.erase(0); // the store of the generation before, which is erased first: it stands no other erase
    flash.program(0, new Uint8Array(16).fill(0).buffer);
    await using meter = meterWith(flash);

    meter.board.tamper.trigger();

    expect(found(flash.contents(), sealed)).toEqual([]);
    expect(statusAfter(rawHost(meter.board)).fault).toBe(statuses.tampered.code);
  });
});

/** The status; the first request of a power cycle may go without an answer where the flash fails under it. */
function statusAfter(host: RawHost): MeterStatus {
  host.exchange('open', Uint8Array.of(commands.status.code));
  return host.status();
}
