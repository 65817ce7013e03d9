/** `tessera meter host-key`: the meter and its host get a new key together, wherever it is interrupted (requirements.md F3). */

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createKeyFile, openKeyFile, readKeyFileHeader } from '#driver/key-file';
import { nodeCrypto } from '#driver/node-crypto';
import { cli, type MeterAtHand, openWorld, passwordBytes, type World } from '#test/support/cli';
import { openLossyLine } from './lossy-line.ts';

let world: World;
let meter: MeterAtHand;
let keyFile: string;
beforeAll(async () => {
  world = await openWorld();
  meter = await world.refilledMeter();
  keyFile = join(meter.home, 'user.key');
});
afterAll(() => world[Symbol.asyncDispose]());

const renew = (...options: readonly string[]) =>
  cli('meter', 'host-key', ...meter.asUser, ...options);
const isGood = async () => (await cli('meter', 'registers', ...meter.asUser)).exitCode === 0;
const keyNow = async () =>
  Buffer.from((await readKeyFileHeader(keyFile)).publicKey).toString('hex');

test('the new key is in the file and opens a session, the old file opens none', async () => {
  const before = await keyNow();
  const old = readFileSync(keyFile);

  expect((await renew()).exitCode).toBe(0);

  expect(await keyNow()).not.toBe(before);
  expect([existsSync(`${keyFile}.next`), await isGood()]).toEqual([false, true]);
  const good = readFileSync(keyFile);
  writeFileSync(keyFile, old);
  const { error } = await cli('meter', 'registers', ...meter.asUser);
  expect(error).toMatchObject({ error: 'authenticationFailed' });
  writeFileSync(keyFile, good);
});

// the messages are: reset; two of the handshake, log-in, change, end of the session
test('interrupted before the meter has it, the old file is good, and the same call goes on', async () => {
  const before = await keyNow();
  await using line = await openLossyLine(meter.port, { message: 5, loses: 'request' });

  const { error } = await renew('--port', line.port);

  expect(error).toMatchObject({ error: 'link' });
  expect([await keyNow(), await isGood()]).toEqual([before, true]);
  const left = (await readKeyFileHeader(`${keyFile}.next`)).publicKey;
  expect((await renew('--port', meter.port)).exitCode).toBe(0);
  expect(await keyNow()).toBe(Buffer.from(left).toString('hex'));
});

test('interrupted when the meter has it, the next command finds the new file and puts it in place', async () => {
  const before = await keyNow();
  await using line = await openLossyLine(meter.port, { message: 5, loses: 'answer' });

  const { error } = await renew('--port', line.port);

  expect(error).toMatchObject({ error: 'link' });
  expect(await keyNow()).toBe(before);
  const { exitCode } = await cli('meter', 'registers', ...meter.asUser, '--port', meter.port);
  expect(exitCode).toBe(0);
  expect(await keyNow()).not.toBe(before);
  expect(existsSync(`${keyFile}.next`)).toBe(false);
  using opened = await openKeyFile(keyFile, passwordBytes('user'));
  expect(opened.role).toBe('user');
});

test('a file of an earlier password that was left does not stand in the way', async () => {
  writeFileSync(`${keyFile}.next`, 'no key file');

  expect((await renew('--port', meter.port)).exitCode).toBe(0);

  expect(await isGood()).toBe(true);
});

test.each<[string, object]>([
  ['meter', { meterId: new Uint8Array(8).fill(7) }],
  ['role', { role: 'cryptoOfficer' }],
  ['authority', { authorityKey: nodeCrypto.generateKeyPair().publicKey }],
])(
  'a file for another %s that was left, of the same password, neither counts nor is lost',
  async (_, other) => {
    const before = await readKeyFileHeader(keyFile);
    const next = `${keyFile}.next`;
    const foreign = { ...before, ...nodeCrypto.generateKeyPair(), ...other };
    await createKeyFile(next, foreign, passwordBytes('user'), { logCost: 14 });
    onTestFinished(() => rmSync(next));

    const { error } = await renew('--port', meter.port);

    expect(error).toMatchObject({ message: expect.stringContaining(`${next}: there is a file`) });
    expect(await readKeyFileHeader(keyFile)).toEqual(before);
    expect(await readKeyFileHeader(next)).toMatchObject({ publicKey: foreign.publicKey });
    expect(await isGood()).toBe(true);
  },
);
