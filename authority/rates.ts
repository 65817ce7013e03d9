/** Rate tables: published in editions, each signed and kept (requirements.md B4; domain.md R30). */

import { dateOf, isDate } from '#protocol/documents/date';
import {
  isRate,
  issueRateTable,
  type Rate,
  type RateTable,
  rateTableDocument,
} from '#protocol/documents/rate-table';
import { type AuthorityContext, nextNumber } from './context.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';
import { signedAnew } from './signed-anew.ts';

/** Bytes of a table that every meter takes. */
export const RATE_TABLE_SIZE_MAX = 4_096;

/** Mills; a table tells prices in 24 bits. */
const PRICE_MAX = 0xff_ffff;
/** What a table has beside its rates: magic, issuer, version, dates, length and signature. */
const RATE_TABLE_FRAME = 4 + 8 + 4 + 4 + 4 + 2 + 64;

/** How many bytes the rates take in a table. */
function sizeOf(rates: readonly Rate[]): number {
  const RATE_SIZE = 10;
  return rates.reduce(
    (size, { steps }) =>
      steps.reduce((sum, { prices }) => sum + 5 + 3 * prices.length, size + RATE_SIZE),
    RATE_TABLE_FRAME,
  );
}

export interface RateTableOrder {
  /** First day of validity, YYYYMMDD. */
  readonly validFrom: number;
  /** Last day of validity, YYYYMMDD. */
  readonly validTo: number;
  readonly rates: readonly Rate[];
}

function isSound({ validFrom, validTo, rates }: RateTableOrder): boolean {
  const services = new Set(rates.map(({ serviceId }) => serviceId));
  return (
    isDate(validFrom) &&
    isDate(validTo) &&
    validFrom <= validTo &&
    rates.length > 0 &&
    services.size === rates.length &&
    rates.every((rate) => isRate(rate) && rate.maximum <= PRICE_MAX)
  );
}

/** Publishes the next edition. Where two are valid on a day, the later edition counts. */
export async function publishRateTable(
  { crypto, db, keys, now }: AuthorityContext,
  order: RateTableOrder,
): Promise<AuthorityOutcome<{ readonly version: number; readonly rateTable: Uint8Array }>> {
  if (!isSound(order)) return refuseBecause('rateTableInvalid');
  if (sizeOf(order.rates) > RATE_TABLE_SIZE_MAX) return refuseBecause('rateTableTooLarge');
  const rates = order.rates.toSorted((left, right) => left.serviceId - right.serviceId);
  return db.transaction().execute(async (trx) => {
    const version = await nextNumber(trx, 'rateTable');
    const { validFrom, validTo } = order;
    const rateTable = issueRateTable(crypto, keys, { version, validFrom, validTo, rates });
    await trx
      .insertInto('rate_tables')
      .values({
        version,
        valid_from: validFrom,
        valid_to: validTo,
        rate_table: rateTable,
        issued_ms: now(),
      })
      .execute();
    return { ok: true, value: { version, rateTable } };
  });
}

/** The signed table that is valid today. */
export async function currentRateTable(
  context: AuthorityContext,
): Promise<AuthorityOutcome<{ readonly rateTable: Uint8Array }>> {
  const row = await currentEdition(context.db, dateOf(context.now()));
  if (row === undefined) return refuseBecause('rateTableMissing');
  return { ok: true, value: { rateTable: tableOfToday(context, row.rate_table) } };
}

const tableOfToday = (context: AuthorityContext, bytes: Uint8Array): Uint8Array =>
  signedAnew(context, rateTableDocument, bytes);

function currentEdition(db: AuthorityContext['db'], today: number) {
  return db
    .selectFrom('rate_tables')
    .select(['version', 'rate_table'])
    .where('valid_from', '<=', today)
    .where('valid_to', '>=', today)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** The table that will take over next: of the later editions that begin on another day, the one that begins first. */
export async function nextRateTable(
  context: AuthorityContext,
): Promise<AuthorityOutcome<{ readonly rateTable: Uint8Array | undefined }>> {
  const { db, now } = context;
  const today = dateOf(now());
  const current = await currentEdition(db, today);
  const row = await db
    .selectFrom('rate_tables')
    .select('rate_table')
    .where('valid_from', '>', today)
    .where('version', '>', current?.version ?? 0)
    .orderBy('valid_from')
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return { ok: true, value: { rateTable: row && tableOfToday(context, row.rate_table) } };
}

/** An edition, whenever it was valid; undefined where there is none. */
export async function findRateTable(
  { db }: Pick<AuthorityContext, 'db'>,
  version: number,
): Promise<RateTable | undefined> {
  const row = await db
    .selectFrom('rate_tables')
    .select('rate_table')
    .where('version', '=', version)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const table = rateTableDocument.read(row.rate_table);
  if (!table.ok) throw new Error('the record of a rate table is damaged');
  return table.value;
}
