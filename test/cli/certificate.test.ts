/** A key of the user from its request to its revocation, by the command line, over a real meter and authority (requirements.md D4, D5). */

import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli, cliDone, openWorld, type World } from '#test/support/cli';

let world: World;
let asUser: readonly string[];
let asOfficer: readonly string[];

beforeAll(async () => {
  world = await openWorld();
  const { home } = await world.refilledMeter();
  const as = (role: 'user' | 'cryptoOfficer') => [
    '--home',
    home,
    '--password-file',
    world.passwordFiles[role],
  ];
  asUser = as('user');
  asOfficer = as('cryptoOfficer');
  await cliDone('meter', 'refill', '--account', 'certificate', '--amount', '20', ...asUser);
});
afterAll(() => world[Symbol.asyncDispose]());

const home = (): readonly string[] => asUser.slice(0, 2);
const atAuthority = (...words: readonly string[]) =>
  cli('authority', 'certificates', ...words, ...world.atAuthority);
const file = (name: string): string => join(world.folder, name);

async function requested(
  use: string,
  name: string,
): Promise<{ key: string; number: string; state: unknown }> {
  const { figures } = await cliDone(
    'certificate',
    'request',
    '--use',
    use,
    '--name',
    name,
    ...asOfficer,
  );
  const { key, number, state } = figures('keyRequest');
  return { key: String(key), number: String(number), state };
}

describe('a certificate for postmarks', () => {
  test('needs nobody at the authority, is charged when it is installed, and may be had again', async () => {
    const { key, state } = await requested('timeStamp', 'Front desk');
    const out = file('stamp.pem');
    const root = file('root.pem');

    const first = await cliDone(
      'certificate',
      'install',
      '--key',
      key,
      '--out',
      out,
      '--root',
      root,
      ...asOfficer,
    );
    const again = await cliDone('certificate', 'install', '--key', key, ...asOfficer);

    expect(state).toBe('approved');
    expect(first.figures('certificateInstalled')['isNew']).toBe(true);
    expect(again.figures('certificateInstalled')['isNew']).toBe(false);
    const certificate = new X509Certificate(readFileSync(out));
    expect(certificate.verify(new X509Certificate(readFileSync(root)).publicKey)).toBe(true);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.8']);
    const { figures } = await cliDone('certificate', 'list', ...asUser);
    expect(figures('userKey')).toMatchObject({
      isActive: true,
      uses: 'timeStamp',
      commonName: 'Front desk',
    });
  });
});

test('a postmark of a certified key is valid by the root and the list of the authority', async () => {
  const letter = file('letter.txt');
  const list = file('authority.crl');
  writeFileSync(letter, 'A letter.');
  await cliDone('certificate', 'crl', '--out', list, ...home());

  await cliDone('postmark', 'stamp', letter, ...asUser);
  const { figures } = await cliDone('postmark', 'verify', letter, '--crl', list, ...home());

  expect(figures('verified')['verdict']).toBe('valid');
});

describe('a certificate to sign', () => {
  test('waits for the operator, who sees what is asked', async () => {
    const { key, number, state } = await requested('sign', 'Ada Writer');
    const early = await cli('certificate', 'install', '--key', key, ...asOfficer);
    const shown = await atAuthority('show', number, '--csr', file('sign.csr'));
    const pending = await atAuthority('list', '--pending');

    const approved = await atAuthority('approve', number);

    expect([state, early.error?.['error']]).toEqual(['pending', 'keyRequestPending']);
    expect(shown.figures('keyRequest')).toMatchObject({ uses: 'sign', commonName: 'Ada Writer' });
    expect(readFileSync(file('sign.csr'), 'utf8')).toMatch(
      /^-----BEGIN CERTIFICATE REQUEST-----\n/,
    );
    expect(pending.said.map(({ number: each }) => String(each))).toEqual([number]);
    expect(approved.figures('keyRequestApproved')['state']).toBe('approved');
    const told = await cliDone('certificate', 'state', '--key', key, ...home());
    expect(told.figures('keyRequest')['state']).toBe('approved');
    await cliDone('certificate', 'install', '--key', key, ...asOfficer);
  });

  test('that is refused tells why, and is never given', async () => {
    const { key, number } = await requested('sign', 'Somebody Else');
    await atAuthority('refuse', number, '--reason', 'No such person works there.');

    const told = await cli('certificate', 'state', '--key', key, ...home());
    const installed = await cli('certificate', 'install', '--key', key, ...asOfficer);

    expect(told.exitCode).toBe(1);
    expect(told.figures('keyRequest')['reason']).toBe('No such person works there.');
    expect(installed.error?.['error']).toBe('keyRequestRefused');
  });
});

describe('a revocation', () => {
  test('by the user destroys the key, is paid, and is on the list', async () => {
    const { figures } = await cliDone(
      'certificate',
      'revoke',
      '--key',
      '1',
      '--reason',
      'superseded',
      ...asUser,
    );

    expect(figures('keyRevoked')).toMatchObject({
      isForced: false,
      payment: { paid: 500, due: 0 },
    });
    const listed = await atAuthority('revoked');
    expect(listed.figures('revocation')).toMatchObject({ reason: 'superseded', paid: 500, due: 0 });
    await cliDone('certificate', 'crl', '--out', file('list.crl'), ...home());
    expect(existsSync(file('list.crl'))).toBe(true);
  });

  test('by the authority reaches the meter at its next contact, and costs nothing', async () => {
    const { said } = await atAuthority('list');
    const mine = said.find(({ commonName }) => commonName === 'Ada Writer');
    await atAuthority('revoke', String(mine?.['number']), '--reason', 'privilegeWithdrawn');

    const { said: steps } = await cliDone('meter', 'sync', ...asUser);

    const step = steps.find((each) => each['step'] === 'revocations');
    expect(step?.['result']).toMatchObject([{ isForced: true, payment: { paid: 0, due: 0 } }]);
    expect((await atAuthority('due')).figures('noRevocations')).toBeDefined();
    const { said: keys } = await cliDone('certificate', 'list', ...asUser);
    expect(keys.map(({ commonName }) => commonName)).toEqual(['Somebody Else']);
  });
});
