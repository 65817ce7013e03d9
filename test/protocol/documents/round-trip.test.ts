/** Whatever the fields of a document hold, what is read is what was signed. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import {
  certificateUsages,
  issueCompactCertificate,
  verifyCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { dateOf } from '#protocol/documents/date';
import { signImage, verifyImage } from '#protocol/documents/image-header';
import { indiciumCore, joinIndicium, readIndicium } from '#protocol/documents/indicium';
import { keyId } from '#protocol/documents/key-id';
import { DESCENDING_MAX, issueLicence, verifyLicence } from '#protocol/documents/licence';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { issueRateTable, type Rate, verifyRateTable } from '#protocol/documents/rate-table';
import {
  refillReasons,
  signRefillAuthorisation,
  signRefillRequest,
  verifyRefillAuthorisation,
  verifyRefillRequest,
} from '#protocol/documents/refill';
import { signStatusReport, verifyStatusReport } from '#protocol/documents/status-report';
import { type Mills, mills } from '#protocol/mills';
import { lifeCycleNames, stateNames } from '#protocol/state';
import { authority, device, imageKey, provider } from '#test/support/documents';

const crypto = nodeCrypto;
const issuerKeyId = keyId(crypto, authority.publicKey);

const unsigned = (size: number): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: 2 ** (size * 8) - 1 });
const amount = (size: number, min = 0): fc.Arbitrary<Mills> =>
  fc.integer({ min, max: 2 ** (size * 8) - 1 }).map(mills);
const bytesOf = (size: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: size, maxLength: size });
const anyDate = fc.integer({ min: 0, max: 2_932_896 }).map((day) => dateOf(day * 86_400_000));
const dates = fc.tuple(anyDate, anyDate).map(([a, b]) => ({
  validFrom: Math.min(a, b),
  validTo: Math.max(a, b),
}));
const anyMeterId = fc
  .record({ model: fc.stringMatching(/^[0-9A-Z]{4}$/), serial: unsigned(4) })
  .map(encodeMeterId);
const anyKey = fc
  .tuple(fc.constantFrom(2, 3), bytesOf(32))
  .map(([sign, x]) => Uint8Array.of(sign, ...x));

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

test('licence', () => {
  const fields = fc
    .record({
      meterId: anyMeterId,
      sequence: unsigned(4),
      licenceNumber: unsigned(4),
      originZip: fc.integer({ min: 0, max: 99_999 }),
      providerId: unsigned(4),
      providerKey: anyKey,
      descendingMax: fc.integer({ min: 0, max: DESCENDING_MAX }).map(mills),
      issueDate: anyDate,
      postageMin: fc.integer({ min: 0, max: 0x7f_ffff }),
      above: fc.integer({ min: 0, max: 0x80_0000 }),
    })
    .map(({ postageMin, above, ...others }) => ({
      ...others,
      postageMin: mills(postageMin),
      postageMax: mills(postageMin + above),
    }));

  fc.assert(
    fc.property(fields, (value) => {
      const bytes = issueLicence(crypto, authority, value);

      expect(verifyLicence(crypto, authority.publicKey, bytes)).toEqual({
        ok: true,
        value: { ...value, issuerKeyId },
      });
    }),
  );
});

test('rate table', () => {
  const rate: fc.Arbitrary<Rate> = fc
    .record({
      serviceId: unsigned(2),
      kind: fc.constantFrom('fixed', 'keyedIn'),
      minimum: amount(3),
      above: amount(3),
    })
    .map(({ above, ...others }) => ({
      ...others,
      maximum: others.kind === 'fixed' ? others.minimum : mills(Math.max(above, others.minimum)),
    }));
  const rates = fc
    .uniqueArray(rate, { selector: ({ serviceId }) => serviceId, maxLength: 40 })
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

test('status report, with registers that contradict each other too', () => {
  const registers = fc.record({
    ascending: amount(6),
    descending: amount(6),
    refunded: amount(6),
    credited: amount(6),
    certificateAscending: amount(6),
    certificateDescending: amount(6),
    pieceCount: unsigned(4),
    zeroPieceCount: unsigned(4),
    certificatePieceCount: unsigned(4),
    descendingMax: amount(6),
    refillSequence: unsigned(4),
    refillPending: amount(6),
    requestCounter: unsigned(4),
  });
  const fields = fc.record({
    meterId: anyMeterId,
    challenge: bytesOf(16),
    timeMs: unsigned(6),
    state: fc.constantFrom(...stateNames),
    lifeCycle: fc.constantFrom(...lifeCycleNames),
    fault: unsigned(2),
    imageVersion: unsigned(4),
    imageDigest: bytesOf(32),
    registers,
    journalSequence: unsigned(6),
    auditHead: bytesOf(16),
  });

  fc.assert(
    fc.property(fields, (value) => {
      const bytes = signStatusReport(crypto, device.privateKey, value);

      expect(verifyStatusReport(crypto, device.publicKey, bytes, value)).toEqual({
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
