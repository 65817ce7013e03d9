/** The authority's key rolls over, and everybody follows: meters, hosts, provider, verifier (requirements.md D8, F8, G8). */

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAuthorityDirectory } from '#cli/server/directory';
import { toTyped } from '#driver/typed-bytes';
import { authorityKeyDocument } from '#protocol/documents/authority-key';
import {
  cli,
  cliDone,
  cliProcess,
  type MeterAtHand,
  openWorld,
  type World,
} from '#test/support/cli';

let world: World;
let first: MeterAtHand;
let second: MeterAtHand;
/** What the first meter made under the first key. */
let earlyIndicium: Uint8Array;
beforeAll(async () => {
  world = await openWorld();
  await cliDone('provider', 'pay', '--customer', '1', '--amount', '500', ...world.atProvider);
  first = await world.refilledMeter();
  second = await world.refilledMeter();
  earlyIndicium = await print(first, 'under the first key');
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  expect(world.faults).toEqual([]);
});

let prints = 0;
async function print(meter: MeterAtHand, reference: string): Promise<Uint8Array> {
  prints += 1;
  const out = join(world.folder, `label-${prints}`);
  const piece = ['--service', '1', '--out', out, '--reference', reference];
  const { figures } = await cliDone('print', ...piece, ...meter.asUser);
  return figures('printed')['indicium'] as Uint8Array;
}

const secretOf = (sequence: number) => join(world.authorityPath, `next-key-${sequence}.secret`);

/** The key with this number takes over. */
async function rollOver(sequence: number): Promise<void> {
  await world.whileAuthorityRests(() =>
    cliDone(
      ...['authority', 'rollover', '--dir', world.authorityPath],
      ...['--secret-file', secretOf(sequence)],
    ),
  );
}

const sync = (meter: MeterAtHand) => cli('meter', 'sync', ...meter.asUser);
const keyOf = async ({ home }: MeterAtHand) =>
  (await cliDone('--home', home, 'meter', 'authority-key')).figures('authorityKey');
const verify = (indicium: Uint8Array) =>
  cli(
    ...['verify', Buffer.from(indicium).toString('hex')],
    ...['--authority', world.authorityUrl, '--authority-token', world.authorityTokenFile],
  );
async function publishRates(): Promise<void> {
  const file = join(world.folder, 'rates.json');
  const { figures } = await cliDone('authority', 'rates', 'export', ...world.atAuthority);
  writeFileSync(file, JSON.stringify(figures('rates')['rates']));
  await cliDone(
    ...['authority', 'rates', 'publish', '--file', file, '--from', 'today'],
    ...world.atAuthority,
  );
}

test('a meter that is made knows the hash of the next key', async () => {
  const { sequence, nextKeyHash } = await keyOf(first);

  expect(sequence).toBe(1);
  const shown = await cliDone('authority', 'key', '--dir', world.authorityPath);
  expect(nextKeyHash).toEqual(shown.figures('authorityKey')['nextKeyHash']);
});

test('a key that is sealed with another secret does not take over', async () => {
  const wrong = join(world.folder, 'wrong.secret');
  writeFileSync(wrong, 'ff'.repeat(32));

  const { exitCode, error } = await cli(
    ...['authority', 'rollover', '--dir', world.authorityPath, '--secret-file', wrong],
  );

  expect([exitCode, String(error?.['message'])]).toEqual([1, expect.stringMatching(/not open/)]);
});

describe('once the second key has taken over', () => {
  beforeAll(() => rollOver(2));

  test('the private key before it is gone, and the one behind it is sealed', async () => {
    const names = readdirSync(world.authorityPath);

    expect(names).toContain('key-2.pem');
    expect(names).toContain('next-key-3.pem');
    expect(names).not.toContain('key.pem');
    expect(names.filter((name) => name.startsWith('next-key-2'))).toEqual([]);
  });

  test('the provider learns it with the first value that it buys', async () => {
    await cliDone('provider', 'buy', '--amount', '10', ...world.atProvider);
  });

  test('a sync brings it to the meter, which takes rates, inspection and refill under it', async () => {
    await publishRates();

    const { exitCode, said } = await sync(first);

    expect(exitCode).toBe(0);
    const step = said.find((each) => each['step'] === 'authorityKey');
    expect(step?.['result']).toMatchObject({ outcome: 'renewed', sequence: 2, installed: 1 });
    await cliDone('meter', 'refill', '--amount', '2', ...first.asUser);
  });

  test('evidence from before and from after is accepted', async () => {
    expect((await verify(earlyIndicium)).exitCode).toBe(0);
    expect((await verify(await print(first, 'under the second key'))).exitCode).toBe(0);
  });

  test('a meter made now is certified by the second key, and licensed', async () => {
    const third = await world.refilledMeter();

    expect((await keyOf(third))['sequence']).toBe(2);
    expect((await verify(await print(third, 'a new meter'))).exitCode).toBe(0);
  });
});

describe('a meter that was away for two of them', () => {
  beforeAll(() => rollOver(3));

  test('is brought through both, one by one, by a single sync', async () => {
    expect((await keyOf(second))['sequence']).toBe(1);

    const { exitCode, said } = await sync(second);

    expect(exitCode).toBe(0);
    const step = said.find((each) => each['step'] === 'authorityKey');
    expect(step?.['result']).toMatchObject({ outcome: 'renewed', sequence: 3, installed: 2 });
    expect(existsSync(join(second.home, 'authority-keys.bin'))).toBe(true);
  });

  test('keeps its device certificate, which the host believes by the chain', async () => {
    expect((await sync(second)).exitCode).toBe(0);
    expect((await verify(await print(second, 'after both'))).exitCode).toBe(0);
  });
});

describe('a key entered by hand', () => {
  const typedFile = () => join(world.folder, 'typed.txt');
  const enter = (...options: readonly string[]) =>
    cli('--home', first.home, 'meter', 'authority-key', '--typed', typedFile(), ...options);
  let certificate: Uint8Array;
  beforeAll(async () => {
    const { settings } = await openAuthorityDirectory(world.authorityPath);
    certificate = settings.authorityKeys?.[2] as Uint8Array;
  });

  test('with a slip is refused with the number of the line, before the meter is asked', async () => {
    const lines = toTyped(certificate).split('\n');
    const slip = (letter: string): string => (letter === 'Z' ? 'Y' : 'Z');
    lines[4] = (lines[4] as string).replace(/(?<=^5 {2}.)./, slip);
    writeFileSync(typedFile(), lines.join('\n'));

    const { exitCode, error } = await enter();

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: 'typedWrong' });
    expect(String(error?.['message'])).toMatch(/line 5/);
  });

  test('with another hash than was told is not brought to the meter', async () => {
    writeFileSync(typedFile(), toTyped(certificate));

    expect((await enter('--hash', '00'.repeat(32))).error).toMatchObject({ error: 'hashDiffers' });
    expect((await keyOf(first))['sequence']).toBe(2);
  });

  test('is taken like one from the port, with the hash that was told', async () => {
    writeFileSync(typedFile(), toTyped(certificate).toLowerCase().replaceAll('-', ' '));
    const read = authorityKeyDocument.read(certificate);
    const { sequence } = read.ok ? read.value : { sequence: 0 };
    const shown = await cliDone('authority', 'key', '--dir', world.authorityPath);
    const told = shown.figures('authorityKey')['publicKey'] as Uint8Array;

    const { exitCode } = await enter('--hash', await sha256(told));

    expect([exitCode, (await keyOf(first))['sequence']]).toEqual([0, sequence]);
  });

  test('is found in all that the authority prints, by a meter that was away for two of them', async () => {
    const away = await world.refilledMeter();
    await rollOver(4);
    await rollOver(5);
    const printed = await cliProcess(['authority', 'key', '--dir', world.authorityPath, '--typed']);
    writeFileSync(typedFile(), printed.stdout);

    const { exitCode, figures } = await cli(
      ...['--home', away.home, 'meter', 'authority-key', '--typed', typedFile()],
    );

    expect(exitCode).toBe(0);
    expect(figures('authorityKeyRenewed')).toMatchObject({ sequence: 5, installed: 2 });
  });
});

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes));
  return Buffer.from(digest).toString('hex');
}
