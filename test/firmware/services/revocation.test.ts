/** Keys of the user on the real image, and their end, by the numerals of P fig. 6 (requirements.md B8, D4, D5; domain.md R11, R51, R53). */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import {
  revocationConfirmationDocument,
  revocationRequestDocument,
} from '#protocol/documents/user-key';
import { meterAt, meterId, meterWith, providerKeys, type TestMeter } from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';
import {
  buyServices,
  type CERTIFICATE_FUNDS,
  charges,
  holder,
  keyRequestIn,
  revocationOrder,
  servicesFlash,
  servicesTable,
  stampingFlash,
  takeKey,
  transaction,
} from '#test/support/user-keys';

async function deviceKeyOf(meter: Meter): Promise<Uint8Array> {
  const read = readCompactCertificate((await meter.certificates()).device);
  if (!read.ok) throw new Error(read.status);
  return read.value.publicKey;
}

describe('fig. 6, a revocation', () => {
  let meter: TestMeter;
  let user: Meter;
  beforeAll(async () => {
    meter = meterWith(await stampingFlash());
    user = await meter.loggedIn('user');
  });
  afterAll(() => meter[Symbol.asyncDispose]());
  const keyOne = async () => ({
    number: 1,
    publicKey: (await user.userKeys()).keys[0]?.publicKey ?? new Uint8Array(),
  });

  test('602: the request is signed by the device key', async () => {
    const { request } = await user.requestRevocation({ number: 1, reason: 'keyCompromise' });

    const read = revocationRequestDocument.verify(nodeCrypto, await deviceKeyOf(user), request);
    expect(read).toMatchObject({
      ok: true,
      value: { meterId, ...(await keyOne()), reason: 'keyCompromise', deviceSerial: 7 },
    });
    const other = () => user.requestRevocation({ number: 5, reason: 'superseded' });
    await expectRefused(meter, other, 'keyUnknown');
  });

  test('614: an order that the authority did not sign for this key is refused', async () => {
    const key = await keyOne();
    const revoke = (order: Uint8Array) => () => user.revokeKey({ requestId: transaction(), order });

    await expectRefused(meter, revoke(revocationOrder(key, {}, providerKeys)), 'signatureInvalid');
    await expectRefused(
      meter,
      revoke(revocationOrder({ ...key, publicKey: providerKeys.publicKey })),
      'keyMismatch',
    );
    await expectRefused(meter, revoke(revocationOrder({ ...key, number: 2 })), 'keyUnknown');
    const elsewhere = { meterId: meterId.map((byte, at) => (at === 4 ? byte ^ 1 : byte)) };
    await expectRefused(meter, revoke(revocationOrder(key, elsewhere)), 'documentForOtherMeter');
  });

  test('616, 624: the key is gone at once, and the confirmation tells what was paid', async () => {
    const key = await keyOne();
    const order = revocationOrder(key);
    const before = await user.registers();
    const request = { requestId: transaction(), order };

    const { confirmation } = await user.revokeKey(request);

    const read = revocationConfirmationDocument.verify(
      nodeCrypto,
      await deviceKeyOf(user),
      confirmation,
    );
    expect(read).toMatchObject({
      ok: true,
      value: {
        ...key,
        orderDigest: nodeCrypto.sha256(order),
        paid: charges.revocation,
        due: 0,
        certificatePieceCount: before.certificatePieceCount + 1,
      },
    });
    expect((await user.userKeys()).keys).toEqual([]);
    const after = await user.registers();
    expect(before.certificateDescending - after.certificateDescending).toBe(charges.revocation);
    expect(await user.revokeKey(request)).toEqual({ confirmation });
    expect(await user.registers()).toEqual(after);
  });

  test.each([
    { what: '620: without funds by one mill, what is due', funds: -1, order: {}, due: true },
    { what: '624: with funds to the mill', funds: 0, order: {}, due: false },
    {
      what: 'a forced one whose payment is waived',
      funds: -1,
      order: { isCharged: false, isForced: true },
      due: false,
    },
  ])('$what', async ({ funds, order, due }) => {
    await using poor = await meterAt('refilled');
    const officer = await poor.loggedIn('cryptoOfficer');
    await officer.installRateTable(servicesTable());
    const amount = charges.certificate + charges.revocation + funds;
    await buyServices(poor, amount as typeof CERTIFICATE_FUNDS);
    const { request } = await takeKey(await poor.loggedIn('cryptoOfficer'), holder('sign'));
    const caller = await poor.loggedIn('user');

    const { confirmation } = await caller.revokeKey({
      requestId: transaction(),
      order: revocationOrder(request, order),
    });

    const read = revocationConfirmationDocument.read(confirmation);
    const paid = due || 'isCharged' in order ? 0 : charges.revocation;
    expect(read).toMatchObject({ ok: true, value: { paid, due: due ? charges.revocation : 0 } });
    expect((await caller.userKeys()).keys).toEqual([]);
  });

  test('a lock does not keep it from being done', async () => {
    await using late = meterWith(await stampingFlash());
    late.clock.advance(200 * 86_400_000);
    const caller = await late.loggedIn('user');
    const [key] = (await caller.userKeys()).keys;
    if (key === undefined) throw new Error('the meter has no key');

    await caller.revokeKey({ requestId: transaction(), order: revocationOrder(key) });

    expect((await caller.userKeys()).keys).toEqual([]);
    expect((await caller.condition()).locks.inspectionOverdue).toBe(true);
  });
});

/** The sealed keys of users in a flash: what sealing gave differs each time, so that it is looked for by its own bytes. */
async function sealedIn(contents: Uint8Array, publicKey: Uint8Array): Promise<number> {
  const flash = Buffer.from(contents);
  let found = 0;
  for (let at = flash.indexOf(publicKey); at >= 0; at = flash.indexOf(publicKey, at + 1))
    found += 1;
  return found;
}

test('a key that was revoked is nowhere in flash, sealed or in clear', async () => {
  await using meter = meterWith(await stampingFlash());
  const user = await meter.loggedIn('user');
  const [key] = (await user.userKeys()).keys;
  if (key === undefined) throw new Error('the meter has no key');
  const contents = Buffer.from(meter.flash.contents());
  const at = contents.indexOf(key.publicKey);
  const sealed = contents.subarray(at + 34, at + 34 + 60); // behind its length, in the same slot
  expect(contents[at + 33]).toBe(60);

  await user.revokeKey({ requestId: transaction(), order: revocationOrder(key) });

  const after = Buffer.from(meter.flash.contents());
  expect(after.includes(sealed)).toBe(false);
  expect(await sealedIn(after, key.publicKey)).toBe(0);
});

test('a key that was dropped is nowhere in flash, sealed or in clear', async () => {
  await using meter = meterWith(await servicesFlash());
  const officer = await meter.loggedIn('cryptoOfficer');
  const { publicKey, number } = keyRequestIn((await officer.requestKey(holder('sign'))).request);
  expect(await sealedIn(meter.flash.contents(), publicKey)).toBeGreaterThan(0);

  await officer.dropKey(number);

  expect(await sealedIn(meter.flash.contents(), publicKey)).toBe(0);
});
