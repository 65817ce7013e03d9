/** What the operator sees of requests for certificates, and decides (requirements.md D4, G8; P fig. 5, 514). */

import { parseMeterId } from '#protocol/documents/meter-id';
import type { KeyUses } from '#protocol/documents/user-key';
import type { AuthorityContext, AuthorityTransaction } from '../context.ts';
import { type AuthorityOutcome, refuseBecause } from '../refusals.ts';
import type { KeyRequestState } from '../tables.ts';
import { type RequestStanding, reasonAgainstMeter, standingOf, usesIn } from './requests.ts';

/** At most so many requests in one answer. */
export const KEY_REQUESTS_LIMIT = 100;

const OPERATOR = 'the operator';

export interface KeyRequestRecord extends RequestStanding {
  readonly meterId: Uint8Array;
  readonly key: number;
  readonly publicKey: Uint8Array;
  readonly uses: KeyUses;
  readonly organization: string;
  readonly commonName: string;
  readonly decidedBy: string | undefined;
  readonly askedMs: number;
  readonly decidedMs: number | undefined;
  /** Of the certificate, where there is one; hexadecimal. */
  readonly serial: string | undefined;
  readonly csr: Uint8Array;
}

function records({ db }: Pick<AuthorityContext, 'db'>) {
  return db
    .selectFrom('key_requests as asked')
    .leftJoin('user_certificates as given', 'given.request_number', 'asked.number')
    .selectAll('asked')
    .select('given.serial');
}
type Row = Awaited<ReturnType<ReturnType<typeof records>['executeTakeFirstOrThrow']>>;

function recordOf(row: Row): KeyRequestRecord {
  const meterId = parseMeterId(row.meter_id);
  if (meterId === undefined) throw new Error('the record of a request is damaged');
  return {
    ...standingOf(row),
    meterId,
    key: row.key_number,
    publicKey: row.public_key,
    uses: usesIn(row.uses),
    organization: row.organization,
    commonName: row.common_name,
    decidedBy: row.decided_by ?? undefined,
    askedMs: row.asked_ms,
    decidedMs: row.decided_ms ?? undefined,
    serial: row.serial ?? undefined,
    csr: row.csr,
  };
}

/** The requests after a number, the oldest first; those that wait for the operator alone where that is asked. */
export async function listKeyRequests(
  context: Pick<AuthorityContext, 'db'>,
  { after, isPending }: { readonly after: number; readonly isPending: boolean },
): Promise<readonly KeyRequestRecord[]> {
  let query = records(context).where('asked.number', '>', after);
  if (isPending) query = query.where('asked.state', '=', 'pending');
  const rows = await query.orderBy('asked.number').limit(KEY_REQUESTS_LIMIT).execute();
  return rows.map(recordOf);
}

/** One request with all that the operator may judge by. */
export async function showKeyRequest(
  context: Pick<AuthorityContext, 'db'>,
  { number }: { readonly number: number },
): Promise<AuthorityOutcome<KeyRequestRecord>> {
  const row = await records(context).where('asked.number', '=', number).executeTakeFirst();
  return row === undefined
    ? refuseBecause('keyRequestUnknown')
    : { ok: true, value: recordOf(row) };
}

/** The operator has found the holder to be who the name says. */
export const approveKeyRequest = (
  context: AuthorityContext,
  { number }: { readonly number: number },
): Promise<AuthorityOutcome<RequestStanding>> =>
  decide(context, number, 'approved', null, ['approved', 'issued']);

/** Or not (P fig. 5, 516). @param reason for the holder */
export const refuseKeyRequest = (
  context: AuthorityContext,
  { number, reason }: { readonly number: number; readonly reason: string },
): Promise<AuthorityOutcome<RequestStanding>> =>
  decide(context, number, 'refused', reason, ['refused']);

/** @param decided states in which it was decided in this way before */
async function decide(
  context: AuthorityContext,
  number: number,
  state: KeyRequestState,
  reason: string | null,
  decided: readonly KeyRequestState[],
): Promise<AuthorityOutcome<RequestStanding>> {
  return context.db.transaction().execute(async (trx) => {
    const row = await held(trx, number);
    if (row === undefined) return refuseBecause('keyRequestUnknown');
    if (decided.includes(row.state)) return { ok: true, value: standingOf(row) };
    if (row.state !== 'pending') return refuseBecause('keyRequestDecided');
    const meterId = parseMeterId(row.meter_id);
    if (meterId === undefined) throw new Error('the record of a request is damaged');
    const refusal = state === 'approved' ? await reasonAgainstMeter(trx, meterId) : undefined;
    if (refusal !== undefined) return refuseBecause(refusal);
    await trx
      .updateTable('key_requests')
      .set({ state, reason, decided_by: OPERATOR, decided_ms: context.now() })
      .where('number', '=', number)
      .execute();
    return { ok: true, value: { number, state, reason: reason ?? undefined } };
  });
}

/** A request that nobody else decides until the transaction ends: writing a row locks it on every data base. */
function held(trx: AuthorityTransaction, number: number) {
  return trx
    .updateTable('key_requests')
    .set((eb) => ({ number: eb.ref('number') }))
    .where('number', '=', number)
    .returning(['number', 'state', 'reason', 'meter_id'])
    .executeTakeFirst();
}
