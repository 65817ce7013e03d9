/** What the command line is given in files: settings, passwords, tokens, directories. Damage is refused with what to do. */

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli, makeOptions, openWorld, type World } from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const nobodyThere = 'http://127.0.0.1:9';

describe('the settings', () => {
  test.each([
    ['cut off', '{"port":'],
    ['empty', ''],
    ['of another kind', '["port"]'],
    ['null', 'null'],
    ['with a number for a text', '{"port":1}'],
    ['with a name that is not known', '{"port":"tcp:127.0.0.1:9","prot":"x"}'],
  ])('%s are refused and stay as they are', async (_, content) => {
    const home = temporaryFolder();
    const file = join(home, 'settings.json');
    writeFileSync(file, content);

    const { exitCode, error } = await cli('--home', home, 'meter', 'status');

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({
      error: 'settingsDamaged',
      message: `${file} is damaged.`,
      advice: 'Mend it, or remove it.',
    });
    expect(readFileSync(file, 'utf8')).toBe(content);
  });

  test('are remembered when the meter is made, and an option goes before them', async () => {
    const home = await world.homeForMaking();
    const { addresses } = await world.blankDevice();
    const other = await world.blankDevice();
    await cli('meter', 'make', ...makeOptions(world, home, addresses.tcp as string));

    const remembered = await cli('--home', home, 'meter', 'status');
    const said = await cli('--home', home, 'meter', 'status', '--port', `${other.addresses.tcp}`);

    expect(remembered.figures('status')).toMatchObject({ lifeCycle: 'made' });
    expect(said.figures('status')).toMatchObject({ lifeCycle: 'blank' });
  });
});

describe('a file with a secret', () => {
  const cases: [string, (file: string) => void, string, RegExp][] = [
    ['that is missing', () => undefined, 'secretMissing', /cannot be read: ENOENT/],
    ['that is a folder', (file) => mkdirSync(file), 'secretMissing', /cannot be read: EISDIR/],
    ['that is empty', (file) => writeFileSync(file, ''), 'secretEmpty', /holds no/],
    ['of a line end alone', (file) => writeFileSync(file, '\r\n'), 'secretEmpty', /holds no/],
  ];

  test.each(cases)('password: %s', async (_, prepare, reason, message) => {
    const file = join(temporaryFolder(), 'secret');
    prepare(file);

    const { exitCode, error } = await cli(
      ...['--home', temporaryFolder(), 'meter', 'registers', '--port', 'tcp:127.0.0.1:9'],
      ...['--password-file', file],
    );

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: reason, message: expect.stringMatching(message) });
    expect(error?.['advice']).toMatch(/\w+/);
  });

  test.each([
    ...cases,
    [
      'that holds no token',
      (file: string) => writeFileSync(file, 'xyz'),
      'tokenDamaged',
      /holds no token/,
    ] as const,
  ])('token: %s', async (_, prepare, reason, message) => {
    const file = join(temporaryFolder(), 'secret');
    prepare(file);

    const { exitCode, error } = await cli(
      ...['provider', 'pool', '--provider', nobodyThere, '--provider-token', file],
    );

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: reason, message: expect.stringMatching(message) });
  });

  test('the token of another server is refused by the server', async () => {
    const { exitCode, error } = await cli(
      ...['provider', 'pool', '--provider', world.providerUrl],
      ...['--provider-token', world.authorityTokenFile],
    );

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({ error: 'tokenRequired', remedy: 'act' });
  });
});

describe('servers that are not there', () => {
  test.each<[string, (token: string, home: string) => readonly string[]]>([
    ['authority for a provider', (token, home) => [...init(home), ...at('authority', token)]],
    ['authority for findings', (token) => ['authority', 'findings', ...at('authority', token)]],
    ['authority for evidence', (token) => ['verify', evidence, ...at('authority', token)]],
    ['provider for its pool', (token) => ['provider', 'pool', ...at('provider', token)]],
    ['provider for an account', (token) => [...account, ...at('provider', token)]],
  ])('%s', async (_, argv) => {
    const { exitCode, error } = await cli(
      ...argv(world.authorityTokenFile, join(temporaryFolder(), 'new')),
    );

    expect(exitCode).toBe(1);
    expect(error).toMatchObject({
      error: 'serverLink',
      message: `${nobodyThere} cannot be reached: see that it runs, then repeat.`,
    });
  });

  const evidence = '00'.repeat(128);
  const account = ['provider', 'account', '--customer', '1'];
  const init = (directory: string) => ['provider', 'init', '--dir', directory];
  const at = (server: string, token: string) => [
    `--${server}`,
    nobodyThere,
    `--${server}-token`,
    token,
  ];
});

describe('a directory of a server', () => {
  test('is not made where there is something, and what is there stays', async () => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, 'precious'), 'x');

    for (const argv of [
      ['authority', 'init', '--dir', directory],
      ['provider', 'init', '--dir', directory, ...world.atAuthority],
    ]) {
      const { exitCode, error } = await cli(...argv);

      expect(exitCode).toBe(1);
      expect(error?.['message']).toContain('is not empty: name a new directory');
    }
    expect(readFileSync(join(directory, 'precious'), 'utf8')).toBe('x');
  });

  test('is not served where it is damaged, missing or open to others', async () => {
    const damaged = join(temporaryFolder(), 'authority');
    await cli('authority', 'init', '--dir', damaged);
    chmodSync(join(damaged, 'key.pem'), 0o644);

    const open = await cli('authority', 'serve', '--dir', damaged, '--port', '0');
    const missing = await cli('provider', 'serve', '--dir', join(damaged, 'none'), '--port', '0');

    expect(open).toMatchObject({ exitCode: 1, error: { error: 'directory' } });
    expect(open.error?.['message']).toContain('chmod 600 it');
    expect(missing).toMatchObject({ exitCode: 1, error: { error: 'directory' } });
  });

  test('is not served on a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => taken.once('listening', listening));
    const { port } = taken.address() as { port: number };
    const directory = join(temporaryFolder(), 'authority');
    await cli('authority', 'init', '--dir', directory);

    const { exitCode, error } = await cli(
      ...['authority', 'serve', '--dir', directory, '--port', String(port)],
    );
    taken.close();

    expect(exitCode).toBe(1);
    expect(error?.['message']).toContain('EADDRINUSE');
  });
});

describe('a directory of a meter', () => {
  test('is used by one emulator at a time', async () => {
    const directory = join(world.folder, 'in use');
    await world.blankDevice({ directory });

    const { exitCode, error } = await cli('emulate', '--dir', directory);

    expect(exitCode).toBe(1);
    expect(error?.['message']).toMatch(/in use|another emulator|locked/i);
  });

  test('that is damaged is refused, and which file', async () => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, 'board.json'), '{}');

    const { exitCode, error } = await cli('emulate', '--dir', directory);

    expect(exitCode).toBe(1);
    expect(error?.['message']).toContain(`The board in ${directory} is damaged`);
  });
});
