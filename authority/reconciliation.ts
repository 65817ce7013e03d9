/**
 * Compares three books to the mill: what the authority issued, where the provider says it is, and what the meters report
 * (requirements.md G7; architecture.md decision 9).
 *
 * Value that was issued to a provider is in its pool, there reserved for spoiled pieces, or moved to meters. An issue whose
 * answer the provider did not have when it made the batch is under way, and known by its number.
 */

import type { Registers } from '#protocol/command-layouts';
import { type Batch, batchDocument } from '#protocol/documents/batch';
import { inspectionReportDocument } from '#protocol/documents/inspection';
import { parseMeterId } from '#protocol/documents/meter-id';
import { withdrawalReportDocument } from '#protocol/documents/withdrawal';
import type { Difference, DifferenceName, Reconciliation } from '#protocol/http/reconciliation';
import { DIFFERENCES_LIMIT } from '#protocol/http/reconciliation';
import { mills } from '#protocol/mills';
import type { AuthorityContext, AuthorityTransaction } from './context.ts';
import { licencesOf } from './licences.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';
import type { MovementTable } from './tables.ts';

/** Compares on request of the operator, from what the provider has told so far. */
export async function reconcile(
  { db }: AuthorityContext,
  { providerId }: { readonly providerId: number },
): Promise<AuthorityOutcome<Reconciliation>> {
  return db.transaction().execute(async (trx) => {
    const provider = await trx
      .selectFrom('providers')
      .select('provider_id')
      .where('provider_id', '=', providerId)
      .executeTakeFirst();
    if (provider === undefined) return refuseBecause('providerUnknown');
    return { ok: true, value: await compareBooks(trx, providerId) };
  });
}

/** The books of a provider that exists. */
export async function compareBooks(
  trx: AuthorityTransaction,
  providerId: number,
): Promise<Reconciliation> {
  const last = await trx
    .selectFrom('batches')
    .select('batch')
    .where('provider_id', '=', providerId)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  const batch = last === undefined ? undefined : readBatch(last.batch);
  const { issued, counted } = await issuesOf(trx, providerId, batch);
  const movements = await trx
    .selectFrom('movements')
    .selectAll()
    .where('provider_id', '=', providerId)
    .orderBy('meter_id')
    .orderBy('sequence')
    .execute();
  const ofPool = batch?.isComplete ? comparePool(batch, counted, movements) : [];
  const { differences, meters, unreported } = await compareMeters(
    trx,
    providerId,
    batch,
    movements,
  );
  const all = [...ofPool, ...differences];
  return {
    batch: batch?.number ?? 0,
    isComplete: batch?.isComplete ?? false,
    isEqual: all.length === 0,
    issued: mills(issued),
    underWay: mills(issued - counted),
    inPool: mills(batch?.descending ?? 0),
    forSpoilage: mills(batch?.spoilage ?? 0),
    toMeters: mills(batch?.ascending ?? 0),
    returned: mills(batch?.refunded ?? 0),
    meters,
    unreported,
    differences: all.slice(0, DIFFERENCES_LIMIT),
  };
}

function readBatch(bytes: Uint8Array): Batch {
  const read = batchDocument.read(bytes);
  if (!read.ok) throw new Error('the record of a batch is damaged');
  return read.value;
}

function difference(
  name: DifferenceName,
  meterId: Uint8Array | undefined,
  provider: number,
  authority: number,
): readonly Difference[] {
  if (provider === authority) return [];
  return [{ name, meterId, provider: mills(provider), authority: mills(authority) }];
}

/** Everything issued to a provider, and what of it was in its pool when it made the batch. */
async function issuesOf(
  trx: AuthorityTransaction,
  providerId: number,
  batch: Batch | undefined,
): Promise<{ readonly issued: number; readonly counted: number }> {
  const bought = await trx
    .selectFrom('value_issues')
    .select(['request_id', 'sequence', 'amount'])
    .where('provider_id', '=', providerId)
    .execute();
  const spoiled = await trx
    .selectFrom('spoilage_answers')
    .select(['request_id', 'sequence', 'amount'])
    .where('provider_id', '=', providerId)
    .where('amount', '>', 0)
    .execute();
  const underWay = new Set(batch?.underWay.map(hex));
  const known = batch?.issueSequence ?? 0;
  let [issued, counted] = [0, 0];
  for (const { request_id, sequence, amount } of [...bought, ...spoiled]) {
    issued += amount;
    if ((sequence ?? 0) <= known && !underWay.has(hex(request_id))) counted += amount;
  }
  return { issued, counted };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

type Row = MovementTable;

const sumOf = (rows: readonly Row[], isOne: (row: Row) => boolean): number =>
  rows.reduce((sum, row) => (isOne(row) ? sum + row.amount : sum), 0);

const goesToMeter = ({ kind }: Row): boolean => kind !== 'withdrawal';
const comesBack = ({ kind }: Row): boolean => kind === 'withdrawal';

function comparePool(batch: Batch, counted: number, rows: readonly Row[]): readonly Difference[] {
  const { descending, spoilage, ascending, refunded } = batch;
  return [
    ...difference('pool', undefined, descending + spoilage + ascending, counted),
    ...difference('toMeters', undefined, ascending, sumOf(rows, goesToMeter)),
    ...difference('returned', undefined, refunded, sumOf(rows, comesBack)),
  ];
}

interface ComparedMeters {
  readonly differences: readonly Difference[];
  readonly meters: number;
  readonly unreported: number;
}

async function compareMeters(
  trx: AuthorityTransaction,
  providerId: number,
  batch: Batch | undefined,
  movements: readonly Row[],
): Promise<ComparedMeters> {
  const differences: Difference[] = [];
  const byMeter = Map.groupBy(movements, ({ meter_id }) => meter_id);
  let unreported = 0;
  for (const [meter, rows] of byMeter) {
    const compared = await compareMeter(trx, providerId, batch, meter, rows);
    differences.push(...compared.differences);
    if (!compared.isReported) unreported += 1;
  }
  return { differences, meters: byMeter.size, unreported };
}

interface ComparedMeter {
  readonly differences: readonly Difference[];
  readonly isReported: boolean;
}

async function compareMeter(
  trx: AuthorityTransaction,
  providerId: number,
  batch: Batch | undefined,
  meter: string,
  ofProvider: readonly Row[],
): Promise<ComparedMeter> {
  const meterId = parseMeterId(meter);
  if (meterId === undefined) throw new Error('the record of a movement is damaged');
  const licences = await licencesOf({ db: trx }, meterId);
  if (!licences.some((licence) => licence.providerId === providerId))
    return {
      differences: difference('meterUnknown', meterId, ofProvider.length, 0),
      isReported: false,
    };
  // a meter that went to another provider is compared there, with all that each has told
  if (licences[0]?.providerId !== providerId) return { differences: [], isReported: false };
  const row = await trx
    .selectFrom('meters')
    .select(['spoilage_refunded', 'withdrawal', 'account_kind'])
    .where('meter_id', '=', meter)
    .executeTakeFirstOrThrow();
  const rows =
    ofProvider[0]?.sequence === 1
      ? ofProvider
      : await trx
          .selectFrom('movements')
          .selectAll()
          .where('meter_id', '=', meter)
          .orderBy('sequence')
          .execute();
  const told = rows.at(-1)?.sequence ?? 0;
  const spoiled = sumOf(rows, ({ kind }) => kind === 'spoilage');
  const always = [
    ...difference('movementMissing', meterId, rows.length, told),
    ...(spoiled > row.spoilage_refunded
      ? difference('spoilageApproved', meterId, spoiled, row.spoilage_refunded)
      : []),
  ];
  const state = await reportedState(trx, meter, row.withdrawal);
  if (state === undefined) return { differences: always, isReported: false };
  if (state.committed > told)
    // a report that came after the batch may know of refills that the next batch will tell
    return state.receivedMs <= (batch?.timeMs ?? 0) && (batch?.isComplete ?? false)
      ? {
          differences: difference('movementMissing', meterId, told, state.committed),
          isReported: true,
        }
      : { differences: always, isReported: false };
  const isCurrent = row.account_kind === 'current';
  return {
    differences: [...always, ...compareRegisters(meterId, rows, state, isCurrent)],
    isReported: true,
  };
}

interface ReportedState {
  readonly registers: Registers;
  /** The last refill or withdrawal that the meter has finished. */
  readonly committed: number;
  readonly receivedMs: number;
}

/** What the meter has told last: the proof of its withdrawal, or its newest report. */
async function reportedState(
  trx: AuthorityTransaction,
  meter: string,
  withdrawal: Uint8Array | null,
): Promise<ReportedState | undefined> {
  if (withdrawal !== null) {
    const proof = withdrawalReportDocument.read(withdrawal);
    if (!proof.ok) throw new Error('the record of a withdrawal is damaged');
    const { registers, sequence } = proof.value;
    // until the provider tells of it, it is as a report that came just now
    return { registers, committed: sequence, receivedMs: Number.MAX_SAFE_INTEGER };
  }
  const row = await trx
    .selectFrom('status_reports')
    .select(['report', 'received_ms'])
    .where('meter_id', '=', meter)
    .orderBy('journal_sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const report = inspectionReportDocument.read(row.report);
  if (!report.ok) throw new Error('the record of a status report is damaged');
  const { registers, lifeCycle } = report.value;
  const isOpen = registers.refillPending > 0 || lifeCycle === 'withdrawing';
  const committed = registers.refillSequence - (isOpen ? 1 : 0);
  return { registers, committed, receivedMs: row.received_ms };
}

/** Each register against the movements up to the one that the meter has finished last. */
function compareRegisters(
  meterId: Uint8Array,
  all: readonly Row[],
  { registers, committed }: ReportedState,
  isCurrent: boolean,
): readonly Difference[] {
  const rows = all.filter(({ sequence }) => sequence <= committed);
  const purchased = (account: Row['account']): number =>
    sumOf(rows, (row) => row.kind === 'purchase' && row.account === account);
  const { credited, certificateCredited, spoilageCredited, settled } = registers;
  const back = sumOf(rows, comesBack);
  const { withdrawn, certificateWithdrawn } = registers;
  return [
    ...(isCurrent ? [] : difference('credited', meterId, purchased('postal'), credited)),
    ...difference('certificateCredited', meterId, purchased('certificate'), certificateCredited),
    ...difference(
      'spoilageCredited',
      meterId,
      sumOf(rows, ({ kind }) => kind === 'spoilage'),
      spoilageCredited,
    ),
    ...difference(
      'settled',
      meterId,
      sumOf(rows, ({ kind }) => kind === 'settlement'),
      settled,
    ),
    ...difference('withdrawn', meterId, back, withdrawn + certificateWithdrawn),
  ];
}
