/** The golden bytes of every document: a red line here means that the change is wrong, not the bytes (style.md rule 13). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { IMAGE_HEADER_SIZE, verifyImage } from '#protocol/documents/image-header';
import { readIndicium } from '#protocol/documents/indicium';
import { keyId } from '#protocol/documents/key-id';
import {
  ibiFields,
  ibiLayout,
  ibiLiteFields,
  ibiLiteLayout,
  readIbi,
  readIbiLite,
} from '#protocol/documents/legacy-indicium';
import { licenceDocument } from '#protocol/documents/licence';
import { rateTableDocument } from '#protocol/documents/rate-table';
import { readRefillAuthorisation, readRefillRequest } from '#protocol/documents/refill';
import { readStatusReport } from '#protocol/documents/status-report';
import { mills } from '#protocol/mills';
import type { Result } from '#protocol/result';
import {
  authority,
  certificate,
  device,
  fixedCrypto,
  imageBody,
  imageKey,
  imageVersions,
  indicium,
  indiciumKey,
  licence,
  provider,
  rateTable,
  refillAuthorisation,
  refillRequest,
  type SampleName,
  samples,
  statusReport,
} from '#test/support/documents';
import { fromHex, readGolden, toHex } from '#test/support/golden';

const issuerKeyId = keyId(fixedCrypto, authority.publicKey);

interface Case {
  readonly name: SampleName;
  readonly signer: Uint8Array;
  readonly read: (bytes: Uint8Array) => Result<object>;
  readonly values: object;
}

const cases: readonly Case[] = [
  {
    name: 'indicium',
    signer: indiciumKey.publicKey,
    read: readIndicium,
    values: {
      ...indicium,
      version: 0x54,
      algorithm: 0x50,
      signature: samples.indicium.bytes.slice(64),
    },
  },
  {
    name: 'compact-certificate',
    signer: authority.publicKey,
    read: readCompactCertificate,
    values: { ...certificate, issuerKeyId },
  },
  {
    name: 'licence',
    signer: authority.publicKey,
    read: licenceDocument.read,
    values: { ...licence, issuerKeyId },
  },
  {
    name: 'rate-table',
    signer: authority.publicKey,
    read: rateTableDocument.read,
    values: { ...rateTable, issuerKeyId },
  },
  {
    name: 'refill-request',
    signer: device.publicKey,
    read: readRefillRequest,
    values: refillRequest,
  },
  {
    name: 'refill-authorisation',
    signer: provider.publicKey,
    read: readRefillAuthorisation,
    values: refillAuthorisation,
  },
  {
    name: 'status-report',
    signer: device.publicKey,
    read: readStatusReport,
    values: statusReport,
  },
];

describe.each(cases)('the golden $name', ({ name, signer, read, values }) => {
  const golden = readGolden(name);

  test('is what the fields encode to', () => {
    expect(toHex(samples[name].bytes)).toBe(toHex(golden.bytes));
  });

  test('decodes to the fields', () => {
    expect(read(golden.bytes)).toEqual({ ok: true, value: values });
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
          reserved: new Uint8Array(7),
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

function layoutOf(name: SampleName): [string, number][] {
  const { magic, fields } = samples[name];
  const head: [string, number][] = magic === '' ? [] : [['magic', magic.length]];
  const body = Object.entries(fields).map(([field, coder]): [string, number] => [
    field,
    // the only field without a fixed size: a count, then three rates
    coder.size ?? 2 + 3 * 9,
  ]);
  return [...head, ...body, ['signature', 64]];
}
