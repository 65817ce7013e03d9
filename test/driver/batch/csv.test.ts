/** Rows of CSV files, as hostile as they come (requirements.md C4). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CELL_SIZE_MAX, CsvEncodingError, type CsvRow, readCsv } from '#driver/batch/csv';
import { failureOf } from '#test/support/settle';
import { bytesOf, everyOf } from './desk.ts';

async function rowsOf(text: string | Uint8Array, chunkSize?: number): Promise<CsvRow[]> {
  return await everyOf(readCsv(bytesOf(text, chunkSize)));
}
const cellsOf = async (text: string | Uint8Array): Promise<(readonly string[])[]> =>
  (await rowsOf(text)).map(({ cells }) => cells);

test.each<[string, string, string[][]]>([
  [
    'commas and line feeds',
    'a,b\nc,d\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  [
    'CRLF',
    'a,b\r\nc,d\r\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  ['CR alone', 'a\rb', [['a'], ['b']]],
  ['no end of the last line', 'a\nb', [['a'], ['b']]],
  ['a byte order mark', '\ufeffa,b\n', [['a', 'b']]],
  ['quotes', '"a","b"\n', [['a', 'b']]],
  ['a comma in quotes', '"a,b",c\n', [['a,b', 'c']]],
  ['a quote in quotes', '"a""b",""""\n', [['a"b', '"']]],
  ['line ends in quotes', '"a\r\nb\nc\rd",e\n', [['a\r\nb\nc\rd', 'e']]],
  ['empty cells', 'a,,\n', [['a', '', '']]],
  ['empty quotes', '"",a\n', [['', 'a']]],
  ['blank rows', '\n\na\n \n,,\n\nb\n', [['a'], ['b']]],
  ['nothing', '', []],
  ['nothing but a byte order mark', '\ufeff', []],
])('%s', async (_, text, cells) => {
  expect(await cellsOf(text)).toEqual(cells);
});

describe('what a cell says is never guessed', () => {
  test.each([
    ['a quote within', 'a"b,c\nd\n', 'a quote stands inside a cell'],
    ['text behind', '"a"b,c\nd\n', 'text stands behind a closing quote'],
    ['a long cell', `${'a'.repeat(CELL_SIZE_MAX + 1)},c\nd\n`, 'more than 1000 characters'],
    ['many cells', `${'a,'.repeat(64)}a\nd\n`, 'more than 64 cells'],
  ])('%s: the row has a problem, the next one has none', async (_, text, problem) => {
    const [wrong, right] = await rowsOf(text);

    expect(wrong?.problem).toContain(problem);
    expect(right).toMatchObject({ line: 2, cells: ['d'], problem: undefined });
  });

  test('a quote that is never closed takes the rest of the file with it, and no memory', async () => {
    const rows = await rowsOf(`a\n"${'x\n'.repeat(100_000)}`);

    expect(rows.map(({ line, problem }) => [line, problem])).toEqual([
      [1, undefined],
      [2, 'a quote is opened and never closed'],
    ]);
    expect(rows[1]?.cells[0]).toHaveLength(CELL_SIZE_MAX);
  });
});

test('a row is told by the line it begins on', async () => {
  const rows = await rowsOf('a\r\n"b\r\nb"\r\n\r\nc\r\n');

  expect(rows.map(({ line }) => line)).toEqual([1, 2, 5]);
});

test.each([
  ['a single byte that is no UTF-8', Uint8Array.of(0x61, 0x0a, 0xff, 0x0a)],
  ['a character that is cut short', Uint8Array.of(0x61, 0x0a, 0xe2, 0x82)],
  ['UTF-16 with its mark', Uint8Array.of(0xff, 0xfe, 0x61, 0x00, 0x0a, 0x00)],
])('%s is refused', async (_, bytes) => {
  expect(await failureOf(rowsOf(bytes))).toBeInstanceOf(CsvEncodingError);
});

test('rows do not depend on where the file is cut into chunks', async () => {
  const text = fc
    .array(fc.constantFrom('a', 'ß', '😀', ',', '"', '\r', '\n', '\r\n', ' '), { maxLength: 40 })
    .map((parts) => parts.join(''));

  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 5 }), async (content, chunkSize) => {
      expect(await rowsOf(content, chunkSize)).toEqual(await rowsOf(content));
    }),
  );
});

test('whatever cells hold, they are read as they were written', async () => {
  const cell = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .filter((text) => /\S/.test(text));
  const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { maxLength: 5 });

  await fc.assert(
    fc.asyncProperty(table, async (rows) => {
      const lines = rows.map((cells) =>
        cells.map((each) => `"${each.replaceAll('"', '""')}"`).join(','),
      );
      expect(await cellsOf(`${lines.join('\r\n')}\r\n`)).toEqual(rows);
    }),
  );
});

test('of rows without end only the chunk at hand is in memory', async () => {
  const chunk = new TextEncoder().encode('piece,1,0.78,20260\n'.repeat(1_000));
  let givenRows = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      givenRows += 1_000;
      yield chunk;
    }
  }

  let readRows = 0;
  let aheadMax = 0;
  for await (const _ of readCsv(endless())) {
    readRows += 1;
    aheadMax = Math.max(aheadMax, givenRows - readRows);
    if (readRows === 100_000) break;
  }

  expect(readRows).toBe(100_000);
  expect(aheadMax).toBeLessThan(1_000);
});
