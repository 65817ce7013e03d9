/** Imports whole files, and watches the memory meanwhile: what a file is as long as is nothing to it. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { importList } from '#driver/lists/import-list';
import { openListStore } from '#driver/lists/list-store';
import { mappingOf } from '#driver/lists/mapping';
import { openTable } from '#driver/lists/open-table';
import type { Table, TableFormat } from '#driver/lists/table';
import { writeRows } from './files.ts';

export interface ImportFigures {
  readonly format: TableFormat;
  readonly rows: number;
  readonly taken: number;
  readonly rowsPerSecond: number;
  /** Resident memory behind a fifth of the rows, and the most of it behind that, MB. */
  readonly earlyMb: number;
  readonly mostMb: number;
}

/** What the collector leaves lying about for a while is no growth. */
export const GROWTH_MAX_MB = 96;

const residentMb = (): number => Math.round(process.memoryUsage().rss / 1_000_000);

export async function measureImport(
  folder: string,
  format: TableFormat,
  rows: number,
): Promise<ImportFigures> {
  const [path, database] = [join(folder, `rows.${format}`), join(folder, `${format}.db`)];
  await writeRows(path, format, rows);
  const memory = { earlyMb: 0, mostMb: 0 };
  const table = await openTable(path);
  const startMs = performance.now();
  using store = openListStore(database);
  const { taken } = await importList(store, format, watched(table, rows, memory), {
    mapping: mappingOf(table.columns),
    country: 'US',
    referenceOf: (line) => `row ${line}`,
  });
  const seconds = (performance.now() - startMs) / 1_000;
  rmSync(path);
  return { format, rows, taken, rowsPerSecond: Math.round(rows / seconds), ...memory };
}

function watched(table: Table, rows: number, memory: { earlyMb: number; mostMb: number }): Table {
  async function* watching() {
    let row = 0;
    for await (const each of table.rows) {
      row += 1;
      if (row === Math.ceil(rows / 5)) memory.earlyMb = residentMb();
      if (row % 1_000 === 0) memory.mostMb = Math.max(memory.mostMb, residentMb());
      yield each;
    }
  }
  return { ...table, rows: watching() };
}
