/** Files of addresses of any size, written row by row, clean or with what an attacker would put into them. */

import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import type { TableFormat } from '#driver/lists/table';
import { randomOf } from '#test/sim/random';
import { workbook } from '#test/support/workbook';

const HEADER = ['reference', 'name', 'street', 'city', 'state', 'zip'] as const;

const cellsOf = (row: number): string[] => [
  `piece ${row}`,
  `Reader ${row}`,
  `${(row % 9_000) + 1} North Main Street Apt ${row % 400}`,
  'Springfield',
  'Illinois',
  String(62_700 + (row % 90)),
];

const csvCell = (cell: string): string =>
  /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

const writers: Readonly<
  Record<Exclude<TableFormat, 'xlsx'>, (cells: readonly string[]) => string>
> = {
  csv: (cells) => `${cells.map(csvCell).join(',')}\n`,
  json: (cells) =>
    `${JSON.stringify(Object.fromEntries(HEADER.map((name, at) => [name, cells[at]])))}\n`,
  vcard: ([uid, name, street, city, state, zip]) =>
    `BEGIN:VCARD\nVERSION:4.0\nUID:${uid}\nFN:${name}\nADR:;;${street};${city};${state};${zip};USA\nEND:VCARD\n`,
};

const xlsxCell = (cell: string): string =>
  `<c t="inlineStr"><is><t>${cell.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</t></is></c>`;

/** A workbook whose sheet holds its texts itself. */
function writeWorkbook(path: string, rows: number): void {
  const all = [HEADER, ...Array.from({ length: rows }, (_, row) => cellsOf(row))];
  const xml = all.map((cells) => `<row>${cells.map(xlsxCell).join('')}</row>`).join('');
  writeFileSync(path, workbook(xml));
}

/** A file of so many rows. */
export async function writeRows(
  path: string,
  format: TableFormat,
  rows: number,
  cells: (row: number) => readonly string[] = cellsOf,
): Promise<void> {
  if (format === 'xlsx') return writeWorkbook(path, rows);
  const file = createWriteStream(path);
  const write = writers[format];
  if (format === 'csv') file.write(write(HEADER));
  for (let row = 0; row < rows; row++)
    if (!file.write(write(cells(row)))) await once(file, 'drain');
  file.end();
  await once(file, 'close');
}

/** What printers, terminals and spreadsheets obey, and what breaks readers. */
const poisons = [
  ...[
    '\u001b@',
    '\u001dV\u0000',
    '\u0010\u0004\u0001',
    '\u001bp\u0000\u0019\u00fa',
    '\u001d(H\u0006\u0000',
    '\u001c.',
  ],
  ...[
    '\u0000',
    '\u0007',
    '\u0018',
    '\r\n',
    '\u0085',
    '\u2028',
    '\u202e',
    '\ufffd',
    '\ud800',
    '\u009b31m',
  ],
  ...[
    '=1+1',
    '@SUM(A1)',
    '-2+3',
    '+4',
    '"',
    '""",',
    ',,,,,,,,',
    '|',
    '^XA^XZ',
    '\tCUT',
    '<script>',
    '%1b',
  ],
  ...['A'.repeat(5_000), '\u0301'.repeat(300), 'é', '你好', 'Ω', '🖨'],
] as const;

/** Rows in which some cells are poisoned, by a seed. */
export function hostileCells(seed: number): (row: number) => readonly string[] {
  const { below } = randomOf(seed);
  return (row) => {
    const cells = cellsOf(row);
    for (let times = below(3); times > 0; times--) {
      const at = below(cells.length);
      const poison = poisons[below(poisons.length)] as string;
      const cell = cells[at] as string;
      const place = below(cell.length + 1);
      cells[at] = cell.slice(0, place) + poison + cell.slice(place);
    }
    return cells;
  };
}
