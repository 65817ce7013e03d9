/**
 * Inspections: a challenge, and the signed report that answers it with the security log, judged and kept. Where nothing speaks
 * against the meter it gets an acknowledgement; where it was copied or set back it is locked (requirements.md A9, G6, G9;
 * domain.md R24-R26).
 */

import { equalBytes } from '#protocol/bytes';
import {
  acknowledgementDocument,
  type InspectionReport,
  issueAcknowledgement,
  readInspectionReport,
  verifyInspectionReport,
} from '#protocol/documents/inspection';
import { formatMeterId } from '#protocol/documents/meter-id';
import { type AuthorityContext, type AuthorityTransaction, nextNumber } from './context.ts';
import { signerOf } from './device-keys.ts';
import { recordFinding } from './findings.ts';
import { latestOrder, lockBecause } from './lock-orders.ts';
import { judgeLog, keepLog, logCountOf } from './meter-log.ts';
import { lockMeter } from './meters.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';
import {
  judgeReport,
  type KnownMeter,
  type PlacedReport,
  type ReportCheck,
} from './report-checks.ts';
import { signedAnew } from './signed-anew.ts';
import { noteRedates } from './spoilage.ts';

export const CHALLENGE_SIZE = 16;
/** How many challenges of one meter are kept without an answer. */
const OPEN_CHALLENGES_MAX = 16;

export interface ReportVerdict {
  /** Whether nothing speaks against the meter. */
  readonly accepted: boolean;
  readonly checks: readonly ReportCheck[];
  /** For the meter; undefined where it is not accepted. */
  readonly acknowledgement: Uint8Array | undefined;
  /** The latest order to the meter; undefined where there is none. */
  readonly order: Uint8Array | undefined;
}

export interface ReportTaken {
  readonly report: Uint8Array;
  /** Records of the security log, from the first that is not here to the last that the report counts. */
  readonly log: Uint8Array;
}

/** Begins an inspection: sixteen random bytes that the report must hold. Anybody may, so old ones make room. */
export async function askForReport(
  { crypto, db, now }: AuthorityContext,
  { meterId }: { readonly meterId: Uint8Array },
): Promise<AuthorityOutcome<{ readonly challenge: Uint8Array; readonly logCount: number }>> {
  const challenge = crypto.randomBytes(CHALLENGE_SIZE);
  const meter = formatMeterId(meterId);
  return db.transaction().execute(async (trx) => {
    if (!(await lockMeter(trx, meterId))) return refuseBecause('meterUnknown');
    const number = await nextNumber(trx, 'inspection');
    await trx
      .insertInto('challenges')
      .values({ challenge, meter_id: meter, asked_ms: now(), number })
      .execute();
    await dropOldChallenges(trx, meter);
    return { ok: true, value: { challenge, logCount: await logCountOf(trx, meterId) } };
  });
}

async function dropOldChallenges(trx: AuthorityTransaction, meter: string): Promise<void> {
  const open = trx
    .selectFrom('challenges')
    .select('challenges.challenge')
    .leftJoin('status_reports', 'status_reports.challenge', 'challenges.challenge')
    .where('challenges.meter_id', '=', meter)
    .where('status_reports.challenge', 'is', null);
  const kept = await open
    .orderBy('challenges.number', 'desc')
    .offset(OPEN_CHALLENGES_MAX)
    .limit(OPEN_CHALLENGES_MAX)
    .execute();
  for (const { challenge } of kept)
    await trx.deleteFrom('challenges').where('challenge', '=', challenge).execute();
}

/** Takes a report. The same report gets the same verdict again; each failed check is recorded as a finding. */
export async function takeReport(
  context: AuthorityContext,
  { report, log }: ReportTaken,
): Promise<AuthorityOutcome<ReportVerdict>> {
  const read = readInspectionReport(report);
  if (!read.ok) return refuseBecause('documentMalformed');
  const { meterId, challenge } = read.value;
  const asked = { meterId, challenge };
  const signer = await signerOf(
    context,
    meterId,
    ({ publicKey }) => verifyInspectionReport(context.crypto, publicKey, report, asked).ok,
  );
  if (!signer.ok) return signer;
  return context.db.transaction().execute(async (trx) => {
    await lockMeter(trx, meterId);
    const askedNumber = await challengeNumber(trx, read.value);
    if (askedNumber === undefined) return refuseBecause('challengeUnknown');
    const taken = await trx
      .selectFrom('status_reports')
      .select(['report', 'checks', 'acknowledgement'])
      .where('challenge', '=', challenge)
      .executeTakeFirst();
    const outcome =
      taken === undefined
        ? await judgeAndKeep(context, trx, { report, log }, read.value, askedNumber)
        : repeated(context, taken, report);
    if (!outcome.ok) return outcome;
    const order = await latestOrder({ ...context, db: trx }, meterId);
    return { ok: true, value: { ...outcome.value, order } };
  });
}

type Judged = AuthorityOutcome<Omit<ReportVerdict, 'order'>>;

function repeated(
  context: AuthorityContext,
  taken: { report: Uint8Array; checks: string; acknowledgement: Uint8Array | null },
  report: Uint8Array,
): Judged {
  if (!equalBytes(taken.report, report)) return refuseBecause('challengeUsed');
  const { checks, acknowledgement: given } = taken;
  const acknowledgement = given && signedAnew(context, acknowledgementDocument, given);
  return verdict(JSON.parse(checks), acknowledgement ?? undefined);
}

function verdict(checks: readonly ReportCheck[], acknowledgement: Uint8Array | undefined): Judged {
  return { ok: true, value: { accepted: isAccepted(checks), checks, acknowledgement } };
}

const isAccepted = (checks: readonly ReportCheck[]): boolean =>
  checks.every(({ outcome }) => outcome !== 'fail');

/** The place of a challenge among challenges and reports; undefined where this meter was not asked. */
async function challengeNumber(
  trx: AuthorityTransaction,
  { challenge, meterId }: InspectionReport,
): Promise<number | undefined> {
  const row = await trx
    .selectFrom('challenges')
    .select(['meter_id', 'number'])
    .where('challenge', '=', challenge)
    .executeTakeFirst();
  return row?.meter_id === formatMeterId(meterId) ? row.number : undefined;
}

/** Whether no report of the meter was taken since the challenge was given. */
async function isNewest(
  trx: AuthorityTransaction,
  meter: string,
  askedNumber: number,
): Promise<boolean> {
  const later = await trx
    .selectFrom('status_reports')
    .select('number')
    .where('meter_id', '=', meter)
    .where('number', '>', askedNumber)
    .limit(1)
    .executeTakeFirst();
  return later === undefined;
}

async function knownMeter(trx: AuthorityTransaction, meter: string): Promise<KnownMeter> {
  const row = await trx
    .selectFrom('meters')
    .select(['lock_sequence', 'licence_sequence', 'spoilage_refunded'])
    .where('meter_id', '=', meter)
    .executeTakeFirstOrThrow();
  return {
    lockSequence: row.lock_sequence,
    licenceSequence: row.licence_sequence,
    spoilageRefunded: row.spoilage_refunded,
  };
}

async function judgeAndKeep(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  taken: ReportTaken,
  report: InspectionReport,
  askedNumber: number,
): Promise<Judged> {
  const meter = formatMeterId(report.meterId);
  const receivedMs = context.now();
  const isOrdered = await isNewest(trx, meter, askedNumber);
  const placed: PlacedReport = { report, isOrdered };
  const log = await judgeLog(context.crypto, trx, report, taken.log, isOrdered);
  if (!log.isWhole)
    return refuseBecause('logIncomplete', `Send the records ${log.from} to ${log.to}.`);
  const known = await knownMeter(trx, meter);
  const { checks: others, isCloned } = await judgeReport(trx, placed, known, receivedMs);
  const checks = [...others, log.check];
  await keepLog(context, trx, meter, log.added);
  await noteRedates(context, trx, report.meterId, log.records);
  const acknowledgement = isAccepted(checks) ? await acknowledge(context, trx, report) : null;
  await trx
    .insertInto('status_reports')
    .values({
      challenge: report.challenge,
      meter_id: meter,
      journal_sequence: report.journalSequence,
      report: taken.report,
      checks: JSON.stringify(checks),
      received_ms: receivedMs,
      number: await nextNumber(trx, 'inspection'),
      acknowledgement,
    })
    .execute();
  for (const { name: kind, outcome, text } of checks)
    if (outcome === 'fail')
      await recordFinding(context, trx, { kind, meterId: meter, text, evidence: taken.report });
  if (isCloned || log.isForked)
    await lockBecause(context, trx, {
      meterId: report.meterId,
      reason: 'registers',
      cause: checks.filter(({ outcome }) => outcome === 'fail').map(({ text }) => text)[0] ?? '',
    });
  return verdict(checks, acknowledgement ?? undefined);
}

/** The answer that lets the meter go on, and frees as much of its log as this report has signed. */
async function acknowledge(
  { crypto, keys, now }: AuthorityContext,
  trx: AuthorityTransaction,
  { meterId, challenge, logCount, logHead }: InspectionReport,
): Promise<Uint8Array> {
  const timeMs = now();
  await trx
    .updateTable('meters')
    .set({ contact_ms: timeMs, report_ms: timeMs })
    .where('meter_id', '=', formatMeterId(meterId))
    .execute();
  return issueAcknowledgement(crypto, keys, { meterId, challenge, logCount, logHead, timeMs });
}
