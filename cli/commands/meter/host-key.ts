/** `tessera meter host-key`: another key for this host, in the meter and in its key file (requirements.md F3). */

import type { Command } from 'commander';
import { renewHostKey } from '#driver/host-key';
import { logIn } from '#driver/log-in';
import { wipe } from '#protocol/bytes';
import { type Home, openHome } from '../../home.ts';
import { type AccessOptions, passwordOf, sessionWith } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';

interface Options extends AccessOptions {
  readonly officer?: boolean;
}

export function addHostKey(meter: Command, run: Run): void {
  meter
    .command('host-key')
    .summary('a new key for this host in place of the one it has')
    .description(
      'Of the user or the officer; the password stays. After an interruption, call it again: nothing is lost.',
    )
    .option('--officer', 'of the crypto officer, not of the user')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else from the environment, else asked for')
    .action((options: Options, command: Command) =>
      run((output) => renew(options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

async function renew(options: Options, home: Home, output: Output): Promise<number> {
  const role = options.officer === true ? 'cryptoOfficer' : 'user';
  const password = await passwordOf(role, options.passwordFile);
  try {
    await using meter = await sessionWith(home, role, options, password);
    await logIn(meter, password);
    await renewHostKey(meter, home.keyFile(role), password);
  } finally {
    wipe(password);
  }
  output.say('hostKeyChanged', { role }, 'this host has a new key; the one before opens nothing');
  return 0;
}
