/** The transaction log shows every movement with the registers before and after, and any tampering; without it nothing moves (requirements.md G6). */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '#cli/database';
import { mills } from '#protocol/mills';
import {
  booksOf,
  granted,
  makeCustomer,
  makeOffice,
  refusalOf,
  requestId,
  signRequest,
} from '#test/support/back-office';
import { makeLoaded } from '#test/support/leaving-meter';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A provider on a file, after a purchase of value, a payment and a refill; and the hand of somebody else on that file. */
async function makeDesk() {
  const path = join(directory, 'provider.sqlite');
  const office = await makeOffice(openDatabase(`sqlite:${path}`));
  const customer = await makeCustomer(office);
  const { customerId, meter } = customer;
  granted(await office.provider.refill({ request: signRequest(meter) }));
  const tamper = (statement: string): void => {
    using database = new DatabaseSync(path);
    database.exec(statement);
  };
  const audit = async () => granted(await office.provider.auditLog({}));
  const pay = (number: number) =>
    office.provider.payIn({ customerId, requestId: requestId(number), amount: mills(1_000) });
  return { office, customer, tamper, audit, pay };
}

test('each movement has its entry, with the registers before and after', async () => {
  const { office, audit } = await makeDesk();

  const { entries } = granted(await office.provider.listLog({ after: 0 }));

  const told = entries.map(({ entry }) => JSON.parse(entry));
  expect(entries.map(({ number, kind }) => `${number} ${kind}`)).toEqual([
    '1 value',
    '2 payment',
    '3 refill',
  ]);
  expect(told[1]).toMatchObject({
    number: 2,
    timeMs: office.clock.timeMs,
    before: { 'customer 1': { balance: 0, paid_in: 0 } },
    after: { 'customer 1': { balance: 200_000, paid_in: 200_000 } },
  });
  expect(told[2]).toMatchObject({
    before: {
      'TS01-0000000001': { credited: 0, refill_sequence: 0 },
      'customer 1': { balance: 200_000 },
      pool: { ascending: 0, descending: 1_000_000 },
    },
    after: {
      'TS01-0000000001': { credited: 50_000, refill_sequence: 1 },
      'customer 1': { balance: 150_000 },
      pool: { ascending: 50_000, descending: 950_000 },
    },
  });
  const head = entries.at(-1)?.chain;
  expect(await audit()).toEqual({ entries: 3, head, isSound: true, problem: undefined });
});

test('every kind of movement is in it, and the audit finds nothing', async () => {
  const { provider, withdraw, prove } = await makeLoaded();
  const { proof } = await withdraw();
  granted(await prove(proof));
  granted(await prove(proof));

  const { entries } = granted(await provider.listLog({ after: 0 }));

  expect(entries.map(({ kind }) => kind)).toEqual([
    'value',
    'payment',
    'refill',
    'refill',
    'withdrawal',
    'proof',
  ]);
  expect(granted(await provider.auditLog({}))).toMatchObject({ entries: 6, isSound: true });
});

describe('an audit finds', () => {
  test.each([
    [
      'an entry that was changed',
      "update transaction_log set entry = replace(entry, '200000', '300000') where number = 2",
      'Entry 2 was changed, or the one before it.',
    ],
    [
      'a chain that was changed',
      "update transaction_log set chain = x'00' where number = 1",
      'Entry 1 was changed, or the one before it.',
    ],
    [
      'an entry that was left out',
      'delete from transaction_log where number = 2',
      'Entry 2 is missing.',
    ],
    [
      'an end that was cut off',
      'delete from transaction_log where number = 3',
      'The log ends with entry 2, but 3 were written.',
    ],
    [
      'money that nobody paid in',
      'update customers set balance = balance + 1',
      'The books of customer 1 are not what the log says.',
    ],
    [
      'value that nobody issued',
      'update pool set descending = descending + 1',
      'The books of pool are not what the log says.',
    ],
    [
      'a meter that was credited beside the log',
      'update meters set credited = credited + 1',
      'The books of TS01-0000000001 are not what the log says.',
    ],
  ])('%s', async (_, statement, problem) => {
    const { tamper, audit } = await makeDesk();

    tamper(statement);

    expect(await audit()).toMatchObject({ isSound: false, problem });
  });

  test('what was changed and used after that', async () => {
    const { tamper, audit, pay } = await makeDesk();
    tamper('update customers set balance = balance + 1');
    granted(await pay(2));

    expect(await audit()).toMatchObject({
      isSound: false,
      problem: 'Entry 4 does not begin where customer 1 was.',
    });
  });
});

describe('nothing moves', () => {
  test.each([
    ['the last entry was changed', "update transaction_log set entry = '{}' where number = 3"],
    ['the end was cut off', 'delete from transaction_log where number = 3'],
    ['the log was emptied', 'delete from transaction_log'],
    ['the place of the end was moved', 'update transaction_log_head set number = 2'],
  ])('after %s', async (_, statement) => {
    const { office, customer, tamper, pay } = await makeDesk();
    const before = await booksOf(office, [customer]);
    tamper(statement);

    const outcomes = [
      await pay(2),
      await office.provider.buyValue({ requestId: requestId(3), amount: mills(5) }),
      await office.provider.refill({
        request: signRequest(customer.meter, { sequence: 2, descending: mills(50_000) }),
      }),
    ];

    expect(outcomes.map(refusalOf)).toEqual(['logHalted', 'logHalted', 'logHalted']);
    expect(await booksOf(office, [customer])).toEqual({ ...before, issued: 1_000_005 });
  });

  test('where the log cannot be written', async () => {
    const { office, customer, tamper, pay } = await makeDesk();
    const before = await booksOf(office, [customer]);
    tamper(
      "create trigger full before insert on transaction_log begin select raise(abort, 'disk full'); end",
    );

    await expect(pay(2)).rejects.toThrow('disk full');
    const request = signRequest(customer.meter, { sequence: 2, descending: mills(50_000) });
    await expect(office.provider.refill({ request })).rejects.toThrow('disk full');

    expect(await booksOf(office, [customer])).toEqual(before);
    tamper('drop trigger full');
    granted(await office.provider.refill({ request }));
    granted(await pay(2));
    expect(granted(await office.provider.auditLog({}))).toMatchObject({
      entries: 5,
      isSound: true,
    });
  });
});
