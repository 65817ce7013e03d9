/**
 * The keys of the authority as a provider believes them: from the one that it was made with, by certificates that it asks
 * for when something is signed by a key that it does not know (requirements.md D8).
 */

import {
  type AuthorityKeys,
  authorityKeysFrom,
  longerChain,
} from '#protocol/documents/authority-chain';
import type { Result } from '#protocol/result';
import type { ProviderContext } from './context.ts';

/** Judges by what is known, and where the signature is wrong once more by what the authority tells of its keys. */
export async function judgeByAuthority<T>(
  context: ProviderContext,
  judge: (keys: AuthorityKeys) => Result<T>,
): Promise<Result<T>> {
  const first = judge(keysFrom(context, await knownChain(context)));
  if (first.ok || first.status !== 'signatureInvalid') return first;
  const learned = await learn(context);
  return learned === undefined ? first : judge(learned);
}

const keysFrom = (
  { crypto, authorityKey }: ProviderContext,
  chain: readonly Uint8Array[],
): AuthorityKeys => authorityKeysFrom(crypto, authorityKey, chain);

async function knownChain({ db }: ProviderContext): Promise<readonly Uint8Array[]> {
  const rows = await db
    .selectFrom('authority_keys')
    .select('certificate')
    .orderBy('sequence')
    .execute();
  return rows.map(({ certificate }) => certificate);
}

/** Undefined where there is nothing new to be believed, or no answer. */
async function learn(context: ProviderContext): Promise<AuthorityKeys | undefined> {
  let told: readonly Uint8Array[];
  try {
    ({ certificates: told } = await context.authority.authorityKeys({}));
  } catch {
    return undefined; // it is asked again with the next document
  }
  const known = await knownChain(context);
  const believed = longerChain(context.crypto, context.authorityKey, known, told);
  if (believed === undefined) return undefined;
  const added = believed.slice(known.length);
  const rows = added.map((certificate, place) => ({
    sequence: known.length + place + 1,
    certificate,
  }));
  await context.db
    .insertInto('authority_keys')
    .values(rows)
    .onConflict((conflict) => conflict.column('sequence').doNothing())
    .execute();
  return keysFrom(context, believed);
}
