/** Legacy symbols: what is recognised as which kind, and what as none. */

import { describe, expect, test } from 'vitest';
import { readEvidence, readIbi, readIbiLite } from '#protocol/documents/legacy-indicium';
import { signIndicium } from '#test/support/documents';
import { readGolden } from '#test/support/golden';

const ibi = readGolden('ibi').bytes;
const lite = readGolden('ibi-lite').bytes;

describe('evidence is recognised', () => {
  test.each([
    ['tessera', signIndicium()],
    ['ibi', ibi],
    ['ibi', ibi.subarray(0, 89)],
    ['ibiLite', lite],
  ])('as %s', (format, symbol) => {
    const evidence = readEvidence(symbol);

    expect(evidence).toMatchObject({ ok: true, value: { format } });
  });

  test.each([
    ['nothing', new Uint8Array(0)],
    ['zeros of our size', new Uint8Array(128)],
    ['a text', Uint8Array.from('https://example.org/a', (c) => c.charCodeAt(0))],
    ['our indicium cut short', signIndicium().subarray(0, 127)],
    ['our indicium cut to the size of IBI', signIndicium().subarray(0, 98)],
  ])('but not in %s', (_, symbol) => {
    expect(readEvidence(symbol)).toEqual({ ok: false, status: 'documentMalformed', detail: 0 });
  });
});

const withByte = (symbol: Uint8Array, offset: number, byte: number): Uint8Array =>
  symbol.with(offset, byte);

describe('an IBI indicium', () => {
  test.each([
    [89, 0],
    [98, 9],
    [112, 23],
  ])('of %i bytes has a reserve of %i', (size, reserveSize) => {
    const symbol = new Uint8Array(size);
    symbol.set(ibi.subarray(0, Math.min(size, ibi.length)));

    const result = readIbi(symbol);

    expect(result.ok && result.value.reserve.length).toBe(reserveSize);
  });

  test.each([
    ['one byte short of its signature', ibi.subarray(0, 88)],
    ['a reserve that is too long', Uint8Array.of(...ibi, ...new Uint8Array(15))],
    ['another algorithm', withByte(ibi, 1, 2)],
    ['our version', withByte(ibi, 0, 0x54)],
    ['a model that is not ASCII', withByte(ibi, 6, 0xe9)],
    ['a day that does not exist', withByte(ibi, 22, 0xa9)],
    ['an origin of more than five digits', withByte(ibi, 29, 1)],
  ])('with %s is malformed', (_, symbol) => {
    expect(readIbi(symbol)).toMatchObject({ status: 'documentMalformed' });
  });
});

test.each([
  ['one byte short', lite.subarray(0, 19)],
  ['one byte too long', Uint8Array.of(...lite, 0)],
  ['of another version', withByte(lite, 0, 0xfe)],
])('an IBI-Lite indicium %s is malformed', (_, symbol) => {
  expect(readIbiLite(symbol)).toMatchObject({ status: 'documentMalformed' });
});
