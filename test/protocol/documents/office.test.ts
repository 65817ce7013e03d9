/** What provider and authority tell each other beside value: golden bytes, round trips, and what is none of it (requirements.md B7, G5, G7). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import {
  type BatchFields,
  batchDocument,
  MOVEMENTS_MAX,
  movementKinds,
  signBatch,
} from '#protocol/documents/batch';
import { keyId } from '#protocol/documents/key-id';
import {
  type ReceiptFields,
  receiptDocument,
  receiptNumber,
  signReceipt,
  transactionKinds,
} from '#protocol/documents/receipt';
import {
  issueSpoilageAnswer,
  type SpoilageAnswerFields,
  type SpoilageRequest,
  signSpoilageRequest,
  spoilageAnswerDocument,
  spoilageReasons,
  spoilageRequestDocument,
  spoilageVerdicts,
  verifySpoilageAnswer,
} from '#protocol/documents/spoilage';
import { type Mills, mills } from '#protocol/mills';
import { accountNames } from '#protocol/state';
import { authority, fixedCrypto, meterId, provider } from '#test/support/document-values';
import { samples } from '#test/support/documents';
import { readGolden, toHex } from '#test/support/golden';

const timeMs = Date.UTC(2027, 2, 1, 12);
const counting = (size: number, first: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, place) => first + place);

const spoilageRequest: SpoilageRequest = {
  providerId: 3,
  requestId: counting(16, 0x40),
  meterId,
  reason: 'wrongAddress',
  ascending: mills(1_235_347),
  indicia: [samples.indicium.bytes],
  timeMs,
};

const spoilageAnswer: SpoilageAnswerFields = {
  providerId: 3,
  requestId: counting(16, 0x40),
  meterId,
  verdicts: ['refunded'],
  amount: mills(780),
  sequence: 5,
  issuedTotal: mills(25_000_780),
  timeMs: timeMs + 250,
};

const batch: BatchFields = {
  providerId: 3,
  number: 7,
  logCount: 4_321,
  logHead: counting(32, 0x80),
  isComplete: true,
  descending: mills(9_000_000),
  spoilage: mills(780),
  ascending: mills(16_000_000),
  refunded: mills(45_670),
  issueSequence: 5,
  underWay: [counting(16, 0x50)],
  movements: [
    {
      meterId,
      sequence: 6,
      kind: 'settlement',
      account: 'postal',
      amount: mills(12_345),
      timeMs: timeMs - 1_000,
    },
  ],
  suspects: [samples['refill-request'].bytes],
  timeMs,
};

const receipt: ReceiptFields = {
  providerId: 3,
  customerId: 12,
  number: 2,
  place: 10_002,
  kind: 'withdrawal',
  amount: mills(45_670),
  balance: mills(50_000),
  owed: mills(1_000),
  meterId,
  timeMs,
};

const documents = {
  'spoilage-request': {
    document: spoilageRequestDocument,
    signer: provider,
    bytes: signSpoilageRequest(fixedCrypto, provider.privateKey, spoilageRequest),
    fields: spoilageRequest,
  },
  'spoilage-answer': {
    document: spoilageAnswerDocument,
    signer: authority,
    bytes: issueSpoilageAnswer(fixedCrypto, authority, spoilageAnswer),
    fields: { ...spoilageAnswer, issuerKeyId: keyId(fixedCrypto, authority.publicKey) },
  },
  batch: {
    document: batchDocument,
    signer: provider,
    bytes: signBatch(fixedCrypto, provider, batch),
    fields: { ...batch, issuerKeyId: keyId(fixedCrypto, provider.publicKey) },
  },
  receipt: {
    document: receiptDocument,
    signer: provider,
    bytes: signReceipt(fixedCrypto, provider, receipt),
    fields: { ...receipt, issuerKeyId: keyId(fixedCrypto, provider.publicKey) },
  },
} as const;

describe.each(Object.entries(documents))('the %s', (name, { document, signer, bytes, fields }) => {
  const golden = readGolden(name);

  test('has its golden bytes, each field under its name', () => {
    expect(toHex(bytes)).toBe(toHex(golden.bytes));
    expect(golden.lines.map(([field]) => field)).toEqual([
      'magic',
      ...Object.keys(document.fields),
      'signature',
    ]);
  });

  test('is read as what was signed', () => {
    expect(document.verify(nodeCrypto, signer.publicKey, golden.bytes)).toEqual({
      ok: true,
      value: fields,
    });
  });

  test('is refused with any bit flipped, a byte less or a byte more', () => {
    for (let place = 0; place < bytes.length; place++) {
      const changed = bytes.slice();
      changed[place] = (changed[place] as number) ^ (1 << (place & 7));
      expect(document.verify(nodeCrypto, signer.publicKey, changed).ok).toBe(false);
    }
    expect(document.read(bytes.subarray(1)).ok).toBe(false);
    expect(document.read(bytes.subarray(0, -1)).ok).toBe(false);
    expect(document.read(Uint8Array.of(...bytes, 0)).ok).toBe(false);
  });

  test('has a beginning that no other document has', () => {
    const others = Object.entries({ ...samples, ...documents })
      .filter(([other]) => other !== name)
      .map(([, sample]) => toHex(sample.bytes.subarray(0, 4)));

    expect(others).not.toContain(toHex(bytes.subarray(0, 4)));
  });
});

const unsigned = (size: number): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: 2 ** (size * 8) - 1 });
const amount: fc.Arbitrary<Mills> = unsigned(6).map(mills);
const bytesOf = (size: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: size, maxLength: size });

describe('whatever the fields hold, what is read is what was signed', () => {
  test('spoilage request', () => {
    const fields = fc.record({
      providerId: unsigned(4),
      requestId: bytesOf(16),
      meterId: fc.constant(meterId),
      reason: fc.constantFrom(...spoilageReasons),
      ascending: amount,
      indicia: fc.array(bytesOf(128), { minLength: 1, maxLength: 32 }),
      timeMs: unsigned(6),
    });
    fc.assert(
      fc.property(fields, (value) => {
        const bytes = signSpoilageRequest(nodeCrypto, provider.privateKey, value);

        expect(bytes).toHaveLength(110 + 128 * value.indicia.length);
        expect(spoilageRequestDocument.read(bytes)).toEqual({ ok: true, value });
      }),
    );
  });

  test('spoilage answer', () => {
    const fields = fc
      .record({
        providerId: unsigned(4),
        requestId: bytesOf(16),
        meterId: fc.constant(meterId),
        verdicts: fc.array(fc.constantFrom(...spoilageVerdicts), { minLength: 1, maxLength: 32 }),
        paid: fc.integer({ min: 1, max: 0xffff_ffff }),
        before: fc.integer({ min: 0, max: 0xffff_ffff }),
        sequence: unsigned(4),
        timeMs: unsigned(6),
      })
      .map(({ paid, before, ...rest }) => {
        const sum = rest.verdicts.includes('refunded') ? paid : 0;
        return { ...rest, amount: mills(sum), issuedTotal: mills(before + sum) };
      });
    fc.assert(
      fc.property(fields, (value) => {
        const bytes = issueSpoilageAnswer(nodeCrypto, authority, value);

        expect(bytes).toHaveLength(127 + value.verdicts.length);
        expect(spoilageAnswerDocument.read(bytes)).toMatchObject({ ok: true, value });
      }),
    );
  });

  test('batch', () => {
    const movement = fc.record({
      meterId: fc.constant(meterId),
      sequence: unsigned(4),
      kind: fc.constantFrom(...movementKinds),
      account: fc.constantFrom(...accountNames),
      amount,
      timeMs: unsigned(6),
    });
    const fields = fc.record({
      providerId: unsigned(4),
      number: unsigned(4),
      logCount: unsigned(6),
      logHead: bytesOf(32),
      isComplete: fc.boolean(),
      descending: amount,
      spoilage: amount,
      ascending: amount,
      refunded: amount,
      issueSequence: unsigned(4),
      underWay: fc.array(bytesOf(16), { maxLength: 50 }),
      movements: fc.array(movement, { maxLength: 40 }),
      suspects: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
      timeMs: unsigned(6),
    });
    fc.assert(
      fc.property(fields, (value) => {
        const bytes = signBatch(nodeCrypto, provider, value);

        expect(batchDocument.read(bytes)).toMatchObject({ ok: true, value });
      }),
    );
  });

  test('receipt', () => {
    const fields = fc
      .record({
        providerId: unsigned(4),
        customerId: unsigned(6),
        place: fc.integer({ min: 1, max: 2 ** 40 }),
        kind: fc.constantFrom(...transactionKinds),
        amount,
        balance: amount,
        owed: amount,
        meterId: fc.constantFrom(meterId, new Uint8Array(8)),
        timeMs: unsigned(6),
      })
      .map((value) => ({ ...value, number: receiptNumber(value.place) }));
    fc.assert(
      fc.property(fields, (value) => {
        const bytes = signReceipt(nodeCrypto, provider, value);

        expect(bytes).toHaveLength(127);
        expect(receiptDocument.read(bytes)).toMatchObject({ ok: true, value });
      }),
    );
  });
});

describe('what contradicts itself cannot be made', () => {
  const { movements } = batch;
  const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);
  test.each<[string, () => Uint8Array]>([
    [
      'a request for no piece',
      () =>
        signSpoilageRequest(fixedCrypto, provider.privateKey, { ...spoilageRequest, indicia: [] }),
    ],
    [
      'a request for 33 pieces',
      () =>
        signSpoilageRequest(fixedCrypto, provider.privateKey, {
          ...spoilageRequest,
          indicia: many(33, samples.indicium.bytes),
        }),
    ],
    [
      'value for no refunded piece',
      () =>
        issueSpoilageAnswer(fixedCrypto, authority, { ...spoilageAnswer, verdicts: ['scanned'] }),
    ],
    [
      'a refunded piece without value',
      () => issueSpoilageAnswer(fixedCrypto, authority, { ...spoilageAnswer, amount: mills(0) }),
    ],
    [
      'more than everything that was issued',
      () =>
        issueSpoilageAnswer(fixedCrypto, authority, { ...spoilageAnswer, issuedTotal: mills(779) }),
    ],
    [
      'more movements than a batch holds',
      () =>
        signBatch(fixedCrypto, provider, {
          ...batch,
          movements: many(MOVEMENTS_MAX + 1, movements[0] as (typeof movements)[0]),
        }),
    ],
    [
      'more suspects than a batch holds',
      () => signBatch(fixedCrypto, provider, { ...batch, suspects: many(21, new Uint8Array(1)) }),
    ],
    [
      'more requests under way than a batch holds',
      () => signBatch(fixedCrypto, provider, { ...batch, underWay: many(51, counting(16, 0)) }),
    ],
    [
      'a receipt number of another place',
      () => signReceipt(fixedCrypto, provider, { ...receipt, number: 3 }),
    ],
  ])('%s', (_, make) => {
    expect(make).toThrow();
  });
});

describe('an answer is one to a request', () => {
  const { bytes } = documents['spoilage-answer'];
  const verify = (asked: Partial<SpoilageRequest>) => {
    const read = verifySpoilageAnswer(nodeCrypto, authority.publicKey, bytes, {
      ...spoilageRequest,
      ...asked,
    });
    return read.ok ? 'ok' : read.status;
  };

  test.each<[string, Partial<SpoilageRequest>, string]>([
    ['the one that was asked', {}, 'ok'],
    ['of another provider', { providerId: 4 }, 'documentMismatch'],
    ['with another id', { requestId: counting(16, 0x41) }, 'documentMismatch'],
    ['for another meter', { meterId: counting(8, 0x30) }, 'documentMismatch'],
    [
      'for more pieces',
      { indicia: [samples.indicium.bytes, samples.indicium.bytes] },
      'documentMismatch',
    ],
  ])('%s', (_, asked, outcome) => {
    expect(verify(asked)).toBe(outcome);
  });
});
