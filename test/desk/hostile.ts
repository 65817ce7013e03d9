/**
 * Hostile lists to the printer: whatever an import takes of them becomes labels, of which a printer gets dots and nothing
 * else, and a job of the list is the list (requirements.md F5, F6; printing.md 2).
 */

import { join } from 'node:path';
import { readList } from '#driver/batch/list';
import { addressLines } from '#driver/lists/address';
import { importList } from '#driver/lists/import-list';
import { listCsv } from '#driver/lists/list-csv';
import { openListStore } from '#driver/lists/list-store';
import { mappingOf } from '#driver/lists/mapping';
import { openTable } from '#driver/lists/open-table';
import { encodeEscpos } from '#driver/print/escpos';
import { composeLabel } from '#driver/print/label';
import { LabelError } from '#driver/print/label-error';
import { printerProfiles } from '#driver/print/printer-profile';
import { interpretEscpos } from '#test/support/escpos-interpreter';
import { signedIndicium } from '#test/support/indicia';
import { hostileCells, writeRows } from './files.ts';

export interface HostileFigures {
  readonly rows: number;
  readonly taken: number;
  readonly labels: number;
  /** Of these, such as were refused for a letter that no font here has: nothing is sent of them. */
  readonly refused: number;
  /** What was not as it must be, told. */
  readonly violations: readonly string[];
}

const OBEYED = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** @param labelsMax how many of the taken entries become labels: composing takes its time */
export async function tryHostile(
  folder: string,
  seed: number,
  rows: number,
  labelsMax: number,
): Promise<HostileFigures> {
  const violations: string[] = [];
  let [all, taken, labels, refused] = [0, 0, 0, 0];
  for (const format of ['csv', 'json', 'vcard'] as const) {
    const path = join(folder, `hostile-${seed}.${format}`);
    await writeRows(path, format, rows, hostileCells(seed));
    const table = await openTable(path, { format });
    using store = openListStore(':memory:');
    const report = await importList(store, 'list', table, {
      mapping: mappingOf(table.columns),
      country: 'US',
      referenceOf: (line) => `row ${line}`,
      skipsWrong: true,
    });
    all += report.rows;
    taken += report.taken;
    for (const { what } of report.problems)
      if (OBEYED.test(what))
        violations.push(`seed ${seed}, ${format}: a message holds what it tells of`);
    for (const entry of store.entries('list')) {
      const lines = addressLines(entry.address);
      if (lines.some((line) => OBEYED.test(line)))
        violations.push(`seed ${seed}, ${format}, ${entry.reference}: an address holds a control`);
      if (labels < labelsMax) {
        labels += 1;
        const problem = labelProblem(lines);
        if (problem === REFUSED) refused += 1;
        else if (problem !== undefined)
          violations.push(`seed ${seed}, ${format}, ${entry.reference}: ${problem}`);
      }
    }
    const rest = await rowsOf(listCsv(store.entries('list'), { mail: { serviceId: 1 } }));
    if (rest !== report.taken) violations.push(`seed ${seed}, ${format}: a job has ${rest} pieces`);
  }
  return { rows: all, taken, labels, refused, violations };
}

const REFUSED = 'refused';

/** A stream that holds anything but the commands of a picture is told. */
function labelProblem(addressee: readonly string[]): string | undefined {
  const profile = printerProfiles['escpos-80mm'];
  try {
    const label = composeLabel(signedIndicium(), profile, {
      service: 'letter',
      returnAddress: [],
      addressee,
    });
    const { commands } = interpretEscpos(encodeEscpos(label, profile, { jobId: '0001' }));
    return commands.some(({ name }) => name === 'raster') ? undefined : 'no dots were sent';
  } catch (error) {
    return error instanceof LabelError ? REFUSED : (error as Error).message;
  }
}

async function rowsOf(rows: Iterable<string>): Promise<number> {
  async function* bytes() {
    for (const row of rows) yield Buffer.from(row);
  }
  let count = 0;
  for await (const row of readList(bytes())) if ('reference' in row) count += 1;
  return count;
}
