/** Credit, tickets and digital tokens by the command line, from the keys to the settlement, over real parties (requirements.md C2, C7, E1, E2). */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli, cliDone, openWorld, type World } from '#test/support/cli';

let world: World;
let home: string;
let asUser: readonly string[];
let asOfficer: readonly string[];
let stamped = '';
const keys: Record<string, string> = {};
const file = (name: string): string => join(world.folder, name);

/** Asks for a key, lets the operator approve it, and installs its certificate. */
async function certify(use: string, name: string): Promise<string> {
  const asked = ['--use', use, '--name', name];
  const { figures } = await cliDone('certificate', 'request', ...asked, ...asOfficer);
  const { key, number, state } = figures('keyRequest');
  if (state === 'pending')
    await cliDone('authority', 'certificates', 'approve', String(number), ...world.atAuthority);
  await cliDone('certificate', 'install', '--key', String(key), ...asOfficer);
  return String(key);
}

beforeAll(async () => {
  world = await openWorld();
  ({ home } = await world.refilledMeter());
  const as = (role: 'user' | 'cryptoOfficer') => [
    '--home',
    home,
    '--password-file',
    world.passwordFiles[role],
  ];
  asUser = as('user');
  asOfficer = as('cryptoOfficer');
  await cliDone('meter', 'refill', '--account', 'certificate', '--amount', '20', ...asUser);
  keys['stamp'] = await certify('timeStamp', 'Front desk');
  keys['pay'] = await certify('pay', 'Purser');
  keys['sign'] = await certify('sign', 'Box office');
  const again = ['--key', keys['sign'], '--grant', file('sign.grant')];
  await cliDone('certificate', 'install', ...again, ...asOfficer);
});
afterAll(() => world[Symbol.asyncDispose]());

const request = (...words: readonly string[]) =>
  cli(
    ...['credit', 'request', '--holder', 'Ada', '--amount', '50', '--use', 'goods,travel'],
    ...['--key', String(keys['pay']), '--stamp-key', String(keys['stamp'])],
    ...['--request', file('request.json'), '--out', file('line.json')],
    ...words,
    ...asUser,
  );

describe('a line of credit', () => {
  test('is refused where no terms are set; its postmark is kept for the next time', async () => {
    const { exitCode, error } = await request();

    expect([exitCode === 0, error?.['event']]).toEqual([false, 'error']);
    stamped = readFileSync(file('request.json'), 'utf8');
  });

  test('is asked for with a postmark, granted by the terms, and put into the meter', async () => {
    const issuer = file('issuer.json');
    const certifying = ['--provider-id', '1', '--out', issuer];
    await cliDone('credit', 'certify', ...certifying, ...world.atAuthority);
    const terms = ['--issuer', issuer, '--automatic', '100', '--most', '500'];
    await cliDone('credit', 'terms', ...terms, ...world.atProvider);

    const asked = await request();
    await cliDone('credit', 'install', file('line.json'), ...asUser);
    const shown = await cliDone('credit', 'show', ...asUser);

    expect(readFileSync(file('request.json'), 'utf8')).toBe(stamped);
    expect(asked.figures('credit')['state']).toBe('granted');
    expect(shown.figures('line')).toMatchObject({
      amountMills: 50_000,
      restMills: 50_000,
      payments: 0,
      uses: ['goods', 'travel'],
    });
  });

  test('pays, to a merchant who judges it without a network, and is settled once', async () => {
    const payment = file('payment.json');
    const to = ['--merchant', 'order 17', '--amount', '12.50'];
    const paying = [...to, '--use', 'travel', '--out', payment];
    await cliDone('credit', 'pay', file('line.json'), ...paying, ...asUser);

    const judged = await cli('credit', 'verify', payment, ...to, '--home', home);
    const other = await cli('credit', 'verify', payment, '--merchant', 'order 18', '--home', home);
    const provider = ['--provider', world.providerUrl];
    const settled = await cli('credit', 'settle', payment, ...provider);
    const again = await cli('credit', 'settle', payment, ...provider);

    expect([judged.exitCode, other.exitCode]).toEqual([0, 1]);
    expect([settled.exitCode, again.exitCode]).toEqual([0, 0]);
    const shown = await cliDone('credit', 'show', ...asUser);
    expect(shown.figures('line')).toMatchObject({ restMills: 37_500, payments: 1 });
  });

  test('pays no mill more than is left, and for nothing else', async () => {
    const pay = (amount: string, use: string) =>
      cli(
        ...['credit', 'pay', file('line.json'), '--amount', amount, '--use', use],
        ...['--merchant', 'x', '--out', file('more.json'), ...asUser],
      );

    const [tooMuch, elsewhere] = [await pay('37.501', 'goods'), await pay('1', 'postage')];

    expect(tooMuch.exitCode).not.toBe(0);
    expect(elsewhere.exitCode).not.toBe(0);
    const shown = await cliDone('credit', 'show', ...asUser);
    expect(shown.figures('line')['restMills']).toBe(37_500);
  });
});

test('a damaged payment is no payment', async () => {
  const papers = JSON.parse(readFileSync(file('payment.json'), 'utf8')) as Record<string, string>;
  const damaged = Object.fromEntries(
    Object.entries(papers).map(([name, hex]) => [name, hex.replace(/..$/, '00')]),
  );
  writeFileSync(file('damaged.json'), JSON.stringify(damaged));

  const judged = await cli('credit', 'verify', file('damaged.json'), '--home', home);

  expect(judged.exitCode).not.toBe(0);
});

describe('a ticket', () => {
  test('lets in once at a gate without a network, and never another one', async () => {
    const ticket = file('ticket.bin');
    const now = Date.now();
    const minute = (ms: number): string => new Date(ms).toISOString().slice(0, 16).concat('Z');
    const days = ['--from', minute(now - 3_600_000), '--to', minute(now + 3_600_000)];
    const what = ['--event', '7', '--seat', 'Row 1', '--price', '25', '--out', ticket];
    await cliDone('ticket', 'issue', '--key', String(keys['sign']), ...days, ...what, ...asUser);
    const gate = ['--grant', file('sign.grant'), '--event', '7', '--home', home];
    const used = ['--used', file('used.txt'), '--gate', 'north'];

    const checked = await cli('ticket', 'check', ticket, ...gate);
    const first = await cli('ticket', 'gate', ticket, ...gate, ...used);
    const second = await cli('ticket', 'gate', ticket, ...gate, ...used);
    const elsewhere = ['--grant', file('sign.grant'), '--event', '8', '--home', home];
    const other = await cli('ticket', 'check', ticket, ...elsewhere);

    const codes = [checked, first, second, other].map(({ exitCode }) => exitCode);
    expect(codes).toEqual([0, 0, 1, 1]);
  });
});

describe('a digital token', () => {
  test('is charged as postage, judged by the authority, and seen twice by it', async () => {
    const authority = ['--authority', world.authorityUrl];
    await cliDone('token', 'keys', ...authority, ...asOfficer);
    const token = file('token.bin');
    await cliDone('token', 'create', '--postage', '0.78', '--out', token, ...asUser);
    const hex = readFileSync(token).toString('hex');

    const first = await cli('verify', hex, ...world.atAuthority);
    const second = await cli('verify', hex, ...world.atAuthority);

    expect(hex).toHaveLength(40);
    expect([first.exitCode, second.exitCode]).toEqual([0, 1]);
  });
});
