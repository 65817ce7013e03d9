/** Reports as text, CSV, picture and PDF (requirements.md F7). */

import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { chartSvg } from '#driver/reports/chart';
import { amountText, type Report } from '#driver/reports/report';
import { reportPdf } from '#driver/reports/report-pdf';
import { reportCsv, reportRows, reportTable } from '#driver/reports/report-text';

const report = (rows: Report['rows']): Report => ({
  title: 'Usage (by account)',
  subtitle: 'in March',
  columns: [
    { name: 'account', title: 'Account', kind: 'text' },
    { name: 'pieces', title: 'Pieces', kind: 'count' },
    { name: 'postage', title: 'Postage', kind: 'amount' },
    { name: 'share', title: 'Share', kind: 'percent' },
  ],
  rows,
  totals: ['All', 3, 12_345, undefined],
  chart: {
    title: 'Postage & limits',
    kind: 'amount',
    bars: [
      { label: 'a<b>', value: 5_000, limit: 4_000 },
      { label: 'c', value: 7_345 },
    ],
  },
  notes: ['one thing to do'],
});
const sample = report([
  ['=cmd|x, "quoted"', 2, 5_000, 40.4],
  ['Łódź Ωmega', 1, 7_345, undefined],
]);

test('a table is aligned, and its totals stand below', () => {
  expect(reportTable(sample)).toMatchInlineSnapshot(`
    "Usage (by account)
    in March

    Account           Pieces  Postage  Share
    ----------------  ------  -------  -----
    =cmd|x, "quoted"       2    5.000   40 %
    Łódź Ωmega             1    7.345
    ----------------  ------  -------  -----
    All                    3   12.345
    ! one thing to do"
  `);
});

test('CSV has three decimals and no formula; rows for programs say that amounts are mills', () => {
  expect([...reportCsv(sample)]).toEqual([
    'Account,Pieces,Postage,Share',
    `"'=cmd|x, ""quoted""",2,5.000,40.4`,
    'Łódź Ωmega,1,7.345,',
    'All,3,12.345,',
  ]);
  expect(reportRows(sample)[1]).toEqual({ account: 'Łódź Ωmega', pieces: 1, postageMills: 7_345 });
  expect(amountText(-1_500)).toBe('-1.500');
});

test('a chart is a picture without anything of the outside in it', () => {
  const svg = chartSvg(sample.chart as NonNullable<Report['chart']>);

  expect(svg).toContain('a&lt;b&gt;');
  expect(svg).toContain('Postage &amp; limits');
  expect(svg.match(/<rect /g)).toHaveLength(2);
  expect(svg).not.toMatch(/script|href|NaN|undefined/);
});

/** Objects of a PDF by their number, found by its table as a reader does. */
function objectsOf(pdf: Uint8Array): ReadonlyMap<number, string> {
  const text = Buffer.from(pdf).toString('latin1');
  const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
  const [head = '', ...rows] = text.slice(start).split('\n').slice(1);
  const count = Number(head.split(' ')[1]);
  const places = rows.slice(0, count).map((row) => Number(row.slice(0, 10)));
  return new Map(
    places.slice(1).map((place, at) => {
      const begin = `${at + 1} 0 obj\n`;
      expect(text.slice(place, place + begin.length)).toBe(begin);
      return [at + 1, text.slice(place + begin.length, text.indexOf('\nendobj', place))];
    }),
  );
}

test('a PDF has as many pages as it takes, each with the head of its table', () => {
  const rows = Array.from({ length: 120 }, (_, at) => [`account ${at}`, at, at * 10, at % 100]);

  const objects = objectsOf(reportPdf(report(rows)));
  const contents = [...objects.values()].filter((object) => object.includes('stream\n'));
  const pages = contents.map((object) => {
    const stream = object.slice(object.indexOf('stream\n') + 7, object.lastIndexOf('\nendstream'));
    return inflateSync(Buffer.from(stream, 'latin1')).toString('latin1');
  });

  const hex = (text: string): string => Buffer.from(text).toString('hex');
  expect(pages.length).toBeGreaterThanOrEqual(3);
  for (const page of pages) expect(page).toContain(`<${hex('Postage')}> Tj`);
  expect(pages.join('')).toContain(`<${hex('account 119')}> Tj`);
  expect(pages.join('')).not.toMatch(/NaN|undefined/);
  expect(objects.get(2)).toContain(`/Count ${pages.length}`);
});

test('letters that no reader must have are drawn', () => {
  const [page = ''] = [...objectsOf(reportPdf(sample)).values()].filter((o) =>
    o.includes('stream\n'),
  );
  const stream = page.slice(page.indexOf('stream\n') + 7, page.lastIndexOf('\nendstream'));
  const drawn = inflateSync(Buffer.from(stream, 'latin1')).toString('latin1');

  expect(drawn.match(/ c /g)?.length).toBeGreaterThan(10);
});
