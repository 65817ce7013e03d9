/** Claims for spoiled pieces: judged here, then by the authority, approved once, and paid back by a refill (requirements.md B7; domain.md R20, R21). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import type { IndiciumFields } from '#protocol/documents/indicium';
import { issueSpoilageAnswer, spoilageRequestDocument } from '#protocol/documents/spoilage';
import { mills } from '#protocol/mills';
import type { AuthorityLink } from '#provider/context';
import {
  booksOf,
  cuttable,
  DAY_MS,
  granted,
  linkTo,
  makeCustomer,
  makeOffice,
  memory,
  readAnswer,
  refusalOf,
  requestId,
  signIndicium,
  signRequest,
  type TestMeter,
} from '#test/support/back-office';

/** A meter that was refilled with 100.000 and may get half of what it spends back, behind a line that can be cut. */
async function makeDesk(linkOf?: (link: AuthorityLink) => AuthorityLink) {
  const base = await makeOffice();
  const line = cuttable(base.authority);
  const provider = await base.reopen(memory(), linkOf ? linkOf(line.link) : line.link);
  const office = { ...base, provider };
  const customer = await makeCustomer(office, { terms: { spoilageCap: 5_000 } });
  const { customerId, meter } = customer;
  const { meterId } = meter;
  const request = signRequest(meter, { amount: mills(100_000) });
  granted(await provider.refill({ request }));
  const order = { customerId, requestId: requestId(1), meterId, reason: 'damaged' } as const;
  const claim = async (indicia: readonly Uint8Array[], number = 1) =>
    granted(await provider.submitClaim({ ...order, requestId: requestId(number), indicia }));
  const balance = async () => {
    const { spoilageApproved, spoilageCredited } = granted(await provider.readMeter({ meterId }));
    return spoilageApproved - spoilageCredited;
  };
  const books = () => booksOf(office, [customer]);
  return { office, provider, line, customerId, meter, meterId, order, claim, balance, books };
}

/** The n-th letter of the meter. */
const letter = (
  meter: TestMeter,
  piece: number,
  fields: Partial<IndiciumFields> = {},
): Uint8Array =>
  signIndicium(meter, {
    pieceCount: piece,
    ascending: mills(780 * piece),
    descending: mills(100_000 - 780 * piece),
    ...fields,
  });

test('a claim is approved, waits as a balance, and comes back by a refill of its kind only', async () => {
  const { office, provider, meter, claim, balance, books } = await makeDesk();

  const approved = await claim([letter(meter, 4), letter(meter, 5)]);

  expect(approved).toMatchObject({ claimId: 1, state: 'refunded', approved: 1_560 });
  expect(approved.pieces).toEqual(
    [4, 5].map((piece) => ({ piece, amount: 780, state: 'refunded', rejection: undefined })),
  );
  expect(await books()).toMatchObject({
    issued: 1_001_560,
    inPool: 900_000,
    forSpoilage: 1_560,
    sold: 100_000,
  });
  const registers = { ascending: mills(3_900), descending: mills(96_100) };
  const refill = async (sequence: number, amount: number, held = registers) =>
    readAnswer(
      office,
      await provider.refill({
        request: signRequest(meter, { kind: 'spoilage', sequence, amount: mills(amount), ...held }),
      }),
    );
  expect(await refill(2, 1_561)).toMatchObject({ reason: 'notApproved', available: 1_560 });
  expect(await refill(3, 1_000)).toMatchObject({ reason: 'ok', amount: 1_000 });
  const after = { ...registers, descending: mills(97_100) };
  expect(await refill(4, 561, after)).toMatchObject({ reason: 'notApproved', available: 560 });
  expect(await refill(5, 560, after)).toMatchObject({ reason: 'ok', amount: 560 });
  expect(await balance()).toBe(0);
  expect(await books()).toMatchObject({
    issued: 1_001_560,
    inPool: 900_000,
    forSpoilage: 0,
    sold: 101_560,
    spoilageCredited: 1_560,
    balance: 100_000,
  });
});

test('the same claim is the same claim, however often and at the same time it is submitted', async () => {
  const { meter, claim, balance, order, provider } = await makeDesk();
  const pieces = [letter(meter, 4)];

  const claims = await Promise.all(Array.from({ length: 5 }, () => claim(pieces)));

  for (const each of claims) expect(each).toEqual(claims[0]);
  expect(await balance()).toBe(780);
  const other = await provider.submitClaim({ ...order, indicia: [letter(meter, 5)] });
  expect(refusalOf(other)).toBe('requestIdReused');
});

describe('a piece is rejected here, and never sent on', () => {
  const someone = nodeCrypto.generateKeyPair();
  test.each<[string, (meter: TestMeter) => Uint8Array, string]>([
    ['that is no indicium', () => new Uint8Array(128), 'unreadable'],
    [
      'that the meter did not sign',
      (m) => letter({ ...m, indicium: someone }, 9),
      'signatureInvalid',
    ],
    ['that cost nothing', (m) => letter(m, 9, { postage: mills(0) }), 'noValue'],
    ['mailed 61 days ago', (m) => letter(m, 9, { mailingDate: 20261230 }), 'tooOld'],
    ['above the cap', (m) => letter(m, 1), 'aboveCap'],
  ])('%s', async (_, make, rejection) => {
    const asked: unknown[] = [];
    const { meter, claim, balance } = await makeDesk((link) => ({
      ...link,
      async answerSpoilageRequest(request) {
        asked.push(request);
        return link.answerSpoilageRequest(request);
      },
    }));

    const { state, pieces } = await claim([make(meter)]);

    expect(state).toBe('rejected');
    expect(pieces).toMatchObject([{ state: 'rejected', rejection }]);
    expect(asked).toEqual([]);
    expect(await balance()).toBe(0);
  });

  test('of another meter of the same customer', async () => {
    const { office, customerId, claim } = await makeDesk();
    const { meter: other } = await makeCustomer(office);
    expect(customerId).toBe(1);

    expect((await claim([letter(other, 9)])).pieces).toMatchObject([{ rejection: 'otherMeter' }]);
  });

  test('that was claimed before, here or in another claim, unless it was rejected', async () => {
    const { office, meter, claim, balance } = await makeDesk();
    const early = letter(meter, 1);
    expect((await claim([early, letter(meter, 9), letter(meter, 9)])).pieces).toMatchObject([
      { state: 'rejected', rejection: 'aboveCap' },
      { state: 'refunded' },
      { state: 'rejected', rejection: 'claimedBefore' },
    ]);

    const second = await claim([letter(meter, 9), letter(meter, 10)], 2);
    // more was spent since, so that the cap has room now
    const registers = { ascending: mills(7_800), descending: mills(92_200) };
    const request = signRequest(meter, { sequence: 2, amount: mills(1), ...registers });
    granted(await office.provider.refill({ request }));
    const third = await claim([early], 3);

    expect(second.pieces).toMatchObject([
      { state: 'rejected', rejection: 'claimedBefore' },
      { state: 'refunded' },
    ]);
    expect(third.pieces).toMatchObject([{ state: 'refunded' }]);
    expect(await balance()).toBe(2_340);
  });
});

test('how old a piece may be is the operator’s to say', async () => {
  const office = await makeOffice();
  const { customerId, meter } = await makeCustomer(office, { terms: { spoilageCap: 10_000 } });
  const days = async (spoilageDays: number | undefined, mailingDate: number) => {
    const provider = await office.reopen(memory(), linkTo(office.authority), { spoilageDays });
    const applicant = await provider.openAccount({ name: 'Customer' });
    expect(granted(applicant).customerId).toBe(customerId);
    granted(await provider.enrolMeter({ customerId, certificate: meter.deviceCertificate }));
    const claim = { customerId, requestId: requestId(1), meterId: meter.meterId };
    const indicia = [letter(meter, 9, { mailingDate, pieceCount: mailingDate % 10_000 })];
    const outcome = await provider.submitClaim({ ...claim, reason: 'other', indicia });
    return granted(outcome).pieces[0]?.rejection;
  };

  expect(await days(undefined, 20261231)).not.toBe('tooOld');
  expect(await days(undefined, 20261230)).toBe('tooOld');
  expect(await days(30, 20270130)).not.toBe('tooOld');
  expect(await days(30, 20270129)).toBe('tooOld');
});

test('what the authority finds against a piece rejects it, and the others are approved', async () => {
  const { office, meter, claim, balance } = await makeDesk();
  const seen = letter(meter, 4);
  granted(await office.authority.verifyEvidence({ evidence: seen, seenMs: undefined }));

  const { state, approved, pieces } = await claim([new Uint8Array(128), seen, letter(meter, 5)]);

  expect({ state, approved }).toEqual({ state: 'refunded', approved: 780 });
  expect(pieces).toEqual([
    { piece: undefined, amount: 0, state: 'rejected', rejection: 'unreadable' },
    { piece: 4, amount: 780, state: 'rejected', rejection: 'scanned' },
    { piece: 5, amount: 780, state: 'refunded', rejection: undefined },
  ]);
  expect(await balance()).toBe(780);
});

describe('without an answer of the authority', () => {
  test.each(['before', 'after'] as const)(
    '%s it was asked, a claim stays submitted and is finished once',
    async (cut) => {
      const { office, provider, line, customerId, meter, claim, balance, books } = await makeDesk();
      line.cut = cut;
      const submitted = await claim([letter(meter, 9)]);
      const unfinished = granted(await provider.finishClaims({}));
      expect(refusalOf(await provider.closeAccount({ customerId }))).toBe('accountBusy');

      line.cut = 'none';
      const finished = granted(await provider.finishClaims({}));

      expect(submitted).toMatchObject({ state: 'submitted', approved: 0 });
      expect(unfinished).toEqual({ finished: 0, pending: 1 });
      expect(finished).toEqual({ finished: 1, pending: 0 });
      expect(granted(await provider.finishClaims({}))).toEqual({ finished: 0, pending: 0 });
      expect(granted(await provider.readClaim({ claimId: 1 }))).toMatchObject({
        state: 'refunded',
        approved: 780,
      });
      expect(await balance()).toBe(780);
      expect(await books()).toMatchObject({ issued: 1_000_780, forSpoilage: 780 });
      expect(granted(await office.authority.providerAccount({ providerId: 1 })).issues).toBe(2);
    },
  );

  test('a piece is not claimed a second time while the first claim is undecided', async () => {
    const { line, meter, claim } = await makeDesk();
    line.cut = 'after';
    await claim([letter(meter, 9)]);
    line.cut = 'none';

    expect((await claim([letter(meter, 9)], 2)).pieces).toMatchObject([
      { rejection: 'claimedBefore' },
    ]);
  });
});

describe('an answer that is not the authority’s to this claim credits nothing', () => {
  test.each<[string, Partial<Parameters<typeof issueSpoilageAnswer>[2]>, boolean]>([
    ['signed by another', {}, false],
    ['to another request', { requestId: requestId(9) }, true],
    ['with a verdict too many', { verdicts: ['refunded', 'refunded'] }, true],
  ])('%s', async (_, changes, isOurs) => {
    const keys = { current: nodeCrypto.generateKeyPair() };
    const { office, provider, meter, order, balance } = await makeDesk((link) => ({
      ...link,
      async answerSpoilageRequest({ request }) {
        const asked = spoilageRequestDocument.read(request);
        if (!asked.ok) throw new Error('that is no request');
        const answer = issueSpoilageAnswer(nodeCrypto, keys.current, {
          ...asked.value,
          verdicts: ['refunded'],
          amount: mills(780),
          sequence: 2,
          issuedTotal: mills(1_000_780),
          ...changes,
        });
        return { answer };
      },
    }));
    if (isOurs) keys.current = office.keys;

    const outcome = await provider.submitClaim({ ...order, indicia: [letter(meter, 9)] });

    expect(refusalOf(outcome)).toBe('answerInvalid');
    expect(await balance()).toBe(0);
  });
});

test.each<[string, object, string]>([
  ['of a customer that does not exist', { customerId: 9 }, 'customerUnknown'],
  [
    'for a meter that is not enrolled',
    { meterId: Uint8Array.from(Buffer.from('TS010000')) },
    'meterUnknown',
  ],
  ['without pieces', { indicia: [] }, 'claimEmpty'],
])('a claim %s is refused', async (_, changes, refusal) => {
  const { provider, meter, order } = await makeDesk();

  const outcome = await provider.submitClaim({ ...order, indicia: [letter(meter, 9)], ...changes });

  expect(refusalOf(outcome)).toBe(refusal);
  expect(refusalOf(await provider.readClaim({ claimId: 1 }))).toBe('claimUnknown');
});

test('a claim for the meter of another customer is refused', async () => {
  const { office, provider, meter, order } = await makeDesk();
  const { customerId } = await makeCustomer(office);

  const outcome = await provider.submitClaim({ ...order, customerId, indicia: [letter(meter, 9)] });

  expect(refusalOf(outcome)).toBe('meterEnrolled');
});

test('the claims of a customer are told in turn', async () => {
  const { office, provider, customerId, meter, claim } = await makeDesk();
  const first = await claim([letter(meter, 9)], 1);
  office.clock.timeMs += DAY_MS;
  const second = await claim([letter(meter, 10)], 2);

  const list = async (after: number) =>
    granted(await provider.listClaims({ customerId, after })).claims;

  expect(await list(0)).toEqual([first, second]);
  expect(await list(1)).toEqual([second]);
});
