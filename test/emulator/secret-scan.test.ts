/** A secret is found wherever it was left, in each form that anything here writes it (requirements.md A6). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import { findSecret, findSecrets } from '#emulator/secret-scan';
import { ask, makeTestBoard } from '#test/support/board';
import { testImage } from '#test/support/test-firmware';

const secret = Uint8Array.from({ length: 32 }, (_, at) => (at * 7 + 0x35) & 0xff);
const hex = Buffer.from(secret).toString('hex');
const noise = (size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, at) => (at * 31) & 0xff));
const amid = (found: Uint8Array | string): Buffer =>
  Buffer.concat([noise(1000), Buffer.from(found), noise(500)]);

/** The number that the secret is, in limbs, written by arithmetic and not by turning bytes round. */
function limbs(bits: 32 | 64, littleEndian: boolean, lowestFirst: boolean): Buffer {
  const number = BigInt(`0x${hex}`);
  const count = 256 / bits;
  const view = new DataView(new ArrayBuffer(32));
  for (let limb = 0; limb < count; limb++) {
    const value = BigInt.asUintN(bits, number >> BigInt(limb * bits));
    const at = ((lowestFirst ? limb : count - 1 - limb) * bits) / 8;
    if (bits === 64) view.setBigUint64(at, value, littleEndian);
    else view.setUint32(at, Number(value), littleEndian);
  }
  return Buffer.from(view.buffer);
}

describe('finds a secret that is written', () => {
  test.each<[string, Uint8Array | string]>([
    ['as it is', secret],
    ['reversed', secret.toReversed()],
    ['as hex', hex],
    ['as hex in upper case', hex.toUpperCase()],
    ['as hex in characters of 16 bits', Buffer.from(hex, 'utf16le')],
    ['as hex from the lowest byte on', Buffer.from(secret.toReversed()).toString('hex')],
    ['as base64', Buffer.from(secret).toString('base64')],
    ['as base64 behind one byte', Buffer.from([1, ...secret, 2]).toString('base64')],
    ['as base64 behind two bytes', Buffer.from([1, 2, ...secret, 3]).toString('base64')],
    ['as base64url', Buffer.from([9, ...secret]).toString('base64url')],
    ['as a list', [...secret].join(', ')],
    ['as JSON', JSON.stringify([...secret])],
    ...([32, 64] as const).flatMap((bits) =>
      [true, false].flatMap((little) =>
        [true, false].map((lowest): [string, Uint8Array] => [
          `in limbs of ${bits} bits, ${little ? 'little' : 'big'}-endian, ${lowest ? 'lowest' : 'highest'} first`,
          limbs(bits, little, lowest),
        ]),
      ),
    ),
  ])('%s', (_, written) => {
    const findings = findSecret(secret, { trace: amid(written), other: noise(4096) });

    expect(findings.map(({ place }) => place)).toContain('trace');
    expect(findings.map(({ place }) => place)).not.toContain('other');
    expect(findings[0]?.bytes).toBe(32);
  });
});

test('tells where, and in which form', () => {
  expect(findSecret(secret, { log: `key=${hex}` })).toEqual([
    { place: 'log', form: 'hex', offset: 4, from: 0, bytes: 32 },
  ]);
});

test('finds a part where parts count', () => {
  const torn = amid(secret.subarray(9, 25));

  expect(findSecret(secret, { torn })).toEqual([]);
  expect(findSecret(secret, { torn }, { bytesMin: 16 })).toEqual([
    { place: 'torn', form: 'raw', offset: 1000, from: 9, bytes: 16 },
  ]);
});

test('finds nothing where nothing is: no form is so short that chance makes it', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 12, maxLength: 40 }),
      fc.uint8Array({ maxLength: 2000 }),
      (canary, place) => {
        fc.pre(!Buffer.from(place).includes(Buffer.from(canary)));
        fc.pre(!Buffer.from(place).includes(Buffer.from(canary).reverse()));
        fc.pre(new Set(canary).size > 6);

        expect(findSecret(canary, { place })).toEqual([]);
      },
    ),
  );
});

test.each([0, 33])('no part has %d bytes', (bytesMin) => {
  expect(() => findSecret(secret, {}, { bytesMin })).toThrow(RangeError);
});

test('in the memory of a processor bytes and numbers are found that an image holds, and none that it never had', () => {
  const bytes = `[${[...secret].join()}]`;
  const body = `
    const kept = {};
    globalThis.tessera = { algorithms: {}, powerOn: () => ({ tick() {},
      receive(port, data) { kept[new Uint8Array(data)[0]] = KEPT; } }) };`;
  const forms = (kept: string): string[] => {
    const { board } = makeTestBoard({
      cpu: createQuickJsCpu(),
      image: testImage(body.replace('KEPT', kept)),
    });
    ask(board, 'x');
    return findSecret(secret, { memory: board.memory() ?? '' }).map(({ form }) => form);
  };
  const toHex = `Array.from(${bytes}, (byte) => byte.toString(16).padStart(2, '0')).join('')`;

  expect(forms(`new Uint8Array(${bytes})`)).toContain('raw');
  expect(forms(`BigInt('0x' + ${toHex})`)).toContain('reversed');
  expect(forms(toHex)).toContain('hex');
  expect(forms('new Uint8Array(32)')).toEqual([]);
});

describe('many secrets in one walk', () => {
  const other = secret.map((byte) => byte ^ 0x5a);

  test.each(Object.entries(writtenForms()))('%s', (_form, written) => {
    const content = { trace: amid(written), short: Buffer.from(written).subarray(0, 9) };

    const findings = findSecrets({ secret, other }, content);

    expect(findings.length).toBeGreaterThan(0);
    expect([...new Set(findings.map(({ secret: name }) => name))]).toEqual(['secret']);
    expect([...new Set(findings.map(({ place }) => place))]).toEqual(['trace']);
  });

  /** What the host and an engine of strings make of bytes. */
  function writtenForms(): Readonly<Record<string, Uint8Array>> {
    const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');
    return {
      'as it is': secret,
      'as decimal digits': Buffer.from(BigInt(`0x${hex}`).toString()),
      'as decimal digits in characters of 16 bits': wide(BigInt(`0x${hex}`).toString()),
      'as bytes in characters of 16 bits': wide(Buffer.from(secret).toString('latin1')),
      'as base64 in characters of 16 bits': wide(Buffer.from(secret).toString('base64')),
    };
  }

  test('finds a part of one where parts count', () => {
    const content = { torn: amid(secret.subarray(9, 25)) };

    expect(findSecrets({ secret }, content)).toEqual([]);
    expect(findSecrets({ secret }, content, { bytesMin: 16 })).toEqual([
      { secret: 'secret', place: 'torn', form: 'raw', offset: 1000, from: 9, bytes: 16 },
    ]);
  });
});
