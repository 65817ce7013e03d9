/** The golden bytes of every document: a red line here means that the change is wrong, not the bytes (style.md rule 13). */

import type * as P from 'micro-packed';
import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { type KeyPair, SIGNATURE_SIZE } from '#protocol/crypto';
import { IMAGE_HEADER_SIZE, verifyImage } from '#protocol/documents/image-header';
import { keyId } from '#protocol/documents/key-id';
import {
  ibiFields,
  ibiLayout,
  ibiLiteFields,
  ibiLiteLayout,
  readIbi,
  readIbiLite,
} from '#protocol/documents/legacy-indicium';
import { mills } from '#protocol/mills';
import type { Result } from '#protocol/result';
import * as values from '#test/support/document-values';
import { type SampleName, samples } from '#test/support/documents';
import { fromHex, readGolden, toHex } from '#test/support/golden';

const { authority, device, fixedCrypto, imageBody, imageKey, imageVersions, provider } = values;

const issuedBy = (issuer: KeyPair) => ({ issuerKeyId: keyId(fixedCrypto, issuer.publicKey) });
const indicium = {
  ...values.indicium,
  version: 0x54,
  algorithm: 0x50,
  signature: samples.indicium.bytes.slice(64),
};

const authorityKey = {
  authorityId: keyId(fixedCrypto, authority.publicKey),
  sequence: 2,
  previousKey: authority.publicKey,
  publicKey: values.authorityNext.publicKey,
  nextKeyHash: nodeCrypto.sha256(values.authorityAfterNext.publicKey),
  validFrom: 20270101,
  previousSignature: samples['authority-key'].bytes.slice(118, 182),
};

type Case = readonly [name: Exclude<SampleName, 'image-header'>, signer: KeyPair, fields: object];

const cases: readonly Case[] = [
  ['indicium', values.indiciumKey, indicium],
  ['compact-certificate', authority, { ...values.certificate, ...issuedBy(authority) }],
  ['authority-key', values.authorityNext, authorityKey],
  ['key-renewal', device, values.keyRenewal],
  ['key-request', device, values.keyRequest],
  ['key-grant', authority, { ...values.keyGrant, ...issuedBy(authority) }],
  ['revocation-request', device, values.revocationRequest],
  ['revocation-order', authority, { ...values.revocationOrder, ...issuedBy(authority) }],
  ['revocation-confirmation', device, values.revocationConfirmation],
  ['licence', authority, { ...values.licence, ...issuedBy(authority) }],
  ['rate-table', authority, { ...values.rateTable, ...issuedBy(authority) }],
  ['refill-request', device, values.refillRequest],
  ['refill-authorisation', provider, values.refillAuthorisation],
  ['inspection-report', device, values.inspectionReport],
  ['acknowledgement', authority, { ...values.acknowledgement, ...issuedBy(authority) }],
  ['lock-order', authority, { ...values.lockOrder, ...issuedBy(authority) }],
  ['clock-setting', provider, { ...values.clockSetting, ...issuedBy(provider) }],
  ['withdrawal-request', device, values.withdrawalRequest],
  ['withdrawal-authorisation', provider, values.withdrawalAuthorisation],
  ['withdrawal-report', device, values.withdrawalReport],
];

test('every sample has its golden bytes', () => {
  expect([...cases.map(([name]) => name), 'image-header']).toEqual(Object.keys(samples));
});

describe.each(cases)('the golden %s', (name, { publicKey: signer }, fields) => {
  const golden = readGolden(name);

  test('is what the fields encode to', () => {
    expect(toHex(samples[name].bytes)).toBe(toHex(golden.bytes));
  });

  test('decodes to the fields', () => {
    const read: (bytes: Uint8Array) => Result<object> = samples[name].read;

    expect(read(golden.bytes)).toEqual({ ok: true, value: fields });
  });

  test('is signed over all before the signature, as another implementation of ECDSA finds', () => {
    const signed = golden.bytes.subarray(0, -64);

    expect(nodeCrypto.verify(signer, signed, golden.bytes.subarray(-64))).toBe(true);
  });

  test('names the fields of the layout, in order and in their sizes', () => {
    expect(sizesByField(golden.lines)).toEqual(layoutOf(name));
  });
});

describe('the golden image-header', () => {
  const golden = readGolden('image-header');

  test('is what the versions and the body encode to', () => {
    expect(toHex(samples['image-header'].bytes)).toBe(toHex(golden.bytes));
  });

  test('is accepted by another implementation of ECDSA and SHA-256, with its fields', () => {
    const image = verifyImage(nodeCrypto, imageKey.publicKey, golden.bytes);

    expect(image).toEqual({
      ok: true,
      value: {
        header: {
          ...imageVersions,
          headerVersion: 1,
          bodySize: golden.bytes.length - IMAGE_HEADER_SIZE,
          bodyDigest: nodeCrypto.sha256(imageBody),
          keyId: keyId(nodeCrypto, imageKey.publicKey),
          bodyForm: 'source',
          reserved: new Uint8Array(6),
        },
        body: imageBody,
      },
    });
  });

  test('names the fields of the layout, in order and in their sizes', () => {
    expect(sizesByField(golden.lines)).toEqual([
      ...layoutOf('image-header'),
      ['body', imageBody.length],
    ]);
  });
});

test('the golden IBI indicium is a meter of 2010, its signature left as it is', () => {
  const golden = readGolden('ibi');

  const values = {
    version: 0x50,
    algorithm: 1 as const,
    certificateSerial: 817_372,
    model: '071V',
    serial: 552_023,
    ascending: mills(338_313_184_890),
    postage: mills(10_200),
    mailingDate: 20101002,
    originZip: 20260,
    destination: 359483751,
    softwareId: fromHex('b5c300000000'),
    descending: mills(36_815_110),
    rateCategory: fromHex('b90290d0'),
    signature: Uint8Array.of(0x02, ...new Uint8Array(39).fill(0xee)),
    reserve: new Uint8Array(9),
  };

  expect(golden.bytes.length).toBe(98);
  expect(readIbi(golden.bytes)).toEqual({ ok: true, value: values });
  expect(toHex(ibiLayout.encode(values))).toBe(toHex(golden.bytes));
  expect(golden.lines.map(([name]) => name)).toEqual(Object.keys(ibiFields));
});

test('the golden IBI-Lite indicium is a piece of 0.406', () => {
  const golden = readGolden('ibi-lite');

  const values = {
    version: 0xff as const,
    pieceCount: 2_560_839,
    model: 0x11,
    serial: 13_504_501,
    postage: mills(406),
    serviceId: 0,
    mac: fromHex('9aca2921e3f1'),
  };

  expect(golden.bytes.length).toBe(20);
  expect(readIbiLite(golden.bytes)).toEqual({ ok: true, value: values });
  expect(toHex(ibiLiteLayout.encode(values))).toBe(toHex(golden.bytes));
  expect(golden.lines.map(([name]) => name)).toEqual(Object.keys(ibiLiteFields));
});

/** Bytes of each field of a golden file; the parts `field.part` of a field together. */
function sizesByField(lines: readonly (readonly [name: string, hex: string])[]) {
  const sizes = new Map<string, number>();
  for (const [name, hex] of lines) {
    const field = name.replace(/\..*/, '');
    sizes.set(field, (sizes.get(field) ?? 0) + hex.length / 2);
  }
  return [...sizes];
}

/** What a document holds, in order; one field at most has no fixed size: it takes what the others leave. */
function layoutOf(name: SampleName): [string, number][] {
  const { magic, fields, read, bytes } = samples[name] as {
    readonly magic: string;
    readonly fields: Readonly<Record<string, P.CoderType<unknown>>>;
    readonly read?: (bytes: Uint8Array) => Result<object>;
    readonly bytes: Uint8Array;
  };
  const values = read?.(bytes);
  const sizes = Object.entries(fields).map(([field, coder]): [string, number] => {
    const value: unknown = values?.ok === true ? Reflect.get(values.value, field) : undefined;
    return [field, coder.size ?? coder.encode(value).length];
  });
  if (magic !== '') sizes.unshift(['magic', magic.length]);
  sizes.push(['signature', SIGNATURE_SIZE]);
  return sizes;
}
