/** What the authority tells the world of its certificates: revocation lists, and answers of OCSP (requirements.md D5, G8). */

import { equalBytes } from '#protocol/bytes';
import { keyId } from '#protocol/documents/key-id';
import { type AuthorityContext, nextNumber } from '../context.ts';
import { type AuthorityOutcome, refuseBecause } from '../refusals.ts';
import { type Revoked, signCrl } from './crl.ts';
import { answerOcsp, type Standing, type StatusIssuer } from './ocsp.ts';
import { listRoots, statusIssuers } from './roots.ts';

const HOUR_MS = 3_600_000;
/** A list that nothing was added to is handed out so long. */
const CRL_REFRESH_MS = 12 * HOUR_MS;
/** For so long a list may be believed. */
const CRL_VALID_MS = 7 * 24 * HOUR_MS;
/** For so long an answer may be kept. */
const OCSP_VALID_MS = HOUR_MS;

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

/** The roots that have not ended, or whose list the key of today signs. */
async function issuersOf(context: AuthorityContext): Promise<readonly StatusIssuer[]> {
  return statusIssuers(context, await listRoots(context));
}

/** The list of a root. @param name its key id in hexadecimal; of today's where it is undefined */
export async function revocationList(
  context: AuthorityContext,
  name: string | undefined,
): Promise<AuthorityOutcome<Uint8Array>> {
  const { crypto, keys } = context;
  const wanted = name ?? hexOf(keyId(crypto, keys.publicKey));
  const issuers = await issuersOf(context);
  const issuer = issuers.find(({ rootKey }) => hexOf(keyId(crypto, rootKey)) === wanted);
  return issuer === undefined
    ? refuseBecause('rootUnknown')
    : { ok: true, value: await listOf(context, issuer) };
}

async function listOf(context: AuthorityContext, issuer: StatusIssuer): Promise<Uint8Array> {
  const { now } = context;
  return context.db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom('revocations as end')
      .innerJoin('user_certificates as given', 'given.serial', 'end.serial')
      .select(['end.serial', 'end.reason', 'end.ordered_ms'])
      .where('given.root_key', '=', issuer.rootKey)
      .orderBy('end.ordered_ms')
      .orderBy('end.serial')
      .execute();
    const latest = await trx
      .selectFrom('crls')
      .select(['crl', 'entries', 'this_ms'])
      .where('root_key', '=', issuer.rootKey)
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    const thisMs = now();
    const isFresh = latest !== undefined && thisMs < latest.this_ms + CRL_REFRESH_MS;
    if (isFresh && thisMs >= latest.this_ms && latest.entries === rows.length) return latest.crl;
    const number = await nextNumber(trx, 'crl');
    const revoked = rows.map(
      ({ serial, reason, ordered_ms }): Revoked => ({
        serial: bytesOf(serial),
        reason,
        timeMs: ordered_ms,
      }),
    );
    const nextMs = thisMs + CRL_VALID_MS;
    const crl = signCrl(issuer, { number, thisMs, nextMs, revoked });
    await trx.deleteFrom('crls').where('root_key', '=', issuer.rootKey).execute();
    await trx
      .insertInto('crls')
      .values({ number, root_key: issuer.rootKey, crl, entries: rows.length, this_ms: thisMs })
      .execute();
    return crl;
  });
}

/** Answers a question of OCSP, both DER. */
export async function answerStatus(
  context: AuthorityContext,
  question: Uint8Array,
): Promise<Uint8Array> {
  const nowMs = context.now();
  const issuers = await issuersOf(context);
  const standing = ({ rootKey }: StatusIssuer, serial: Uint8Array) =>
    standingOf(context, rootKey, serial);
  return answerOcsp({ issuers, standing, nowMs, nextMs: nowMs + OCSP_VALID_MS }, question);
}

async function standingOf(
  { db }: Pick<AuthorityContext, 'db'>,
  rootKey: Uint8Array,
  serial: Uint8Array,
): Promise<Standing> {
  const row = await db
    .selectFrom('user_certificates as given')
    .leftJoin('revocations as end', 'end.serial', 'given.serial')
    .select(['given.root_key', 'end.reason', 'end.ordered_ms'])
    .where('given.serial', '=', hexOf(serial))
    .executeTakeFirst();
  if (row === undefined || !equalBytes(row.root_key, rootKey)) return undefined;
  const { reason, ordered_ms: timeMs } = row;
  return reason === null || timeMs === null ? 'good' : { serial, reason, timeMs };
}

/** The certificate of a root, DER. @param name as {@link revocationList} */
export async function rootCertificate(
  context: AuthorityContext,
  name: string | undefined,
): Promise<AuthorityOutcome<Uint8Array>> {
  const { crypto, keys } = context;
  const wanted = name ?? hexOf(keyId(crypto, keys.publicKey));
  const roots = await listRoots(context);
  const root = roots.find(({ publicKey }) => hexOf(keyId(crypto, publicKey)) === wanted);
  return root === undefined ? refuseBecause('rootUnknown') : { ok: true, value: root.certificate };
}
