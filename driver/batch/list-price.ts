/** What the pieces of a list cost: by the rate table of the job, or as the list says where there is none (requirements.md C6). */

import type { RateTable } from '#protocol/documents/rate-table';
import type { Mills } from '#protocol/mills';
import { ok, type Refusal, type Result, refuse } from '#protocol/result';
import { statusEntry } from '#protocol/status-text';
import { postageOf } from '../price.ts';
import type { ListColumn, ListPiece, ListProblem } from './list.ts';

/** As a list is taken: what it says of the postage must be what the table says. */
export function statedPrice(table: RateTable | undefined, piece: ListPiece): Result<Mills> {
  if (table !== undefined) return postageOf(table, piece);
  return piece.postage === undefined ? refuse('amountInvalid') : ok(piece.postage);
}

/** As it is charged: by the table, and only where the amount is keyed in by the list. */
export function chargedPrice(table: RateTable | undefined, piece: ListPiece): Result<Mills> {
  if (table === undefined) return statedPrice(table, piece);
  const byTable = postageOf(table, { ...piece, postage: undefined });
  return !byTable.ok && byTable.status === 'amountInvalid' ? postageOf(table, piece) : byTable;
}

const columnOf: Partial<Record<Refusal['status'], ListColumn>> = {
  serviceUnknown: 'service',
  weightInvalid: 'weight',
  zoneInvalid: 'zone',
};

/** What is wrong with a row that has no price. */
export function priceProblem({ line }: ListPiece, { status, detail }: Refusal): ListProblem {
  const column = columnOf[status] ?? 'postage';
  if (status === 'amountInvalid')
    return { line, column, what: 'is empty, and no rate table gives the amount' };
  const { text, detail: meaning } = statusEntry(status);
  return { line, column, what: meaning === undefined ? text : `${text} (${meaning}: ${detail})` };
}
