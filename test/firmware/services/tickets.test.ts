/** Tickets on the real image (requirements.md C7, B3, B5, B8). */

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import type { RequestOf } from '#protocol/command';
import { ticketDocument, verifyGrant, verifyTicket } from '#protocol/documents/ticket';
import { mills } from '#protocol/mills';
import { TEST_TIME_MS } from '#test/support/board';
import { payingFlash } from '#test/support/credit';
import { authorityKeys, meterId, meterWith, type TestMeter } from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';
import { charges, grantFor, transaction } from '#test/support/user-keys';

const SIGN_KEY = 2;

let meter: TestMeter;
let user: Meter;
beforeAll(async () => {
  meter = meterWith(await payingFlash());
  user = await meter.loggedIn('user');
});
afterAll(() => meter[Symbol.asyncDispose]());

const ticket = (changes: Partial<RequestOf<'createTicket'>> = {}): RequestOf<'createTicket'> => ({
  requestId: transaction(),
  number: SIGN_KEY,
  eventId: 70_001,
  kind: 'admission',
  validFrom: 29_000_000,
  validTo: 30_000_000,
  seat: ascii('Row 12, seat 34.'),
  uses: 2,
  price: mills(25_000),
  ...changes,
});

test('a ticket is what was asked for, signed by the key whose grant a gate has', async () => {
  const before = await user.registers();

  const { ticket: made } = await user.createTicket(ticket());

  expect(made).toHaveLength(126); // a Data Matrix of 44 × 44 holds 142
  const key = (await user.userKeys()).keys.find(({ number }) => number === SIGN_KEY);
  if (key === undefined) throw new Error('there is no key');
  const grant = verifyGrant(nodeCrypto, authorityKeys.publicKey, grantFor(key, new Uint8Array()));
  if (!grant.ok) throw new Error(grant.status);
  expect(verifyTicket(nodeCrypto, grant.value, made)).toMatchObject({
    ok: true,
    value: {
      meterId,
      number: before.certificatePieceCount + 1,
      issued: TEST_TIME_MS / 60_000,
      eventId: 70_001,
      kind: 'admission',
      seat: ascii('Row 12, seat 34.'),
      uses: 2,
      price: 25_000,
    },
  });
  const after = await user.registers();
  expect(before.certificateDescending - after.certificateDescending).toBe(charges.ticket);
});

test('the same request again gives the same ticket; a new one has another number', async () => {
  const request = ticket();
  const first = await user.createTicket(request);
  const before = await user.registers();

  expect(await user.createTicket(request)).toEqual(first);
  expect(await user.registers()).toEqual(before);

  const { ticket: next } = await user.createTicket(ticket());
  const numberOf = (bytes: Uint8Array): number => {
    const read = ticketDocument.read(bytes);
    return read.ok ? read.value.number : 0;
  };
  expect(numberOf(next)).toBe(numberOf(first.ticket) + 1);
});

test.each<[string, Partial<RequestOf<'createTicket'>>, string]>([
  ['that ends before it begins', { validFrom: 5, validTo: 4 }, 'fieldOutOfRange'],
  ['that lets nobody in', { uses: 0 }, 'fieldOutOfRange'],
  ['for a seat of 17 characters', { seat: new Uint8Array(17).fill(65) }, 'fieldOutOfRange'],
  ['for a seat of no letters', { seat: Uint8Array.of(7) }, 'fieldOutOfRange'],
  ['under a key that may not sign', { number: 1 }, 'keyNotFor'],
  ['under a key that is not there', { number: 9 }, 'keyUnknown'],
])('one %s is refused, and nothing is charged', async (_, changes, status) => {
  await expectRefused(meter, () => user.createTicket(ticket(changes)), status);
});

test('no key signs a content that could pass for one, which has a number and a charge of its own', async () => {
  const { ticket: made } = await user.createTicket(ticket());
  const forged = made.slice(0, -64);
  forged[12] = (forged[12] as number) ^ 1; // another number

  const ask = () =>
    user.signContent({ requestId: transaction(), number: SIGN_KEY, content: forged });

  await expectRefused(meter, ask, 'contentReserved');
});
