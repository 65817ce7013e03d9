/** Spoiled pieces are refunded once, and never of a piece that was or is seen (requirements.md B7; domain.md R20, R21). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import type { KeyPair } from '#protocol/crypto';
import {
  type SpoilageRequest,
  signSpoilageRequest,
  spoilageAnswerDocument,
} from '#protocol/documents/spoilage';
import { mills } from '#protocol/mills';
import {
  granted,
  license,
  makeAuthority,
  makeMeter,
  NOON_MS,
  refusalOf,
  requestId,
  signIndicium,
  type TestMeter,
} from '#test/support/back-office';
import { ruleMeter } from '#test/support/rule-meter';

/** An authority, a provider, and a meter that may get half of its postage back. */
async function makeDesk(terms = { spoilageCap: 5_000 }) {
  const base = await makeAuthority();
  const { authority } = base;
  const provider = nodeCrypto.generateKeyPair();
  const meter = await makeMeter(authority);
  const { meterId } = meter;
  await license(authority, meter, provider, terms);
  const request = (
    indicia: readonly Uint8Array[],
    fields: Partial<SpoilageRequest> = {},
    by: KeyPair = provider,
  ) =>
    signSpoilageRequest(nodeCrypto, by.privateKey, {
      providerId: 1,
      requestId: requestId(1),
      meterId,
      reason: 'damaged',
      ascending: mills(0),
      indicia,
      timeMs: NOON_MS,
      ...fields,
    });
  const ask = async (...parameters: Parameters<typeof request>) =>
    authority.answerSpoilageRequest({ request: request(...parameters) });
  const refund = async (...parameters: Parameters<typeof request>) => {
    const { answer } = granted(await ask(...parameters));
    const read = spoilageAnswerDocument.verify(nodeCrypto, base.keys.publicKey, answer);
    if (!read.ok) throw new Error('the answer is not signed by the authority');
    return read.value;
  };
  const account = async () => granted(await authority.providerAccount({ providerId: 1 }));
  const verify = async (evidence: Uint8Array) =>
    granted(await authority.verifyEvidence({ evidence, seenMs: NOON_MS }));
  const lock = async () => granted(await authority.readMeter({ meterId })).lock;
  return { ...base, provider, meter, meterId, ask, refund, account, verify, lock };
}

/** The n-th letter of a meter. */
const letter = (meter: TestMeter, piece: number): Uint8Array =>
  signIndicium(meter, {
    pieceCount: piece,
    ascending: mills(780 * piece),
    descending: mills(100_000 - 780 * piece),
  });

test('refunded pieces are issued to the provider with the answer, once for a request', async () => {
  const { authority, meter, meterId, refund, account } = await makeDesk();
  const pieces = [letter(meter, 4), letter(meter, 5)];

  const answers = await Promise.all(Array.from({ length: 6 }, () => refund(pieces)));

  for (const answer of answers) expect(answer).toEqual(answers[0]);
  expect(answers[0]).toMatchObject({
    meterId,
    verdicts: ['refunded', 'refunded'],
    amount: 1_560,
    sequence: 1,
    issuedTotal: 1_560,
  });
  expect(await account()).toMatchObject({ issuedTotal: 1_560, spoilageTotal: 1_560, issues: 1 });
  expect(granted(await authority.readMeter({ meterId })).spoilageRefunded).toBe(1_560);
});

describe('a piece is not refunded', () => {
  const someone = nodeCrypto.generateKeyPair();
  test.each<[string, (meter: TestMeter) => Uint8Array, string]>([
    ['that is no indicium', () => new Uint8Array(128), 'unreadable'],
    [
      'that the meter did not sign',
      (meter) => letter({ ...meter, indicium: someone }, 9),
      'signatureInvalid',
    ],
    ['that cost nothing', (meter) => signIndicium(meter, { postage: mills(0) }), 'noValue'],
    ['above the cap', (meter) => letter(meter, 1), 'aboveCap'],
  ])('%s', async (_, make, verdict) => {
    const { meter, refund, account } = await makeDesk();

    const answer = await refund([make(meter)]);

    expect(answer).toMatchObject({ verdicts: [verdict], amount: 0, sequence: 0 });
    expect(await account()).toMatchObject({ issuedTotal: 0, issues: 0 });
  });

  test('of another meter', async () => {
    const { authority, refund } = await makeDesk();
    const other = await makeMeter(authority);

    expect((await refund([letter(other, 9)])).verdicts).toEqual(['otherMeter']);
  });

  test('that was seen in the mail', async () => {
    const { meter, refund, verify } = await makeDesk();
    await verify(letter(meter, 4));

    const answer = await refund([letter(meter, 4), letter(meter, 5)]);

    expect(answer).toMatchObject({ verdicts: ['scanned', 'refunded'], amount: 780 });
  });

  test('twice: not in one request, not in another one, and not as a reprint', async () => {
    const { meter, refund, account } = await makeDesk();
    const piece = letter(meter, 9);

    const first = await refund([piece, piece]);
    const second = await refund([letter(meter, 9)], { requestId: requestId(2) });

    expect(first.verdicts).toEqual(['refunded', 'refundedBefore']);
    expect(second.verdicts).toEqual(['refundedBefore']);
    expect(await account()).toMatchObject({ issuedTotal: 780 });
  });

  test('beyond the cap, earlier ones counted', async () => {
    const { meter, refund } = await makeDesk({ spoilageCap: 1_000 });
    const first = await refund([letter(meter, 10), letter(meter, 11)]);

    const second = await refund([letter(meter, 19)], { requestId: requestId(2) });
    const third = await refund([letter(meter, 20)], { requestId: requestId(3) });

    expect(first.verdicts).toEqual(['refunded', 'aboveCap']);
    expect(second.verdicts).toEqual(['aboveCap']);
    expect(third.verdicts).toEqual(['refunded']);
  });
});

test('an early piece is judged by what the meter has spent since, as the provider or a report tells', async () => {
  const { meter, refund } = await makeDesk();

  const before = await refund([letter(meter, 1)]);
  const told = await refund([letter(meter, 1)], {
    requestId: requestId(2),
    ascending: mills(1_560),
  });

  expect([before.verdicts, told.verdicts]).toEqual([['aboveCap'], ['refunded']]);
});

describe('a refunded piece that is seen later', () => {
  test('is refused, is a finding, and locks the meter', async () => {
    const { authority, meter, refund, verify, lock } = await makeDesk();
    await refund([letter(meter, 4)]);

    const verdict = await verify(letter(meter, 4));

    expect(verdict.accepted).toBe(false);
    expect(verdict.checks).toContainEqual({
      name: 'refunded',
      outcome: 'fail',
      text: 'Its postage was paid back at 2027-03-01T12:00:00.000Z.',
    });
    const { findings } = granted(await authority.listFindings({ after: 0 }));
    expect(findings.map(({ kind }) => kind)).toEqual(['refunded']);
    expect(await lock()).toBe('lock');
  });

  test('under another date is the same piece, whichever comes first: the claim, the log, the mail', async () => {
    const orders = [
      ['claim', 'log', 'mail'],
      ['log', 'claim', 'mail'],
      ['claim', 'mail', 'log'],
      ['log', 'mail', 'claim'],
    ] as const;
    const found = [];
    for (const order of orders) {
      const { authority, clock, meter, meterId, refund, verify, lock } = await makeDesk();
      const device = ruleMeter(meter, clock);
      device.note('redated', { a: 20270302, b: 5, c: 4 });
      const flags = {
        redate: true,
        correction: false,
        reprint: false,
        test: false,
        certificateService: false,
      };
      const redate = signIndicium(meter, {
        pieceCount: 5,
        postage: mills(0),
        ascending: mills(4 * 780),
        descending: mills(100_000 - 4 * 780),
        flags,
      });
      const acts = {
        claim: async () => (await refund([letter(meter, 4)])).verdicts[0],
        log: async () => {
          const { challenge } = granted(await authority.askForReport({ meterId }));
          const registers = { ...device.registers, pieceCount: 5 };
          const report = device.report(challenge, { registers });
          granted(await authority.takeReport({ report, log: device.exportLog(0) }));
        },
        mail: async () => (await verify(redate)).accepted,
      };
      const results: Record<string, unknown> = {};
      for (const act of order) results[act] = await acts[act]();
      found.push({ ...results, locked: await lock() });
    }

    expect(found).toEqual([
      { claim: 'refunded', log: undefined, mail: false, locked: 'lock' },
      { log: undefined, claim: 'refunded', mail: false, locked: 'lock' },
      { claim: 'refunded', mail: true, log: undefined, locked: 'lock' },
      { log: undefined, mail: true, claim: 'scanned', locked: undefined },
    ]);
  });
});

test.each<[string, Partial<SpoilageRequest>, string]>([
  ['of a provider that does not exist', { providerId: 9 }, 'providerUnknown'],
  [
    'for a meter that does not exist',
    { meterId: Uint8Array.from(Buffer.from('TS010000')) },
    'meterUnknown',
  ],
  ['with other pieces under the same id', { indicia: [new Uint8Array(128)] }, 'requestIdReused'],
])('a request %s is refused', async (_, fields, refusal) => {
  const { meter, ask, account } = await makeDesk();
  granted(await ask([letter(meter, 4)]));

  expect(refusalOf(await ask([letter(meter, 4)], fields))).toBe(refusal);
  expect(await account()).toMatchObject({ issuedTotal: 780 });
});

test('a request that the provider did not sign, or whose meter another one refills, is refused', async () => {
  const { authority, meter, ask, account } = await makeDesk();
  const other = nodeCrypto.generateKeyPair();
  const applicant = { name: 'Other', publicKey: other.publicKey };
  const { providerId } = granted(await authority.registerProvider(applicant));

  expect(refusalOf(await ask([letter(meter, 4)], {}, other))).toBe('signatureInvalid');
  expect(refusalOf(await ask([letter(meter, 4)], { providerId }, other))).toBe(
    'providerNotLicensed',
  );
  expect(await account()).toMatchObject({ issuedTotal: 0 });
});
