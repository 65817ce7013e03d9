/**
 * Spoiled postage that comes back: a provider's signed request is answered exactly once, piece by piece, and the value of the
 * refunded pieces is issued to its pool with the answer (requirements.md B7; domain.md R20, R21).
 *
 * A refunded piece, and a piece that only redates it, may not be seen in the mail any more.
 */

import { equalBytes } from '#protocol/bytes';
import { type Indicium, readIndicium } from '#protocol/documents/indicium';
import { inspectionReportDocument } from '#protocol/documents/inspection';
import { spoilageMax } from '#protocol/documents/licence';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { LogRecord } from '#protocol/documents/security-log';
import {
  issueSpoilageAnswer,
  type SpoilageRequest,
  type SpoilageVerdict,
  spoilageAnswerDocument,
  spoilageRequestDocument,
} from '#protocol/documents/spoilage';
import { MILLS_MAX, type Mills, mills } from '#protocol/mills';
import { findCertificate } from './certificates.ts';
import type { AuthorityContext, AuthorityTransaction } from './context.ts';
import { judgeOrigin } from './evidence-origin.ts';
import { recordFinding } from './findings.ts';
import { licencesOf } from './licences.ts';
import { lockBecause } from './lock-orders.ts';
import { lockMeter } from './meters.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';
import { signedAnew } from './signed-anew.ts';
import { countIssue, lockProvider } from './value.ts';

type Answered = AuthorityOutcome<{ readonly answer: Uint8Array }>;

/** Answers a provider's request for spoiled pieces; the same request gets the same answer for ever. */
export async function answerSpoilageRequest(
  context: AuthorityContext,
  { request }: { readonly request: Uint8Array },
): Promise<Answered> {
  const read = spoilageRequestDocument.read(request);
  if (!read.ok) return refuseBecause('documentMalformed');
  const asked = read.value;
  const provider = await context.db
    .selectFrom('providers')
    .select('public_key')
    .where('provider_id', '=', asked.providerId)
    .executeTakeFirst();
  if (provider === undefined) return refuseBecause('providerUnknown');
  if (!spoilageRequestDocument.verify(context.crypto, provider.public_key, request).ok)
    return refuseBecause('signatureInvalid');
  return context.db.transaction().execute((trx) => answerOnce(context, trx, request, asked));
}

async function answerOnce(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  bytes: Uint8Array,
  asked: SpoilageRequest,
): Promise<Answered> {
  const { providerId, requestId, meterId } = asked;
  if (!(await lockMeter(trx, meterId))) return refuseBecause('meterUnknown');
  const account = await lockProvider(trx, providerId);
  const answered = await trx
    .selectFrom('spoilage_answers')
    .select(['request', 'answer'])
    .where('provider_id', '=', providerId)
    .where('request_id', '=', requestId)
    .executeTakeFirst();
  if (answered !== undefined)
    return asksTheSame(answered.request, asked)
      ? {
          ok: true,
          value: { answer: signedAnew(context, spoilageAnswerDocument, answered.answer) },
        }
      : refuseBecause('requestIdReused');
  const meter = await meterOf(trx, meterId);
  if (meter.providerId !== providerId) return refuseBecause('providerNotLicensed');
  const verdicts: SpoilageVerdict[] = [];
  let amount = 0;
  for (const indicium of asked.indicia) {
    const judged = await judgePiece(context, trx, asked, indicium, meter, amount);
    if (judged.verdict === 'refunded') amount += judged.amount;
    verdicts.push(judged.verdict);
  }
  if (account.issuedTotal + amount > MILLS_MAX) return refuseBecause('issueTooLarge');
  const issue = await countIssue(trx, providerId, account, mills(amount));
  await countRefunds(trx, providerId, meterId, mills(amount));
  const answer = issueSpoilageAnswer(context.crypto, context.keys, {
    providerId,
    requestId,
    meterId,
    verdicts,
    amount: mills(amount),
    ...issue,
    timeMs: context.now(),
  });
  await trx
    .insertInto('spoilage_answers')
    .values({
      provider_id: providerId,
      request_id: requestId,
      request: bytes,
      answer,
      amount,
      sequence: amount === 0 ? null : issue.sequence,
    })
    .execute();
  return { ok: true, value: { answer } };
}

/** The same request may be signed anew; the pieces must be the same. */
function asksTheSame(recorded: Uint8Array, asked: SpoilageRequest): boolean {
  const before = spoilageRequestDocument.read(recorded);
  if (!before.ok) throw new Error('the record of a spoilage request is damaged');
  const { meterId, indicia } = before.value;
  return (
    equalBytes(meterId, asked.meterId) &&
    indicia.length === asked.indicia.length &&
    indicia.every((indicium, place) => equalBytes(indicium, asked.indicia[place] as Uint8Array))
  );
}

interface MeterAccount {
  readonly providerId: number | null;
  readonly refunded: number;
  readonly isWithdrawn: boolean;
  /** Hundredths of a percent. */
  readonly cap: number;
}

async function meterOf(trx: AuthorityTransaction, meterId: Uint8Array): Promise<MeterAccount> {
  const row = await trx
    .selectFrom('meters')
    .select(['provider_id', 'spoilage_refunded', 'withdrawal'])
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirstOrThrow();
  const [licence] = await licencesOf({ db: trx }, meterId);
  return {
    providerId: row.provider_id,
    refunded: row.spoilage_refunded,
    isWithdrawn: row.withdrawal !== null,
    cap: licence?.spoilageCap ?? 0,
  };
}

interface JudgedPiece {
  readonly verdict: SpoilageVerdict;
  readonly amount: Mills;
}

/**
 * Judges one piece, and marks it as refunded where nothing speaks against it.
 * @param before what this request refunds already, mills
 */
async function judgePiece(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  asked: SpoilageRequest,
  bytes: Uint8Array,
  meter: MeterAccount,
  before: number,
): Promise<JudgedPiece> {
  const read = readIndicium(bytes);
  if (!read.ok) return { verdict: 'unreadable', amount: mills(0) };
  const { meterId } = asked;
  const indicium = read.value;
  const { postage: amount } = indicium;
  const says = (verdict: SpoilageVerdict): JudgedPiece => ({ verdict, amount });
  if (!equalBytes(indicium.meterId, meterId)) return says('otherMeter');
  const certificate = await findCertificate({ db: trx }, indicium.certificateSerial);
  const origin = judgeOrigin(context, bytes, indicium, certificate);
  if (!origin.every(({ outcome }) => outcome === 'pass')) return says('signatureInvalid');
  if (amount === 0 || indicium.flags.test) return says('noValue');
  if (meter.isWithdrawn) return says('meterWithdrawn');
  const redates = await redatesOf(trx, indicium);
  for (const piece of [indicium.pieceCount, ...redates])
    if (await isSeen(trx, meterId, piece)) return says('scanned');
  if (await isRefunded(trx, meterId, indicium.pieceCount)) return says('refundedBefore');
  const ascending = Math.max(asked.ascending, indicium.ascending, await ascendingOf(trx, meterId));
  if (meter.refunded + before + amount > spoilageMax(ascending, meter.cap)) return says('aboveCap');
  await markRefunded(context, trx, meterId, indicium.pieceCount, amount);
  for (const piece of redates) await markRefunded(context, trx, meterId, piece, mills(0));
  return says('refunded');
}

/** The pieces that redate this one, as far as the meter has told: at most one (domain.md R33). */
async function redatesOf(
  trx: AuthorityTransaction,
  { meterId, pieceCount }: Indicium,
): Promise<readonly number[]> {
  const rows = await trx
    .selectFrom('redates')
    .select('piece_count')
    .where('meter_id', '=', formatMeterId(meterId))
    .where('original', '=', pieceCount)
    .execute();
  return rows.map((row) => row.piece_count);
}

async function isSeen(
  trx: AuthorityTransaction,
  meterId: Uint8Array,
  piece: number,
): Promise<boolean> {
  const row = await trx
    .selectFrom('sightings')
    .select('piece_count')
    .where('meter_id', '=', formatMeterId(meterId))
    .where('piece_count', '=', piece)
    .executeTakeFirst();
  return row !== undefined;
}

async function isRefunded(
  trx: AuthorityTransaction,
  meterId: Uint8Array,
  piece: number,
): Promise<boolean> {
  return (await refundedMs({ db: trx }, meterId, piece)) !== undefined;
}

/** When the postage of a piece came back; undefined where it did not. */
export async function refundedMs(
  { db }: Pick<AuthorityContext, 'db'>,
  meterId: Uint8Array,
  piece: number,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('refunds')
    .select('refunded_ms')
    .where('meter_id', '=', formatMeterId(meterId))
    .where('piece_count', '=', piece)
    .executeTakeFirst();
  return row?.refunded_ms;
}

/** The ascending register in the newest report of a meter; 0 where there is none. */
async function ascendingOf(trx: AuthorityTransaction, meterId: Uint8Array): Promise<number> {
  const row = await trx
    .selectFrom('status_reports')
    .select('report')
    .where('meter_id', '=', formatMeterId(meterId))
    .orderBy('journal_sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return 0;
  const read = inspectionReportDocument.read(row.report);
  if (!read.ok) throw new Error('the record of a status report is damaged');
  return read.value.registers.ascending;
}

async function markRefunded(
  { now }: Pick<AuthorityContext, 'now'>,
  trx: AuthorityTransaction,
  meterId: Uint8Array,
  piece: number,
  amount: Mills,
): Promise<void> {
  await trx
    .insertInto('refunds')
    .values({
      meter_id: formatMeterId(meterId),
      piece_count: piece,
      amount,
      refunded_ms: now(),
    })
    .onConflict((conflict) => conflict.columns(['meter_id', 'piece_count']).doNothing())
    .execute();
}

async function countRefunds(
  trx: AuthorityTransaction,
  providerId: number,
  meterId: Uint8Array,
  amount: Mills,
): Promise<void> {
  await trx
    .updateTable('providers')
    .set((eb) => ({ spoilage_total: eb('spoilage_total', '+', amount) }))
    .where('provider_id', '=', providerId)
    .execute();
  await trx
    .updateTable('meters')
    .set((eb) => ({ spoilage_refunded: eb('spoilage_refunded', '+', amount) }))
    .where('meter_id', '=', formatMeterId(meterId))
    .execute();
}

/**
 * Keeps which piece redates which, as the security log tells. A piece that redates a refunded one may not be seen either;
 * where it was, the meter is locked.
 */
export async function noteRedates(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  meterId: Uint8Array,
  records: readonly LogRecord[],
): Promise<void> {
  const meter = formatMeterId(meterId);
  for (const { event, b: piece, c: original } of records) {
    if (event !== 'redated') continue;
    await trx
      .insertInto('redates')
      .values({ meter_id: meter, piece_count: piece, original })
      .onConflict((conflict) => conflict.columns(['meter_id', 'piece_count']).doNothing())
      .execute();
    if (!(await isRefunded(trx, meterId, original))) continue;
    await markRefunded(context, trx, meterId, piece, mills(0));
    if (!(await isSeen(trx, meterId, piece))) continue;
    const text = `Piece ${piece} was seen, which redates piece ${original}, whose postage came back.`;
    const evidence = new Uint8Array(0);
    await recordFinding(context, trx, { kind: 'refunded', meterId: meter, text, evidence });
    await lockBecause(context, trx, { meterId, reason: 'duplicate', cause: text });
  }
}
