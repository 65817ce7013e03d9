/** `tessera meter password`: a new password for a role, in the meter and on its key file (requirements.md A5, F3). */

import type { Command } from 'commander';
import { RefusedError } from '#driver/errors';
import { changeKeyFilePassword, KeyFileError, openKeyFile } from '#driver/key-file';
import { wipe } from '#protocol/bytes';
import type { Role } from '#protocol/state';
import { type Home, openHome } from '../../home.ts';
import { type AccessOptions, loggedInWith, passwordOf } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { secretFrom } from '../../secret.ts';

interface Options extends AccessOptions {
  readonly officer?: boolean;
  readonly newPasswordFile?: string;
}

const titles = { user: 'user', cryptoOfficer: 'officer' } as const;

export function addPassword(meter: Command, run: Run): void {
  meter
    .command('password')
    .summary('change the password of user or officer')
    .description(
      'Of the key file and of the meter. After an interruption, call it again as before.',
    )
    .option('--officer', 'of the crypto officer, not of the user')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
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
    await changeBoth(home, role, options, { old: oldPassword, new: newPassword });
  } finally {
    wipe(oldPassword, newPassword);
  }
  output.say('passwordChanged', { role }, `the password of the ${titles[role]} is changed`);
  return 0;
}

interface Passwords {
  readonly old: Uint8Array;
  readonly new: Uint8Array;
}

/**
 * The key file first, then the meter: where that is interrupted, the same call finds the key file under the new password
 * and goes on, and no wrong password is ever tried on the meter, which counts them.
 */
async function changeBoth(
  home: Home,
  role: Role,
  options: AccessOptions,
  passwords: Passwords,
): Promise<void> {
  const path = home.keyFile(role);
  const isBegun = await opensWithNewOnly(path, passwords);
  const keyFile = isBegun ? passwords.new : passwords.old;
  await using meter = await loggedInWith(home, role, options, { keyFile, meter: passwords.old });
  if (!isBegun) await changeKeyFilePassword(path, passwords.old, passwords.new);
  try {
    await meter.changePassword({
      oldPassword: passwords.old.slice(),
      newPassword: passwords.new.slice(),
    });
  } catch (error) {
    if (error instanceof RefusedError)
      await changeKeyFilePassword(path, passwords.new, passwords.old);
    throw error;
  }
}

async function opensWithNewOnly(path: string, passwords: Passwords): Promise<boolean> {
  try {
    (await openKeyFile(path, passwords.old))[Symbol.dispose]();
    return false;
  } catch (error) {
    if (!(error instanceof KeyFileError) || error.reason !== 'passwordWrong') throw error;
    try {
      (await openKeyFile(path, passwords.new))[Symbol.dispose]();
      return true;
    } catch {
      throw error; // neither opens it: the old one is the one that was asked for
    }
  }
}
