/** How far the explorer goes: in `npm test`, and in `npm run prove`. */

import type { RefillWish } from '#firmware/registers';
import { mills } from '#protocol/mills';
import type { DocumentKind } from './line.ts';
import type { Funds } from './provider-side.ts';
import type { Step } from './state.ts';

export interface Bounds {
  /** What happens first, whole; depth counts from there, and it is where the flash is put back to. */
  readonly before: readonly Step[];
  readonly depth: number;
  /** The exploration ends, and says so, when there are more states. */
  readonly statesMax: number;
  /** What a host asks refills of. */
  readonly wishes: readonly RefillWish[];
  readonly pieces: readonly number[];
  /** Whether the host offers to give everything back. */
  readonly isLeaving: boolean;
  /** Whether documents are delivered to those they are not for, too. */
  readonly isSpliced: boolean;
  /** How many refills and withdrawals a meter begins. */
  readonly sequenceMax: number;
  readonly cuts: number;
  readonly rollBacks: number;
  readonly funds: Funds;
  /** Whether the meter pays afterwards. */
  readonly isCurrent: boolean;
}

type Runs = Readonly<Record<string, Bounds>>;

const purchase = (amount: number, account: RefillWish['account'] = 'postal'): RefillWish => ({
  kind: 'purchase',
  account,
  amount: mills(amount),
});
const settlement: RefillWish = { kind: 'settlement', account: 'postal', amount: mills(780) };
/** One piece allows no more: a hundredth of what was spent. */
const spoilage: RefillWish = { kind: 'spoilage', account: 'postal', amount: mills(7) };

const deliver = (document: number, to: DocumentKind): Step => ({ kind: 'deliver', document, to });
const print = (piece: number): Step => ({ kind: 'print', piece });
const loaded: readonly Step[] = [
  { kind: 'ask', wish: purchase(7_000) },
  deliver(0, 'refillRequest'),
  deliver(1, 'authorisation'),
];

const usual: Bounds = {
  before: [],
  depth: 5,
  statesMax: 40_000,
  wishes: [purchase(7_000)],
  pieces: [1, 2],
  isLeaving: false,
  isSpliced: false,
  sequenceMax: 2,
  cuts: 1,
  rollBacks: 0,
  funds: { balance: 16_000, creditMax: 0, spoilage: 0 },
  isCurrent: false,
};
const leaving: Bounds = { ...usual, before: loaded, pieces: [], isLeaving: true };
const spoiled: Bounds = {
  ...leaving,
  before: [...loaded, print(1)],
  wishes: [spoilage],
  sequenceMax: 4,
  funds: { balance: 16_000, creditMax: 0, spoilage: 7 },
};
const current: Bounds = {
  ...usual,
  before: [print(1)],
  wishes: [settlement],
  pieces: [2],
  isLeaving: true,
  sequenceMax: 3,
  cuts: 0,
  funds: { balance: 500, creditMax: 500, spoilage: 0 },
  isCurrent: true,
};

export const shortRuns = {
  'one power cut': usual,
  'the flash put back once': { ...usual, depth: 7, pieces: [], cuts: 0, rollBacks: 1 },
  'everything given back, one power cut': { ...leaving, depth: 5, wishes: [] },
} as const satisfies Runs;

export const longRuns = {
  'one power cut': { ...usual, depth: 10 },
  'two power cuts': { ...usual, depth: 8, pieces: [1], cuts: 2 },
  'two accounts, and the last refill declined': {
    ...usual,
    depth: 12,
    wishes: [purchase(7_000), purchase(9_000, 'certificate')],
    pieces: [1],
    sequenceMax: 3,
    cuts: 0,
  },
  'the flash put back once': { ...usual, depth: 12, pieces: [1], cuts: 0, rollBacks: 1 },
  'everything given back, one power cut': { ...leaving, depth: 12, pieces: [1], sequenceMax: 3 },
  'everything given back, two power cuts': { ...leaving, depth: 8, wishes: [], cuts: 2 },
  'everything given back, the flash put back once': {
    ...leaving,
    depth: 12,
    cuts: 0,
    rollBacks: 1,
    sequenceMax: 3,
  },
  'documents for those they are not for': {
    ...leaving,
    depth: 9,
    pieces: [1],
    isSpliced: true,
    sequenceMax: 3,
    cuts: 0,
  },
  'refused to give back before spoiled pieces are paid': { ...spoiled, depth: 14 },
  'a meter that pays afterwards': { ...current, depth: 12 },
} as const satisfies Runs;
export type LongRun = keyof typeof longRuns;
