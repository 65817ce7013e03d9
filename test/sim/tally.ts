/** How many transactions of each kind a world has seen through: each counts once, however often it was tried. */

export const transactionNames = [
  'indicium',
  'correction',
  'redate',
  'label',
  'refill',
  'spoilageRefill',
  'settlement',
  'declinedRefill',
  'purchase',
  'payment',
  'verification',
  'inspection',
  'contact',
  'lockOrder',
  'clockSetting',
  'claim',
  'withdrawal',
  'reprint',
  'testPrint',
  'reconciliation',
  'passwordChange',
  'making',
  'registration',
] as const;
export type TransactionName = (typeof transactionNames)[number];

export interface Tally {
  count(name: TransactionName, times?: number): void;
  readonly counts: Readonly<Partial<Record<TransactionName, number>>>;
  readonly total: number;
}

export function startTally(): Tally {
  const counts: Partial<Record<TransactionName, number>> = {};
  let total = 0;
  return {
    counts,
    count(name, times = 1) {
      counts[name] = (counts[name] ?? 0) + times;
      total += times;
    },
    get total() {
      return total;
    },
  };
}
