/** What a meter tells of its money, beside what the books of the desk say (requirements.md B1, F7; domain.md R18). */

import type { Registers } from '#protocol/command-layouts';
import type { Mills } from '#protocol/mills';
import type { Agreement } from '../accounts/postage-log.ts';
import type { PastRefill } from '../contact/refill-history.ts';
import { moment } from './desk-reports.ts';
import { amountText, type Report } from './report.ts';

export interface MeterFunds {
  readonly meter: string;
  readonly registers: Registers;
  readonly spendable: Mills;
  /** What the licence calls low; 0 for nothing. */
  readonly lowFunds: Mills;
  /** What the desk has on record of this meter. */
  readonly agreement: Agreement;
  readonly nowMs: number;
}

/** Registers, what can be spent, and whether the books of the desk have it all. */
export function fundsReport(funds: MeterFunds): Report {
  const { meter, registers, agreement, lowFunds, nowMs } = funds;
  const { ascending, descending, withdrawn } = registers;
  const amounts: readonly (readonly [string, number])[] = [
    ['Spent ever (ascending)', ascending],
    ['Bought and not spent (descending)', descending],
    ['Can be spent now', funds.spendable],
    ['Withdrawn', withdrawn],
    ['Control sum', ascending + descending],
    ['Logged at this desk', agreement.postage],
  ];
  const missing = agreement.gaps.map(
    ({ afterPiece, pieces, amount }) =>
      `behind piece ${afterPiece} the meter charged ${amountText(amount)} in ${pieces} pieces that are not in the log of this desk`,
  );
  const low = funds.spendable < lowFunds ? ['The funds are low: tessera meter refill.'] : [];
  return {
    title: `Funds of ${meter}`,
    subtitle: `as of ${moment(nowMs)}, UTC; ${registers.pieceCount} pieces, ${agreement.pieces} of them in the log of this desk`,
    columns: [
      { name: 'figure', title: 'Figure', kind: 'text' },
      { name: 'amount', title: 'Amount', kind: 'amount' },
    ],
    rows: amounts,
    chart: {
      title: 'Spent and left',
      kind: 'amount',
      bars: [
        { label: 'spent', value: ascending },
        { label: 'left', value: descending, ...(lowFunds > 0 && { limit: lowFunds }) },
      ],
    },
    notes: [...low, ...missing],
  };
}

/** The last refills, as the meter itself has them on record. */
export function refillReport(meter: string, refills: readonly PastRefill[], nowMs: number): Report {
  const outcome = ({ credited }: PastRefill): string =>
    credited === undefined ? 'under way' : credited === 0 ? 'declined' : 'credited';
  return {
    title: `Refills of ${meter}`,
    subtitle: `as of ${moment(nowMs)}, UTC, from the security log of the meter`,
    columns: [
      { name: 'sequence', title: 'Number', kind: 'count' },
      { name: 'moment', title: 'Moment, UTC', kind: 'text' },
      { name: 'kind', title: 'Kind', kind: 'text' },
      { name: 'requested', title: 'Requested', kind: 'amount' },
      { name: 'credited', title: 'Credited', kind: 'amount' },
      { name: 'outcome', title: 'Outcome', kind: 'text' },
    ],
    rows: refills.map((refill) => [
      refill.sequence,
      moment(refill.finishedMs ?? refill.requestedMs ?? 0),
      ...[refill.kind, refill.requested, refill.credited, outcome(refill)],
    ]),
    totals: [
      ...[undefined, 'All', '', undefined],
      ...[refills.reduce((sum, { credited = 0 }) => sum + credited, 0), ''],
    ],
    chart: {
      title: 'Credited',
      kind: 'amount',
      bars: refills.map((refill) => ({
        label: moment(refill.finishedMs ?? refill.requestedMs ?? 0),
        value: refill.credited ?? 0,
      })),
    },
    notes: [],
  };
}
