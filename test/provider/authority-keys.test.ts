/** How a provider learns that another authority key counts (requirements.md D8). */

import { describe, expect, test } from 'vitest';
import { openAuthority } from '#authority/authority';
import { openDatabase } from '#cli/database';
import { nodeCrypto } from '#driver/node-crypto';
import type { KeyPair } from '#protocol/crypto';
import {
  issueFirstAuthorityKey,
  issueNextAuthorityKey,
  verifyAuthorityKey,
} from '#protocol/documents/authority-key';
import { mills } from '#protocol/mills';
import type { AuthorityLink } from '#provider/context';
import {
  granted,
  linkTo,
  makeMeter,
  makeOffice,
  refusalOf,
  requestId,
  TODAY,
} from '#test/support/back-office';
import { temporaryFolder } from '#test/support/temporary-folder';

const pair = () => nodeCrypto.generateKeyPair();

/** Certificates of these keys, each behind the one before; the last one is announced only. */
function chainOf(first: KeyPair, ...others: readonly KeyPair[]): readonly Uint8Array[] {
  const keys = [first, ...others];
  const chain: Uint8Array[] = [];
  for (const [place, own] of keys.slice(0, -1).entries()) {
    const next = (keys[place + 1] as KeyPair).publicKey;
    const before = verifyAuthorityKey(nodeCrypto, chain[place - 1] ?? new Uint8Array(0));
    const previous = keys[place - 1] ?? own;
    chain.push(
      before.ok
        ? issueNextAuthorityKey(nodeCrypto, before.value, { previous, own }, next, TODAY)
        : issueFirstAuthorityKey(nodeCrypto, own, next, TODAY),
    );
  }
  return chain;
}

/** A provider of the first key, and its authority, which has gone on to another one. */
async function rolledOver(folder: string) {
  const dialect = () => openDatabase(`sqlite:${folder}/authority.sqlite`);
  const office = await makeOffice(undefined, dialect());
  await office.authority[Symbol.asyncDispose]();
  const open = (keys: KeyPair, authorityKeys: readonly Uint8Array[]) =>
    openAuthority({
      dialect: dialect(),
      crypto: nodeCrypto,
      now: () => office.clock.timeMs,
      keys,
      authorityKeys,
    });
  const books = `sqlite:${folder}/provider.sqlite`;
  const provider = (link: AuthorityLink) => office.reopen(openDatabase(books), link);
  return { office, open, provider };
}

const order = (number: number) => ({ requestId: requestId(number), amount: mills(50_000) });

describe('a provider whose authority has another key', () => {
  test('takes value under it, and certificates under both', async () => {
    const { office, open, provider } = await rolledOver(temporaryFolder());
    const [second, third] = [pair(), pair()];
    await using authority = await open(second, chainOf(office.keys, second, third));
    await using desk = await provider(linkTo(authority));

    expect(granted(await desk.buyValue(order(1))).amount).toBe(50_000);

    const { customerId } = granted(await desk.openAccount({ name: 'A', creditMax: mills(0) }));
    const { deviceCertificate: certificate } = await makeMeter(authority);
    expect(refusalOf(await desk.enrolMeter({ customerId, certificate }))).toBe('ok');
  });

  test('does not believe a key that was not announced', async () => {
    const { office, open, provider } = await rolledOver(temporaryFolder());
    const [second, third, thief] = [pair(), pair(), pair()];
    await using authority = await open(thief, []);
    const [first = new Uint8Array(0)] = chainOf(office.keys, second, third);
    const [, forged = new Uint8Array(0)] = chainOf(office.keys, thief, third);
    const certificates = [first, forged];
    await using desk = await provider({
      ...linkTo(authority),
      authorityKeys: async () => ({ certificates }),
    });

    expect(refusalOf(await desk.buyValue(order(2)))).toBe('issueInvalid');
  });

  test('keeps what it learned: neither the key before counts, nor another chain', async () => {
    const { office, open, provider } = await rolledOver(temporaryFolder());
    const [second, third, thief] = [pair(), pair(), pair()];
    await using authority = await open(second, chainOf(office.keys, second, third));
    {
      await using desk = await provider(linkTo(authority));
      granted(await desk.buyValue(order(3)));
    }
    await using before = await open(office.keys, []); // whoever has the first key, and announces another one
    await using desk = await provider({
      ...linkTo(before),
      authorityKeys: async () => ({ certificates: chainOf(office.keys, thief, pair(), pair()) }),
    });

    expect(refusalOf(await desk.buyValue(order(4)))).toBe('issueInvalid');
  });
});
