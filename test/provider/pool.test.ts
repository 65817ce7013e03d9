/** Value is bought from the authority into the pool, each purchase once (requirements.md G3). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { issueValue, type ValueIssueFields } from '#protocol/documents/value';
import { mills } from '#protocol/mills';
import type { AuthorityLink } from '#provider/context';
import {
  booksOf,
  cuttable,
  granted,
  linkTo,
  makeOffice,
  memory,
  refusalOf,
  requestId,
  type TestOffice,
} from '#test/support/back-office';

const order = { requestId: requestId(1), amount: mills(10_000) };

test('a purchase fills the pool once, however often and at the same time it is asked for', async () => {
  const office = await makeOffice();

  const purchases = await Promise.all(
    Array.from({ length: 10 }, () => office.provider.buyValue(order)),
  );

  for (const purchase of purchases) expect(purchase).toEqual(purchases[0]);
  expect(await booksOf(office, [])).toMatchObject({ issued: 10_000, inPool: 10_000, sold: 0 });
});

test('another amount under the same request id is refused', async () => {
  const office = await makeOffice();
  granted(await office.provider.buyValue(order));

  const outcome = await office.provider.buyValue({ ...order, amount: mills(10_001) });

  expect(refusalOf(outcome)).toBe('requestIdReused');
  expect(await booksOf(office, [])).toMatchObject({ issued: 10_000, inPool: 10_000 });
});

test('a purchase without an answer is kept, and finished once the authority answers', async () => {
  const office = await makeOffice();
  const line = cuttable(office.authority);
  const provider = await office.reopen(memory(), line.link);
  line.cut = 'before';
  const failed = await provider.buyValue(order);

  line.cut = 'none';
  const finished = granted(await provider.finishPurchases({}));

  expect(failed).toEqual({
    ok: false,
    error: 'authorityUnavailable',
    detail: '127.0.0.1:1 cannot be reached',
  });
  expect(finished).toEqual({ finished: 1, pending: 0 });
  expect(await booksOf({ ...office, provider }, [])).toMatchObject({ inPool: 10_000 });
});

describe("an answer that is not the authority's issue for this request credits nothing", () => {
  const issuedBy = (
    { authority, keys, providerId }: TestOffice,
    changes: Partial<ValueIssueFields>,
    by = keys,
  ): AuthorityLink => {
    const fields = {
      providerId,
      requestId: order.requestId,
      amount: order.amount,
      sequence: 1,
      issuedTotal: mills(50_000),
      timeMs: 0,
      ...changes,
    };
    const issue = issueValue(nodeCrypto, by, fields);
    return { ...linkTo(authority), answerValueRequest: async () => ({ issue }) };
  };
  test.each<[string, (office: TestOffice) => AuthorityLink]>([
    ['signed by another', (office) => issuedBy(office, {}, nodeCrypto.generateKeyPair())],
    ['for another provider', (office) => issuedBy(office, { providerId: office.providerId + 1 })],
    ['for another request', (office) => issuedBy(office, { requestId: requestId(2) })],
    ['of another amount', (office) => issuedBy(office, { amount: mills(20_000) })],
    [
      'nonsense',
      ({ authority }) => ({
        ...linkTo(authority),
        answerValueRequest: async () => ({ issue: new Uint8Array(130) }),
      }),
    ],
  ])('%s', async (_, linkOf) => {
    const office = await makeOffice();
    const provider = await office.reopen(memory(), linkOf(office));

    const outcome = await provider.buyValue(order);

    expect(refusalOf(outcome)).toBe('issueInvalid');
    expect(await booksOf({ ...office, provider }, [])).toMatchObject({ inPool: 0 });
  });
});
