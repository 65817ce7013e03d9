/** Documents that are signed by the right key, and wrong all the same: each field refuses what it may not hold. */

import { describe, expect, test } from 'vitest';
import type { KeyPair } from '#protocol/crypto';
import { issueCompactCertificate } from '#protocol/documents/compact-certificate';
import { signImage, verifyImage } from '#protocol/documents/image-header';
import { indiciumCore } from '#protocol/documents/indicium';
import { issueLicence, type LicenceFields } from '#protocol/documents/licence';
import { issueClockSetting } from '#protocol/documents/orders';
import { issueRateTable, rateTableDocument } from '#protocol/documents/rate-table';
import { signRefillAuthorisation, signRefillRequest } from '#protocol/documents/refill';
import { signWithdrawalReport, signWithdrawalRequest } from '#protocol/documents/withdrawal';
import { mills } from '#protocol/mills';
import type { Result } from '#protocol/result';
import {
  authority,
  certificate,
  clockSetting,
  device,
  fixedCrypto,
  imageBody,
  imageKey,
  indicium,
  licence,
  provider,
  rateTable,
  refillAuthorisation,
  refillRequest,
  stranger,
  withdrawalReport,
  withdrawalRequest,
} from '#test/support/document-values';
import { forged, type SampleName, samples } from '#test/support/documents';
import { fromHex } from '#test/support/golden';

function read(name: SampleName, bytes: Uint8Array): Result<unknown> {
  if (name === 'image-header') return verifyImage(fixedCrypto, imageKey.publicKey, bytes);
  return samples[name].read(bytes);
}

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
  Uint8Array.from(`${samples[name].magic.slice(0, 3)}9`, (character) => character.charCodeAt(0));
/** The magics of version 1 whose layouts went out of use. */
const olderMagics = [
  ['licence', 'TLI1'],
  ['rate-table', 'TRT1'],
  ['refill-request', 'TRQ1'],
  ['refill-authorisation', 'TRA1'],
  ['inspection-report', 'TSR1'],
] as const;

/** All that name the meter they are of. */
const ofMeters = documentNames.filter((name) => 'meterId' in samples[name].fields);

const table: ReadonlyArray<readonly [SampleName, string, string, Uint8Array]> = [
  ...noDates.flatMap(([what, bytes]) => [
    ['indicium', 'mailingDate', what, bytes] as const,
    ['compact-certificate', 'validFrom', what, bytes] as const,
    ['compact-certificate', 'validTo', what, bytes] as const,
    ['licence', 'issueDate', what, bytes] as const,
    ['licence', 'validTo', what, bytes] as const,
    ['rate-table', 'validFrom', what, bytes] as const,
    ['rate-table', 'validTo', what, bytes] as const,
  ]),
  ...noMeterIds.flatMap(([what, bytes]) => [
    ['indicium', 'meterId', what, bytes] as const,
    ['compact-certificate', 'subject', what, bytes] as const,
    ...ofMeters.map((name) => [name, 'meterId', what, bytes] as const),
  ]),
  ...noKeys.flatMap(([what, bytes]) => [
    ['compact-certificate', 'publicKey', what, bytes] as const,
    ['licence', 'providerKey', what, bytes] as const,
  ]),
  ...documentNames.map((name) => [name, 'magic', 'of a later layout', laterMagic(name)] as const),
  ...olderMagics.map(
    ([name, magic]) =>
      [
        name,
        'magic',
        'of version 1',
        Uint8Array.from(magic, (character) => character.charCodeAt(0)),
      ] as const,
  ),
  ['indicium', 'version', 'of IBI', Uint8Array.of(0x50)],
  ['indicium', 'algorithm', 'DSA', Uint8Array.of(1)],
  ['indicium', 'originZip', 'with six digits', u32(100_000)],
  ['indicium', 'destination', 'with twelve digits', fromHex('00e8764817')],
  ['indicium', 'flags', 'with the first reserved bit', Uint8Array.of(0x20)],
  ['indicium', 'flags', 'with the last reserved bit', Uint8Array.of(0x80)],
  ['indicium', 'ascending', 'below the postage just charged', fromHex('0b03000000')],
  ['compact-certificate', 'usage', 'unknown', Uint8Array.of(5)],
  ['compact-certificate', 'validFrom', 'after its end', u32(20300101)],
  ['licence', 'originZip', 'with six digits', u32(100_000)],
  ['licence', 'descendingMax', 'that no indicium can tell', fromHex('000000000100')],
  ['licence', 'postageMin', 'above the maximum', fromHex('a08601')],
  ['licence', 'issueDate', 'after its last day', u32(20280215)],
  ['licence', 'accountKind', 'unknown', Uint8Array.of(3)],
  ['licence', 'accountKind', 'of one account, beside a second maximum', Uint8Array.of(1)],
  ['licence', 'refillMin', 'above the maximum', fromHex('81841e000000')],
  ['licence', 'inspectionWarnHours', 'after it locks', u16(2881)],
  ['licence', 'inspectionLockHours', 'zero', u16(0)],
  ['licence', 'spoilageCap', 'above the whole', u16(10_001)],
  ['licence', 'services', 'in descending order', fromHex('04 0100 0200 0100')],
  ['licence', 'services', 'twice', fromHex('04 0100 0100')],
  ['licence', 'services', 'fewer than they are said to be', Uint8Array.of(5)],
  ['licence', 'services', 'more than they are said to be', Uint8Array.of(3)],
  ['rate-table', 'validFrom', 'after its end', u32(20280101)],
  ['refill-request', 'amount', 'zero', new Uint8Array(6)],
  ['refill-authorisation', 'amount', 'another than requested', fromHex('410d03000000')],
  ['refill-authorisation', 'amount', 'zero without a reason', new Uint8Array(6)],
  ['refill-authorisation', 'reason', 'against an amount that is granted', u16(1)],
  ['refill-authorisation', 'reason', 'unknown', u16(5)],
  ['refill-authorisation', 'kind', 'unknown', Uint8Array.of(3)],
  ['refill-authorisation', 'account', 'unknown', Uint8Array.of(2)],
  ['refill-request', 'kind', 'unknown', Uint8Array.of(3)],
  ['refill-request', 'account', 'unknown', Uint8Array.of(2)],
  ['inspection-report', 'lifeCycle', 'unknown', Uint8Array.of(8)],
  ['inspection-report', 'locks', 'with a reserved bit', Uint8Array.of(0x80)],
  ['lock-order', 'action', 'unknown', Uint8Array.of(3)],
  ['lock-order', 'reason', 'unknown', Uint8Array.of(6)],
  ['clock-setting', 'timeMs', 'zero', new Uint8Array(6)],
  ['withdrawal-request', 'postal', 'another than the register', fromHex('67b200000000')],
  ['withdrawal-request', 'certificate', 'another than the register', fromHex('590200000000')],
  ['withdrawal-authorisation', 'verdict', 'unknown', Uint8Array.of(2)],
  ['image-header', 'headerVersion', 'later than known', Uint8Array.of(2)],
  ['image-header', 'bodyForm', 'unknown', Uint8Array.of(2)],
  ['image-header', 'reserved', 'not zero', Uint8Array.of(0, 0, 0, 0, 0, 1)],
];

test.each(table)('%s with a %s %s is malformed', (name, field, _, bytes) => {
  const result = read(name, forged(name, field, bytes));

  expect(result).toEqual({ ok: false, status: 'documentMalformed', detail: 0 });
});

test.each(Object.keys(samples) as SampleName[])('no other document is read as %s', (name) => {
  const others = Object.entries(samples).filter(([other]) => other !== name);

  const accepted = others.filter(([, { bytes }]) => read(name, bytes).ok);

  expect(accepted.map(([other]) => other)).toEqual([]);
});

describe('a rate table is malformed', () => {
  /** id, kind, minimum, maximum, steps as hex behind the count */
  const withRates = (hex: string): Uint8Array => {
    const head = samples['rate-table'].bytes.subarray(0, 24);
    const core = Uint8Array.of(...head, ...fromHex(hex));
    return Uint8Array.of(...core, ...fixedCrypto.sign(authority.privateKey, core));
  };
  const fixed = (id: string): string => `${id} 00 0c0300 0c0300 00`;
  /** A weighed rate from 0.780 to 1.070. */
  const weighed = (steps: string): string => `0100 0100 02 0c0300 2e0400 ${steps}`;

  test.each([
    ['in order', `0200 ${fixed('0100')} 0200 01 0a0000 9f8601 00`],
    ['none', '0000'],
    ['weighed, in two zones', weighed('02 64000000 02 0c0300 2e0400 c8000000 02 2e0400 2e0400')],
    ['weighed, in one step', '0100 0100 02 0c0300 0c0300 01 01000000 01 0c0300'],
  ])('but not with rates %s', (_, hex) => {
    expect(rateTableDocument.verify(fixedCrypto, authority.publicKey, withRates(hex)).ok).toBe(
      true,
    );
  });

  test.each([
    ['in descending order', `0200 ${fixed('0200')} ${fixed('0100')}`],
    ['with a service twice', `0200 ${fixed('0100')} 0100 01 0c0300 0d0300 00`],
    ['of an unknown kind', '0100 0100 05 0c0300 0c0300 00'],
    ['fixed, at two prices', '0100 0100 00 0c0300 0d0300 00'],
    ['extra, at two prices', '0100 0100 03 0c0300 0d0300 00'],
    ['of a certificate service at two prices', '0100 0100 04 0c0300 0d0300 00'],
    ['with the minimum above the maximum', '0100 0100 01 0d0300 0c0300 00'],
    ['fixed, with a step', '0100 0100 00 0c0300 0c0300 01 01000000 01 0c0300'],
    ['keyed in, with a step', '0100 0100 01 0c0300 0d0300 01 01000000 01 0c0300'],
    ['weighed, without a step', weighed('00')],
    ['weighed, in no zone', weighed('01 64000000 00')],
    ['weighed, the steps in descending order', weighed('02 64000000 01 0c0300 63000000 01 2e0400')],
    ['weighed, one step twice', weighed('02 64000000 01 0c0300 64000000 01 2e0400')],
    ['weighed, up to no weight', weighed('02 00000000 01 0c0300 64000000 01 2e0400')],
    ['weighed, one step in more zones', weighed('02 64000000 01 0c0300 c8000000 02 2e0400 2e0400')],
    ['weighed, cheaper than the minimum', weighed('02 64000000 01 0b0300 c8000000 01 2e0400')],
    ['weighed, dearer than the minimum', weighed('02 64000000 01 0d0300 c8000000 01 2e0400')],
    ['weighed, cheaper than the maximum', weighed('02 64000000 01 0c0300 c8000000 01 2d0400')],
    ['weighed, dearer than the maximum', weighed('02 64000000 01 0c0300 c8000000 01 2f0400')],
    ['weighed, a step too few', weighed('03 64000000 01 0c0300 c8000000 01 2e0400')],
    ['fewer than they are said to be', `0200 ${fixed('0100')}`],
    ['more than they are said to be', `0000 ${fixed('0100')}`],
    ['said to be as many as can be', `ffff ${fixed('0100')}`],
    ['cut in the middle', '0100 0100 00 0c0300 0c03'],
  ])('with rates %s', (_, hex) => {
    expect(rateTableDocument.read(withRates(hex))).toMatchObject({ status: 'documentMalformed' });
  });
});

describe('what could not be read is not written either', () => {
  const badIds = { meterId: new Uint8Array(8) };
  const issue = { crypto: fixedCrypto, authority };
  const rate = (serviceId: number) =>
    ({ serviceId, kind: 'fixed', minimum: mills(1), maximum: mills(1), steps: [] }) as const;
  const licensed = (changes: Partial<LicenceFields>) => () =>
    issueLicence(fixedCrypto, authority, { ...licence, ...changes });

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
    ['a licence for no meter', licensed(badIds)],
    ['a licence that ends before it begins', licensed({ validTo: 20270214 })],
    ['a licence with services out of order', licensed({ services: [2, 1] })],
    [
      'a licence with more services than it can name',
      licensed({ services: Array.from({ length: 256 }, (_, id) => id) }),
    ],
    ['a licence that lets more come back than was spent', licensed({ spoilageCap: 10_001 })],
    [
      'a rate table with two prices of one service',
      () =>
        issueRateTable(fixedCrypto, authority, {
          ...rateTable,
          rates: [{ ...rate(1), maximum: mills(2) }],
        }),
    ],
    [
      'a time that is none',
      () => issueClockSetting(fixedCrypto, provider, { ...clockSetting, timeMs: 0 }),
    ],
    [
      'a withdrawal of more than there is',
      () =>
        signWithdrawalRequest(fixedCrypto, device.privateKey, {
          ...withdrawalRequest,
          postal: mills(withdrawalRequest.postal + 1),
        }),
    ],
    [
      'a proof that nothing is left where something is',
      () =>
        signWithdrawalReport(fixedCrypto, device.privateKey, {
          ...withdrawalReport,
          registers: withdrawalRequest.registers,
        }),
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
