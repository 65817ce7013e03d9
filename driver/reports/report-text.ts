/** Reports as an aligned table for a terminal, as CSV for a spreadsheet, and as one value for programs. */

import { cellText, isNumeric, type Report, type ReportCell } from './report.ts';

/** Aligned columns; numbers at their right. */
export function reportTable({ title, subtitle, columns, rows, totals, notes }: Report): string {
  const texts = [...rows, ...(totals === undefined ? [] : [totals])].map((row) =>
    columns.map((column, at) => cellText(row[at], column)),
  );
  const widths = columns.map(({ title: head }, at) =>
    Math.max(head.length, ...texts.map((row) => (row[at] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => {
        const column = columns[at];
        const width = widths[at] ?? 0;
        return column !== undefined && isNumeric(column)
          ? cell.padStart(width)
          : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const body = texts.map(line);
  const sum = totals === undefined ? [] : [rule, body.pop() ?? ''];
  const head = line(columns.map((column) => column.title));
  return [
    title,
    subtitle,
    '',
    head,
    rule,
    ...body,
    ...sum,
    ...notes.map((note) => `! ${note}`),
  ].join('\n');
}

/** RFC 4180; amounts with their three decimals, and nothing that a spreadsheet would take for a formula. */
export function* reportCsv({ columns, rows, totals }: Report): Generator<string> {
  yield columns.map(({ title }) => csvCell(title)).join(',');
  for (const row of [...rows, ...(totals === undefined ? [] : [totals])])
    yield columns.map((column, at) => csvCell(plainCell(row[at], column))).join(',');
}

function plainCell(cell: ReportCell, column: Report['columns'][number]): string {
  const isNumber = typeof cell === 'number';
  const text = column.kind === 'percent' && isNumber ? String(cell) : cellText(cell, column);
  return isNumber ? text : text.replace(/^[=+\-@\t\r]/, "'$&");
}

const csvCell = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** Rows by the names of their columns; amounts are mills and say so in their names. */
export function reportRows({ columns, rows }: Report): readonly Record<string, ReportCell>[] {
  const names = columns.map(({ name, kind }) => (kind === 'amount' ? `${name}Mills` : name));
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
}
