/** What the books of a desk tell: use, accounts, spoiled pieces, failures (requirements.md F7; domain.md 5). */

import { type Mills, mills } from '#protocol/mills';
import { accounts, judgeBudget, periodStart, spentBy } from '../accounts/accounts.ts';
import type { Books } from '../accounts/books.ts';
import { failuresIn } from '../accounts/failures.ts';
import { debitsIn, type LoggedDebit, type Span } from '../accounts/postage-log.ts';
import type { Report, ReportColumn } from './report.ts';

export const usageGroups = ['day', 'month', 'account', 'user', 'service', 'job', 'meter'] as const;
export type UsageGroup = (typeof usageGroups)[number];

export const moment = (timeMs: number): string =>
  new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
const day = (timeMs: number): string => moment(timeMs).slice(0, 10);

/** `2026-03-01 to 2026-03-31`, both included. */
function spanText({ fromMs, toMs }: Span): string {
  const from = fromMs <= 0 ? 'the beginning' : day(fromMs);
  return `${from} to ${day(Math.min(toMs, Date.UTC(9999, 11, 31)) - 1)}, UTC`;
}

const text = (name: string, title: string): ReportColumn => ({ name, title, kind: 'text' });
const count = (name: string, title: string): ReportColumn => ({ name, title, kind: 'count' });
const amount = (name: string, title: string): ReportColumn => ({ name, title, kind: 'amount' });

export type ServiceName = (serviceId: number) => string | undefined;

function groupOf(debit: LoggedDebit, by: UsageGroup, nameOf: ServiceName): string {
  switch (by) {
    case 'day':
      return day(debit.atMs);
    case 'month':
      return day(debit.atMs).slice(0, 7);
    case 'service':
      return `${debit.serviceId} ${nameOf(debit.serviceId) ?? ''}`.trim();
    default:
      return debit[by] === '' ? '(none)' : debit[by];
  }
}

/** Pieces and postage by day, account, user … */
export function usageReport(
  books: Books,
  span: Span,
  by: UsageGroup,
  nameOf: ServiceName = () => undefined,
): Report {
  const groups = new Map<string, { pieces: number; postage: number; surcharge: number }>();
  for (const debit of debitsIn(books, span)) {
    const name = groupOf(debit, by, nameOf);
    const { pieces = 0, postage = 0, surcharge = 0 } = groups.get(name) ?? {};
    groups.set(name, {
      pieces: pieces + 1,
      postage: postage + debit.postage,
      surcharge: surcharge + debit.surcharge,
    });
  }
  const found = [...groups].sort(([left], [right]) => (left < right ? -1 : 1));
  const rows = found.map(([name, { pieces, postage, surcharge }]) => {
    return [name, pieces, postage, surcharge, postage + surcharge];
  });
  const sum = (at: number): number => rows.reduce((total, row) => total + Number(row[at]), 0);
  return {
    title: `Usage by ${by}`,
    subtitle: spanText(span),
    columns: [
      ...[text(by, by[0]?.toUpperCase() + by.slice(1)), count('pieces', 'Pieces')],
      ...[amount('postage', 'Postage'), amount('surcharge', 'Surcharge'), amount('total', 'Total')],
    ],
    rows,
    totals: ['All', sum(1), sum(2), sum(3), sum(4)],
    chart: {
      title: `Postage by ${by}`,
      kind: 'amount',
      bars: found.map(([label, { postage }]) => ({ label, value: postage })),
    },
    notes: [],
  };
}

/** Every debit, as the books have it. */
export function transactionReport(books: Books, span: Span): Report {
  const rows = [...debitsIn(books, span)].map((debit) => [
    ...[moment(debit.atMs), debit.reference, debit.account, debit.user, debit.kind],
    ...[debit.serviceId, debit.pieceCount, debit.postage, debit.surcharge],
  ]);
  const sum = (at: number): number => rows.reduce((total, row) => total + Number(row[at]), 0);
  return {
    title: 'Transactions',
    subtitle: spanText(span),
    columns: [
      ...[
        text('moment', 'Moment, UTC'),
        text('reference', 'Reference'),
        text('account', 'Account'),
      ],
      ...[text('user', 'User'), text('kind', 'Kind'), count('service', 'Service')],
      ...[count('pieceCount', 'Piece'), amount('postage', 'Postage')],
      amount('surcharge', 'Surcharge'),
    ],
    rows,
    totals: ['All', '', '', '', '', undefined, rows.length, sum(7), sum(8)],
    notes: [],
  };
}

/** Accounts with what they and those within them spent in the period of their budget. */
export function accountReport(books: Books, nowMs: number): Report {
  const found = accounts(books).map((account) => {
    const { name, budget, period } = account;
    const spent = spentBy(books, name, periodStart(period, nowMs));
    const state = budget === undefined ? '' : judgeBudget(account, budget, spent);
    return { account, spent, state, share: shareOf(spent, budget) };
  });
  const notes = found
    .filter(({ state }) => state === 'warning' || state === 'locked')
    .map(({ account, state }) => `${account.name}: ${stateTexts[state as 'warning' | 'locked']}`);
  return {
    title: 'Accounts',
    subtitle: `as of ${moment(nowMs)}, UTC; what is within an account counts for it too`,
    columns: [
      ...[text('account', 'Account'), text('inUse', 'In use'), text('period', 'Period')],
      ...[amount('spent', 'Spent'), amount('budget', 'Budget')],
      ...[{ name: 'share', title: 'Share', kind: 'percent' } as const, text('state', 'State')],
    ],
    rows: found.map(({ account, spent, state, share }) => [
      ...[
        account.name,
        account.isActive ? 'yes' : 'no',
        account.period === 'none' ? '' : account.period,
      ],
      ...[spent, account.budget, share, state],
    ]),
    chart: {
      title: 'Spent, and the budget as a line',
      kind: 'amount',
      bars: found.map(({ account: { name, budget }, spent }) => ({
        label: name,
        value: spent,
        limit: budget,
      })),
    },
    notes,
  };
}

const stateTexts = {
  warning: 'its budget is almost spent',
  locked: 'its budget is spent, and nothing more is charged to it',
} as const;

const shareOf = (spent: Mills, budget: Mills | undefined): number | undefined =>
  budget === undefined || budget === 0 ? undefined : (spent / budget) * 100;

/** Pieces that were given up, with what became of their claims where that is known. */
export function spoilageReport(
  { sql }: Books,
  { fromMs, toMs }: Span,
  claimOf: (meter: string, pieceCount: number) => string | undefined,
): Report {
  const rows = sql(
    `SELECT spoiled.atMs, debit.meter, debit.reference, debit.account, debit.pieceCount,
    debit.postage, spoiled.reason FROM spoiled JOIN debit USING (meter, counter, nonce)
    WHERE spoiled.atMs >= ? AND spoiled.atMs < ? ORDER BY spoiled.atMs, debit.pieceCount`,
  ).all(fromMs, toMs) as unknown as (LoggedDebit & { readonly reason: string })[];
  return {
    title: 'Spoiled pieces',
    subtitle: spanText({ fromMs, toMs }),
    columns: [
      ...[text('moment', 'Noted, UTC'), text('reference', 'Reference'), text('account', 'Account')],
      ...[count('pieceCount', 'Piece'), amount('postage', 'Postage')],
      ...[text('reason', 'Reason'), text('claim', 'Claim')],
    ],
    rows: rows.map(({ atMs, meter, reference, account, pieceCount, postage, reason }) => [
      ...[moment(atMs), reference, account, pieceCount, postage, reason],
      claimOf(meter, pieceCount) ?? '',
    ]),
    totals: ['All', '', '', rows.length, sumOf(rows.map(({ postage }) => postage)), '', ''],
    notes: rows.length === 0 ? [] : ['tessera spoilage submit claims them; status follows them.'],
  };
}

const sumOf = (amounts: readonly Mills[]): Mills =>
  mills(amounts.reduce((sum, each) => sum + each, 0));

/** What went wrong, newest last, with how often each. */
export function failureReport(books: Books, span: Span): Report {
  const failures = failuresIn(books, span);
  const counts = new Map<string, number>();
  for (const { reason } of failures) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return {
    title: 'Errors',
    subtitle: spanText(span),
    columns: [
      ...[text('moment', 'Moment, UTC'), text('command', 'Command')],
      ...[text('reason', 'Reason'), text('message', 'What happened')],
    ],
    rows: failures.map(({ atMs, command, reason, message }) => {
      return [moment(atMs), command, reason, message.replaceAll(/\s+/g, ' ')];
    }),
    chart: {
      title: 'How often',
      kind: 'count',
      bars: [...counts].map(([label, value]) => ({ label, value })),
    },
    notes: [],
  };
}
