/** What a report of a meter is compared with: itself, earlier reports, what was seen in the mail, our orders and documents, the time. */

import { equalBytes } from '#protocol/bytes';
import { type InspectionReport, inspectionReportDocument } from '#protocol/documents/inspection';
import { formatMeterId } from '#protocol/documents/meter-id';
import { type Check, fail, judge, pass, unknown } from './check.ts';
import type { AuthorityTransaction } from './context.ts';
import { licencesOf } from './licences.ts';

/** How far the clock of a meter may be from ours, milliseconds. */
const CLOCK_TOLERANCE_MS = 10 * 60 * 1000;

export const reportCheckNames = [
  'registers',
  'history',
  'indicia',
  'clock',
  'log',
  'locks',
  'documents',
] as const;
export type ReportCheckName = (typeof reportCheckNames)[number];
export type ReportCheck = Check<ReportCheckName>;

/** What the row of a meter holds that a report is compared with. */
export interface KnownMeter {
  readonly lockSequence: number;
  readonly licenceSequence: number;
  readonly spoilageRefunded: number;
}

/** A report among those of its meter. */
export interface PlacedReport {
  readonly report: InspectionReport;
  /** Whether it was surely made after the last one that was taken. */
  readonly isOrdered: boolean;
}

/** Everything but the log. */
export async function judgeReport(
  trx: AuthorityTransaction,
  { report, isOrdered }: PlacedReport,
  known: KnownMeter,
  receivedMs: number,
): Promise<{ readonly checks: readonly ReportCheck[]; readonly isCloned: boolean }> {
  const { check: history, isCloned } = await judgeHistory(trx, report, isOrdered);
  return {
    isCloned,
    checks: [
      await judgeRegisters(trx, report, known),
      history,
      await judgeIndicia(trx, report),
      judgeClock(report, receivedMs),
      await judgeLocks(trx, report, known),
      await judgeDocuments(trx, report, known),
    ],
  };
}

async function judgeRegisters(
  trx: AuthorityTransaction,
  { registers, meterId }: InspectionReport,
  { spoilageRefunded }: KnownMeter,
): Promise<ReportCheck> {
  const { ascending, descending, withdrawn, credited, spoilageCredited, settled } = registers;
  const { certificateAscending, certificateDescending } = registers;
  const { certificateWithdrawn, certificateCredited } = registers;
  if (
    ascending + descending + withdrawn !== credited + spoilageCredited ||
    certificateAscending + certificateDescending + certificateWithdrawn !== certificateCredited ||
    settled > ascending
  )
    return fail('registers', 'The registers do not add up to what was credited.');
  if (spoilageCredited > spoilageRefunded)
    return fail('registers', 'More came back for spoiled pieces than was refunded.');
  // what was loaded under an earlier licence may stay
  const licences = await licencesOf({ db: trx }, meterId);
  const holdsMore =
    licences.every((licence) => descending > licence.descendingMax) ||
    licences.every((licence) => certificateDescending > licence.certificateDescendingMax);
  return judge(
    'registers',
    licences.length === 0 || !holdsMore,
    'The registers add up to what was credited.',
    'The registers hold more than any licence of this meter allows.',
  );
}

/** What never falls while a meter lives. */
function growing(report: InspectionReport): readonly number[] {
  const { registers, imageVersion, powerCount, logCount, logAcknowledged } = report;
  const { lockSequence, licenceSequence, rateVersion } = report;
  return [
    registers.ascending,
    registers.withdrawn,
    registers.credited,
    registers.spoilageCredited,
    registers.settled,
    registers.certificateAscending,
    registers.certificateCredited,
    registers.certificateWithdrawn,
    registers.pieceCount,
    registers.zeroPieceCount,
    registers.certificatePieceCount,
    registers.refillSequence,
    imageVersion,
    powerCount,
    logCount,
    logAcknowledged,
    lockSequence,
    licenceSequence,
    rateVersion,
  ];
}

/** Two reports of one meter with the same journal record are of the same state, or of two meters. */
function isSameState(one: InspectionReport, other: InspectionReport): boolean {
  const [before, after] = [growing(one), growing(other)];
  return (
    equalBytes(one.auditHead, other.auditHead) &&
    before.every((value, place) => value === after[place])
  );
}

const follows = (earlier: InspectionReport, later: InspectionReport): boolean => {
  const before = growing(earlier);
  return growing(later).every((value, place) => value >= (before[place] as number));
};

interface Neighbours {
  readonly before: InspectionReport | undefined;
  readonly after: InspectionReport | undefined;
}

/** The reports with the nearest journal records: whoever fits both fits all. */
async function neighboursOf(
  trx: AuthorityTransaction,
  { meterId, journalSequence }: InspectionReport,
): Promise<Neighbours> {
  const ofMeter = trx
    .selectFrom('status_reports')
    .select('report')
    .where('meter_id', '=', formatMeterId(meterId));
  const before = await ofMeter
    .where('journal_sequence', '<=', journalSequence)
    .orderBy('journal_sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  const after = await ofMeter
    .where('journal_sequence', '>', journalSequence)
    .orderBy('journal_sequence')
    .limit(1)
    .executeTakeFirst();
  return { before: stored(before), after: stored(after) };
}

function stored(row: { readonly report: Uint8Array } | undefined): InspectionReport | undefined {
  if (row === undefined) return undefined;
  const read = inspectionReportDocument.read(row.report);
  if (!read.ok) throw new Error('the record of a status report is damaged');
  return read.value;
}

/**
 * A report after which an older state is signed was made by a copy of the meter, or by one that was set back: its journal
 * never loses a record.
 */
async function judgeHistory(
  trx: AuthorityTransaction,
  report: InspectionReport,
  isOrdered: boolean,
): Promise<{ readonly check: Check<'history'>; readonly isCloned: boolean }> {
  const { before, after } = await neighboursOf(trx, report);
  const cloned = (text: string) => ({ check: fail('history', text), isCloned: true });
  if (before === undefined && after === undefined)
    return {
      check: unknown('history', 'It is the first report of this meter.'),
      isCloned: false,
    };
  if (after !== undefined && isOrdered)
    return cloned(
      'The journal is older than in an earlier report: the meter was copied or set back.',
    );
  if (before?.journalSequence === report.journalSequence && !isSameState(before, report))
    return cloned('Two reports tell different states under the same number: there are two meters.');
  const fits =
    (before === undefined || follows(before, report)) &&
    (after === undefined || follows(report, after));
  if (!fits)
    return cloned(
      'A register, a counter, the log or the image is older than in an earlier report.',
    );
  return {
    check: pass('history', 'Nothing that only grows has fallen since the last report.'),
    isCloned: false,
  };
}

/** The meter must have counted what was seen of it in the mail. */
async function judgeIndicia(
  trx: AuthorityTransaction,
  { meterId, registers }: InspectionReport,
): Promise<ReportCheck> {
  const row = await trx
    .selectFrom('sightings')
    .select((eb) => eb.fn.max('piece_count').as('piece_count'))
    .where('meter_id', '=', formatMeterId(meterId))
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

/** A clock that is known not to be right is no fault of the meter: it produces nothing until the clock is set (A8). */
function judgeClock({ timeMs, locks }: InspectionReport, receivedMs: number): ReportCheck {
  if (timeMs === 0)
    return unknown(
      'clock',
      locks.clockFault
        ? 'The secure clock went wrong, and waits to be set.'
        : 'The secure clock is not trusted, and waits to be set.',
    );
  return judge(
    'clock',
    Math.abs(timeMs - receivedMs) <= CLOCK_TOLERANCE_MS,
    'The secure clock is right.',
    'The secure clock is wrong.',
  );
}

/** What the meter says of its locks must be what the order that it names has made of them. */
async function judgeLocks(
  trx: AuthorityTransaction,
  { meterId, lockSequence, locks }: InspectionReport,
  known: KnownMeter,
): Promise<ReportCheck> {
  if (lockSequence > known.lockSequence)
    return fail('locks', `It has taken order ${lockSequence}, which was never given.`);
  const meter = formatMeterId(meterId);
  const taken = await trx
    .selectFrom('lock_orders')
    .select('action')
    .where('meter_id', '=', meter)
    .where('sequence', '=', lockSequence)
    .executeTakeFirst();
  const isLocked = taken !== undefined && taken.action !== 'unlock';
  if (locks.locked !== isLocked || locks.revoked !== (taken?.action === 'revoke'))
    return fail('locks', 'It is not locked as the last order that it has taken says.');
  if (lockSequence < known.lockSequence)
    return unknown('locks', `It has not taken order ${known.lockSequence} yet.`);
  return pass('locks', 'It is locked, or not, as it was ordered.');
}

async function judgeDocuments(
  trx: AuthorityTransaction,
  { licenceSequence, rateVersion }: InspectionReport,
  known: KnownMeter,
): Promise<ReportCheck> {
  const { version } = await trx
    .selectFrom('rate_tables')
    .select((eb) => eb.fn.max('version').as('version'))
    .executeTakeFirstOrThrow();
  return judge(
    'documents',
    licenceSequence <= known.licenceSequence && rateVersion <= (version ?? 0),
    'Its licence and its rate table are ours.',
    'It holds a licence or a rate table that was never issued.',
  );
}
