/**
 * Cost accounts, one within the other by their names as `sales/europe` (requirements.md F7; domain.md 5). What is charged to
 * one counts for all above it.
 */

import { formatMills, type Mills, mills } from '#protocol/mills';
import type { Books } from './books.ts';
import { DeskError } from './desk-error.ts';

export const budgetPeriods = ['none', 'month', 'year'] as const;
export type BudgetPeriod = (typeof budgetPeriods)[number];

export interface Account {
  readonly name: string;
  readonly isActive: boolean;
  /** For each period; undefined where there is none. */
  readonly budget: Mills | undefined;
  /** When it begins anew; `none` never does. */
  readonly period: BudgetPeriod;
  /** Of the budget: from there on it is told. */
  readonly warnPercent: number;
  /** Of the budget: beyond that nothing is charged. */
  readonly lockPercent: number;
  /** Added to what the account is charged, not to the postage. */
  readonly surchargePercent: number;
  readonly surchargeEach: Mills;
}

export const newAccount: Omit<Account, 'name'> = {
  isActive: true,
  budget: undefined,
  period: 'none',
  warnPercent: 80,
  lockPercent: 100,
  surchargePercent: 0,
  surchargeEach: mills(0),
};

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._&-]{0,39}(\/[\p{L}\p{N}][\p{L}\p{N} ._&-]{0,39}){0,7}$/u;

/** An account and those above it, itself first. */
function chainOf(name: string): readonly string[] {
  const parts = name.split('/');
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('/'));
}

export function accounts({ sql }: Books): readonly Account[] {
  return sql('SELECT * FROM account ORDER BY name').all().map(accountOf);
}

/** @throws DeskError `accountUnknown` */
export function account({ sql }: Books, name: string): Account {
  const row = sql('SELECT * FROM account WHERE name = ?').get(name);
  if (row === undefined) throw new DeskError('accountUnknown', `There is no account ${name}`);
  return accountOf(row);
}

type Row = Record<string, unknown>;

const accountOf = (row: Row): Account =>
  ({ ...row, isActive: row['isActive'] === 1, budget: row['budget'] ?? undefined }) as Account;

/** @throws DeskError `accountName`, `accountExists`, `accountUnknown` of the one above */
export function addAccount(books: Books, added: Account): void {
  const { name } = added;
  if (!NAME.test(name)) throw new DeskError('accountName', `${JSON.stringify(name)} is no name`);
  const [, above] = chainOf(name);
  if (above !== undefined) account(books, above);
  if (books.sql('SELECT 1 FROM account WHERE name = ?').get(name) !== undefined)
    throw new DeskError('accountExists', `There is an account ${name}`);
  write(books, added);
}

/** @throws DeskError `accountUnknown` */
export function changeAccount(books: Books, name: string, changes: Partial<Account>): Account {
  const changed = { ...account(books, name), ...changes, name };
  write(books, changed);
  return changed;
}

function write({ sql }: Books, account: Account): void {
  const { name, isActive, budget, period, warnPercent, lockPercent } = account;
  sql('INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
    ...([name, isActive ? 1 : 0, budget ?? null, period, warnPercent, lockPercent] as const),
    ...([account.surchargePercent, account.surchargeEach] as const),
  );
}

/** What was charged stays on record: then it can only be deactivated. @throws DeskError */
export function removeAccount(books: Books, name: string): void {
  account(books, name);
  const within = `${name}/`;
  const isUsed = `SELECT 1 FROM debit WHERE account = ? OR substr(account, 1, ?) = ? UNION ALL
    SELECT 1 FROM plan WHERE account = ? UNION ALL SELECT 1 FROM job WHERE account = ? UNION ALL
    SELECT 1 FROM account WHERE substr(name, 1, ?) = ? LIMIT 1`;
  const found = books
    .sql(isUsed)
    .get(name, within.length, within, name, name, within.length, within);
  if (found !== undefined)
    throw new DeskError('accountCharged', `${name} has charges or accounts within it`);
  books.sql('DELETE FROM account WHERE name = ?').run(name);
}

/** What an account pays besides the postage of a piece. */
export function surchargeOf(
  { surchargePercent, surchargeEach }: Pick<Account, 'surchargePercent' | 'surchargeEach'>,
  postage: Mills,
): Mills {
  return mills(Math.ceil((postage * surchargePercent) / 100) + surchargeEach);
}

/** Charges with their surcharges of an account and all within it, since a moment. */
export function spentBy({ sql }: Books, name: string, fromMs = 0): Mills {
  const within = `${name}/`;
  const row = sql(
    `SELECT coalesce(sum(postage + surcharge), 0) AS spent FROM debit
    WHERE atMs >= ? AND (account = ? OR substr(account, 1, ?) = ?)`,
  ).get(fromMs, name, within.length, within);
  return mills(row?.['spent'] as number);
}

/** When the period of a budget began; UTC, as the days of a meter. */
export function periodStart(period: BudgetPeriod, nowMs: number): number {
  const now = new Date(nowMs);
  switch (period) {
    case 'none':
      return 0;
    case 'month':
      return Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
    case 'year':
      return Date.UTC(now.getUTCFullYear(), 0);
  }
}

/** How a budget stands, what is planned included. */
export interface BudgetState {
  readonly account: string;
  readonly budget: Mills;
  readonly spent: Mills;
  readonly state: 'ok' | 'warning' | 'locked';
}

/** Nothing may be charged beyond the locking share; from the warning share on it is told. */
export function judgeBudget(
  { warnPercent, lockPercent }: Pick<Account, 'warnPercent' | 'lockPercent'>,
  budget: Mills,
  total: number,
): BudgetState['state'] {
  if (total * 100 > budget * lockPercent) return 'locked';
  return total * 100 >= budget * warnPercent ? 'warning' : 'ok';
}

/** Budgets of an account and of all above it, with so much more charged to them. */
export function budgetsOf(books: Books, name: string, nowMs: number, planned = 0): BudgetState[] {
  return chainOf(name).flatMap((each) => {
    const found = account(books, each);
    if (found.budget === undefined) return [];
    const spent = spentBy(books, each, periodStart(found.period, nowMs));
    const state = judgeBudget(found, found.budget, spent + planned);
    return [{ account: each, budget: found.budget, spent, state }];
  });
}

/**
 * Whether an account may be charged, before anything is.
 * @param postage of all that is to be charged now, in so many pieces
 * @returns budgets that are near their end
 * @throws DeskError `accountUnknown`, `accountInactive`, `budgetSpent`
 */
export function checkCharge(
  books: Books,
  name: string,
  { postage, pieces, nowMs }: { readonly postage: Mills; readonly pieces: number; nowMs: number },
): BudgetState[] {
  const found = account(books, name);
  const inactive = chainOf(name).find((each) => !account(books, each).isActive);
  if (inactive !== undefined)
    throw new DeskError('accountInactive', `The account ${inactive} is not in use any more`);
  const { surchargePercent, surchargeEach } = found;
  const planned = Math.ceil(postage * (1 + surchargePercent / 100)) + pieces * surchargeEach;
  const budgets = budgetsOf(books, name, nowMs, planned);
  const locked = budgets.find(({ state }) => state === 'locked');
  if (locked === undefined || planned === 0) return budgets;
  const [budget, spent] = [formatMills(locked.budget), formatMills(locked.spent)];
  throw new DeskError(
    'budgetSpent',
    `${locked.account} has spent ${spent} of ${budget}, and ${formatMills(mills(planned))} more is too much`,
  );
}
