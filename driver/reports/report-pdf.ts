/** A report on pages of A4: its table, its chart where there is one, its notes (requirements.md F7). */

import { drawChart } from './chart.ts';
import { colours, type Shape } from './drawing.ts';
import { PAGE, pdfOf, textWidth } from './pdf.ts';
import { cellText, isNumeric, type Report } from './report.ts';

const MARGIN = 48;
const WIDTH = PAGE.width - 2 * MARGIN;
const FOOT = PAGE.height - MARGIN;
const SIZE = 8.5;
const ROW_HEIGHT = 14;
const GAP = 8;

export function reportPdf(report: Report): Uint8Array {
  const pages: Shape[][] = [];
  let y = 0;
  const page = (): Shape[] => pages.at(-1) as Shape[];
  function begin(): void {
    pages.push([]);
    y = MARGIN;
  }
  /** Begins a page where so much has no place any more. @returns whether it did */
  function make(height: number): boolean {
    if (y + height <= FOOT) return false;
    begin();
    return true;
  }
  begin();
  page().push({ shape: 'text', x: MARGIN, y: y + 14, text: report.title, size: 15, isBold: true });
  page().push({ shape: 'text', x: MARGIN, y: y + 30, text: report.subtitle, size: SIZE });
  y += 46;
  if (report.chart !== undefined && report.chart.bars.length > 0) {
    const { shapes, height } = drawChart(report.chart, WIDTH);
    make(height);
    page().push(...shapes.map((shape) => moved(shape, MARGIN, y)));
    y += height + 12;
  }
  const columns = columnPlaces(report);
  const head = report.columns.map(({ title }) => title);
  row(head, true);
  for (const cells of report.rows) row(textsOf(report, cells), false);
  if (report.totals !== undefined) {
    rule();
    row(textsOf(report, report.totals), true);
  }
  for (const note of report.notes) {
    make(ROW_HEIGHT);
    page().push({ shape: 'text', x: MARGIN, y: y + 16, text: fitted(note, WIDTH), size: SIZE });
    y += ROW_HEIGHT;
  }
  for (const [at, shapes] of pages.entries()) shapes.push(pageNumber(at + 1, pages.length));
  return pdfOf(report.title, pages);

  function rule(): void {
    const line = { x: MARGIN, y: y + 3, toX: MARGIN + WIDTH, toY: y + 3 };
    page().push({ shape: 'line', ...line, colour: colours.rule });
  }
  function row(texts: readonly string[], isBold: boolean): void {
    if (make(ROW_HEIGHT) && texts !== head) row(head, true);
    for (const [at, text] of texts.entries()) {
      const { x, width, isRight } = columns[at] ?? { x: 0, width: 0, isRight: false };
      const place = { x: isRight ? x + width : x, y: y + 11 };
      const words = { text: fitted(text, width, isBold), size: SIZE, isBold };
      page().push({ shape: 'text', ...place, ...words, anchor: isRight ? 'end' : 'start' });
    }
    y += ROW_HEIGHT;
    if (texts === head) rule();
  }
}

const textsOf = ({ columns }: Report, cells: Report['rows'][number]): readonly string[] =>
  columns.map((column, at) => cellText(cells[at], column));

/** As wide as their widest text; where that is too much, texts give way to numbers. */
function columnPlaces(report: Report) {
  const { columns, rows, totals = [] } = report;
  const wishes = columns.map((column, at) =>
    Math.max(
      textWidth(column.title, SIZE, true),
      ...[...rows, totals].map((row) => textWidth(cellText(row[at], column), SIZE, true)),
    ),
  );
  const room = WIDTH - GAP * (columns.length - 1);
  const isFixed = (at: number): boolean => isNumeric(columns[at] ?? { kind: 'text' });
  const fixed = wishes.reduce((sum, wish, at) => sum + (isFixed(at) ? wish : 0), 0);
  const free = wishes.reduce((sum, wish, at) => sum + (isFixed(at) ? 0 : wish), 0);
  const share = free > room - fixed ? Math.max(0.1, (room - fixed) / free) : 1;
  let x = MARGIN;
  return wishes.map((wish, at) => {
    const width = isFixed(at) ? wish : wish * share;
    const place = { x, width, isRight: isFixed(at) };
    x += width + GAP;
    return place;
  });
}

function fitted(text: string, width: number, isBold = false): string {
  if (textWidth(text, SIZE, isBold) <= width + 0.01) return text;
  let short = [...text];
  while (short.length > 1 && textWidth(`${short.join('')}…`, SIZE, isBold) > width)
    short = short.slice(0, -1);
  return `${short.join('')}…`;
}

function moved(shape: Shape, x: number, y: number): Shape {
  if (shape.shape !== 'line') return { ...shape, x: shape.x + x, y: shape.y + y };
  return { ...shape, x: shape.x + x, y: shape.y + y, toX: shape.toX + x, toY: shape.toY + y };
}

const pageNumber = (page: number, pages: number): Shape => ({
  shape: 'text',
  x: PAGE.width - MARGIN,
  y: PAGE.height - 24,
  text: `${page} / ${pages}`,
  size: 7.5,
  anchor: 'end',
});
