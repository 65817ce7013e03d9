/** `tessera credit …`: lines of credit, payments from them, and their settlement (requirements.md E1, E2; docs/credit.md). */

import { type Command, InvalidArgumentError } from 'commander';
import { type CreditUse, creditUseNames } from '#protocol/documents/credit';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { Mills } from '#protocol/mills';
import { formatMills } from '#protocol/mills';
import { bytesOf, writePapers } from '../evidence-file.ts';
import { type Home, openHome } from '../home.ts';
import type { AccessOptions } from '../meter-access.ts';
import { atAuthority, atProvider } from '../operator.ts';
import { amount, oneName, providerNumber, recordNumber } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import {
  type InstallOptions,
  installLine,
  type RequestOptions,
  requestLine,
  showLines,
} from './credit/line.ts';
import {
  type PayOptions,
  payFrom,
  type SettleOptions,
  settle,
  type VerifyOptions,
  verify,
} from './credit/payment.ts';

function uses(text: string): readonly CreditUse[] {
  const names = text.split(',');
  const known = names.filter((name): name is CreditUse =>
    (creditUseNames as readonly string[]).includes(name),
  );
  if (known.length < names.length)
    throw new InvalidArgumentError(`Uses are of ${creditUseNames.join(', ')}.`);
  return known;
}

const homeOf = (command: Command): Home => openHome(command.optsWithGlobals()['home']);

const withMeter = (command: Command): Command =>
  command
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for');

export function addCredit(program: Command, run: Run): void {
  const credit = program
    .command('credit')
    .description('lines of credit in a meter, and payments from them');
  addHolder(credit, run);
  addMerchant(credit, run);
  addIssuer(credit, run);
}

function addHolder(credit: Command, run: Run): void {
  withMeter(credit.command('request'))
    .summary('ask for a line of credit, with a postmark of the meter')
    .description(
      'Charges for the postmark. What is granted is left in a file for install; where the operator has to decide, call it again with --request.',
    )
    .requiredOption('--holder <name>', 'who gets the credit')
    .requiredOption('--amount <amount>', 'as 500.00', amount)
    .option('--use <uses>', `of ${creditUseNames.join(', ')}, apart by commas`, uses, ['goods'])
    .requiredOption('--key <number>', 'of the meter: a key to pay with', recordNumber)
    .option('--grant <file>', 'of this key; else the one kept when its certificate was installed')
    .requiredOption('--stamp-key <number>', 'of the meter: a key for postmarks', recordNumber)
    .option('--certificate <file>', 'of that key: X.509; else the one kept at home')
    .option(
      '--request <file>',
      'keeps the request there, and asks with it again',
      'credit-request.json',
    )
    .option('--out <file>', 'the papers of the line', 'credit.json')
    .option('--provider <url>', 'who gives credit: http://127.0.0.1:PORT')
    .action((options: RequestOptions, command: Command) =>
      run((output) => requestLine(options, homeOf(command), output)),
    );
  withMeter(credit.command('install'))
    .summary('put a line of credit into the meter')
    .description('Charges for it. The papers get the first payment certificate, of nothing.')
    .argument('<papers>', 'the file that request left')
    .action((papers: string, options: InstallOptions, command: Command) =>
      run((output) => installLine(papers, options, homeOf(command), output)),
    );
  withMeter(credit.command('show'))
    .summary('the lines of credit in the meter, with what is left of them')
    .action((options: AccessOptions, command: Command) =>
      run((output) => showLines(options, homeOf(command), output)),
    );
  withMeter(credit.command('pay'))
    .summary('pay from a line; the certificate goes to the merchant')
    .description(
      'Charges for the service. After an interruption, call it again: nothing is paid twice.',
    )
    .argument('<papers>', 'of the line, which install has put into the meter')
    .requiredOption('--amount <amount>', 'as 12.50', amount)
    .option('--use <use>', creditUseNames.join(', '), oneName(creditUseNames), 'goods')
    .requiredOption('--merchant <text>', 'what the merchant knows it by; its SHA-256 is signed')
    .option('--out <file>', 'the payment, with what proves it', 'payment.json')
    .action((papers: string, options: PayOptions, command: Command) =>
      run((output) => payFrom(papers, options, homeOf(command), output)),
    );
}

function addMerchant(credit: Command, run: Run): void {
  credit
    .command('verify')
    .summary('judge a payment without a network')
    .description(
      'By the key of the authority alone. Whether it was brought before, the issuer tells. Exit code 0: it is good; 1: it is not.',
    )
    .argument('<payment>', 'the file that pay left')
    .option('--merchant <text>', 'what it must be known by')
    .option('--amount <amount>', 'what it must pay', amount)
    .option('--authority-key <digits>', 'where there is no key file here')
    .action((payment: string, options: VerifyOptions, command: Command) =>
      run((output) => verify(payment, options, homeOf(command), output)),
    );
  credit
    .command('settle')
    .summary('bring a payment to the issuer, who settles it once')
    .description('Exit code 0: it is settled, now or before; 1: it is not.')
    .argument('<payment>', 'the file that pay left')
    .option('--provider <url>', 'who gave the credit: http://127.0.0.1:PORT')
    .action((payment: string, options: SettleOptions, command: Command) =>
      run((output) => settle(payment, options, homeOf(command), output)),
    );
}

interface TermsOptions {
  readonly issuer: string;
  readonly automatic: Mills;
  readonly most: Mills;
  readonly days: number;
}

function addIssuer(credit: Command, run: Run): void {
  atAuthority<{ readonly providerId: number; readonly out: string }>(
    credit
      .command('certify')
      .requiredOption('--provider-id <number>', 'the provider', providerNumber)
      .option('--out <file>', 'the certificate', 'credit-issuer.json'),
    run,
    'certify a provider as an issuer of credit',
    async (office, { providerId, out }, output) => {
      const { certificate } = await office.certifyCreditIssuer({ providerId });
      writePapers(out, { certificate });
      output.say('certified', { certificate, file: out }, `the certificate is in ${out}`);
      return 0;
    },
  );
  atProvider<TermsOptions>(
    credit
      .command('terms')
      .requiredOption('--issuer <digits>', 'what certify left: a file, or hexadecimal')
      .requiredOption('--automatic <amount>', 'up to this for a meter nobody is asked', amount)
      .requiredOption('--most <amount>', 'more than this for a meter is refused', amount)
      .option('--days <number>', 'for how long a line is valid', recordNumber, 365),
    run,
    'set by which rules credit is given',
    async (office, { issuer, automatic, most, days }, output) => {
      const terms = { automaticMax: automatic, lineMax: most, days };
      await office.setCreditTerms({ issuer: bytesOf(issuer), ...terms });
      output.say('terms', {}, 'credit is given by these terms from now on');
      return 0;
    },
  );
  atProvider<Record<never, never>>(
    credit.command('requests'),
    run,
    'list the requests for credit',
    async (office, _options, output) => {
      for (let after = 0; ; ) {
        const { requests } = await office.listCreditRequests({ after });
        for (const each of requests) {
          const meter = formatMeterId(each.meterId);
          const { requestId, holder, state, askedMs } = each;
          const text = `${requestId}  ${state.padEnd(8)} ${meter}  ${formatMills(each.amount)}  ${holder}`;
          const figures = { requestId, meter, holder, amountMills: each.amount, state, askedMs };
          output.say('request', figures, text);
        }
        const last = requests.at(-1);
        if (last === undefined) return 0;
        after = last.requestId;
      }
    },
  );
  atProvider<{ readonly request: number; readonly refuse?: boolean }>(
    credit
      .command('decide')
      .requiredOption('--request <number>', 'which', recordNumber)
      .option('--refuse', 'instead of granting it'),
    run,
    'grant or refuse a request that waits',
    async (office, { request: requestId, refuse = false }, output) => {
      const { state } = await office.decideCredit({ requestId, isGranted: !refuse });
      output.say('decided', { requestId, state }, `request ${requestId} is ${state}`);
      return 0;
    },
  );
  atProvider<{ readonly line: number }>(
    credit.command('lines').requiredOption('--line <number>', 'its serial number', recordNumber),
    run,
    'the statement of a line',
    async (office, { line: serial }, output) => {
      const statement = await office.readCreditLine({ serial });
      tellStatement(statement, output);
      return 0;
    },
  );
}

function tellStatement(
  {
    serial,
    amount: total,
    settled,
    payments,
    missing,
  }: {
    readonly serial: number;
    readonly amount: Mills;
    readonly settled: Mills;
    readonly payments: readonly {
      readonly number: number;
      readonly amount: Mills;
      readonly rest: Mills;
      readonly settledMs: number;
    }[];
    readonly missing: number;
  },
  output: Output,
): void {
  for (const { number, amount: paid, rest, settledMs } of payments)
    output.say(
      'payment',
      { number, amountMills: paid, restMills: rest, settledMs },
      `  ${number}  ${formatMills(paid)}, ${formatMills(rest)} left  ${new Date(settledMs).toISOString()}`,
    );
  output.say(
    'line',
    { serial, amountMills: total, settledMills: settled, missing },
    `line ${serial}: ${formatMills(settled)} of ${formatMills(total)} settled, ${missing} payments not brought`,
  );
}
