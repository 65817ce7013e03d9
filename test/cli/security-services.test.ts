/** Keys of a meter at the command line: certificates for others, signatures, messages, proofs (requirements.md D3, D6). */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli, cliDone, type MeterAtHand, openWorld, type World } from '#test/support/cli';
import { pemOf } from '#test/support/openssl';
import { installKeys, type ServingHome } from '#test/support/serving-home';
import { SERVICE_PRICE } from '#test/support/stamping-home';
import { below } from '#test/support/x509-authority';

/** For four installations and fourteen services. */
const FUNDS = '6.300';
const LETTER = 'A letter of some lines.\n';

let world: World;
let meter: MeterAtHand;
let serving: ServingHome;
let folder: string;
let file: string;
beforeAll(async () => {
  world = await openWorld();
  meter = await world.refilledMeter();
  serving = await installKeys(world, meter, FUNDS);
  folder = join(meter.home, 'letters');
  mkdirSync(folder);
  file = join(folder, 'letter.txt');
  writeFileSync(file, LETTER);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  expect(world.faults).toEqual([]);
});

async function certificateFunds(): Promise<number> {
  const { figures } = await cliDone('--home', meter.home, 'meter', 'status');
  return figures('status')['certificateDescendingMills'] as number;
}
const atHome = (...argv: readonly string[]) => cli(...argv, '--home', meter.home);

test('a file is signed, judged here and by the meter, and no other file passes for it', async () => {
  const before = await certificateFunds();

  await cliDone('sign', file, ...meter.asUser);

  expect(await certificateFunds()).toBe(before - SERVICE_PRICE);
  const here = await atHome('verify-signature', file);
  expect(here.figures('verified')).toMatchObject({ isValid: true, byMeter: false });
  const inMeter = await cli('verify-signature', file, '--in-meter', ...meter.asUser);
  expect(inMeter.figures('verified')).toMatchObject({ isValid: true, byMeter: true });
  const other = join(folder, 'other.txt');
  writeFileSync(other, 'Another letter.\n');
  const different = await atHome('verify-signature', other, '--signature', `${file}.p7s`);
  expect(different.exitCode).toBe(1);
  expect(different.figures('verified')['verdict']).toBe('digestDifferent');
  const none = await atHome('verify-signature', file, '--signature', file);
  expect(none.error).toMatchObject({ error: 'signatureMalformed' });
});

test('a file is encrypted to a certificate of the meter, and opened by its key', async () => {
  await cliDone('encrypt', file, '--to', serving.file('agree'), ...meter.asUser);
  const opened = join(folder, 'opened.txt');

  await cliDone('decrypt', `${file}.p7m`, '--out', opened, ...meter.asUser);

  expect(readFileSync(opened, 'utf8')).toBe(LETTER);
  const stranger = below(serving.root, { commonName: 'Somebody', usage: 'agree' });
  const theirs = join(folder, 'stranger.pem');
  writeFileSync(theirs, pemOf('CERTIFICATE', stranger.certificate));
  const message = join(folder, 'theirs.p7m');
  await cliDone('encrypt', file, '--to', theirs, '--out', message, ...meter.asUser);
  const before = await certificateFunds();
  const notMine = await cli('decrypt', message, '--out', opened, ...meter.asUser);
  expect(notMine.error).toMatchObject({ error: 'notForThisMeter' });
  expect(await certificateFunds()).toBe(before);
});

test('a challenge is answered, and the answer is good for that challenge alone', async () => {
  const answer = join(folder, 'answer.bin');
  const [challenge, other] = ['5a'.repeat(32), '5b'.repeat(32)];

  await cliDone('authenticate', 'answer', challenge, '--out', answer, ...meter.asUser);

  const judged = (given: string, holder = serving.file('authenticate')) =>
    atHome('authenticate', 'verify', answer, '--challenge', given, '--holder', holder);
  const good = await judged(challenge);
  expect(good.exitCode).toBe(0);
  expect(good.figures('verified')).toMatchObject({ verdict: 'valid', key: 4 });
  expect((await judged(other)).figures('verified')['verdict']).toBe('challengeDifferent');
  const bySigner = await judged(challenge, serving.file('sign'));
  expect(bySigner.figures('verified')['verdict']).toBe('purpose');
  expect((await cli('authenticate', 'answer', 'abc', ...meter.asUser)).exitCode).toBe(2);
});

test('an agent gives somebody a certificate, with the private key under a password', async () => {
  const before = await certificateFunds();
  const password = join(folder, 'password.txt');
  writeFileSync(password, 'correct horse battery staple\n');
  const out = join(folder, 'employee');
  const issue = (...options: readonly string[]) =>
    cli('agent', 'issue', '--name', 'An Employee', '--days', '20', '--out', out, ...options);

  const { figures } = await issue('--key-password-file', password, ...meter.asUser);

  expect(figures('issued')['files']).toEqual([`${out}.pem`, `${out}.key.pem`, `${out}.p12`]);
  expect(await certificateFunds()).toBe(before - SERVICE_PRICE);
  const certificate = new X509Certificate(readFileSync(`${out}.pem`));
  const agent = new X509Certificate(readFileSync(serving.file('issue')));
  expect(certificate.checkIssued(agent)).toBe(true);
  expect(certificate.verify(agent.publicKey)).toBe(true);
  const passphrase = 'correct horse battery staple';
  const key = createPrivateKey({ key: readFileSync(`${out}.key.pem`), passphrase });
  expect(certificate.checkPrivateKey(key)).toBe(true);
  expect((await issue(...meter.asUser)).exitCode).toBe(2);
  const long = await issue('--days', '400', '--key-password-file', password, ...meter.asUser);
  expect(long.error).toMatchObject({ error: 'validityOutside' });
});

test('or with the private key for a certificate, which the key of that opens', async () => {
  const out = join(folder, 'other-employee');
  const receiver = serving.file('agree');
  const forReceiver = ['--name', 'Another', '--days', '20', '--receiver', receiver, '--out', out];

  await cliDone('agent', 'issue', ...forReceiver, ...meter.asUser);

  const key = join(folder, 'key.der');
  await cliDone('decrypt', `${out}.key.p7m`, '--out', key, ...meter.asUser);
  const privateKey = createPrivateKey({ key: readFileSync(key), format: 'der', type: 'pkcs8' });
  const certificate = new X509Certificate(readFileSync(`${out}.pem`));
  expect(certificate.checkPrivateKey(privateKey)).toBe(true);
  expect(readdirSync(meter.home).filter((name) => name.startsWith('service-'))).toEqual([]);
});
