/** Value is issued once for each request of a provider (requirements.md G3). */

import { expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { signValueRequest, type ValueRequest, verifyValueIssue } from '#protocol/documents/value';
import { MILLS_MAX, mills } from '#protocol/mills';
import { granted, makeAuthority, NOON_MS, refusalOf, requestId } from '#test/support/back-office';

async function makeProvider() {
  const base = await makeAuthority();
  const provider = nodeCrypto.generateKeyPair();
  const applicant = { name: 'Provider', publicKey: provider.publicKey };
  const { providerId } = granted(await base.authority.registerProvider(applicant));
  const request = (fields: Partial<ValueRequest> = {}, by = provider): Uint8Array =>
    signValueRequest(nodeCrypto, by.privateKey, {
      providerId,
      requestId: requestId(1),
      amount: mills(10_000),
      timeMs: NOON_MS,
      ...fields,
    });
  const issuedTotal = async () =>
    granted(await base.authority.providerAccount({ providerId })).issuedTotal;
  return { ...base, providerId, request, issuedTotal };
}

test('the same request gets the same issue, however often and at the same time', async () => {
  const { authority, keys, providerId, request, issuedTotal } = await makeProvider();

  const answers = await Promise.all(
    // signed anew each time: it is the request id that counts
    Array.from({ length: 10 }, () => authority.answerValueRequest({ request: request() })),
  );

  for (const answer of answers) expect(answer).toEqual(answers[0]);
  const { issue } = granted(answers[0] as (typeof answers)[0]);
  expect(verifyValueIssue(nodeCrypto, keys.publicKey, issue)).toMatchObject({
    ok: true,
    value: { providerId, amount: 10_000, sequence: 1, issuedTotal: 10_000, timeMs: NOON_MS },
  });
  expect(await issuedTotal()).toBe(10_000);
});

test('issues are numbered and tell the total they led to', async () => {
  const { authority, keys, request } = await makeProvider();
  const read = async (number: number, amount: number) => {
    const fields = { requestId: requestId(number), amount: mills(amount) };
    const { issue } = granted(await authority.answerValueRequest({ request: request(fields) }));
    const { issuedTotal, sequence } = granted(
      asOutcome(verifyValueIssue(nodeCrypto, keys.publicKey, issue)),
    );
    return { issuedTotal, sequence };
  };

  expect(await read(1, 500)).toEqual({ sequence: 1, issuedTotal: 500 });
  expect(await read(2, 700)).toEqual({ sequence: 2, issuedTotal: 1_200 });
  expect(await read(1, 500)).toEqual({ sequence: 1, issuedTotal: 500 });
});

test.each([
  ['another amount under the same id', { amount: mills(10_001) }, 'requestIdReused'],
  ['a provider that is not registered', { providerId: 9 }, 'providerUnknown'],
  [
    'more than 48 bits in all',
    { requestId: requestId(2), amount: mills(MILLS_MAX) },
    'issueTooLarge',
  ],
])('%s is refused and issues nothing', async (_, fields, refusal) => {
  const { authority, request, issuedTotal } = await makeProvider();
  granted(await authority.answerValueRequest({ request: request() }));

  const outcome = await authority.answerValueRequest({ request: request(fields) });

  expect(refusalOf(outcome)).toBe(refusal);
  expect(await issuedTotal()).toBe(10_000);
});

test('a request that the provider did not sign is refused', async () => {
  const { authority, request, issuedTotal } = await makeProvider();
  const forged = request({}, nodeCrypto.generateKeyPair());

  expect(refusalOf(await authority.answerValueRequest({ request: forged }))).toBe(
    'signatureInvalid',
  );
  expect(refusalOf(await authority.answerValueRequest({ request: forged.slice(1) }))).toBe(
    'documentMalformed',
  );
  expect(await issuedTotal()).toBe(0);
});

function asOutcome<T>(result: { ok: true; value: T } | { ok: false; status: string }) {
  return result.ok ? result : { ok: false as const, error: result.status, detail: '' };
}
