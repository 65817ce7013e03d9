/** Other keys for a meter at its contact: when, by whom, and again after whatever was lost (requirements.md F8, G8). */

import { describe, expect, onTestFinished, test } from 'vitest';
import { contact } from '#driver/contact/contact';
import { renewDueKeys, renewKeys } from '#driver/contact/device-keys';
import { memoryLink } from '#driver/link/memory';
import { type Meter, openMeter } from '#driver/meter';
import { connectMemory } from '#emulator/ports/memory';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { certificate, flashAt, hostKeys, meterWith, type TestMeter } from '#test/support/meter';
import { certified, openOffices } from '#test/support/offices';

async function meterOf(): Promise<TestMeter> {
  const meter = meterWith(await flashAt('refilled'));
  onTestFinished(() => meter[Symbol.asyncDispose]());
  return meter;
}

/** A meter whose certificates end on a day; the clock of the board stands at 2026-03-01. */
async function endingOn(validTo: number): Promise<TestMeter> {
  const meter = await meterOf();
  const officer = await meter.loggedIn('cryptoOfficer');
  await renewKeys(officer, {
    renewCertificates: async (asked) => {
      const keys = certified(asked);
      return {
        device: certificate('device', keyOf(keys.device), { serial: 8 }),
        indicium: certificate('indicium', keyOf(keys.indicium), { serial: 9, validTo }),
      };
    },
  });
  return meter;
}

function fieldsOf(bytes: Uint8Array) {
  const read = readCompactCertificate(bytes);
  if (!read.ok) throw new Error(read.status);
  return read.value;
}
const keyOf = (bytes: Uint8Array): Uint8Array => fieldsOf(bytes).publicKey;
const serialOf = async (meter: Meter): Promise<number> =>
  fieldsOf((await meter.certificates()).device).serial;

describe('keys whose certificates', () => {
  test('are good for long are left as they are', async () => {
    const officer = await (await meterOf()).loggedIn('cryptoOfficer');
    const offices = openOffices();

    const outcome = await renewDueKeys(officer, offices.authority);

    expect(outcome).toEqual({ outcome: 'valid', serial: 7, validTo: 20301231 });
    expect(offices.asked).toEqual([]);
  });

  test.each([
    [20260331, 'valid'],
    [20260330, 'renewed'],
    [20260301, 'renewed'],
  ])('end on %i are %s', async (validTo, outcome) => {
    const officer = await (await endingOn(validTo)).loggedIn('cryptoOfficer');
    const { authority } = openOffices();

    const result = await renewDueKeys(officer, authority);

    expect(result.outcome).toBe(outcome);
    expect(result.validTo).toBe(outcome === 'valid' ? validTo : 20301231);
  });

  test('end soon are told to the user, who cannot renew them', async () => {
    const user = await (await endingOn(20260310)).loggedIn('user');
    const offices = openOffices();

    const { results, failures } = await contact(user, offices);

    expect([...failures]).toEqual([]);
    expect(results.keys).toEqual({ outcome: 'needsOfficer', serial: 9, validTo: 20260310 });
    expect(offices.asked).not.toContain('renewCertificates');
  });

  test('end soon are renewed in a contact of the officer, which goes on in another session', async () => {
    const officer = await (await endingOn(20260310)).loggedIn('cryptoOfficer');
    const before = officer.server?.publicKey;

    const { results, failures, condition } = await contact(officer, openOffices());

    expect([...failures.keys()]).toEqual([]);
    expect(results.keys).toEqual({ outcome: 'renewed', serial: 10, validTo: 20301231 });
    expect(condition.warnings.certificateExpiring).toBe(false);
    expect(officer.server?.publicKey).not.toEqual(before);
    expect((await officer.status()).caller).toBe('nobody');
  });
});

describe('a renewal that is interrupted', () => {
  test('before the authority answers asks for the same keys the next time', async () => {
    const officer = await (await meterOf()).loggedIn('cryptoOfficer');
    const { authority, rules } = openOffices();
    rules.onQuestion = () => {
      throw new Error('the office is shut');
    };
    await expect(renewKeys(officer, authority)).rejects.toThrow('the office is shut');
    const { request } = await officer.renewKeys();
    rules.onQuestion = () => undefined;

    await renewKeys(officer, authority);

    expect(keyOf((await officer.certificates()).device)).toEqual(
      keyOf(certified({ request }).device),
    );
  });

  test('when the meter has the keys is done already', async () => {
    const meter = await endingOn(20260310);
    const officer = await meter.loggedIn('cryptoOfficer');
    const { authority } = openOffices();
    const lossy: Meter = {
      ...officer,
      installRenewedKeys: async (certificates) => {
        await officer.installRenewedKeys(certificates);
        throw new Error('the answer is lost');
      },
    };
    await expect(renewKeys(lossy, authority)).rejects.toThrow('the answer is lost');

    const again = await meter.loggedIn('cryptoOfficer');

    expect((await renewDueKeys(again, authority)).outcome).toBe('valid');
    expect(await serialOf(again)).toBe(9);
  });
});

describe('a host that comes back', () => {
  test('by the key itself does not take another one for it', async () => {
    const meter = await meterOf();
    const known = (await meter.session('user')).server?.publicKey as Uint8Array;
    const trusting = await openMeter(memoryLink(connectMemory(meter.board)), {
      identity: hostKeys.user,
      role: 'user',
      trust: { publicKey: known },
    });
    await renewKeys(await meter.loggedIn('cryptoOfficer'), openOffices().authority);

    await expect(trusting.reconnect()).rejects.toMatchObject({
      message: expect.stringContaining('it has another key'),
    });
    await trusting.close();
  });
});
