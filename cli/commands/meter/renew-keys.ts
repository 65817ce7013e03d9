/** `tessera meter renew-keys`: another device key and another indicium key, certified by the authority (requirements.md F8, G8). */

import type { Command } from 'commander';
import { renewAuthorityKey } from '#driver/contact/authority-key';
import { renewKeys } from '#driver/contact/device-keys';
import { contactTeller } from '../../contact-text.ts';
import { UsageError } from '../../failure.ts';
import { type Home, openHome } from '../../home.ts';
import { interrupted } from '../../interrupt.ts';
import { type AccessOptions, loggedIn } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { authorityAt } from '../../servers.ts';

interface Options extends AccessOptions {
  readonly authority?: string;
}

export function addRenewKeys(meter: Command, run: Run): void {
  meter
    .command('renew-keys')
    .summary('new keys for the meter itself, before their certificates end')
    .description(
      `Other keys are born in the meter, and the authority certifies them; those before are erased. Registers and counts stay.
After an interruption, call it again: keys that wait for their certificates are the ones that get them.`,
    )
    .option('--port <url>', 'the meter: serial:/path or tcp:host:port')
    .option('--authority <url>', 'the authority: http://127.0.0.1:PORT')
    .option(
      '--password-file <file>',
      'of the officer; else $TESSERA_OFFICER_PASSWORD, else asked for',
    )
    .action((options: Options, command: Command) =>
      run((output) => renew(options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

async function renew(options: Options, home: Home, output: Output): Promise<number> {
  const url = options.authority ?? home.settings.authority;
  if (url === undefined) throw new UsageError('Say --authority: nothing is remembered for it.');
  const authority = authorityAt(url);
  using interrupt = interrupted();
  const { signal } = interrupt;
  const tell = contactTeller(output);
  await using meter = await loggedIn(home, 'cryptoOfficer', options);
  const result = await renewAuthorityKey(meter, authority, { signal });
  await home.believe(result.certificates);
  tell({ step: 'authorityKey', result });
  tell({ step: 'keys', result: await renewKeys(meter, authority, { signal }) });
  return 0;
}
