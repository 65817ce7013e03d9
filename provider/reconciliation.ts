/**
 * The end of the day: what was begun is finished, every movement of value is told to the authority in signed batches, and the
 * authority compares both books (requirements.md G7).
 *
 * A batch is made, with the state of the pool, in one transaction, and kept before it is sent; one that got no answer is sent
 * again as it is.
 */

import {
  type BatchFields,
  MOVEMENTS_MAX,
  type Movement,
  SUSPECTS_MAX,
  signBatch,
  UNDER_WAY_MAX,
} from '#protocol/documents/batch';
import { parseMeterId } from '#protocol/documents/meter-id';
import { spoilageRequestDocument } from '#protocol/documents/spoilage';
import type { Reconciliation } from '#protocol/http/reconciliation';
import { mills } from '#protocol/mills';
import { finishClaims } from './claims.ts';
import type { ProviderContext, ProviderTransaction } from './context.ts';
import { finishPurchases, readPool } from './pool.ts';
import { type ProviderOutcome, refuseBecause } from './refusals.ts';
import { logHead } from './transaction-log.ts';
import { finishWithdrawals } from './withdrawal-proof.ts';

/** Tells the authority everything that it does not know yet, and gives its comparison. */
export async function reconcile(
  context: ProviderContext,
): Promise<ProviderOutcome<Reconciliation>> {
  await finishPurchases(context);
  await finishClaims(context);
  await finishWithdrawals(context);
  for (;;) {
    const { number, batch, isLast } = await nextBatch(context);
    let compared: Reconciliation;
    try {
      compared = await context.authority.takeBatch({ batch });
    } catch (failure) {
      const reason = failure instanceof Error ? failure.message : '';
      return refuseBecause('authorityUnavailable', reason);
    }
    await context.db
      .updateTable('batches')
      .set({ is_told: 1 })
      .where('number', '=', number)
      .execute();
    if (isLast) return { ok: true, value: compared };
  }
}

interface MadeBatch {
  readonly number: number;
  readonly batch: Uint8Array;
  /** Whether it was made now, and nothing is left to be told. */
  readonly isLast: boolean;
}

/** The batch that got no answer, or a new one. */
async function nextBatch(context: ProviderContext): Promise<MadeBatch> {
  return context.db.transaction().execute(async (trx) => {
    const last = await trx
      .selectFrom('batches')
      .select(['number', 'log_count', 'batch', 'is_told'])
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (last?.is_told === 0) return { number: last.number, batch: last.batch, isLast: false };
    return makeBatch(context, trx, (last?.number ?? 0) + 1, last?.log_count ?? 0);
  });
}

async function makeBatch(
  context: ProviderContext,
  trx: ProviderTransaction,
  number: number,
  from: number,
): Promise<MadeBatch> {
  const { crypto, keys, now, providerId } = context;
  const head = await logHead(trx);
  const { movements, logCount } = await movementsAfter(trx, from, head.number);
  const { issue_sequence: issueSequence } = await trx
    .selectFrom('pool')
    .select('issue_sequence')
    .executeTakeFirstOrThrow();
  const underWay = await requestsUnderWay(trx);
  const { suspects, areAll } = await takeSuspects(trx, number);
  const isLast = logCount === head.number && areAll;
  const isComplete = logCount === head.number && underWay.length <= UNDER_WAY_MAX;
  const fields: BatchFields = {
    providerId,
    number,
    logCount,
    logHead: await chainAt(trx, logCount),
    isComplete,
    ...(await readPool({ db: trx })),
    issueSequence,
    underWay: underWay.slice(0, UNDER_WAY_MAX),
    movements,
    suspects,
    timeMs: now(),
  };
  const batch = signBatch(crypto, keys, fields);
  await trx
    .insertInto('batches')
    .values({ number, log_count: logCount, batch, is_complete: isComplete ? 1 : 0, is_told: 0 })
    .execute();
  return { number, batch, isLast };
}

async function movementsAfter(
  trx: ProviderTransaction,
  from: number,
  head: number,
): Promise<{ readonly movements: readonly Movement[]; readonly logCount: number }> {
  const rows = await trx
    .selectFrom('movements')
    .selectAll()
    .where('entry', '>', from)
    .orderBy('entry')
    .limit(MOVEMENTS_MAX)
    .execute();
  const movements = rows.map(({ meter_id, sequence, kind, account, amount, time_ms }) => {
    const meterId = parseMeterId(meter_id);
    if (meterId === undefined) throw new Error('the record of a movement is damaged');
    return { meterId, sequence, kind, account, amount: mills(amount), timeMs: time_ms };
  });
  const last = rows.at(-1);
  return { movements, logCount: rows.length < MOVEMENTS_MAX || !last ? head : last.entry };
}

async function chainAt(trx: ProviderTransaction, number: number): Promise<Uint8Array> {
  if (number === 0) return new Uint8Array(32);
  const { chain } = await trx
    .selectFrom('transaction_log')
    .select('chain')
    .where('number', '=', number)
    .executeTakeFirstOrThrow();
  return chain;
}

/** The ids of the requests to the authority that have no answer here. */
async function requestsUnderWay(trx: ProviderTransaction): Promise<readonly Uint8Array[]> {
  const purchases = await trx
    .selectFrom('purchases')
    .select('request_id')
    .where('issue', 'is', null)
    .execute();
  const claims = await trx
    .selectFrom('claims')
    .select('request')
    .where('request', 'is not', null)
    .where('answer', 'is', null)
    .execute();
  return [
    ...purchases.map(({ request_id }) => request_id),
    ...claims.map(({ request }) => {
      const read = spoilageRequestDocument.read(request ?? new Uint8Array(0));
      if (!read.ok) throw new Error('the record of a claim is damaged');
      return read.value.requestId;
    }),
  ];
}

/** Requests of meters that contradict the books and that no batch has told of yet; this one does. */
async function takeSuspects(
  trx: ProviderTransaction,
  number: number,
): Promise<{ readonly suspects: readonly Uint8Array[]; readonly areAll: boolean }> {
  const rows = await trx
    .selectFrom('findings')
    .select(['finding_id', 'evidence'])
    .where('batch_number', 'is', null)
    .orderBy('finding_id')
    .limit(SUSPECTS_MAX)
    .execute();
  for (const { finding_id } of rows)
    await trx
      .updateTable('findings')
      .set({ batch_number: number })
      .where('finding_id', '=', finding_id)
      .execute();
  return { suspects: rows.map(({ evidence }) => evidence), areAll: rows.length < SUSPECTS_MAX };
}
