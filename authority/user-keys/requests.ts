/**
 * Requests for certificates of keys that meters hold (requirements.md D4; P fig. 5, 512 to 516): what the meter signed is judged
 * at once; who holds it is for a rule or for the operator to say.
 */

import { equalBytes } from '#protocol/bytes';
import { formatMeterId } from '#protocol/documents/meter-id';
import {
  type KeyRequestFields,
  type KeyUses,
  keyRequestDocument,
  keyUseNames,
  keyUsesOf,
} from '#protocol/documents/user-key';
import { isPublicKey } from '../certificates.ts';
import { type AuthorityContext, type AuthorityTransaction, nextNumber } from '../context.ts';
import { namedSignerOf } from '../device-keys.ts';
import { lockMeter } from '../meters.ts';
import { type AuthorityOutcome, type AuthorityRefusal, refuseBecause } from '../refusals.ts';
import type { KeyRequestState, KeyRequestTable } from '../tables.ts';
import { faultInRequest } from '../x509/request.ts';
import { lookOfName, readName } from './names.ts';
import { defaultRules, ruleFor } from './rules.ts';

/** So many keys a meter has room for. */
const WAITING_MAX = 8;

export interface Asked {
  readonly request: Uint8Array;
  /** PKCS#10, DER. */
  readonly csr: Uint8Array;
}

export interface RequestStanding {
  /** Of the request. */
  readonly number: number;
  readonly state: KeyRequestState;
  /** Why it was refused. */
  readonly reason: string | undefined;
}

type Row = Pick<KeyRequestTable, 'number' | 'state'> & { readonly reason: string | null };
export const standingOf = ({ number, state, reason }: Row): RequestStanding => ({
  number,
  state,
  reason: reason ?? undefined,
});

/** Takes a request of a meter. The same one, sent again, gets its standing. */
export async function takeKeyRequest(
  context: AuthorityContext,
  { request, csr }: Asked,
): Promise<AuthorityOutcome<RequestStanding>> {
  const { crypto } = context;
  const read = keyRequestDocument.read(request);
  if (!read.ok) return refuseBecause('documentMalformed');
  const { meterId, publicKey } = read.value;
  if (!isPublicKey(context, publicKey)) return refuseBecause('keyInvalid');
  return context.db.transaction().execute(async (trx) => {
    if (!(await lockMeter(trx, meterId))) return refuseBecause('meterUnknown');
    const signer = await namedSignerOf(
      { db: trx, crypto },
      keyRequestDocument,
      request,
      read.value,
    );
    if (!signer.ok) return signer;
    const refusal = await reasonAgainstMeter(trx, meterId);
    if (refusal !== undefined) return refuseBecause(refusal);
    const before = await requestOf(trx, read.value);
    if (before !== undefined)
      return isSame(before, read.value)
        ? { ok: true, value: standingOf(before) }
        : refuseBecause('keyRequestChanged');
    const fault = faultInRequest(crypto, read.value, csr);
    if (fault !== undefined) return refuseBecause('csrInvalid', fault);
    return judgeAndKeep(context, trx, read.value, { request, csr });
  });
}

/** Why a meter gets no certificate; undefined where it may have one. */
export async function reasonAgainstMeter(
  trx: AuthorityTransaction,
  meterId: Uint8Array,
): Promise<AuthorityRefusal | undefined> {
  const { lock_action, withdrawal, licence_sequence } = await trx
    .selectFrom('meters')
    .select(['lock_action', 'withdrawal', 'licence_sequence'])
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirstOrThrow();
  if (withdrawal !== null) return 'meterWithdrawn';
  if (lock_action === 'revoke') return 'meterRevoked';
  if (lock_action === 'lock') return 'meterLocked';
  return licence_sequence === 0 ? 'meterNotLicensed' : undefined;
}

function requestOf(trx: AuthorityTransaction, { meterId, number }: KeyRequestFields) {
  return trx
    .selectFrom('key_requests')
    .selectAll()
    .where('meter_id', '=', formatMeterId(meterId))
    .where('key_number', '=', number)
    .executeTakeFirst();
}

const usesText = (uses: KeyUses): string => keyUseNames.filter((name) => uses[name]).join(' ');
export const usesIn = (text: string): KeyUses =>
  keyUsesOf(...keyUseNames.filter((name) => text.split(' ').includes(name)));

/** The signature and the device key behind it may be others: what is asked for may not. */
function isSame(
  row: { readonly public_key: Uint8Array; readonly request: Uint8Array },
  asked: KeyRequestFields,
): boolean {
  const before = keyRequestDocument.read(row.request);
  if (!before.ok) throw new Error('the record of a request is damaged');
  const { uses, organization, commonName } = before.value;
  return (
    equalBytes(row.public_key, asked.publicKey) &&
    usesText(uses) === usesText(asked.uses) &&
    equalBytes(organization, asked.organization) &&
    equalBytes(commonName, asked.commonName)
  );
}

interface Names {
  readonly organization: string;
  readonly commonName: string;
  readonly organizationLook: string;
  readonly nameLook: string;
}

function namesOf(asked: KeyRequestFields): AuthorityOutcome<Names> {
  const organization = readName(asked.organization);
  const commonName = readName(asked.commonName);
  if ('fault' in organization) return refuseBecause('nameInvalid', organization.fault);
  if ('fault' in commonName) return refuseBecause('nameInvalid', commonName.fault);
  const organizationLook = lookOfName(organization.text);
  const nameLook = `${organizationLook}/${lookOfName(commonName.text)}`;
  if (nameLook.endsWith('/')) return refuseBecause('nameInvalid', 'It has no letter and no digit.');
  const names = { organization: organization.text, commonName: commonName.text };
  return { ok: true, value: { ...names, organizationLook, nameLook } };
}

async function judgeAndKeep(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  asked: KeyRequestFields,
  { request, csr }: Asked,
): Promise<AuthorityOutcome<RequestStanding>> {
  const names = namesOf(asked);
  if (!names.ok) return names;
  const refusal = await reasonAgainst(trx, asked, names.value);
  if (refusal !== undefined) return refuseBecause(refusal);
  const { organization, commonName, organizationLook, nameLook } = names.value;
  const { certificateRules = defaultRules, now } = context;
  const rule = ruleFor(certificateRules, { uses: asked.uses, organization, commonName });
  const askedMs = now();
  const number = await nextNumber(trx, 'keyRequest');
  const state = rule === undefined ? 'pending' : 'approved';
  await trx
    .insertInto('key_requests')
    .values({
      number,
      meter_id: formatMeterId(asked.meterId),
      key_number: asked.number,
      public_key: asked.publicKey,
      uses: usesText(asked.uses),
      organization,
      common_name: commonName,
      organization_look: organizationLook,
      name_look: nameLook,
      request,
      csr,
      state,
      asked_ms: askedMs,
      ...(rule !== undefined && { decided_by: rule.name, decided_ms: askedMs }),
    })
    .execute();
  return { ok: true, value: { number, state, reason: undefined } };
}

async function reasonAgainst(
  trx: AuthorityTransaction,
  { meterId, publicKey }: KeyRequestFields,
  names: Names,
): Promise<AuthorityRefusal | undefined> {
  const meter = formatMeterId(meterId);
  if (await isKeyKnown(trx, publicKey)) return 'keyTaken';
  const { waiting } = await trx
    .selectFrom('key_requests')
    .select((eb) => eb.fn.countAll<number>().as('waiting'))
    .where('meter_id', '=', meter)
    .where('state', 'in', ['pending', 'approved'])
    .executeTakeFirstOrThrow();
  if (waiting >= WAITING_MAX) return 'keyRequestsWaiting';
  return (await looksLikeAnother(trx, meter, names)) ? 'nameTaken' : undefined;
}

/** Keys of meters and providers as well: what signs for one thing signs for no other. */
async function isKeyKnown(trx: AuthorityTransaction, publicKey: Uint8Array): Promise<boolean> {
  const held = await trx
    .selectFrom('key_requests')
    .select('number')
    .where('public_key', '=', publicKey)
    .executeTakeFirst();
  const own = await trx
    .selectFrom('certificates')
    .select('serial')
    .where('public_key', '=', publicKey)
    .executeTakeFirst();
  return held !== undefined || own !== undefined;
}

/**
 * Whether another meter goes under a name that looks like this one, the same letters or not; or an organization looks like one of
 * another meter and is written otherwise. Several meters of one organization are nothing unusual: whether they are is what
 * the operator finds out. What was refused, or revoked, holds no name.
 */
async function looksLikeAnother(
  trx: AuthorityTransaction,
  meter: string,
  { organization, organizationLook, nameLook }: Names,
): Promise<boolean> {
  const row = await trx
    .selectFrom('key_requests as other')
    .leftJoin('revocations as end', (join) =>
      join
        .onRef('end.meter_id', '=', 'other.meter_id')
        .onRef('end.key_number', '=', 'other.key_number'),
    )
    .select('other.number')
    .where('other.meter_id', '!=', meter)
    .where('other.state', '!=', 'refused')
    .where('end.serial', 'is', null)
    .where((eb) =>
      eb.or([
        eb('other.name_look', '=', nameLook),
        eb.and([
          eb('other.organization_look', '=', organizationLook),
          eb('other.organization', '!=', organization),
        ]),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** How far a request is, for whoever knows the key. */
export async function readKeyRequest(
  { db }: Pick<AuthorityContext, 'db'>,
  { meterId, key }: { readonly meterId: Uint8Array; readonly key: number },
): Promise<AuthorityOutcome<RequestStanding>> {
  const row = await db
    .selectFrom('key_requests')
    .select(['number', 'state', 'reason'])
    .where('meter_id', '=', formatMeterId(meterId))
    .where('key_number', '=', key)
    .executeTakeFirst();
  return row === undefined
    ? refuseBecause('keyRequestUnknown')
    : { ok: true, value: standingOf(row) };
}
