/** Inspections: a challenge, and the signed status report that answers it, checked and kept (requirements.md A9). */

import { equalBytes } from '#protocol/bytes';
import { formatMeterId } from '#protocol/documents/meter-id';
import {
  readStatusReport,
  type StatusReport,
  statusReportDocument,
  verifyStatusReport,
} from '#protocol/documents/status-report';
import { latestCertificate } from './certificates.ts';
import { type Check, judge, unknown } from './check.ts';
import type { AuthorityContext, AuthorityTransaction } from './context.ts';
import { recordFinding } from './findings.ts';
import { lockMeter } from './meters.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';

export const CHALLENGE_SIZE = 16;
/** How far the clock of a meter may be from ours, milliseconds. */
const CLOCK_TOLERANCE_MS = 10 * 60 * 1000;

export const reportCheckNames = ['registers', 'history', 'indicia', 'clock', 'fault'] as const;
export type ReportCheckName = (typeof reportCheckNames)[number];
export type ReportCheck = Check<ReportCheckName>;

export interface ReportVerdict {
  /** Whether nothing speaks against the meter. */
  readonly accepted: boolean;
  readonly checks: readonly ReportCheck[];
}

/** Begins an inspection: sixteen random bytes that the report must hold. */
export async function askForReport(
  { crypto, db, now }: AuthorityContext,
  { meterId }: { readonly meterId: Uint8Array },
): Promise<AuthorityOutcome<{ readonly challenge: Uint8Array }>> {
  const challenge = crypto.randomBytes(CHALLENGE_SIZE);
  return db.transaction().execute(async (trx) => {
    if (!(await lockMeter(trx, meterId))) return refuseBecause('meterUnknown');
    await trx
      .insertInto('challenges')
      .values({ challenge, meter_id: formatMeterId(meterId), asked_ms: now() })
      .execute();
    return { ok: true, value: { challenge } };
  });
}

/** Takes a report. The same report gets the same verdict again; each failed check is recorded as a finding. */
export async function takeReport(
  context: AuthorityContext,
  { report }: { readonly report: Uint8Array },
): Promise<AuthorityOutcome<ReportVerdict>> {
  const read = readStatusReport(report);
  if (!read.ok) return refuseBecause('documentMalformed');
  const { meterId, challenge } = read.value;
  const certificate = await latestCertificate(context, meterId, 'device');
  if (certificate === undefined) return refuseBecause('meterNotCertified');
  const asked = { meterId, challenge };
  const { publicKey } = certificate.fields;
  if (!verifyStatusReport(context.crypto, publicKey, report, asked).ok)
    return refuseBecause('signatureInvalid');
  return context.db.transaction().execute(async (trx) => {
    await lockMeter(trx, meterId);
    if (!(await isAsked(trx, read.value))) return refuseBecause('challengeUnknown');
    const taken = await trx
      .selectFrom('status_reports')
      .select(['report', 'checks'])
      .where('challenge', '=', challenge)
      .executeTakeFirst();
    if (taken !== undefined)
      return equalBytes(taken.report, report)
        ? { ok: true, value: verdict(JSON.parse(taken.checks)) }
        : refuseBecause('challengeUsed');
    return { ok: true, value: await judgeAndKeep(context, trx, report, read.value) };
  });
}

function verdict(checks: readonly ReportCheck[]): ReportVerdict {
  return { accepted: checks.every(({ outcome }) => outcome !== 'fail'), checks };
}

async function isAsked(
  trx: AuthorityTransaction,
  { challenge, meterId }: StatusReport,
): Promise<boolean> {
  const row = await trx
    .selectFrom('challenges')
    .select('meter_id')
    .where('challenge', '=', challenge)
    .executeTakeFirst();
  return row?.meter_id === formatMeterId(meterId);
}

async function judgeAndKeep(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  bytes: Uint8Array,
  report: StatusReport,
): Promise<ReportVerdict> {
  const meter = formatMeterId(report.meterId);
  const receivedMs = context.now();
  const checks = [
    judgeRegisters(report),
    await judgeHistory(trx, meter, report),
    await judgeIndicia(trx, meter, report),
    judgeClock(report, receivedMs),
    judge(
      'fault',
      report.fault === 0 && report.state !== 'error',
      'The meter reports no fault.',
      `The meter is in the state ${report.state} with fault 0x${report.fault.toString(16)}.`,
    ),
  ];
  await trx
    .insertInto('status_reports')
    .values({
      challenge: report.challenge,
      meter_id: meter,
      journal_sequence: report.journalSequence,
      report: bytes,
      checks: JSON.stringify(checks),
      received_ms: receivedMs,
    })
    .execute();
  for (const { name: kind, outcome, text } of checks)
    if (outcome === 'fail')
      await recordFinding(context, trx, { kind, meterId: meter, text, evidence: bytes });
  return verdict(checks);
}

function judgeRegisters({ registers }: StatusReport): ReportCheck {
  const { ascending, descending, refunded, credited, descendingMax } = registers;
  return judge(
    'registers',
    ascending + descending + refunded === credited && descending <= descendingMax,
    'The registers add up to what was credited.',
    'The registers do not add up to what was credited, or pass their maximum.',
  );
}

/** What never falls between two reports of a meter. */
function growing({ registers, journalSequence, imageVersion }: StatusReport): readonly number[] {
  const { ascending, refunded, credited, pieceCount, zeroPieceCount, refillSequence } = registers;
  const { certificateAscending, certificatePieceCount } = registers;
  return [
    ascending,
    refunded,
    credited,
    pieceCount,
    zeroPieceCount,
    refillSequence,
    certificateAscending,
    certificatePieceCount,
    journalSequence,
    imageVersion,
  ];
}

async function judgeHistory(
  trx: AuthorityTransaction,
  meter: string,
  report: StatusReport,
): Promise<ReportCheck> {
  const last = await trx
    .selectFrom('status_reports')
    .select('report')
    .where('meter_id', '=', meter)
    .orderBy('journal_sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) return unknown('history', 'It is the first report of this meter.');
  const earlier = statusReportDocument.read(last.report);
  if (!earlier.ok) throw new Error('the record of a status report is damaged');
  const before = growing(earlier.value);
  return judge(
    'history',
    growing(report).every((value, place) => value >= (before[place] as number)),
    'Nothing that only grows has fallen since the last report.',
    'A register, a counter, the journal or the image is older than in an earlier report.',
  );
}

/** The meter must have counted what was seen of it in the mail. */
async function judgeIndicia(
  trx: AuthorityTransaction,
  meter: string,
  { registers }: StatusReport,
): Promise<ReportCheck> {
  const row = await trx
    .selectFrom('sightings')
    .select((eb) => eb.fn.max('piece_count').as('piece_count'))
    .where('meter_id', '=', meter)
    .executeTakeFirst();
  const highest = row?.piece_count ?? undefined;
  if (highest === undefined) return unknown('indicia', 'No indicium of this meter was seen.');
  return judge(
    'indicia',
    highest <= registers.pieceCount,
    'The meter has counted every indicium that was seen.',
    `An indicium with piece number ${highest} was seen, but the meter has counted ${registers.pieceCount}.`,
  );
}

function judgeClock({ timeMs }: StatusReport, receivedMs: number): ReportCheck {
  return judge(
    'clock',
    Math.abs(timeMs - receivedMs) <= CLOCK_TOLERANCE_MS,
    'The secure clock is right.',
    timeMs === 0 ? 'The secure clock is not trusted.' : 'The secure clock is wrong.',
  );
}
