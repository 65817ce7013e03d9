/** `tessera provider …`: sells value to meters (requirements.md G2, G3, G5). */

import { join } from 'node:path';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Command } from 'commander';
import { nodeCrypto } from '#driver/node-crypto';
import { VALUE_REQUEST_ID_SIZE } from '#protocol/documents/value';
import { formatMills, type Mills } from '#protocol/mills';
import { Failure } from '../failure.ts';
import { atProvider, type OperatorAction } from '../operator.ts';
import { amount, customerNumber, portNumber, requestNumber } from '../options.ts';
import { type Output, table } from '../output.ts';
import type { Run } from '../run.ts';
import { createProviderDirectory } from '../server/directory.ts';
import { ServerLinkError } from '../server/http-client.ts';
import { startProvider } from '../server/start.ts';
import { authorityAt, type ProviderClient } from '../servers.ts';
import { addBooks } from './provider/books.ts';
import { type ServeOptions, serveUntilInterrupted } from './serve.ts';

const PROVIDER_PORT = 8621;

export function addProvider(program: Command, run: Run): void {
  const provider = program.command('provider').description('sell value to meters');
  provider
    .command('init')
    .summary('make a provider: key, token, data base; the authority certifies it')
    .requiredOption('--dir <directory>', 'where it lives; must be new or empty')
    .requiredOption('--authority <url>', 'the authority, running: http://127.0.0.1:PORT')
    .requiredOption('--authority-token <file>', "the authority operator's token")
    .option('--name <name>', 'what the authority calls it', 'provider')
    .action((options: InitOptions) => run((output) => initProvider(options, output)));
  provider
    .command('serve')
    .summary('answer over HTTP on this computer')
    .requiredOption('--dir <directory>', 'made by init')
    .option('--port <port>', 'of 127.0.0.1; 0 takes a free one', portNumber, PROVIDER_PORT)
    .action((options: ServeOptions) =>
      run((output) => serveUntilInterrupted('provider', options, startProvider, output)),
    );
  atProvider<OperatorOptions>(
    provider.command('pool'),
    run,
    'what the provider still has to sell',
    pool,
  );
  atProvider<OperatorOptions>(
    provider.command('buy').requiredOption('--amount <amount>', 'how much, as 10000', amount),
    run,
    'buy value from the authority into the pool',
    buy,
  );
  atProvider<OperatorOptions>(
    provider
      .command('customer')
      .requiredOption('--name <name>', 'of the customer')
      .option('--credit <amount>', 'how much may be owed for current accounts', amount),
    run,
    'open an account for a customer',
    customer,
  );
  atProvider<OperatorOptions>(
    provider
      .command('pay')
      .requiredOption('--customer <number>', 'whose account', customerNumber)
      .requiredOption('--amount <amount>', 'how much, as 100', amount)
      .option(...requestOption),
    run,
    'credit a payment to an account',
    pay,
  );
  atProvider<OperatorOptions>(
    provider
      .command('account')
      .requiredOption('--customer <number>', 'whose account', customerNumber),
    run,
    'balance and transactions of an account',
    account,
  );
  addBooks(provider, run);
}

/** A request that had no answer is repeated under its own id, or it would be performed twice. */
const requestOption = [
  '--request <id>',
  'repeat the request with this id, which had no answer',
  requestNumber,
] as const;

interface OperatorOptions {
  readonly amount: Mills;
  readonly customer: number;
  readonly name: string;
  readonly credit?: Mills;
  readonly request?: Uint8Array;
}
type Action = OperatorAction<ProviderClient, OperatorOptions>;

interface InitOptions {
  readonly dir: string;
  readonly authority: string;
  readonly authorityToken: string;
  readonly name: string;
}

async function initProvider(options: InitOptions, output: Output): Promise<number> {
  const authority = authorityAt(options.authority, options.authorityToken);
  const { publicKey: authorityKey } = await authority.key({});
  const directory = await createProviderDirectory(options.dir, {
    crypto: nodeCrypto,
    authorityUrl: options.authority,
    authorityKey,
    register: (publicKey) => authority.registerProvider({ name: options.name, publicKey }),
  });
  const { providerId, certificate } = directory.settings;
  const token = join(directory.path, 'token');
  output.say(
    'providerMade',
    { directory: directory.path, providerId, certificate, tokenFile: token },
    `provider ${providerId} made in ${directory.path}\n  operator's token ${token}` +
      `\nnext: tessera provider serve --dir ${options.dir}`,
  );
  return 0;
}

const pool: Action = async (provider, _options, output) => {
  const { ascending, descending, spoilage, refunded, withdrawing } = await provider.readPool({});
  output.say(
    'pool',
    {
      ascendingMills: ascending,
      descendingMills: descending,
      spoilageMills: spoilage,
      refundedMills: refunded,
      withdrawingMills: withdrawing,
    },
    table([
      ['sold', formatMills(ascending)],
      ['to sell', formatMills(descending)],
      ['approved for spoilage', formatMills(spoilage)],
      ['refunded', formatMills(refunded)],
      ['on its way back', formatMills(withdrawing)],
    ]),
  );
  return 0;
};

/** Performs a request once: without an answer it says under which id to repeat it. */
async function once<T>(
  given: Uint8Array | undefined,
  perform: (id: Uint8Array) => Promise<T>,
): Promise<T> {
  const requestId = given ?? nodeCrypto.randomBytes(VALUE_REQUEST_ID_SIZE);
  try {
    return await perform(requestId);
  } catch (error) {
    if (!(error instanceof ServerLinkError)) throw error;
    const advice = `It may have been performed: repeat it with --request ${bytesToHex(requestId)}.`;
    throw new Failure('serverLink', error.message, advice);
  }
}

const buy: Action = async (provider, options, output) => {
  const { finished } = await provider.finishPurchases({});
  if (finished > 0)
    output.say(
      'finished',
      { finished },
      `${finished} purchase(s) that had no answer yet are finished`,
    );
  const bought = await once(options.request, (requestId) =>
    provider.buyValue({ requestId, amount: options.amount }),
  );
  output.say(
    'bought',
    { amountMills: bought.amount, issue: bought.issue },
    `${formatMills(bought.amount)} bought from the authority`,
  );
  return 0;
};

const customer: Action = async (provider, { name, credit: creditMax }, output) => {
  const { customerId } = await provider.openAccount({ name, creditMax });
  output.say('customer', { customerId, name }, `customer ${customerId}: ${name}`);
  return 0;
};

const pay: Action = async (provider, options, output) => {
  const { customer: customerId, amount: paid } = options;
  const { receiptNumber } = await once(options.request, (requestId) =>
    provider.payIn({ customerId, requestId, amount: paid }),
  );
  output.say(
    'paid',
    { customerId, amountMills: paid, receiptNumber },
    `${formatMills(paid)} paid in for customer ${customerId}, receipt ${receiptNumber}`,
  );
  return 0;
};

const account: Action = async (provider, { customer: customerId }, output) => {
  const books = await provider.readCustomer({ customerId });
  const { name, balance, owed, creditMax, paidIn, returned, isClosed } = books;
  const debt = owed === 0 ? '' : `, owed ${formatMills(owed)}`;
  output.say(
    'account',
    {
      ...{ customerId, name, balanceMills: balance, owedMills: owed, creditMaxMills: creditMax },
      ...{ paidInMills: paidIn, returnedMills: returned, isClosed },
    },
    `customer ${customerId}: ${name}${isClosed ? ' (closed)' : ''}, balance ${formatMills(balance)}${debt}`,
  );
  let after = 0;
  for (;;) {
    const { transactions } = await provider.listTransactions({ customerId, after });
    const last = transactions.at(-1);
    if (last === undefined) return 0;
    for (const { receiptNumber, kind, amount: moved, balanceAfter, timeMs } of transactions)
      output.say(
        'transaction',
        { receiptNumber, kind, amountMills: moved, balanceAfterMills: balanceAfter, timeMs },
        `  ${new Date(timeMs).toISOString()} ${receiptNumber} ${kind} ${formatMills(moved)}, then ${formatMills(balanceAfter)}`,
      );
    after = last.place;
  }
};
