/** `tessera meter register`: licence, provider and rates for a made meter (requirements.md G1, B4). */

import type { Command } from 'commander';
import { renewRates } from '#driver/contact/renewal';
import { formatMeterId } from '#protocol/documents/meter-id';
import { type Home, needed, openHome } from '../../home.ts';
import { type AccessOptions, loggedIn } from '../../meter-access.ts';
import { customerNumber, zipCode } from '../../options.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { authorityAt, providerAt } from '../../servers.ts';
import { type LicenceTerms, limitText, termsOf, withTerms } from './licence-terms.ts';

interface Options extends AccessOptions, LicenceTerms {
  readonly authority?: string;
  readonly authorityToken: string;
  readonly provider?: string;
  readonly providerToken: string;
  readonly customer: number;
  readonly zip: number;
}

export function addRegister(meter: Command, run: Run): void {
  withTerms(meter.command('register'))
    .summary('license a made meter and enrol it with a provider')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--authority <url>', 'the authority: http://127.0.0.1:PORT')
    .requiredOption('--authority-token <file>', "the authority operator's token")
    .option('--provider <url>', 'the provider: http://127.0.0.1:PORT')
    .requiredOption('--provider-token <file>', "the provider operator's token")
    .requiredOption('--customer <number>', 'whose account pays for refills', customerNumber)
    .requiredOption('--zip <zip>', 'where mail is posted', zipCode)
    .option(
      '--password-file <file>',
      'of the officer; else $TESSERA_OFFICER_PASSWORD, else asked for',
    )
    .action((options: Options, command: Command) =>
      run((output) => register(options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

async function register(options: Options, home: Home, output: Output): Promise<number> {
  const authorityUrl = needed(options.authority, home.settings.authority, '--authority');
  const providerUrl = needed(options.provider, home.settings.provider, '--provider');
  const authority = authorityAt(authorityUrl, options.authorityToken);
  const provider = providerAt(providerUrl, options.providerToken);
  await using meter = await loggedIn(home, 'cryptoOfficer', options);

  const certificate = meter.server?.certificate ?? new Uint8Array(0); // as it was proved in the handshake
  const { meterId } = await provider.enrolMeter({ customerId: options.customer, certificate });
  const { providerId } = await provider.identity({});
  const { licence } = await authority.grantLicence({
    meterId,
    originZip: options.zip,
    providerId,
    ...termsOf(options),
  });
  await meter.register(licence);
  const installed = await renewRates(meter, authority);
  home.remember({ provider: providerUrl, authority: authorityUrl });
  const name = formatMeterId(meterId);
  output.say(
    'registered',
    { meter: name, customerId: options.customer, providerId, licence, rates: installed },
    `meter ${name} is registered: ${limitText(options)}` +
      `${installed.length === 0 ? '' : ', and has the rates of today'}\nnext: tessera meter refill --amount 100`,
  );
  return 0;
}
