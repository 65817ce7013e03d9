/** The books of a home, opened for one command: who works, for which account, and whether both may (requirements.md F7). */

import { join } from 'node:path';
import type { Command } from 'commander';
import { accounts, type BudgetState, checkCharge } from '#driver/accounts/accounts';
import { type Books, openBooks } from '#driver/accounts/books';
import { DeskError } from '#driver/accounts/desk-error';
import { noteFailure } from '#driver/accounts/failures';
import type { ChargedTo } from '#driver/accounts/reconcile';
import { checkUser, type DeskRole, mayAct, users } from '#driver/accounts/users';
import { wipe } from '#protocol/bytes';
import { formatMills, type Mills } from '#protocol/mills';
import { describe, Failure } from './failure.ts';
import type { Home } from './home.ts';
import type { Output } from './output.ts';
import { secretFrom } from './secret.ts';

export interface UserOptions {
  readonly user?: string;
  readonly pinFile?: string;
}

export interface ChargeOptions extends UserOptions {
  readonly account?: string;
}

export function withUser(command: Command): Command {
  return command
    .option('--user <name>', 'who works, where this desk knows its users')
    .option('--pin-file <file>', 'else $TESSERA_PIN, else asked for');
}

export function withCharge(command: Command): Command {
  return withUser(command.option('--account <name>', 'who pays, where there are accounts'));
}

export function booksOf(home: Home): Books {
  home.prepare();
  return openBooks(join(home.path, 'desk.db'));
}

/**
 * Who works at this desk; empty where it knows nobody.
 * @throws DeskError where nobody is named, the PIN is wrong, or the role does not reach
 */
export async function authorised(
  books: Books,
  needed: DeskRole,
  { user: given, pinFile }: UserOptions,
  home: Home,
): Promise<string> {
  if (users(books).length === 0) return '';
  const name = given ?? home.settings.user;
  if (name === undefined) throw new DeskError('userMissing', 'Nobody is named');
  const pin = await secretFrom({ file: pinFile, variable: 'TESSERA_PIN', what: `PIN of ${name}` });
  try {
    const user = checkUser(books, name, pin, Date.now());
    if (mayAct(user, needed)) return name;
    throw new DeskError('roleMissing', `${name} is ${user.role}, and that takes ${needed}`);
  } finally {
    wipe(pin);
  }
}

/** For whom something will be charged. @throws DeskError */
export async function chargedTo(
  books: Books,
  options: ChargeOptions,
  home: Home,
): Promise<ChargedTo> {
  const user = await authorised(books, 'operator', options, home);
  const account = options.account ?? home.settings.account ?? '';
  if (account === '' && accounts(books).some(({ isActive }) => isActive))
    throw new DeskError('accountMissing', 'This desk has accounts, and none is named');
  return { account, user };
}

/** Whether the account may be charged so much more, with what is told of its budgets. @throws DeskError */
export function mayCharge(
  books: Books,
  { account }: ChargedTo,
  planned: { readonly postage: Mills; readonly pieces: number },
  output: Output,
): void {
  if (account === '') return;
  const budgets = checkCharge(books, account, { ...planned, nowMs: Date.now() });
  for (const budget of budgets) if (budget.state === 'warning') tellBudget(budget, output);
}

function tellBudget({ account, budget, spent }: BudgetState, output: Output): void {
  output.say(
    'budgetWarning',
    { account, budgetMills: budget, spentMills: spent },
    `warning: ${account} has spent ${formatMills(spent)} of its budget of ${formatMills(budget)}`,
  );
}

/** What the books say no to is told with what to do. */
export async function explainedDesk<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof DeskError) throw new Failure(error.reason, `${error.what}.`, error.advice);
    throw error;
  }
}

/** Does what a command does, and writes down what went wrong with it; wrong usage is none of that. */
export async function recorded<T>(
  home: Home,
  command: string,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await explainedDesk(action);
  } catch (error) {
    const { reason, message } = describe(error);
    if (reason !== 'usage' && reason !== 'interrupted') {
      using books = booksOf(home);
      noteFailure(books, { atMs: Date.now(), command, reason, message });
    }
    throw error;
  }
}
