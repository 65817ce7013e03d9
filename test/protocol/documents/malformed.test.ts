/** Documents that are signed by the right key, and wrong all the same: each field refuses what it may not hold. */

import { describe, expect, test } from 'vitest';
import type { KeyPair } from '#protocol/crypto';
import {
  issueCompactCertificate,
  readCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { signImage, verifyImage } from '#protocol/documents/image-header';
import { indiciumCore, readIndicium } from '#protocol/documents/indicium';
import { issueLicence, licenceDocument } from '#protocol/documents/licence';
import { issueRateTable, rateTableDocument } from '#protocol/documents/rate-table';
import {
  readRefillAuthorisation,
  readRefillRequest,
  signRefillAuthorisation,
  signRefillRequest,
} from '#protocol/documents/refill';
import { readStatusReport } from '#protocol/documents/status-report';
import { mills } from '#protocol/mills';
import type { Result } from '#protocol/result';
import {
  authority,
  certificate,
  device,
  fixedCrypto,
  forged,
  imageBody,
  imageKey,
  indicium,
  licence,
  provider,
  rateTable,
  refillAuthorisation,
  refillRequest,
  type SampleName,
  samples,
  stranger,
} from '#test/support/documents';
import { fromHex } from '#test/support/golden';

const readByName: Readonly<Record<SampleName, (bytes: Uint8Array) => Result<unknown>>> = {
  indicium: readIndicium,
  'compact-certificate': readCompactCertificate,
  licence: licenceDocument.read,
  'rate-table': rateTableDocument.read,
  'refill-request': readRefillRequest,
  'refill-authorisation': readRefillAuthorisation,
  'status-report': readStatusReport,
  'image-header': (bytes) => verifyImage(fixedCrypto, imageKey.publicKey, bytes),
};

const u16 = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8);
const u32 = (value: number): Uint8Array =>
  Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
const ff = (size: number): Uint8Array => new Uint8Array(size).fill(0xff);

const noDates: ReadonlyArray<readonly [string, Uint8Array]> = [
  ['29 February of a common year', u32(20270229)],
  ['the 31st of April', u32(20270431)],
  ['month 13', u32(20271301)],
  ['day 0', u32(20270100)],
  ['zero', u32(0)],
  ['all ones', ff(4)],
];
const noMeterIds: ReadonlyArray<readonly [string, Uint8Array]> = [
  ['a model that is not ASCII', fromHex('545330e92a000000')],
  ['a model in small letters', fromHex('747330312a000000')],
  ['the zeros of a meter that was not made', new Uint8Array(8)],
];
const noKeys: ReadonlyArray<readonly [string, Uint8Array]> = [
  ['an uncompressed point', Uint8Array.of(4)],
  ['the point at infinity', Uint8Array.of(0)],
];

const documentNames = (Object.keys(samples) as SampleName[]).filter((name) => name !== 'indicium');
const laterMagic = (name: SampleName): Uint8Array =>
  Uint8Array.from(`${samples[name].magic.slice(0, 3)}2`, (character) => character.charCodeAt(0));

const table: ReadonlyArray<readonly [SampleName, string, string, Uint8Array]> = [
  ...noDates.flatMap(([what, bytes]) => [
    ['indicium', 'mailingDate', what, bytes] as const,
    ['compact-certificate', 'validFrom', what, bytes] as const,
    ['compact-certificate', 'validTo', what, bytes] as const,
    ['licence', 'issueDate', what, bytes] as const,
    ['rate-table', 'validFrom', what, bytes] as const,
    ['rate-table', 'validTo', what, bytes] as const,
  ]),
  ...noMeterIds.flatMap(([what, bytes]) => [
    ['indicium', 'meterId', what, bytes] as const,
    ['compact-certificate', 'subject', what, bytes] as const,
    ['licence', 'meterId', what, bytes] as const,
    ['refill-request', 'meterId', what, bytes] as const,
    ['refill-authorisation', 'meterId', what, bytes] as const,
    ['status-report', 'meterId', what, bytes] as const,
  ]),
  ...noKeys.flatMap(([what, bytes]) => [
    ['compact-certificate', 'publicKey', what, bytes] as const,
    ['licence', 'providerKey', what, bytes] as const,
  ]),
  ...documentNames.map((name) => [name, 'magic', 'of a later layout', laterMagic(name)] as const),
  ['indicium', 'version', 'of IBI', Uint8Array.of(0x50)],
  ['indicium', 'algorithm', 'DSA', Uint8Array.of(1)],
  ['indicium', 'originZip', 'with six digits', u32(100_000)],
  ['indicium', 'destination', 'with twelve digits', fromHex('00e8764817')],
  ['indicium', 'flags', 'with the first reserved bit', Uint8Array.of(0x20)],
  ['indicium', 'flags', 'with the last reserved bit', Uint8Array.of(0x80)],
  ['indicium', 'ascending', 'below the postage just charged', fromHex('0b03000000')],
  ['compact-certificate', 'usage', 'unknown', Uint8Array.of(4)],
  ['compact-certificate', 'validFrom', 'after its end', u32(20300101)],
  ['licence', 'originZip', 'with six digits', u32(100_000)],
  ['licence', 'descendingMax', 'that no indicium can tell', fromHex('000000000100')],
  ['licence', 'postageMin', 'above the maximum', fromHex('a08601')],
  ['rate-table', 'validFrom', 'after its end', u32(20280101)],
  ['refill-request', 'amount', 'zero', new Uint8Array(6)],
  ['refill-authorisation', 'amount', 'another than requested', fromHex('410d03000000')],
  ['refill-authorisation', 'amount', 'zero without a reason', new Uint8Array(6)],
  ['refill-authorisation', 'reason', 'against an amount that is granted', u16(1)],
  ['refill-authorisation', 'reason', 'unknown', u16(4)],
  ['status-report', 'state', 'unknown', Uint8Array.of(8)],
  ['status-report', 'lifeCycle', 'unknown', Uint8Array.of(6)],
  ['image-header', 'headerVersion', 'later than known', Uint8Array.of(2)],
  ['image-header', 'reserved', 'not zero', Uint8Array.of(0, 0, 0, 0, 0, 0, 1)],
];

test.each(table)('%s with a %s %s is malformed', (name, field, _, bytes) => {
  const result = readByName[name](forged(name, field, bytes));

  expect(result).toEqual({ ok: false, status: 'documentMalformed', detail: 0 });
});

test.each(Object.keys(samples) as SampleName[])('no other document is read as %s', (name) => {
  const others = Object.entries(samples).filter(([other]) => other !== name);

  const accepted = others.filter(([, { bytes }]) => readByName[name](bytes).ok);

  expect(accepted.map(([other]) => other)).toEqual([]);
});

describe('a rate table is malformed', () => {
  /** id, kind, minimum, maximum as hex behind the count */
  const withRates = (hex: string): Uint8Array => {
    const head = samples['rate-table'].bytes.subarray(0, 24);
    const core = Uint8Array.of(...head, ...fromHex(hex));
    return Uint8Array.of(...core, ...fixedCrypto.sign(authority.privateKey, core));
  };

  test('but not with rates in order, or with none', () => {
    const ordered = withRates('0200 0100 00 0c0300 0c0300 0200 01 0a0000 9f8601');

    expect(rateTableDocument.verify(fixedCrypto, authority.publicKey, ordered).ok).toBe(true);
    expect(rateTableDocument.read(withRates('0000')).ok).toBe(true);
  });

  test.each([
    ['in descending order', '0200 0200 00 0c0300 0c0300 0100 00 0c0300 0c0300'],
    ['with a service twice', '0200 0100 00 0c0300 0c0300 0100 01 0c0300 0d0300'],
    ['of an unknown kind', '0100 0100 02 0c0300 0c0300'],
    ['fixed, at two prices', '0100 0100 00 0c0300 0d0300'],
    ['with the minimum above the maximum', '0100 0100 01 0d0300 0c0300'],
    ['fewer than they are said to be', '0200 0100 00 0c0300 0c0300'],
    ['more than they are said to be', '0000 0100 00 0c0300 0c0300'],
    ['said to be as many as can be', 'ffff 0100 00 0c0300 0c0300'],
    ['cut in the middle', '0100 0100 00 0c0300 0c03'],
  ])('with rates %s', (_, hex) => {
    expect(rateTableDocument.read(withRates(hex))).toMatchObject({ status: 'documentMalformed' });
  });
});

describe('what could not be read is not written either', () => {
  const badIds = { meterId: new Uint8Array(8) };
  const issue = { crypto: fixedCrypto, authority };
  const rate = (serviceId: number) =>
    ({ serviceId, kind: 'fixed', minimum: mills(1), maximum: mills(1) }) as const;

  test.each<[string, () => Uint8Array]>([
    [
      'a certificate that ends before it begins',
      () => issueCompactCertificate(issue.crypto, authority, { ...certificate, validTo: 20261231 }),
    ],
    [
      'a certificate with half a key',
      () =>
        issueCompactCertificate(issue.crypto, authority, {
          ...certificate,
          publicKey: certificate.publicKey.subarray(0, 32),
        }),
    ],
    [
      'a licence for no meter',
      () => issueLicence(fixedCrypto, authority, { ...licence, ...badIds }),
    ],
    [
      'a rate table out of order',
      () => issueRateTable(fixedCrypto, authority, { ...rateTable, rates: [rate(2), rate(1)] }),
    ],
    [
      'a request for nothing',
      () =>
        signRefillRequest(fixedCrypto, device.privateKey, { ...refillRequest, amount: mills(0) }),
    ],
    [
      'an authorisation of more than was requested',
      () =>
        signRefillAuthorisation(fixedCrypto, provider.privateKey, {
          ...refillAuthorisation,
          amount: mills(200_001),
        }),
    ],
    [
      'a refusal of a request for nothing',
      () =>
        signRefillAuthorisation(fixedCrypto, provider.privateKey, {
          ...refillAuthorisation,
          reason: 'poolEmpty',
          amount: mills(0),
          requestedAmount: mills(0),
        }),
    ],
    ['an indicium on no day', () => indiciumCore({ ...indicium, mailingDate: 20270229 })],
    [
      'an indicium with postage that does not fit',
      () => indiciumCore({ ...indicium, postage: mills(0x100_0000), ascending: mills(0x200_0000) }),
    ],
    [
      'an indicium with a register that does not fit',
      () => indiciumCore({ ...indicium, descending: mills(0x1_0000_0000) }),
    ],
    [
      'an indicium with half a key id',
      () => indiciumCore({ ...indicium, keyId: new Uint8Array(4) }),
    ],
    [
      'an image without a body',
      () =>
        signImage(
          fixedCrypto,
          imageKey,
          { imageVersion: 1, securityVersion: 1 },
          new Uint8Array(0),
        ),
    ],
  ])('%s', (_, write) => {
    expect(write).toThrow();
  });
});

describe('an image is refused', () => {
  const image = samples['image-header'].bytes;
  const verdict = (bytes: Uint8Array, key: KeyPair = imageKey) => {
    const result = verifyImage(fixedCrypto, key.publicKey, bytes);
    return result.ok ? 'accepted' : result.status;
  };
  const withBody = (body: Uint8Array) => Uint8Array.of(...image.subarray(0, 128), ...body);

  test('but not as it was signed', () => {
    expect(verdict(image)).toBe('accepted');
  });

  test('with a body of another size', () => {
    expect(verdict(withBody(imageBody.subarray(1)))).toBe('documentMalformed');
  });

  test('with another body of the same size', () => {
    expect(verdict(withBody(imageBody.toReversed()))).toBe('imageInvalid');
  });

  test('under another key', () => {
    expect(verdict(image, stranger)).toBe('signatureInvalid');
  });

  test('where its key signed it but it names another', () => {
    expect(verdict(forged('image-header', 'keyId', new Uint8Array(8), imageKey))).toBe(
      'signatureInvalid',
    );
  });

  test('where it names the key but another one signed it', () => {
    const securityVersion = u32(4);

    expect(verdict(forged('image-header', 'securityVersion', securityVersion, imageKey))).toBe(
      'accepted',
    );
    expect(verdict(forged('image-header', 'securityVersion', securityVersion, stranger))).toBe(
      'signatureInvalid',
    );
  });
});
