/** What an authority and a provider make of a key that took over (requirements.md D8, G8). */

import { describe, expect, test } from 'vitest';
import { openAuthority } from '#authority/authority';
import { openDatabase } from '#cli/database';
import { nodeCrypto } from '#driver/node-crypto';
import {
  issueFirstAuthorityKey,
  issueNextAuthorityKey,
  verifyAuthorityKey,
} from '#protocol/documents/authority-key';
import { addDays } from '#protocol/documents/date';
import { verifyLicence } from '#protocol/documents/licence';
import { verifyLockOrder } from '#protocol/documents/orders';
import { verifyRateTable } from '#protocol/documents/rate-table';
import {
  granted,
  license,
  makeAuthority,
  makeMeter,
  NOON_MS,
  signIndicium,
  TODAY,
} from '#test/support/back-office';
import { temporaryFolder } from '#test/support/temporary-folder';

/** An authority on a file, with a licensed meter, whose next key takes over while it rests. */
async function afterRollover(folder: string) {
  const dialect = () => openDatabase(`sqlite:${folder}/authority.sqlite`);
  const { authority: before, keys } = await makeAuthority(dialect());
  const meter = await makeMeter(before);
  await license(before, meter);
  granted(await before.orderLock({ meterId: meter.meterId, action: 'unlock', reason: 'none' }));
  await before[Symbol.asyncDispose]();
  const [own, next] = [nodeCrypto.generateKeyPair(), nodeCrypto.generateKeyPair()];
  const first = issueFirstAuthorityKey(nodeCrypto, keys, own.publicKey, TODAY);
  const read = verifyAuthorityKey(nodeCrypto, first);
  if (!read.ok) throw new Error(read.status);
  const pairs = { previous: keys, own };
  const since = addDays(TODAY, 1);
  const second = issueNextAuthorityKey(nodeCrypto, read.value, pairs, next.publicKey, since);
  const open = (authorityKeys: readonly Uint8Array[], pair = own) =>
    openAuthority({
      dialect: dialect(),
      crypto: nodeCrypto,
      now: () => NOON_MS + 2 * 86_400_000,
      keys: pair,
      authorityKeys,
    });
  return { open, chain: [first, second], before: keys, own, meter };
}

describe('an authority whose second key counts', () => {
  test('hands out under it what it signed under the first: licence, rates, order', async () => {
    const { open, chain, own, meter } = await afterRollover(temporaryFolder());
    await using authority = await open(chain);
    const { meterId } = meter;
    const key = own.publicKey;

    const { licence } = granted(await authority.licence({ meterId }));
    const { rateTable } = granted(await authority.currentRateTable({}));
    const { order = new Uint8Array(0) } = granted(await authority.lockOrder({ meterId }));

    expect(verifyLicence(nodeCrypto, key, licence)).toMatchObject({ ok: true });
    expect(verifyRateTable(nodeCrypto, key, rateTable)).toMatchObject({ ok: true });
    expect(verifyLockOrder(nodeCrypto, key, order, meterId)).toMatchObject({ ok: true });
  });

  test('accepts evidence by a certificate of the first, and tells all its keys', async () => {
    const { open, chain, meter } = await afterRollover(temporaryFolder());
    await using authority = await open(chain);

    const verdict = granted(
      await authority.verifyEvidence({ evidence: signIndicium(meter), seenMs: undefined }),
    );

    expect(verdict.checks.find(({ name }) => name === 'chain')?.outcome).toBe('pass');
    expect(verdict.accepted).toBe(true);
    expect(granted(await authority.authorityKeys({})).certificates).toEqual(chain);
  });

  test('refuses evidence where the key of its certificate never was one of the authority', async () => {
    const { open, chain, meter, own } = await afterRollover(temporaryFolder());
    await using authority = await open([]); // the second key alone: nothing leads to the first

    const verdict = granted(
      await authority.verifyEvidence({ evidence: signIndicium(meter), seenMs: undefined }),
    );

    expect(verdict.checks.find(({ name }) => name === 'chain')?.outcome).toBe('fail');
    expect(verdict.accepted).toBe(false);
    expect([chain.length, own.publicKey.length]).toEqual([2, 33]);
  });

  test('does not open with a chain that does not lead to its key, or with a key of before', async () => {
    const { open, chain, before } = await afterRollover(temporaryFolder());

    await expect(open(chain.slice(0, 1))).rejects.toThrow(/do not lead/);
    await expect(open(chain, before)).rejects.toThrow(/earlier day/);
  });
});
