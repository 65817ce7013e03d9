/** `tessera meter register`: licence, provider and rates for a made meter (requirements.md G1, B4). */

import type { Command } from 'commander';
import { RefusedError } from '#driver/errors';
import { formatMeterId } from '#protocol/documents/meter-id';
import { formatMills, type Mills, parseMills } from '#protocol/mills';
import { type Home, needed, openHome } from '../../home.ts';
import { type AccessOptions, loggedIn } from '../../meter-access.ts';
import { amount, customerNumber, zipCode } from '../../options.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { authorityAt, providerAt } from '../../servers.ts';

interface Options extends AccessOptions {
  readonly authority?: string;
  readonly authorityToken: string;
  readonly provider?: string;
  readonly providerToken: string;
  readonly customer: number;
  readonly zip: number;
  readonly max: Mills;
  readonly postageMin: Mills;
  readonly postageMax: Mills;
}

const money = (text: string): Mills => parseMills(text) as Mills;

export function addRegister(meter: Command, run: Run): void {
  meter
    .command('register')
    .summary('license a made meter and enrol it with a provider')
    .option('--port <url>', 'the meter: serial:/path or tcp:host:port')
    .option('--authority <url>', 'the authority: http://127.0.0.1:PORT')
    .requiredOption('--authority-token <file>', "the authority operator's token")
    .option('--provider <url>', 'the provider: http://127.0.0.1:PORT')
    .requiredOption('--provider-token <file>', "the provider operator's token")
    .requiredOption('--customer <number>', 'whose account pays for refills', customerNumber)
    .requiredOption('--zip <zip>', 'where mail is posted', zipCode)
    .option('--max <amount>', 'the most the meter may hold', amount, money('5000'))
    .option('--postage-min <amount>', 'the least postage of one piece', amount, money('0.16'))
    .option('--postage-max <amount>', 'the most postage of one piece', amount, money('999.99'))
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
    descendingMax: options.max,
    postageMin: options.postageMin,
    postageMax: options.postageMax,
  });
  await meter.register(licence);
  const { rateTable } = await authority.currentRateTable({});
  const hadRates = await unlessOutdated(meter.installRateTable(rateTable));
  home.remember({ provider: providerUrl, authority: authorityUrl });
  const name = formatMeterId(meterId);
  output.say(
    'registered',
    { meter: name, customerId: options.customer, providerId, licence, rateTable },
    `meter ${name} is registered: it may hold ${formatMills(options.max)}` +
      `${hadRates ? '' : ', and has the rates of today'}\nnext: tessera meter refill --amount 100`,
  );
  return 0;
}

/** A meter that has these rates already is as it should be. */
async function unlessOutdated(installing: Promise<unknown>): Promise<boolean> {
  try {
    await installing;
    return false;
  } catch (error) {
    if (error instanceof RefusedError && error.status === 'documentOutdated') return true;
    throw error;
  }
}
