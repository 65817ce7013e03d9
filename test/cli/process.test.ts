/** The `tessera` command as a process: exit codes, and what goes to standard output and standard error. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cliProcess } from '#test/support/cli';
import { temporaryFolder } from '#test/support/temporary-folder';

const linesOf = (stdout: string): Record<string, unknown>[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('without --json it speaks to a person: to standard output what happened, to standard error what went wrong', async () => {
  const directory = join(temporaryFolder(), 'authority');

  const made = await cliProcess(['authority', 'init', '--dir', directory]);
  const again = await cliProcess(['authority', 'init', '--dir', directory]);

  expect(made).toMatchObject({ exitCode: 0, stderr: '' });
  expect(made.stdout).toMatch(/^authority made in .*\n {2}public key 0[23][0-9a-f]{64}\n/);
  expect(again).toMatchObject({ exitCode: 1, stdout: '' });
  expect(again.stderr).toBe(
    `tessera: ${directory} is not empty: name a new directory, or open what is there.\n`,
  );
});

test('with --json, wherever it stands, every line of standard output is one object, errors too', async () => {
  const directory = join(temporaryFolder(), 'authority');

  const made = await cliProcess(['authority', 'init', '--dir', directory, '--json']);
  const again = await cliProcess(['--json', 'authority', 'init', '--dir', directory]);
  const wrong = await cliProcess(['authority', '--json', 'init']);

  expect(made).toMatchObject({ exitCode: 0, stderr: '' });
  expect(linesOf(made.stdout)).toEqual([
    {
      event: 'authorityMade',
      directory,
      publicKey: expect.stringMatching(/^0[23][0-9a-f]{64}$/),
      tokenFile: join(directory, 'token'),
      nextKeyHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      nextKeySecretFile: join(directory, 'next-key-2.secret'),
    },
  ]);
  expect(again).toMatchObject({ exitCode: 1, stderr: '' });
  expect(linesOf(again.stdout)).toEqual([
    { event: 'error', error: 'directory', message: expect.stringContaining('is not empty') },
  ]);
  expect(wrong).toMatchObject({ exitCode: 2, stderr: '' });
  expect(linesOf(wrong.stdout)).toMatchObject([{ event: 'error', error: 'usage' }]);
});

test('a wrong call tells a person what is wrong and where help is', async () => {
  const { exitCode, stdout, stderr } = await cliProcess(['meter', 'status', '--prot', 'x']);

  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toBe(
    "error: unknown option '--prot'\n(Did you mean --port?)\n(tessera --help, and --help behind any command)\n",
  );
});

test('a password that nobody gives is a wrong call, not a wait for a terminal that is not there', async () => {
  const home = temporaryFolder();

  const { exitCode, stderr } = await cliProcess(
    ['--home', home, 'meter', 'registers', '--port', 'tcp:127.0.0.1:9'],
    { TESSERA_USER_PASSWORD: '' },
  );

  expect(exitCode).toBe(2);
  expect(stderr).toContain('The user password is missing: give a file with it, or set TESSERA_');
});

test('emulate -c runs a command beside a meter of its own, gives it the address, and ends as it ends', async () => {
  const script = join(temporaryFolder(), 'ask.mjs');
  writeFileSync(
    script,
    `import { connect } from 'node:net';
const { TESSERA_PORT, TESSERA_TCP, TESSERA_SERIAL } = process.env;
const [, host, port] = TESSERA_PORT.split(':');
connect(Number(port), host, function () {
  console.log(JSON.stringify({ event: 'asked', isSame: TESSERA_PORT === TESSERA_TCP, TESSERA_SERIAL }));
  this.destroy();
  process.exitCode = 7;
});`,
  );

  const { exitCode, stdout, stderr } = await cliProcess(
    ['--json', 'emulate', '-c', `"$NODE" "$SCRIPT"`],
    { NODE: process.execPath, SCRIPT: script },
  );

  expect(stderr).toBe('');
  expect(linesOf(stdout)).toEqual([
    {
      event: 'ready',
      tcp: expect.stringMatching(/^tcp:127\.0\.0\.1:\d+$/),
      cpu: 'node-vm',
      cryptoEngine: true,
      serialNumber: expect.stringMatching(/^TS[0-9A-F]+$/),
    },
    { event: 'asked', isSame: true },
  ]);
  expect(exitCode).toBe(7);
});

test('emulate --no-crypto-engine runs a meter that computes by itself', async () => {
  const { exitCode, stdout } = await cliProcess([
    '--json',
    'emulate',
    '--no-crypto-engine',
    '-c',
    'true',
  ]);

  expect(linesOf(stdout)).toMatchObject([{ event: 'ready', cryptoEngine: false }]);
  expect(exitCode).toBe(0);
});

test('emulate --cpu quickjs runs the bytecode on the embedded processor', async () => {
  const { exitCode, stdout } = await cliProcess([
    '--json',
    'emulate',
    '--cpu',
    'quickjs',
    '-c',
    'true',
  ]);

  expect(linesOf(stdout)).toMatchObject([{ event: 'ready', cpu: 'quickjs' }]);
  expect(exitCode).toBe(0);
});

test('emulate --control -c gives its command a board to control', async () => {
  const script = join(temporaryFolder(), 'control.mjs');
  writeFileSync(
    script,
    `const { TESSERA_CONTROL } = process.env;
const off = await fetch(TESSERA_CONTROL + '/v1/powerOff', {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: 'Bearer a token' },
  body: '{}',
});
const { indicator, entropy } = await off.json();
console.log(JSON.stringify({ event: 'off', indicator, seed: entropy.seed }));`,
  );

  const { exitCode, stdout, stderr } = await cliProcess(
    ['--json', 'emulate', '--control', '0', '--seed', '7', '-c', `"$NODE" "$SCRIPT"`],
    { NODE: process.execPath, SCRIPT: script, TESSERA_CONTROL_TOKEN: 'a token' },
  );

  expect(stderr).toBe('');
  expect(linesOf(stdout)).toMatchObject([
    { event: 'ready', control: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), seed: 7 },
    { event: 'off', indicator: 'powerOff', seed: 7 },
  ]);
  expect(exitCode).toBe(0);
});

test('emulate -c with a command that ends by a signal fails', async () => {
  const { exitCode } = await cliProcess(['emulate', '-c', 'kill -9 $$']);

  expect(exitCode).toBe(1);
});

test('the version is that of the package', async () => {
  const { exitCode, stdout } = await cliProcess(['--version']);

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
