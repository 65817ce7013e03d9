/** `tessera meter refill`: value is credited once, whatever is declined or interrupted on the way (requirements.md B6, G3). */

import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  cli,
  cliDone,
  type MeterAtHand,
  makeOptions,
  openWorld,
  registration,
  type World,
} from '#test/support/cli';
import { openLossyLine } from './lossy-line.ts';
import { openLossyServer } from './lossy-server.ts';

let world: World;
let meter: MeterAtHand;
/** What the meter holds and the account has left before a test; each test begins where the one before ended. */
let held: number;
let balance: number;

beforeAll(async () => {
  world = await openWorld();
  meter = await world.refilledMeter();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  expect(world.faults).toEqual([]);
});
beforeEach(async () => {
  held = await descending();
  balance = await accountBalance();
});

async function descending(): Promise<number> {
  const { figures } = await cliDone('meter', 'registers', ...meter.asUser);
  return figures('registers')['descendingMills'] as number;
}

async function accountBalance(): Promise<number> {
  const { figures } = await cliDone('provider', 'account', '--customer', '1', ...world.atProvider);
  return figures('account')['balanceMills'] as number;
}

const refill = (amount: string, ...options: readonly string[]) =>
  cli('meter', 'refill', '--amount', amount, ...meter.asUser, ...options);

test('what is credited is what the account pays, to the mill', async () => {
  const { exitCode, figures } = await refill('0.001');

  expect(exitCode).toBe(0);
  expect(figures('refilled')).toMatchObject({
    amountMills: 1,
    descendingMills: held + 1,
    controlSumMills: held + 1,
    refillPendingMills: 0,
  });
  expect(await accountBalance()).toBe(balance - 1);
});

describe('what the provider declines', () => {
  test('has a reason and tells what could be had; another amount can be asked for at once', async () => {
    const { exitCode, error } = await refill('1000');

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({
      error: 'insufficientAccountFunds',
      message: 'The provider declines: the account does not hold that much.',
      advice: `Up to ${(balance / 1000).toFixed(3)} can be had now.`,
    });
    expect(await descending()).toBe(held);
    expect(await accountBalance()).toBe(balance);
    expect((await refill('1')).exitCode).toBe(0);
  });

  test('is told as it is where nothing can be had', async () => {
    await cliDone('provider', 'customer', '--name', 'Poor', ...world.atProvider);
    const poor = await world.homeForMaking();
    const { addresses } = await world.blankDevice();
    const making = world.makeRefilled(poor, addresses.tcp as string, 2);

    await expect(making).rejects.toThrow(/insufficientAccountFunds.*Ask the provider/);
  });
});

test('what the meter may not hold is refused by the meter, which says how much fits', async () => {
  const { exitCode, error } = await refill('4999');

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ error: 'refillAboveMaximum', remedy: 'final' });
  expect(error?.['message']).toContain(`most mills that fit: ${5_000_000 - held}`);
  expect(await descending()).toBe(held);
});

test('a provider that is not there changes nothing; the next call finishes the refill', async () => {
  const away = await refill('2', '--provider', 'http://127.0.0.1:9');
  const next = await refill('2');

  expect(away).toMatchObject({ exitCode: 1, error: { error: 'serverLink' } });
  expect(next.said.map(({ event }) => event)).toEqual(['resuming', 'refilled']);
  expect(await descending()).toBe(held + 2_000);
  expect(await accountBalance()).toBe(balance - 2_000);
});

describe('interrupted between request and credit', () => {
  test('because the answer of the provider was lost: it is given again, and credited once', async () => {
    const loss = { path: /\/refills$/, what: 'answer' } as const;
    await using lossy = await openLossyServer(world.providerUrl, loss);
    const first = await refill('3', '--provider', lossy.url);
    expect(first).toMatchObject({ exitCode: 1, error: { error: 'serverLink' } });
    expect(await accountBalance()).toBe(balance - 3_000);
    expect(await descending()).toBe(held);

    const { exitCode, said, figures } = await refill('3');

    expect(exitCode).toBe(0);
    expect(said.map(({ event }) => event)).toEqual(['resuming', 'refilled']);
    expect(figures('refilled')).toMatchObject({ amountMills: 3_000 });
    expect(await descending()).toBe(held + 3_000);
    expect(await accountBalance()).toBe(balance - 3_000);
  });

  test('a refill of another amount comes after the one that was under way', async () => {
    await refill('4', '--provider', 'http://127.0.0.1:9');

    const { exitCode, said } = await refill('5');

    expect(exitCode).toBe(0);
    expect(said).toMatchObject([
      { event: 'resuming', amountMills: 4_000 },
      { event: 'refilled', amountMills: 4_000 },
      { event: 'refilled', amountMills: 5_000 },
    ]);
    expect(await descending()).toBe(held + 9_000);
    expect(await accountBalance()).toBe(balance - 9_000);
  });

  test('one that was under way and is declined now does not stand in the way of another', async () => {
    await refill('1000', '--provider', 'http://127.0.0.1:9');

    const { exitCode, said } = await refill('6');

    expect(exitCode).toBe(0);
    expect(said).toMatchObject([
      { event: 'resuming', amountMills: 1_000_000 },
      { event: 'declined', error: 'insufficientAccountFunds' },
      { event: 'refilled', amountMills: 6_000 },
    ]);
    expect(await descending()).toBe(held + 6_000);
  });

  // the messages are: reset; two of the handshake, log-in, registers, request, credit, end of the session
  test.each([
    { message: 6, loses: 'request', before: [] },
    { message: 6, loses: 'answer', before: ['resuming'] },
    { message: 7, loses: 'request', before: ['resuming'] },
  ] as const)(
    'because the line lost the $loses of message $message: credited once',
    async ({ before, ...at }) => {
      await using line = await openLossyLine(meter.port, at);
      const first = await refill('7', '--port', line.port);
      expect(first).toMatchObject({ exitCode: 1, error: { error: 'link' } });

      const { exitCode, said } = await refill('7');

      expect(exitCode).toBe(0);
      expect(said.map(({ event }) => event)).toEqual([...before, 'refilled']);
      expect(await descending()).toBe(held + 7_000);
      expect(await accountBalance()).toBe(balance - 7_000);
    },
  );

  test('because the answer to the credit was lost: the meter is asked, and it was credited', async () => {
    await using line = await openLossyLine(meter.port, { message: 7, loses: 'answer' });

    const { exitCode, figures } = await refill('8', '--port', line.port);

    expect(exitCode).toBe(0);
    expect(figures('refilled')).toMatchObject({
      amountMills: 8_000,
      descendingMills: held + 8_000,
      refillPendingMills: 0,
    });
    expect(await accountBalance()).toBe(balance - 8_000);
  });
});

test('the certificate account is refilled for itself', async () => {
  const { figures } = await refill('2', '--account', 'certificate');

  expect(figures('refilled')).toMatchObject({
    account: 'certificate',
    certificateDescendingMills: 2_000,
    descendingMills: held,
  });
  expect(await accountBalance()).toBe(balance - 2_000);
});

test('a current account prints without funds, and settles what it spent, all of it unless told otherwise', async () => {
  const opened = await cliDone('provider', 'customer', '--name', 'Credit', ...world.atProvider);
  const customer = opened.figures('customer')['customerId'] as number;
  await cliDone(
    'provider',
    'pay',
    '--customer',
    `${customer}`,
    '--amount',
    '50',
    ...world.atProvider,
  );
  const home = await world.homeForMaking();
  const port = (await world.blankDevice()).addresses.tcp as string;
  await cliDone('meter', 'make', ...makeOptions(world, home, port));
  const asOfficer = ['--home', home, '--password-file', world.passwordFiles.cryptoOfficer];
  const terms = ['--account-kind', 'current', '--max', '60'];
  await cliDone('meter', 'register', ...asOfficer, ...registration(world, customer), ...terms);
  const asUser = ['--home', home, '--password-file', world.passwordFiles.user];
  const settle = (...options: readonly string[]) =>
    cli('meter', 'refill', '--kind', 'settlement', ...asUser, ...options);
  const out = join(world.folder, 'current');
  await cliDone('print', '--service', '100', '--postage', '30', '--out', out, ...asUser);
  const beyond = await cli('print', '--service', '100', '--postage', '31', '--out', out, ...asUser);

  const part = await settle('--amount', '10');
  const rest = await settle();
  const none = await settle();

  expect(beyond.error).toMatchObject({ error: 'creditLimitReached' });
  expect(part.figures('refilled')).toMatchObject({ settledMills: 10_000 });
  expect(rest.figures('refilled')).toMatchObject({ settledMills: 30_000, kind: 'settlement' });
  expect(none.error).toMatchObject({ error: 'nothingUnsettled' });
  const books = await cliDone(
    'provider',
    'account',
    '--customer',
    `${customer}`,
    ...world.atProvider,
  );
  expect(books.figures('account')).toMatchObject({ balanceMills: 20_000 });
  expect((await cliDone('meter', 'condition', '--home', home)).exitCode).toBe(0);
});
