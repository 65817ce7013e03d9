/** Rate tables: published in editions, each signed and kept (requirements.md B4; domain.md R30). */

import { dateOf, isDate } from '#protocol/documents/date';
import {
  issueRateTable,
  type Rate,
  type RateTable,
  rateTableDocument,
} from '#protocol/documents/rate-table';
import { type AuthorityContext, nextNumber } from './context.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';

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
    rates.every(({ kind, minimum, maximum }) =>
      kind === 'fixed' ? minimum === maximum : minimum <= maximum,
    )
  );
}

/** Publishes the next edition. Where two are valid on a day, the later edition counts. */
export async function publishRateTable(
  { crypto, db, keys, now }: AuthorityContext,
  order: RateTableOrder,
): Promise<AuthorityOutcome<{ readonly version: number; readonly rateTable: Uint8Array }>> {
  if (!isSound(order)) return refuseBecause('rateTableInvalid');
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
export async function currentRateTable({
  db,
  now,
}: AuthorityContext): Promise<AuthorityOutcome<{ readonly rateTable: Uint8Array }>> {
  const today = dateOf(now());
  const row = await db
    .selectFrom('rate_tables')
    .select('rate_table')
    .where('valid_from', '<=', today)
    .where('valid_to', '>=', today)
    .orderBy('version', 'desc')
    .executeTakeFirst();
  return row === undefined
    ? refuseBecause('rateTableMissing')
    : { ok: true, value: { rateTable: row.rate_table } };
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
