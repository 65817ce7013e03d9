/** The host of a meter: what its command line says, and every file that it keeps (requirements.md F3). */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openKeyFile } from '#driver/key-file';
import { findSecrets } from '#emulator/secret-scan';
import { cliProcess, openWorld, passwordBytes } from '#test/support/cli';
import { blindIn } from './run.ts';

export interface HostRow {
  readonly secrets: number;
  readonly found: readonly string[];
  readonly blind: readonly string[];
  readonly files: number;
  readonly bytesSaid: number;
}

/** Commands that log in, that cannot, and that ask without. */
const commandsOf = (
  home: string,
  password: string,
  wrong: string,
): readonly (readonly string[])[] => [
  ['--home', home, 'meter', 'registers', '--password-file', password],
  ['--home', home, '--json', 'meter', 'registers', '--password-file', wrong],
  ['--home', home, '--json', 'meter', 'status'],
];

export async function runHost(): Promise<HostRow> {
  await using world = await openWorld();
  const { home } = await world.refilledMeter();
  const { user, cryptoOfficer } = world.passwordFiles;
  let said = '';
  for (const command of commandsOf(home, user, cryptoOfficer)) {
    const { stdout, stderr } = await cliProcess(command);
    said += stdout + stderr;
  }
  const secrets: Record<string, Uint8Array> = {
    'password of the user': passwordBytes('user'),
    'password of the officer': passwordBytes('cryptoOfficer'),
  };
  const paths = readdirSync(home, { recursive: true, encoding: 'utf8' })
    .map((name) => join(home, name))
    .filter((path) => statSync(path).isFile());
  for (const role of ['user', 'cryptoOfficer'] as const) {
    const path = paths.find((each) => each.endsWith(role === 'user' ? 'user.key' : 'officer.key'));
    if (path === undefined) throw new Error(`no key file of ${role} among ${paths.join()}`);
    using identity = await openKeyFile(path, passwordBytes(role));
    secrets[`host key of ${role}`] = identity.privateKey.slice();
  }
  const files = Buffer.concat(paths.map((path) => readFileSync(path)));
  const content = { 'command line': said, files };
  const found = findSecrets(secrets, content, { bytesMin: 16 });
  return {
    secrets: Object.keys(secrets).length,
    found: found.map(({ secret, place, form }) => `${secret} in ${place}, ${form}`),
    blind: blindIn(content),
    files: paths.length,
    bytesSaid: said.length,
  };
}
