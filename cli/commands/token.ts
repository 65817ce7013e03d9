/** `tessera token …`: digital tokens under secret keys, the small form of an indicium (requirements.md C2; docs/tokens.md). */

import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { askOnce } from '#driver/charged';
import { dateOf } from '#protocol/documents/date';
import { formatMills } from '#protocol/mills';
import { underWay } from '../evidence-file.ts';
import { type Home, needed, openHome } from '../home.ts';
import { interrupted } from '../interrupt.ts';
import { type AccessOptions, loggedIn } from '../meter-access.ts';
import { destination, mailingDate } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { authorityAt } from '../servers.ts';
import { type PieceOptions, priceFor, weightIn } from './print/asked-piece.ts';
import { withPrice } from './print.ts';

interface KeyOptions extends AccessOptions {
  readonly authority?: string;
}

interface CreateOptions extends AccessOptions, Omit<PieceOptions, 'kind'> {
  readonly out?: string;
}

/** Keyed in: any amount. */
const SERVICE_DEFAULT = 100;

export function addToken(program: Command, run: Run): void {
  const token = program.command('token').description('digital tokens under secret keys, 20 bytes');
  const home = (command: Command): Home => openHome(command.optsWithGlobals()['home']);
  token
    .command('keys')
    .summary('have the authority give the meter its secret keys')
    .description(
      'The keys are sealed for this meter; neither this computer nor the line sees them.',
    )
    .option('--authority <url>', 'the authority: http://127.0.0.1:PORT')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_OFFICER_PASSWORD, else asked for')
    .action((options: KeyOptions, command: Command) =>
      run((output) => takeKeys(options, home(command), output)),
    );
  withPrice(token.command('create'))
    .summary('charge postage and give the small indicium')
    .description(
      'Charged as print is. After an interruption, call it again: nothing is charged twice.',
    )
    .option('--confirm', 'say that a high amount is meant')
    .option('--to <zip>', 'destination: ZIP, ZIP+4 or with delivery point', destination)
    .option('--date <date>', 'of mailing: today, +DAYS or YYYYMMDD (default: today)', mailingDate)
    .option('--out <file>', 'leaves the 20 bytes there')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .action((options: CreateOptions, command: Command) =>
      run((output) => create(options, home(command), output)),
    );
}

async function takeKeys(options: KeyOptions, home: Home, output: Output): Promise<number> {
  const url = needed(options.authority, home.settings.authority, '--authority');
  await using meter = await loggedIn(home, 'cryptoOfficer', options);
  const { request } = await meter.requestTokenKeys();
  const { keys } = await authorityAt(url).answerTokenKeyRequest({ request });
  await meter.installTokenKeys(keys);
  output.say('tokenKeys', {}, 'the meter has its keys for digital tokens');
  return 0;
}

async function create(options: CreateOptions, home: Home, output: Output): Promise<number> {
  const { out, confirm, to = 0, date = dateOf(Date.now()) } = options;
  using interrupt = interrupted();
  const { signal } = interrupt;
  await using meter = await loggedIn(home, 'user', options);
  const postage = await priceFor(meter, { ...options, kind: 'postage' });
  const wish = {
    kind: 'postage',
    original: 0,
    serviceId: options.service ?? SERVICE_DEFAULT,
    weightMg: weightIn({ ...options, kind: 'postage' }),
    zone: options.zone ?? 0,
    extras: options.extra ?? [],
    postage,
    isConfirmed: confirm ?? false,
    mailingDate: date,
    destination: to,
  } as const;
  const file = underWay(home, meter);
  const { indicium, vendorToken } = await askOnce(meter, file, 'createLiteIndicium', wish, {
    signal,
    keep(made) {
      if (out !== undefined) writeFileSync(out, made.indicium, { flush: true });
    },
  });
  output.say(
    'token',
    { indicium, vendorToken, postageMills: postage, file: out },
    `${formatMills(postage)}: ${out ?? Buffer.from(indicium).toString('hex')}`,
  );
  return 0;
}
