/** `tessera list import`: a file of addresses into a saved list (requirements.md F5). */

import { InvalidArgumentError } from 'commander';
import { countryOf } from '#driver/lists/country';
import { type ImportReport, importList } from '#driver/lists/import-list';
import { type ListField, listFields, type Mapping, mappingOf } from '#driver/lists/mapping';
import { openTable } from '#driver/lists/open-table';
import type { Table, TableFormat } from '#driver/lists/table';
import { Failure, UsageError } from '../../failure.ts';
import type { Home } from '../../home.ts';
import { interrupted } from '../../interrupt.ts';
import type { Output } from '../../output.ts';
import { explainedTable, openLists, tellProblem } from './store.ts';

export type Assignments = Partial<Readonly<Record<ListField, string>>>;

export interface ImportFlags {
  readonly map: Assignments;
  readonly format?: TableFormat;
  readonly encoding?: string;
  readonly separator?: string;
  readonly sheet?: string;
  readonly country: string;
  readonly sheetWeight?: number;
  readonly envelopeWeight?: number;
  readonly skipWrong?: boolean;
  readonly skipDuplicates?: boolean;
  readonly dryRun?: boolean;
}

/** `field=text`, behind those before. */
export function assignment(text: string, before: Assignments = {}): Assignments {
  const at = text.indexOf('=');
  const field = listFields.find((each) => each.toLowerCase() === text.slice(0, at).toLowerCase());
  if (at < 1 || field === undefined)
    throw new InvalidArgumentError(`Say FIELD=TEXT; fields: ${listFields.join(', ')}.`);
  return { ...before, [field]: text.slice(at + 1) };
}

/** The same for an option that takes several at once. */
export const assignments = (text: string, before?: Assignments): Assignments =>
  assignment(text, before ?? {});

/** @throws UsageError */
export function countryNamed(text: string): string {
  const country = countryOf(text);
  if (country === undefined) throw new UsageError(`${text} is no country: DE, or Germany, is.`);
  return country;
}

export async function importFile(
  name: string,
  file: string,
  flags: ImportFlags,
  home: Home,
  output: Output,
): Promise<number> {
  const { skipWrong, skipDuplicates, dryRun, sheetWeight, envelopeWeight } = flags;
  const country = countryNamed(flags.country);
  using interrupt = interrupted();
  using lists = openLists(home);
  const report = await explainedTable(async () => {
    const table = await openTable(file, flags);
    const mapping = mappingOf(table.columns, flags.map);
    tellTable(table, mapping, output);
    return await importList(lists, name, table, {
      mapping,
      country,
      referenceOf: (line) => `${name}-${line}`,
      paper: { sheetMg: sheetWeight, envelopeMg: envelopeWeight },
      skipsWrong: skipWrong,
      skipsDuplicates: skipDuplicates,
      isTrial: dryRun,
      signal: interrupt.signal,
      onProgress: (rows) => tellProgress(rows, output),
    });
  });
  for (const problem of report.problems) tellProblem(problem, output);
  tellReport(name, report, output);
  if (report.isKept || dryRun === true) return 0;
  throw new Failure(
    'listWrong',
    report.rows === 0 ? 'The file names its columns and has no rows.' : NOTHING_TAKEN,
    'Mend these rows, or leave them out with --skip-wrong.',
  );
}

/** On a terminal one line that changes; for programs one object. */
function tellProgress(rows: number, output: Output): void {
  if (output.isJson) output.say('progress', { rows }, '');
  else if (process.stderr.isTTY) process.stderr.write(`\r${rows} rows\u001b[K\r`);
}

const NOTHING_TAKEN = 'Rows of the file cannot be taken; the list was not saved.';

function tellTable({ format, encoding, columns }: Table, mapping: Mapping, output: Output): void {
  const used = columns.map((column, at) => ({ column, field: mapping[at] }));
  const known = used.filter(({ field }) => field !== undefined);
  const unused = used.filter(({ field }) => field === undefined).map(({ column }) => column);
  const rest = unused.length === 0 ? '' : `\n  not used: ${unused.join(', ')}`;
  output.say(
    'table',
    {
      format,
      encoding,
      mapping: Object.fromEntries(known.map((u) => [u.field, u.column])),
      unused,
    },
    `${format}${encoding === undefined ? '' : ` in ${encoding}`}: ` +
      `${known.map(({ column, field }) => `${field} = ${column}`).join(', ')}${rest}`,
  );
}

function tellReport(name: string, report: ImportReport, output: Output): void {
  const { problems: _, ...counts } = report;
  const { rows, taken, wrong, doubtful, duplicates, isKept } = report;
  const figures = `${rows} rows: ${taken} taken, ${wrong} wrong, ${doubtful} doubtful, ${duplicates} there before`;
  const next = doubtful > 0 ? `tessera list show ${name} --doubtful` : `tessera list show ${name}`;
  output.say('imported', { list: name, ...counts }, isKept ? `${figures}\nnext: ${next}` : figures);
}
