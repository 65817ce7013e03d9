/** `tessera meter zeroize`: destroys every key, for ever (requirements.md A7; FIPS 140-3 zeroization). */

import type { Command } from 'commander';
import { UsageError } from '../../failure.ts';
import { type Home, openHome } from '../../home.ts';
import { type AccessOptions, loggedIn } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';

interface Options extends AccessOptions {
  readonly forEver?: boolean;
}

export function addZeroize(meter: Command, run: Run): void {
  meter
    .command('zeroize')
    .summary('destroy every key of the meter, for ever')
    .description('The registers stay readable; the value in them can no longer be spent.')
    .option('--for-ever', 'say that it is meant')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option(
      '--password-file <file>',
      'of the officer; else $TESSERA_OFFICER_PASSWORD, else asked for',
    )
    .action((options: Options, command: Command) =>
      run((output) => zeroize(options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

async function zeroize(options: Options, home: Home, output: Output): Promise<number> {
  if (options.forEver !== true)
    throw new UsageError('Nothing was done: say --for-ever if every key shall be destroyed.');
  await using meter = await loggedIn(home, 'cryptoOfficer', options);
  await meter.zeroize();
  output.say('zeroized', {}, 'every key of the meter is destroyed');
  return 0;
}
