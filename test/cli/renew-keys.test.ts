/** `tessera meter renew-keys`, and what a sync does about keys, with the real offices (requirements.md B8, D4, F8, G8). */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli, cliDone, type MeterAtHand, openWorld, type World } from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';
import { openLossyLine } from './lossy-line.ts';

let world: World;
let meter: MeterAtHand;
let asOfficer: readonly string[];
beforeAll(async () => {
  world = await openWorld();
  meter = await world.refilledMeter();
  asOfficer = ['--home', meter.home, '--password-file', world.passwordFiles.cryptoOfficer];
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  expect(world.faults).toEqual([]);
});

const renew = (...options: readonly string[]) =>
  cli('meter', 'renew-keys', ...asOfficer, ...options);
const refill = () => cli('meter', 'refill', '--amount', '5', ...meter.asUser);
const registers = async () =>
  (await cliDone('meter', 'registers', ...meter.asUser)).figures('registers');
/** What the last event of this step says. */
const keysIn = ({ said }: Awaited<ReturnType<typeof cli>>) =>
  said.findLast(({ step }) => step === 'keys')?.['result'];

/** Of the certificate of the indicium key. */
const serial = async () => {
  const sync = await cliDone('meter', 'sync', ...meter.asUser, '--port', meter.port);
  return (keysIn(sync) as { readonly serial: number }).serial;
};

describe('the keys of a meter', () => {
  test('are renewed by the officer; registers stay, and it prints and refills as before', async () => {
    const before = await registers();

    const done = await renew();

    expect(done.exitCode).toBe(0);
    expect(keysIn(done)).toMatchObject({ outcome: 'renewed' });
    expect(await registers()).toEqual(before);
    const printed = ['--service', '1', '--out', temporaryFolder(), ...meter.asUser];
    expect((await cli('print', ...printed)).exitCode).toBe(0);
    expect((await refill()).exitCode).toBe(0);
    const sync = await cli('meter', 'sync', ...meter.asUser);
    expect(sync.exitCode).toBe(0);
    expect(keysIn(sync)).toMatchObject({ outcome: 'valid' });
    expect(sync.figures('condition')['failed']).toEqual([]);
  });

  test('are not renewed without the authority, and the meter goes on with those it has', async () => {
    const { exitCode } = await renew('--authority', 'http://127.0.0.1:9');

    expect(exitCode).toBe(1);
    expect((await refill()).exitCode).toBe(0);
  });

  // the messages are: reset; two of the handshake, log-in, authority key, born, installed
  test.each([
    ['request', 'old'],
    ['answer', 'new'],
  ] as const)('where the last %s is lost are the %s ones', async (loses, expected) => {
    const home = ['--port', meter.port];
    const before = await serial();
    await using line = await openLossyLine(meter.port, { message: 7, loses });

    const { error } = await renew('--port', line.port);

    expect(error).toMatchObject({ error: 'link' });
    await cliDone('meter', 'refill', '--amount', '5', ...meter.asUser, ...home);
    expect((await serial()) === before).toBe(expected === 'old');
    expect((await renew(...home)).exitCode).toBe(0);
    expect((await refill()).exitCode).toBe(0);
  });
});

test('a meter with other keys gives everything back, which both offices believe', async () => {
  const out = join(temporaryFolder(), 'proof.bin');

  const done = await cli('meter', 'withdraw', '--for-ever', '--out', out, ...asOfficer);

  expect(done.exitCode).toBe(0);
  const findings = [
    '--authority-token',
    world.authorityTokenFile,
    '--authority',
    world.authorityUrl,
  ];
  expect((await cliDone('authority', 'findings', ...findings)).said).toMatchObject([
    { event: 'noFindings' },
  ]);
});
