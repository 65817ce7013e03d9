/** `tessera price`: what a piece costs by the rates that the meter charges from (requirements.md C6). */

import type { Command } from 'commander';
import { defaultServiceNames } from '#authority/default-rates';
import type { Rate, RateTable } from '#protocol/documents/rate-table';
import { formatMills } from '#protocol/mills';
import { type Home, openHome } from '../home.ts';
import { type AccessOptions, sessionFor } from '../meter-access.ts';
import { type Output, table } from '../output.ts';
import type { Run } from '../run.ts';
import { currentRates, type PieceOptions, priceFor } from './print/asked-piece.ts';
import { withPrice } from './print.ts';

interface Options extends AccessOptions, Omit<PieceOptions, 'kind'> {
  readonly list?: boolean;
}

export function addPrice(program: Command, run: Run): void {
  withPrice(program.command('price'))
    .summary('what a piece costs by the rates of the meter')
    .description('Asks the meter for its rate table. Nothing is charged, and nobody is logged in.')
    .option('--list', 'all services with their prices')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .action((options: Options, command: Command) =>
      run((output) => price(options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

async function price(options: Options, home: Home, output: Output): Promise<number> {
  await using session = await sessionFor(home, 'user', options);
  const rates = await currentRates(session.meter);
  if (options.list === true) {
    list(rates, output);
    return 0;
  }
  const postage = await priceFor(session.meter, { ...options, kind: 'postage' });
  const { version, validFrom, validTo } = rates;
  output.say(
    'price',
    { postageMills: postage, rateVersion: version, validFrom, validTo },
    `${formatMills(postage)} by rate table ${version}, valid from ${validFrom} to ${validTo}`,
  );
  return 0;
}

function list({ version, validFrom, validTo, rates }: RateTable, output: Output): void {
  for (const rate of rates) {
    const { serviceId, kind, minimum, maximum, steps } = rate;
    const name = defaultServiceNames[serviceId];
    const figures = { serviceId, name, kind, minimumMills: minimum, maximumMills: maximum, steps };
    output.say('rate', figures, rateText(rate, name));
  }
  const figures = { rateVersion: version, validFrom, validTo };
  output.say('rates', figures, `rate table ${version}, valid from ${validFrom} to ${validTo}`);
}

function rateText({ serviceId, kind, minimum, maximum, steps }: Rate, name = ''): string {
  const amounts =
    minimum === maximum
      ? formatMills(minimum)
      : `${formatMills(minimum)} to ${formatMills(maximum)}`;
  const head =
    `${String(serviceId).padStart(5)}  ${kind.padEnd(11)}  ${amounts}  ${name}`.trimEnd();
  if (steps.length === 0) return head;
  const rows = steps.map(
    ({ weightMaxMg, prices }) =>
      [`to ${weightMaxMg / 1_000} g`, prices.map(formatMills).join('  ')] as const,
  );
  return `${head}\n${table(rows).replace(/^/gm, '       ')}`;
}
