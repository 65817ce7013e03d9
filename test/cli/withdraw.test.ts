/** The end of a meter and the books behind it, with the real provider and authority (requirements.md B7, G7; R22, R23). */

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli, cliDone, type MeterAtHand, openWorld, type World } from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';
import { openLossyServer } from './lossy-server.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await cliDone('provider', 'pay', '--customer', '1', '--amount', '1000', ...world.atProvider);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  expect(world.faults).toEqual([]);
});

const asOfficer = ({ home }: MeterAtHand) => [
  ...['--home', home, '--password-file', world.passwordFiles.cryptoOfficer],
];
const withdraw = (meter: MeterAtHand, ...options: readonly string[]) =>
  cli('meter', 'withdraw', '--for-ever', ...asOfficer(meter), ...options);
const balance = async () =>
  (await cliDone('provider', 'account', '--customer', '1', ...world.atProvider)).figures('account')[
    'balanceMills'
  ] as number;
const status = async ({ home }: MeterAtHand) =>
  (await cliDone('meter', 'status', '--home', home)).figures('status');

test('all that is left comes back to the account, and the proof is kept', async () => {
  const meter = await world.refilledMeter();
  await cliDone('print', '--service', '1', '--out', temporaryFolder(), ...meter.asUser);
  const before = await balance();
  const out = join(temporaryFolder(), 'proof.bin');

  const { exitCode, figures } = await withdraw(meter, '--out', out);

  expect(exitCode).toBe(0);
  expect(figures('withdrawn')).toMatchObject({
    postalMills: 99_220,
    ascendingMills: 780,
    pieceCount: 1,
  });
  expect(readFileSync(out).subarray(0, 4).toString()).toBe('TWR1');
  expect(await balance()).toBe(before + 99_220);
  expect(await status(meter)).toMatchObject({ lifeCycle: 'withdrawn', descendingMills: 0 });
  const of = ['--meter', (await status(meter))['meter'] as string];
  const { said } = await cliDone('provider', 'withdrawals', ...of, ...world.atProvider);
  expect(said).toMatchObject([
    { verdict: 'agreed', postalMills: 99_220, isProved: true, isToldToAuthority: true },
  ]);
});

test('is meant, or nothing happens', async () => {
  const meter = await world.refilledMeter();

  const { exitCode } = await cli('meter', 'withdraw', ...asOfficer(meter));

  expect(exitCode).toBe(2);
  expect(await status(meter)).toMatchObject({ lifeCycle: 'registered', descendingMills: 100_000 });
});

test.each([
  ['request', /\/withdrawals$/],
  ['answer', /\/withdrawals$/],
  ['request', /\/proofs$/],
  ['answer', /\/proofs$/],
] as const)(
  'interrupted where the %s of %s is lost: finished by the next call, credited once',
  async (what, path) => {
    const meter = await world.refilledMeter();
    const before = await balance();
    await using lossy = await openLossyServer(world.providerUrl, { path, what });
    const first = await withdraw(meter, '--provider', lossy.url);

    const { exitCode } = await withdraw(meter);
    const third = await withdraw(meter);

    expect(first).toMatchObject({ exitCode: 1, error: { error: 'serverLink' } });
    expect([exitCode, third.exitCode]).toEqual([0, 0]);
    expect(await balance()).toBe(before + 100_000);
    expect(await status(meter)).toMatchObject({ lifeCycle: 'withdrawn' });
  },
);

test('a proof that cannot be verified is not handed over', async () => {
  const meter = await world.refilledMeter();
  const loss = { path: /\/proofs$/, what: 'request' } as const;
  await using lossy = await openLossyServer(world.providerUrl, loss);
  await withdraw(meter, '--provider', lossy.url);
  const before = await balance();
  rmSync(join(meter.home, 'device-key.bin'));

  const { exitCode, error } = await withdraw(meter);

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ error: 'homeMissing' });
  expect(await balance()).toBe(before);
});

test('the books of provider and authority are equal to the mill', async () => {
  const ours = await cli('provider', 'reconcile', ...world.atProvider);
  const theirs = await cli(
    ...['authority', 'reconcile', '--provider', '1', '--authority', world.authorityUrl],
    ...['--authority-token', world.authorityTokenFile],
  );

  expect(ours.figures('reconciliation')).toMatchObject({ isEqual: true, differences: [] });
  expect(theirs.figures('reconciliation')).toMatchObject({ isEqual: true, differences: [] });
  expect([ours.exitCode, theirs.exitCode]).toEqual([0, 0]);
});
