/** Refills are answered exactly once (requirements.md G3; domain.md R12, R13, R16, R39, R40). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import type { RefillRequest } from '#protocol/documents/refill';
import { mills } from '#protocol/mills';
import {
  booksOf,
  DAY_MS,
  granted,
  makeCustomer,
  makeMeter,
  makeOffice,
  readAnswer,
  refusalOf,
  requestId,
  signRequest,
} from '#test/support/back-office';

test('a refill moves the amount from the pool and the account to the meter', async () => {
  const office = await makeOffice();
  const customer = await makeCustomer(office, { pool: 1_000_000, balance: 200_000 });

  const answer = await office.provider.refill({ request: signRequest(customer.meter) });

  expect(readAnswer(office, answer)).toMatchObject({ amount: 50_000, reason: 'ok', sequence: 1 });
  expect(await booksOf(office, [customer])).toMatchObject({
    issued: 1_000_000,
    inPool: 950_000,
    sold: 50_000,
    balance: 150_000,
    paidIn: 200_000,
    credited: 50_000,
  });
});

test('the same request gets the same bytes for ever and moves money once', async () => {
  const office = await makeOffice();
  const customer = await makeCustomer(office);
  const first = signRequest(customer.meter);
  const second = signRequest(customer.meter, { sequence: 2, descending: mills(50_000) });
  const answer = granted(await office.provider.refill({ request: first }));
  granted(await office.provider.refill({ request: second }));
  const books = await booksOf(office, [customer]);

  office.clock.timeMs += 3_000 * DAY_MS; // long after the certificate has expired
  const again = granted(await office.provider.refill({ request: first }));

  expect(again).toEqual(answer);
  expect(await booksOf(office, [customer])).toEqual(books);
});

test('requests that arrive at the same time are answered alike and move money once', async () => {
  const office = await makeOffice();
  const customer = await makeCustomer(office);
  const request = signRequest(customer.meter);

  const answers = await Promise.all(
    Array.from({ length: 20 }, () => office.provider.refill({ request })),
  );

  const bytes = answers.map((answer) => Buffer.from(granted(answer).authorisation).toString('hex'));
  expect(new Set(bytes).size).toBe(1);
  expect(await booksOf(office, [customer])).toMatchObject({ credited: 50_000, balance: 150_000 });
});

test('a meter that printed while it waited signs again with other registers and gets the same answer', async () => {
  const office = await makeOffice();
  const customer = await makeCustomer(office);
  granted(await office.provider.refill({ request: signRequest(customer.meter) }));
  const nonce = nodeCrypto.randomBytes(8);
  const waiting = { sequence: 2, nonce, amount: mills(10_000) };
  const before = signRequest(customer.meter, { ...waiting, descending: mills(50_000) });
  const after = signRequest(customer.meter, {
    ...waiting,
    ascending: mills(780),
    descending: mills(49_220),
    pieceCount: 1,
    timeMs: office.clock.timeMs + 60_000,
  });

  const answer = granted(await office.provider.refill({ request: before }));

  expect(granted(await office.provider.refill({ request: after }))).toEqual(answer);
  expect(await booksOf(office, [customer])).toMatchObject({ credited: 60_000 });
});

describe('what cannot be paid is refused with a signature, and ends the refill', () => {
  test.each([
    { pool: 1_000_000, balance: 49_999, reason: 'insufficientAccountFunds', available: 49_999 },
    { pool: 30_000, balance: 49_999, reason: 'insufficientAccountFunds', available: 30_000 },
    { pool: 49_999, balance: 200_000, reason: 'poolEmpty', available: 49_999 },
    { pool: 0, balance: 0, reason: 'insufficientAccountFunds', available: 0 },
  ])('$reason with $balance on the account and $pool in the pool', async (given) => {
    const office = await makeOffice();
    const customer = await makeCustomer(office, given);
    const books = await booksOf(office, [customer]);
    const request = signRequest(customer.meter);

    const answer = await office.provider.refill({ request });

    const { reason, available } = given;
    expect(readAnswer(office, answer)).toMatchObject({ amount: 0, reason, available });
    expect(await office.provider.refill({ request })).toEqual(answer);
    expect(await booksOf(office, [customer])).toEqual(books);
  });

  test('a closed account gets nothing', async () => {
    const office = await makeOffice();
    const { customerId, meter } = await makeCustomer(office);
    granted(await office.provider.closeAccount({ customerId }));

    const answer = await office.provider.refill({ request: signRequest(meter) });

    expect(readAnswer(office, answer)).toMatchObject({ amount: 0, reason: 'accountClosed' });
  });

  test('the next refill has the next sequence, whether the one before was granted or not', async () => {
    const office = await makeOffice();
    const { customerId, meter } = await makeCustomer(office, { balance: 0 });
    granted(await office.provider.refill({ request: signRequest(meter) }));
    const payment = { customerId, requestId: requestId(1), amount: mills(50_000) };
    granted(await office.provider.payIn(payment));

    const answer = await office.provider.refill({ request: signRequest(meter, { sequence: 2 }) });

    expect(readAnswer(office, answer)).toMatchObject({ amount: 50_000, reason: 'ok' });
  });
});

describe('a request that is not the next one gets no answer and changes nothing', () => {
  const nonce = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const held = { descending: mills(50_000) };
  test.each<[string, Partial<RefillRequest>, string]>([
    [
      'another amount under an answered sequence',
      { nonce, amount: mills(50_001) },
      'requestChanged',
    ],
    ['another nonce under an answered sequence', { nonce: new Uint8Array(8) }, 'requestChanged'],
    ['other registers under an answered sequence', { nonce, ...held }, 'requestChanged'],
    ['a sequence left out', { sequence: 3, ...held }, 'outOfSequence'],
    ['sequence 0', { sequence: 0, ...held }, 'outOfSequence'],
    ['the last sequence there is', { sequence: 0xffff_ffff, ...held }, 'outOfSequence'],
    ['a nonce that was used', { sequence: 2, nonce, ...held }, 'nonceReused'],
    [
      'more in the registers than was credited',
      { sequence: 2, descending: mills(50_001) },
      'registersContradict',
    ],
    [
      'less in the registers than was credited',
      { sequence: 2, descending: mills(49_999) },
      'registersContradict',
    ],
  ])('%s', async (_, fields, refusal) => {
    const office = await makeOffice();
    const customer = await makeCustomer(office);
    granted(await office.provider.refill({ request: signRequest(customer.meter, { nonce }) }));
    const books = await booksOf(office, [customer]);

    const answer = await office.provider.refill({ request: signRequest(customer.meter, fields) });

    expect(refusalOf(answer)).toBe(refusal);
    expect(await booksOf(office, [customer])).toEqual(books);
  });

  test('an ascending register that fell', async () => {
    const office = await makeOffice();
    const { meter } = await makeCustomer(office);
    const registers = (ascending: number) => ({
      ascending: mills(ascending),
      descending: mills(50_000 - ascending),
    });
    granted(await office.provider.refill({ request: signRequest(meter) }));
    const second = signRequest(meter, { sequence: 2, ...registers(780), amount: mills(1_000) });
    granted(await office.provider.refill({ request: second }));

    const third = signRequest(meter, {
      sequence: 3,
      ascending: mills(779),
      descending: mills(50_221),
    });

    expect(refusalOf(await office.provider.refill({ request: third }))).toBe('registersContradict');
  });

  test('a meter whose certificate has expired', async () => {
    const office = await makeOffice();
    const { meter } = await makeCustomer(office);
    office.clock.timeMs += 3_000 * DAY_MS;

    const answer = await office.provider.refill({ request: signRequest(meter) });

    expect(refusalOf(answer)).toBe('certificateExpired');
  });
});

test('registers that contradict what was credited are a finding, once for the same request', async () => {
  const office = await makeOffice();
  const { meter } = await makeCustomer(office);
  const request = signRequest(meter, { descending: mills(7) });

  await office.provider.refill({ request });
  await office.provider.refill({ request });

  const { findings } = granted(await office.provider.listFindings({ after: 0 }));
  expect(findings).toEqual([
    {
      findingId: 1,
      kind: 'registersContradict',
      meterId: 'TS01-0000000001',
      text: 'The registers add up to 7 mills, but 0 were credited.',
      evidence: request,
      foundMs: office.clock.timeMs,
    },
  ]);
});

describe('a request that this meter did not sign gets no answer', () => {
  test('forged: signed with another key', async () => {
    const office = await makeOffice();
    const { meter } = await makeCustomer(office);
    const forger = { ...meter, device: nodeCrypto.generateKeyPair() };

    const answer = await office.provider.refill({ request: signRequest(forger) });

    expect(refusalOf(answer)).toBe('signatureInvalid');
  });

  test('for another meter: its own signature, under another number', async () => {
    const office = await makeOffice();
    const { meter } = await makeCustomer(office);
    const { meter: other } = await makeCustomer(office);

    const answer = await office.provider.refill({
      request: signRequest({ ...meter, meterId: other.meterId }),
    });

    expect(refusalOf(answer)).toBe('signatureInvalid');
  });

  test('any bit flipped', async () => {
    const office = await makeOffice();
    const { meter } = await makeCustomer(office);
    const request = signRequest(meter);

    for (let bit = 0; bit < request.length * 8; bit += 5) {
      const flipped = request.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const answer = await office.provider.refill({ request: flipped });
      expect(['documentMalformed', 'meterUnknown', 'signatureInvalid']).toContain(
        refusalOf(answer),
      );
    }
  });

  test('from a meter that is not enrolled here', async () => {
    const office = await makeOffice();
    const stranger = await makeMeter(office.authority);

    const answer = await office.provider.refill({ request: signRequest(stranger) });

    expect(refusalOf(answer)).toBe('meterUnknown');
  });
});
