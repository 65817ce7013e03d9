/** Mailing lists: what a row asks for, and what is told of a row that is wrong (requirements.md C4). */

import { describe, expect, test } from 'vitest';
import { ListError } from '#driver/batch/batch-error';
import { isPiece, readList } from '#driver/batch/list';
import { checkList, PIECES_MAX } from '#driver/batch/list-check';
import { failureOf } from '#test/support/settle';
import { bytesOf, everyOf } from './desk.ts';

const HEADER = 'reference,service,postage,destination,mailing date,addressee';
const RATED = 'reference,service,destination,weight,zone,extras';
const read = async (text: string) => await everyOf(readList(bytesOf(text)));
const readRow = async (row: string) => await read(`${HEADER}\n${row}\n`);

describe('a row', () => {
  test('with everything', async () => {
    const row = 'letter 7,1,0.780,20260-1234,2026-03-01,"A. Reader|1 Main Street\nWashington"';

    expect(await readRow(row)).toEqual([
      {
        line: 2,
        reference: 'letter 7',
        serviceId: 1,
        postage: 780,
        destination: 202_601_234,
        mailingDate: 20_260_301,
        addressee: ['A. Reader', '1 Main Street', 'Washington'],
        weightMg: 0,
        zone: 0,
        extras: [],
      },
    ]);
  });

  test('with what is needed only', async () => {
    const [piece] = await read('Reference,SERVICE,postage,Destination\n7,1,0.78,\n');

    expect(piece).toEqual({
      line: 2,
      reference: '7',
      serviceId: 1,
      postage: 780,
      destination: 0,
      mailingDate: undefined,
      addressee: [],
      weightMg: 0,
      zone: 0,
      extras: [],
    });
  });

  test.each([
    ['a,1,,28.35,2,30|31', { weightMg: 28_350, zone: 2, extras: [30, 31] }],
    ['a,1,,0.001,0,30', { weightMg: 1, zone: 0, extras: [30] }],
    ['a,1,,4294966.999,255,30 31;32', { weightMg: 4_294_966_999, zone: 255, extras: [30, 31, 32] }],
    ['a,1,,,,', { weightMg: 0, zone: 0, extras: [] }],
  ])('%j leaves the postage to the rate table', async (row, piece) => {
    expect(await read(`${RATED}\n${row}\n`)).toMatchObject([{ ...piece, postage: undefined }]);
  });

  test.each([
    ['a,1,,28.3501,,', 'weight', 'no weight in grams'],
    ['a,1,,-1,,', 'weight', 'no weight in grams'],
    ['a,1,,4294967,,', 'weight', 'no weight in grams'],
    ['a,1,,1oz,,', 'weight', 'no weight in grams'],
    ['a,1,,,256,', 'zone', 'no zone'],
    ['a,1,,,x,', 'zone', 'no zone'],
    ['a,1,,,,registered', 'extras', 'no service'],
    ['a,1,,,,65536', 'extras', 'no service'],
  ])('%j has a problem in %s: %s', async (row, column, what) => {
    expect(await read(`${RATED}\n${row}\n`)).toEqual([
      { line: 2, column, what: expect.stringContaining(what) },
    ]);
  });

  test('with columns in another order, and spelt as people do', async () => {
    const [piece] = await read(
      'Mailing_Date,postage,reference,Service,destination\n20260301,1,a,2,\n',
    );

    expect(piece).toMatchObject({ mailingDate: 20_260_301, postage: 1_000, reference: 'a' });
  });

  test.each([
    [',1,0.78,,,', 'reference', 'is empty'],
    [`${'a'.repeat(65)},1,0.78,,,`, 'reference', 'more than 64'],
    ['a\u0007b,1,0.78,,,', 'reference', 'control character'],
    ['a\u200bb,1,0.78,,,', 'reference', 'control character'],
    ['"a\nb",1,0.78,,,', 'reference', 'control character'],
    ['=1+1,1,0.78,,,', 'reference', 'like a formula'],
    ['@SUM(A1),1,0.78,,,', 'reference', 'like a formula'],
    ['+1,1,0.78,,,', 'reference', 'like a formula'],
    ['-1,1,0.78,,,', 'reference', 'like a formula'],
    ['a,,0.78,,,', 'service', 'no service'],
    ['a,65536,0.78,,,', 'service', 'no service'],
    ['a,1.5,0.78,,,', 'service', 'no service'],
    ['a,-1,0.78,,,', 'service', 'no service'],
    ['a,1,0,,,', 'postage', 'no amount'],
    ['a,1,-0.78,,,', 'postage', 'no amount'],
    ['a,1,0.7801,,,', 'postage', 'no amount'],
    ['a,1,"0,78",,,', 'postage', 'no amount'],
    ['a,1,1e3,,,', 'postage', 'no amount'],
    ['a,1,99999,,,', 'postage', 'no amount'],
    ['a,1,0.78,2026,,', 'destination', 'no ZIP'],
    ['a,1,0.78,20260-12345,,', 'destination', 'no ZIP'],
    ['a,1,0.78,abcde,,', 'destination', 'no ZIP'],
    ['a,1,0.78,,20260230,', 'mailing date', 'no date'],
    ['a,1,0.78,,tomorrow,', 'mailing date', 'no date'],
    ['a,1,0.78,,,"A\u001b@B"', 'addressee', 'control character'],
    ['a,1,0.78,,,A\u202eB', 'addressee', 'control character'],
    ['a,1,0.78,,,1|2|3|4|5|6|7|8|9', 'addressee', 'more than 8 lines'],
  ])('%j has a problem in %s: %s', async (row, column, what) => {
    const [problem, ...rest] = await readRow(row);

    expect(rest).toEqual([]);
    expect(problem).toMatchObject({ line: 2, column, what: expect.stringContaining(what) });
  });

  test('tells everything that is wrong with it', async () => {
    const problems = await readRow('=a,x,y,z,0,');

    expect(problems.map((row) => (isPiece(row) ? '' : row.column))).toEqual([
      'reference',
      'service',
      'postage',
      'destination',
      'mailing date',
    ]);
  });

  test('with too few cells or too many', async () => {
    const what = expect.stringContaining('the header has 6 columns, this row');

    expect(await read(`${HEADER}\na,1,0.78\nb,1,0.78,,,,,\n`)).toEqual([
      { line: 2, what },
      { line: 3, what },
    ]);
  });

  test('shows a terminal nothing to obey in what is wrong', async () => {
    const [problem] = await readRow(`a,\u001b[2J${'x'.repeat(100)},0.78,,,`);

    expect(problem).toMatchObject({ what: expect.stringContaining(`"?[2J${'x'.repeat(36)}…"`) });
  });
});

test.each([
  ['', 'the list is empty'],
  ['\ufeff\r\n\r\n', 'the list is empty'],
  ['reference;service;postage;destination\n', 'there is no column "reference;service'],
  ['reference,service,postage\na,1,1\n', 'the column is missing'],
  ['reference,service,postage,destination,reference\n', 'the column is there twice'],
  ['reference,service,postage,destination,colour\n', 'there is no column "colour"'],
  ['"reference,service\n', 'a quote is opened and never closed'],
])('a list of %j is refused', async (text, what) => {
  expect(await read(text)).toEqual([
    expect.objectContaining({ what: expect.stringContaining(what) }),
  ]);
});

describe('a whole list', () => {
  const check = (text: string) => checkList(bytesOf(text));
  const failure = async (text: string) => (await failureOf(check(text))) as ListError;

  test('is counted and summed up', async () => {
    const { places, postages, total } = await check(`${HEADER}\na,1,0.78,,,\nb,1,1.5,,,\n`);

    expect([...places]).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
    expect(postages).toEqual([780, 1_500]);
    expect(total).toBe(2_280);
  });

  test('without postage needs a rate table', async () => {
    const error = await failure(`${RATED}\na,1,,28.35,,\n`);

    expect(error.problems).toEqual([
      { line: 2, column: 'postage', what: expect.stringContaining('is empty') },
    ]);
  });

  test('has every reference once, however it is composed', async () => {
    const error = await failure(`${HEADER}\né,1,1,,,\nb,1,1,,,\ne\u0301,1,1,,,\n`);

    expect(error).toBeInstanceOf(ListError);
    expect(error.problems).toEqual([{ line: 4, column: 'reference', what: '"é" is there before' }]);
  });

  test('tells the first hundred problems and counts the rest', async () => {
    const error = await failure(`${HEADER}\n${'a,1,0,,,\n'.repeat(250)}`);

    expect(error.problems).toHaveLength(100);
    expect(error.count).toBe(250);
    expect(error.message).toContain('line 2, postage:');
    expect(error.message).toContain('and 150 more');
  });

  test('without pieces is none', async () => {
    expect((await failure(`${HEADER}\n`)).message).toContain('the list has no pieces');
  });

  test('of a million pieces ends at the most that a job takes', async () => {
    let rows = 0;
    async function* million(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode(`${HEADER}\n`);
      for (; rows < 1_000_000; rows += 1_000) {
        const thousand = Array.from({ length: 1_000 }, (_, at) => `${rows + at},1,0.78,,,\n`);
        yield new TextEncoder().encode(thousand.join(''));
      }
    }

    const error = (await failureOf(checkList(million()))) as ListError;

    expect(error.message).toContain('100000 pieces at most');
    expect(rows).toBe(PIECES_MAX);
  });
});
