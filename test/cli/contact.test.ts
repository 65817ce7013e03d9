/** `tessera meter sync` and what belongs to it, with the real authority and provider (requirements.md A8, A9, F7, F8). */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '#emulator/clock';
import { parseMeterId } from '#protocol/documents/meter-id';
import { mills } from '#protocol/mills';
import {
  cli,
  cliDone,
  type MeterAtHand,
  openWorld,
  type Said,
  type World,
} from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';

let world: World;
let meter: MeterAtHand;
let clock: ManualClock;
let name: string;
let token: readonly string[];

beforeAll(async () => {
  world = await openWorld();
  clock = createManualClock(Date.now());
  meter = await world.refilledMeter({ clock });
  token = ['--authority-token', world.authorityTokenFile];
  name = (await cliDone('--home', meter.home, 'meter', 'status')).figures('status')[
    'meter'
  ] as string;
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  expect(world.faults).toEqual([]);
});

const sync = (...options: readonly string[]) => cli('meter', 'sync', ...meter.asUser, ...options);
const authority = (...words: readonly string[]) =>
  cli('authority', ...words, '--authority', world.authorityUrl, ...token);
const ofMeter = () => ['--meter', name];
const steps = (said: readonly Said[]) =>
  said.filter(({ event }) => event === 'contactStep').map(({ step }) => step);

describe('a sync', () => {
  test('does every step, hands over the log, and tells how the meter is', async () => {
    const { exitCode, said, figures } = await sync();

    expect(exitCode).toBe(0);
    expect(steps(said)).toEqual([
      ...['authorityKey', 'orders', 'revocations', 'clock'],
      ...['refill', 'licence', 'rates', 'inspection', 'keys'],
    ]);
    const { logCount, logAcknowledged, failed } = figures('condition');
    expect([logAcknowledged, failed]).toEqual([logCount, []]);
  });

  test('finishes a refill that was under way', async () => {
    const away = ['--provider', 'http://127.0.0.1:9'];
    await cli('meter', 'refill', '--amount', '3', ...meter.asUser, ...away);

    const { said } = await sync();

    expect(said.find(({ step }) => step === 'refill')).toMatchObject({
      result: { outcome: 'credited', wish: { amount: 3_000 } },
    });
  });

  test('goes on where an office is away, and says so with its exit code', async () => {
    const { exitCode, figures, said } = await sync('--provider', 'http://127.0.0.1:9');
    const alone = await sync('--authority', 'http://127.0.0.1:9');

    expect(exitCode).toBe(0); // nothing was to be asked of the provider
    expect(figures('condition')['failed']).toEqual([]);
    expect(steps(said)).toContain('inspection');
    expect(alone.exitCode).toBe(1);
    expect(alone.figures('condition')['failed']).toEqual([
      ...['authorityKey', 'orders', 'revocations', 'clock'],
      ...['licence', 'rates', 'inspection'], // the keys are good
    ]);
  });

  test('brings rates that were published for later, and those of today', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'rates.json');
    const { figures } = await authority('rates', 'export');
    const services = figures('rates')['rates'] as { serviceId: number }[];
    writeFileSync(file, JSON.stringify(services));
    const published = await authority('rates', 'publish', '--file', file, '--from', '+5');

    const { said, figures: after } = await sync();

    const { version } = published.figures('ratesPublished');
    expect(said.find(({ step }) => step === 'rates')).toMatchObject({ result: [{ version }] });
    expect(after('condition')).toMatchObject({ rateVersion: 1, nextRateVersion: version });
  });

  test('buys by itself once it was told to, where the funds are low', async () => {
    const auto = ['--auto', '--amount', '5', '--below', '1000'];
    const told = await cli('meter', 'refill', ...auto, ...meter.asUser);
    const first = await sync();
    await cli('meter', 'refill', '--no-auto', ...meter.asUser);
    const second = await sync();

    expect(told.figures('refilled')).toMatchObject({ amountMills: 5_000 });
    expect(first.said.find(({ step }) => step === 'autoRefill')).toMatchObject({
      result: { outcome: 'credited', wish: { amount: 5_000 } },
    });
    expect(steps(second.said)).not.toContain('autoRefill');
  });

  test('renews a licence, for which the officer is asked too', async () => {
    await world.operator.grantLicence({
      meterId: parseMeterId(name) as Uint8Array,
      originZip: 20_260,
      providerId: 1,
      descendingMax: mills(5_000_000),
      postageMin: mills(160),
      postageMax: mills(999_990),
      lowFunds: mills(500_000),
    });

    const asUser = await sync();
    const both = await sync('--officer-password-file', world.passwordFiles.cryptoOfficer);

    const licences = (said: readonly Said[]) =>
      said.filter(({ step }) => step === 'licence').map(({ result }) => result);
    expect(licences(asUser.said)).toMatchObject([{ outcome: 'needsOfficer', sequence: 2 }]);
    expect(licences(both.said)).toMatchObject([
      { outcome: 'needsOfficer' },
      { outcome: 'renewed', sequence: 2 },
    ]);
    const { warnings } = both.figures('condition') as unknown as {
      warnings: Record<string, boolean>;
    };
    expect(warnings['lowFunds']).toBe(true);
  });
});

describe('an order of the authority', () => {
  test('locks the meter at its next contact, and unlocks it again', async () => {
    const ordered = await authority('lock', ...ofMeter(), '--reason', 'stolen');
    const locked = await cli('meter', 'locks', '--home', meter.home);
    const printed = await cli(
      'print',
      '--service',
      '1',
      '--out',
      temporaryFolder(),
      ...meter.asUser,
    );
    await authority('unlock', ...ofMeter());
    const unlocked = await cli('meter', 'locks', '--home', meter.home);
    const orders = await authority('orders', ...ofMeter());

    expect(ordered.figures('ordered')).toMatchObject({ action: 'lock', reason: 'stolen' });
    expect(locked.exitCode).toBe(1);
    expect(locked.figures('condition')).toMatchObject({
      locks: { locked: true },
      lockReason: 'stolen',
    });
    expect(printed.error).toMatchObject({ error: 'locked', remedy: 'act' });
    expect(unlocked.exitCode).toBe(0);
    expect(orders.said).toMatchObject([{ action: 'lock', reason: 'stolen' }, { action: 'unlock' }]);
  });
});

describe('the clock', () => {
  test('that lost its battery is set again, without a password', async () => {
    clock.loseTrust();
    const before = await cli('meter', 'condition', '--home', meter.home);
    const set = await cliDone('meter', 'clock', '--home', meter.home);
    const again = await cliDone('meter', 'clock', '--home', meter.home);
    const after = await cli('meter', 'condition', '--home', meter.home);

    expect(before.exitCode).toBe(1);
    expect(before.figures('condition')).toMatchObject({ locks: { clockNotTrusted: true } });
    expect(set.figures('clock')).toMatchObject({ outcome: 'set', beforeMs: 0 });
    expect(again.figures('clock')).toMatchObject({ outcome: 'right' });
    expect(after.exitCode).toBe(0);
  });
});

describe('an inspection', () => {
  test('is judged check by check, and its report kept', async () => {
    const out = join(temporaryFolder(), 'report.bin');

    const { exitCode, figures } = await cli('meter', 'inspect', ...meter.asUser, '--out', out);

    expect(exitCode).toBe(0);
    expect(figures('inspection')).toMatchObject({ accepted: true });
    expect(readFileSync(out).subarray(0, 4).toString()).toBe('TIR1');
  });
});

describe('the security log', () => {
  test('is told record by record, from any on, and exported as it is', async () => {
    const file = join(temporaryFolder(), 'log.bin');
    const whole = await cliDone('meter', 'log', ...meter.asUser);
    const part = await cliDone('meter', 'log', '--from', '3', ...meter.asUser);
    const exported = await cliDone('meter', 'log', '--export', file, ...meter.asUser);

    expect(whole.said.map(({ count }) => count)).toEqual(
      Array.from({ length: whole.said.length }, (_, at) => at + 1),
    );
    expect(whole.said[1]).toMatchObject({ event: 'record', what: 'made', count: 2 });
    expect(part.said).toHaveLength(whole.said.length - 2);
    expect(exported.figures('exported')).toMatchObject({ from: 1, records: whole.said.length });
    expect(readFileSync(file)).toHaveLength(64 * whole.said.length);
  });

  test('holds the last refills', async () => {
    const { said } = await cliDone('meter', 'history', ...meter.asUser);

    expect(said[0]).toMatchObject({
      event: 'pastRefill',
      sequence: 1,
      kind: 'purchase',
      requestedMills: 100_000,
      creditedMills: 100_000,
    });
    expect(said.map(({ sequence }) => sequence)).toEqual(said.map((_, at) => at + 1));
  });
});

test('no meter is overdue while each is heard of', async () => {
  const { said } = await authority('overdue');

  expect(said).toMatchObject([{ event: 'noneOverdue' }]);
});

test('a meter that is revoked produces nothing any more, whatever is ordered behind it', async () => {
  const other = await world.refilledMeter();
  const { figures } = await cliDone('--home', other.home, 'meter', 'status');
  const which = ['--meter', figures('status')['meter'] as string];
  await authority('revoke', ...which, '--reason', 'stolen');
  const locked = await cli('meter', 'locks', '--home', other.home);
  const unlocked = await authority('unlock', ...which);
  const printed = await cli('print', '--service', '1', '--out', temporaryFolder(), ...other.asUser);

  expect(locked.exitCode).toBe(1);
  expect(locked.figures('condition')).toMatchObject({ locks: { revoked: true } });
  expect(unlocked.exitCode).toBe(1);
  expect(printed.error).toMatchObject({ error: 'revoked', remedy: 'final' });
});
