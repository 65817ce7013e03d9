/**
 * The roots: each key of the authority certifies itself, once (requirements.md G8). At a rollover there are two, as there are two
 * keys; the one that ends says before that the next may tell of its revocations.
 */

import { equalBytes } from '#protocol/bytes';
import type { KeyPair } from '#protocol/crypto';
import { currentKey } from '#protocol/documents/authority-chain';
import { dateOf } from '#protocol/documents/date';
import { keyId } from '#protocol/documents/key-id';
import type { AuthorityContext, AuthorityTransaction } from '../context.ts';
import type { StatusPlaces } from './extensions.ts';
import { issueRoot, issueStatusCertificate, rootName } from './issue.ts';
import type { StatusIssuer } from './ocsp.ts';

export interface Root {
  readonly publicKey: Uint8Array;
  readonly sequence: number;
  /** DER. */
  readonly certificate: Uint8Array;
  /** For the key behind it; null where none took its place. */
  readonly status_certificate: Uint8Array | null;
}

type Db = Pick<AuthorityContext, 'db'>;

/** All of them, the earliest first; that of today is made where it is missing. */
export async function listRoots(context: AuthorityContext): Promise<readonly Root[]> {
  const known = await rootsIn(context);
  if (known.some(({ publicKey }) => equalBytes(publicKey, context.keys.publicKey))) return known;
  await context.db.transaction().execute((trx) => rootOfToday(context, trx));
  return rootsIn(context);
}

async function rootsIn({ db }: Db): Promise<readonly Root[]> {
  const rows = await db
    .selectFrom('roots')
    .select(['public_key', 'sequence', 'certificate', 'status_certificate'])
    .orderBy('made_ms')
    .orderBy('sequence')
    .execute();
  return rows.map(({ public_key: publicKey, ...root }) => ({ publicKey, ...root }));
}

/** The root that issues now. */
export async function rootOfToday(
  { crypto, keys, keysInTime, now }: AuthorityContext,
  trx: AuthorityTransaction,
): Promise<Root> {
  const find = () =>
    trx
      .selectFrom('roots')
      .select(['public_key', 'sequence', 'certificate', 'status_certificate'])
      .where('public_key', '=', keys.publicKey)
      .executeTakeFirst();
  let row = await find();
  if (row === undefined) {
    const madeMs = now();
    const { sequence } = currentKey(keysInTime);
    const certificate = issueRoot(crypto, keys, sequence, dateOf(madeMs));
    await trx
      .insertInto('roots')
      .values({ public_key: keys.publicKey, sequence, certificate, made_ms: madeMs })
      .onConflict((conflict) => conflict.column('public_key').doNothing())
      .execute();
    row = await find();
  }
  if (row === undefined) throw new Error('the root was not made');
  const { public_key: publicKey, ...root } = row;
  return { publicKey, ...root };
}

/** The name that stands in what a root issues. */
export const nameOfRoot = ({ sequence }: Pick<Root, 'sequence'>): Uint8Array => rootName(sequence);

/** Says, with the key that ends, that the next may tell of its revocations. Called again, it changes nothing. */
export async function appointSuccessor(
  context: AuthorityContext,
  next: KeyPair['publicKey'],
): Promise<void> {
  const { crypto, keys, now } = context;
  await context.db.transaction().execute(async (trx) => {
    const root = await rootOfToday(context, trx);
    const certificate = issueStatusCertificate(crypto, keys, root.sequence, next, dateOf(now()));
    await trx
      .updateTable('roots')
      .set({ status_certificate: certificate })
      .where('public_key', '=', keys.publicKey)
      .execute();
  });
}

/** Those roots that today's key can tell of: its own, and the one that it follows. */
export function statusIssuers(
  { crypto, keys }: AuthorityContext,
  roots: readonly Root[],
): readonly StatusIssuer[] {
  return roots.flatMap((root, place) => {
    const isOwn = equalBytes(root.publicKey, keys.publicKey);
    const follows = roots[place + 1];
    const mayTell =
      root.status_certificate !== null &&
      follows !== undefined &&
      equalBytes(follows.publicKey, keys.publicKey);
    if (!isOwn && !mayTell) return [];
    return [
      {
        crypto,
        keys,
        issuerName: nameOfRoot(root),
        rootKey: root.publicKey,
        statusCertificate: isOwn ? undefined : (root.status_certificate ?? undefined),
      },
    ];
  });
}

/** Where the world asks about what a root issued; undefined where the authority has no address in the world. */
export function placesOf(
  { crypto, publicUrl }: AuthorityContext,
  root: Uint8Array,
): StatusPlaces | undefined {
  if (publicUrl === undefined) return undefined;
  const name = Buffer.from(keyId(crypto, root)).toString('hex');
  const base = publicUrl.replace(/\/+$/, '');
  return {
    crl: `${base}/crl/${name}`,
    ocsp: `${base}/ocsp`,
    root: `${base}/roots/${name}`,
  };
}
