/** Whatever the fields of a document hold, what is read is what was signed. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import {
  certificateUsages,
  issueCompactCertificate,
  verifyCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { signImage, verifyImage } from '#protocol/documents/image-header';
import { indiciumCore, joinIndicium, readIndicium } from '#protocol/documents/indicium';
import { keyId } from '#protocol/documents/key-id';
import {
  DESCENDING_MAX,
  issueLicence,
  SPOILAGE_CAP_WHOLE,
  verifyLicence,
} from '#protocol/documents/licence';
import { issueRateTable, type Rate, verifyRateTable } from '#protocol/documents/rate-table';
import {
  refillKinds,
  refillReasons,
  signRefillAuthorisation,
  signRefillRequest,
  verifyRefillAuthorisation,
  verifyRefillRequest,
} from '#protocol/documents/refill';
import { type Mills, mills } from '#protocol/mills';
import { accountKindNames, accountNames } from '#protocol/state';
import {
  amount,
  anyDate,
  anyKey,
  anyMeterId,
  bytesOf,
  dates,
  unsigned,
} from '#test/support/any-fields';
import { authority, device, imageKey, provider } from '#test/support/document-values';

const crypto = nodeCrypto;
const issuerKeyId = keyId(crypto, authority.publicKey);

test('certificate', () => {
  const fields = fc
    .record({
      serial: unsigned(4),
      subject: anyMeterId,
      usage: fc.constantFrom(...certificateUsages),
      publicKey: anyKey,
      validity: dates,
    })
    .map(({ validity, ...others }) => ({ ...others, ...validity }));

  fc.assert(
    fc.property(fields, (value) => {
      const bytes = issueCompactCertificate(crypto, authority, value);

      expect(verifyCompactCertificate(crypto, authority.publicKey, bytes, value)).toEqual({
        ok: true,
        value: { ...value, issuerKeyId },
      });
    }),
  );
});

/** Two numbers, the first not above the second. */
const ordered = (first: string, second: string, max: number) =>
  fc
    .tuple(fc.integer({ min: 0, max }), fc.integer({ min: 0, max }))
    .map(([a, b]) => ({ [first]: mills(Math.min(a, b)), [second]: mills(Math.max(a, b)) }));

test('licence', () => {
  const fields = fc
    .record({
      plain: fc.record({
        meterId: anyMeterId,
        sequence: unsigned(4),
        licenceNumber: unsigned(4),
        originZip: fc.integer({ min: 0, max: 99_999 }),
        providerId: unsigned(4),
        providerKey: anyKey,
        accountKind: fc.constantFrom(...accountKindNames),
        descendingMax: fc.integer({ min: 0, max: DESCENDING_MAX }).map(mills),
        highValue: amount(3),
        refillMultiple: amount(6),
        lowFunds: amount(6),
        dayAmountMax: amount(6),
        dayPiecesMax: unsigned(4),
        spoilageCap: fc.integer({ min: 0, max: SPOILAGE_CAP_WHOLE }),
        services: fc
          .uniqueArray(unsigned(2), { maxLength: 255 })
          .map((ids) => ids.toSorted((a, b) => a - b)),
      }),
      certificateMax: amount(6),
      days: dates,
      postage: ordered('postageMin', 'postageMax', 0xff_ffff),
      refill: ordered('refillMin', 'refillMax', 0xffff_ffff_ffff),
      warn: unsigned(2),
      lock: fc.integer({ min: 1, max: 0xffff }),
    })
    .map(({ plain, certificateMax, days, postage, refill, warn, lock }) => ({
      ...plain,
      ...(postage as { postageMin: Mills; postageMax: Mills }),
      ...(refill as { refillMin: Mills; refillMax: Mills }),
      issueDate: days.validFrom,
      validTo: days.validTo,
      certificateDescendingMax: plain.accountKind === 'separate' ? certificateMax : mills(0),
      inspectionWarnHours: Math.min(warn, lock),
      inspectionLockHours: lock,
    }));

  fc.assert(
    fc.property(fields, (value) => {
      const bytes = issueLicence(crypto, authority, value);

      expect(bytes).toHaveLength(204 + 2 * value.services.length);
      expect(verifyLicence(crypto, authority.publicKey, bytes)).toEqual({
        ok: true,
        value: { ...value, issuerKeyId },
      });
    }),
  );
});

test('rate table', () => {
  const serviceId = unsigned(2);
  const onePrice = fc
    .record({
      serviceId,
      kind: fc.constantFrom('fixed' as const, 'extra' as const, 'certificate' as const),
      price: amount(3),
    })
    .map(({ price, ...rate }) => ({ ...rate, minimum: price, maximum: price, steps: [] }));
  const keyedIn = fc.tuple(serviceId, amount(3), amount(3)).map(([id, one, other]) => ({
    serviceId: id,
    kind: 'keyedIn' as const,
    minimum: mills(Math.min(one, other)),
    maximum: mills(Math.max(one, other)),
    steps: [],
  }));
  const weighed = fc
    .record({
      serviceId,
      weights: fc.uniqueArray(fc.integer({ min: 1, max: 0xffff_ffff }), {
        minLength: 1,
        maxLength: 5,
      }),
      zones: fc.integer({ min: 1, max: 4 }),
      prices: fc.array(amount(3), { minLength: 20, maxLength: 20 }),
    })
    .map(({ serviceId: id, weights, zones, prices }) => {
      const steps = weights
        .toSorted((a, b) => a - b)
        .map((weightMaxMg, step) => ({
          weightMaxMg,
          prices: prices.slice(step * zones, (step + 1) * zones),
        }));
      const all = steps.flatMap((step) => step.prices);
      return {
        serviceId: id,
        kind: 'weighed' as const,
        minimum: mills(Math.min(...all)),
        maximum: mills(Math.max(...all)),
        steps,
      };
    });
  const rates = fc
    .uniqueArray<Rate, number>(fc.oneof(onePrice, keyedIn, weighed), {
      selector: (rate) => rate.serviceId,
      maxLength: 40,
    })
    .map((list) => list.toSorted((a, b) => a.serviceId - b.serviceId));

  fc.assert(
    fc.property(unsigned(4), dates, rates, (version, validity, list) => {
      const value = { version, ...validity, rates: list };
      const bytes = issueRateTable(crypto, authority, value);

      expect(verifyRateTable(crypto, authority.publicKey, bytes)).toEqual({
        ok: true,
        value: { ...value, issuerKeyId },
      });
    }),
  );
});

test('refill request', () => {
  const fields = fc.record({
    meterId: anyMeterId,
    sequence: unsigned(4),
    nonce: bytesOf(8),
    kind: fc.constantFrom(...refillKinds),
    account: fc.constantFrom(...accountNames),
    amount: amount(6, 1),
    ascending: amount(6),
    descending: amount(6),
    pieceCount: unsigned(4),
    timeMs: unsigned(6),
  });

  fc.assert(
    fc.property(fields, (value) => {
      const bytes = signRefillRequest(crypto, device.privateKey, value);

      expect(verifyRefillRequest(crypto, device.publicKey, bytes)).toEqual({ ok: true, value });
    }),
  );
});

test('refill authorisation', () => {
  const fields = fc
    .record({
      meterId: anyMeterId,
      sequence: unsigned(4),
      nonce: bytesOf(8),
      kind: fc.constantFrom(...refillKinds),
      account: fc.constantFrom(...accountNames),
      requestedAmount: amount(6, 1),
      ascending: amount(6),
      descending: amount(6),
      reason: fc.constantFrom(...refillReasons),
      available: amount(6),
      timeMs: unsigned(6),
    })
    .map((value) => ({
      ...value,
      amount: value.reason === 'ok' ? value.requestedAmount : mills(0),
    }));

  fc.assert(
    fc.property(fields, (value) => {
      const bytes = signRefillAuthorisation(crypto, provider.privateKey, value);

      expect(verifyRefillAuthorisation(crypto, provider.publicKey, bytes)).toEqual({
        ok: true,
        value,
      });
    }),
  );
});

test('image', () => {
  const body = fc.uint8Array({ minLength: 1, maxLength: 300 });

  fc.assert(
    fc.property(unsigned(4), unsigned(4), body, (imageVersion, securityVersion, script) => {
      const image = signImage(crypto, imageKey, { imageVersion, securityVersion }, script);

      expect(verifyImage(crypto, imageKey.publicKey, image)).toMatchObject({
        ok: true,
        value: { header: { imageVersion, securityVersion }, body: script },
      });
    }),
  );
});

test('indicium', () => {
  const fields = fc
    .record({
      certificateSerial: unsigned(4),
      meterId: anyMeterId,
      before: fc.integer({ min: 0, max: 2 ** 40 - 2 ** 24 }),
      postage: amount(3),
      mailingDate: anyDate,
      originZip: fc.integer({ min: 0, max: 99_999 }),
      destination: fc.integer({ min: 0, max: 99_999_999_999 }),
      softwareId: bytesOf(6),
      descending: amount(4),
      rateCategory: unsigned(4),
      pieceCount: unsigned(4),
      serviceId: unsigned(2),
      flags: fc.record({
        redate: fc.boolean(),
        correction: fc.boolean(),
        reprint: fc.boolean(),
        test: fc.boolean(),
        certificateService: fc.boolean(),
      }),
      keyId: bytesOf(8),
    })
    .map(({ before, ...others }) => ({ ...others, ascending: mills(before + others.postage) }));

  fc.assert(
    fc.property(fields, bytesOf(64), (value, signature) => {
      const bytes = joinIndicium(indiciumCore(value), signature);

      expect(bytes.length).toBe(128);
      expect(readIndicium(bytes)).toEqual({
        ok: true,
        value: { ...value, version: 0x54, algorithm: 0x50, signature },
      });
    }),
  );
});
