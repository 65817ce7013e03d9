/** `tessera account …`: cost accounts with budgets and surcharges (requirements.md F7; docs/desk.md). */

import type { Command } from 'commander';
import {
  type Account,
  accounts,
  addAccount,
  type BudgetPeriod,
  budgetPeriods,
  budgetsOf,
  changeAccount,
  newAccount,
  removeAccount,
  spentBy,
} from '#driver/accounts/accounts';
import { formatMills, type Mills, mills, parseMills } from '#protocol/mills';
import { authorised, booksOf, recorded, type UserOptions, withUser } from '../desk.ts';
import { UsageError } from '../failure.ts';
import { type Home, openHome } from '../home.ts';
import { amount, oneName, percent } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

interface AccountOptions extends UserOptions {
  readonly budget?: Mills | 'none';
  readonly period?: BudgetPeriod;
  readonly warn?: number;
  readonly lock?: number;
  readonly surcharge?: number;
  readonly surchargeEach?: Mills;
  readonly active?: boolean;
  readonly inactive?: boolean;
}

export function addAccounts(program: Command, run: Run): void {
  const account = program
    .command('account')
    .description('cost accounts: who pays for what is printed');
  const home = (command: Command): Home => openHome(command.optsWithGlobals()['home']);
  withFigures(account.command('add <name>'))
    .summary('a new account; sales/europe stands within sales')
    .action((name: string, options: AccountOptions, command: Command) =>
      run((output) => add(name, options, home(command), output)),
    );
  withFigures(account.command('change <name>'))
    .summary('change budget, surcharge, or whether it is in use')
    .option('--inactive', 'nothing is charged to it any more; what was charged stays')
    .option('--active', 'in use again')
    .action((name: string, options: AccountOptions, command: Command) =>
      run((output) => change(name, options, home(command), output)),
    );
  withUser(account.command('remove <name>'))
    .summary('take an account away that was never charged')
    .action((name: string, options: UserOptions, command: Command) =>
      run((output) => remove(name, options, home(command), output)),
    );
  account
    .command('list')
    .summary('all accounts, with what they spent and how their budgets stand')
    .action((_: object, command: Command) => run((output) => list(home(command), output)));
  account
    .command('use <name>')
    .summary('take this account where --account is left out; none forgets it')
    .action((name: string, _: object, command: Command) =>
      run((output) => use(name, home(command), output)),
    );
}

function withFigures(command: Command): Command {
  return withUser(command)
    .option('--budget <amount>', 'for each period; none takes it away', budget)
    .option('--period <period>', budgetPeriods.join(', '), oneName(budgetPeriods))
    .option('--warn <percent>', 'of the budget, told from there on (default: 80)', percent)
    .option('--lock <percent>', 'of the budget, nothing is charged beyond (default: 100)', percent)
    .option('--surcharge <percent>', 'added to what the account is charged', percent)
    .option('--surcharge-each <amount>', 'added for each piece; 0 takes it away', amountOrZero);
}

const budget = (text: string): Mills | 'none' => (text === 'none' ? 'none' : amount(text));
const amountOrZero = (text: string): Mills => (parseMills(text) === 0 ? mills(0) : amount(text));

/** Only what is said. */
function figuresIn(options: AccountOptions): Partial<Account> {
  const { budget: given, period, warn, lock, surcharge, surchargeEach } = options;
  if (options.active === true && options.inactive === true)
    throw new UsageError('Say --active or --inactive.');
  const isActive = options.active === true ? true : options.inactive === true ? false : undefined;
  const changes = {
    ...{ period, warnPercent: warn, lockPercent: lock },
    ...{ surchargePercent: surcharge, surchargeEach, isActive },
  };
  const said = Object.entries(changes).filter(([, value]) => value !== undefined);
  const money = given === undefined ? {} : { budget: given === 'none' ? undefined : given };
  return { ...Object.fromEntries(said), ...money };
}

function add(name: string, options: AccountOptions, home: Home, output: Output): Promise<number> {
  return recorded(home, 'account add', async () => {
    using books = booksOf(home);
    await authorised(books, 'supervisor', options, home);
    const added: Account = { ...newAccount, ...figuresIn(options), name };
    addAccount(books, added);
    tell(added, mills(0), [], output);
    return 0;
  });
}

function change(
  name: string,
  options: AccountOptions,
  home: Home,
  output: Output,
): Promise<number> {
  return recorded(home, 'account change', async () => {
    using books = booksOf(home);
    await authorised(books, 'supervisor', options, home);
    const changed = changeAccount(books, name, figuresIn(options));
    tell(changed, spentBy(books, name), budgetsOf(books, name, Date.now()), output);
    return 0;
  });
}

function remove(name: string, options: UserOptions, home: Home, output: Output): Promise<number> {
  return recorded(home, 'account remove', async () => {
    using books = booksOf(home);
    await authorised(books, 'supervisor', options, home);
    removeAccount(books, name);
    output.say('removed', { account: name }, `${name} is removed`);
    return 0;
  });
}

async function list(home: Home, output: Output): Promise<number> {
  using books = booksOf(home);
  const all = accounts(books);
  for (const account of all) {
    const { name } = account;
    tell(account, spentBy(books, name), budgetsOf(books, name, Date.now()), output);
  }
  if (all.length === 0)
    output.say('noAccounts', {}, 'there are no accounts: tessera account add NAME');
  return 0;
}

async function use(name: string, home: Home, output: Output): Promise<number> {
  return await recorded(home, 'account use', async () => {
    using books = booksOf(home);
    if (name !== 'none') budgetsOf(books, name, Date.now());
    home.remember({ account: name === 'none' ? undefined : name });
    output.say(
      'default',
      { account: name },
      name === 'none' ? 'no account is taken' : `${name} pays`,
    );
    return 0;
  });
}

function tell(
  account: Account,
  spent: Mills,
  budgets: ReturnType<typeof budgetsOf>,
  output: Output,
): void {
  const { name, isActive, budget: limit, period } = account;
  const own = budgets.find(({ account: each }) => each === name);
  const within = own === undefined ? spent : own.spent;
  const of =
    limit === undefined
      ? ''
      : ` of ${formatMills(limit)}${period === 'none' ? '' : ` a ${period}`}${own === undefined || own.state === 'ok' ? '' : `, ${own.state}`}`;
  output.say(
    'account',
    { ...account, spentMills: spent, periodSpentMills: within, state: own?.state },
    `${'  '.repeat(name.split('/').length - 1)}${name}  ${formatMills(within)} spent${of}${isActive ? '' : ', not in use'}`,
  );
}
