/** `tessera meter password`: a new password for a role, in the meter and on its key file (requirements.md A5, F3). */

import type { Command } from 'commander';
import { changeKeyFilePassword } from '#driver/key-file';
import { wipe } from '#protocol/bytes';
import type { Role } from '#protocol/state';
import { type Home, openHome } from '../../home.ts';
import { type AccessOptions, loggedIn, passwordOf } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { secretFrom } from '../../secret.ts';

interface Options extends AccessOptions {
  readonly officer?: boolean;
  readonly newPasswordFile?: string;
}

export function addPassword(meter: Command, run: Run): void {
  meter
    .command('password')
    .summary('change the password of user or officer')
    .option('--officer', 'of the crypto officer, not of the user')
    .option('--port <url>', 'the meter: serial:/path or tcp:host:port')
    .option('--password-file <file>', 'the old one; else from the environment, else asked for')
    .option('--new-password-file <file>', 'else $TESSERA_NEW_PASSWORD, else asked for')
    .action((options: Options, command: Command) =>
      run((output) => change(options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

async function change(options: Options, home: Home, output: Output): Promise<number> {
  const role: Role = options.officer === true ? 'cryptoOfficer' : 'user';
  const oldPassword = await passwordOf(role, options.passwordFile);
  const newPassword = await secretFrom({
    file: options.newPasswordFile,
    variable: 'TESSERA_NEW_PASSWORD',
    what: 'new password',
  });
  try {
    await using meter = await loggedIn(home, role, options);
    await meter.changePassword({
      oldPassword: oldPassword.slice(),
      newPassword: newPassword.slice(),
    });
    await changeKeyFilePassword(home.keyFile(role), oldPassword, newPassword);
  } finally {
    wipe(oldPassword, newPassword);
  }
  output.say('passwordChanged', { role }, `the password of the ${role} is changed`);
  return 0;
}
