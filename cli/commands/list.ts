/** `tessera list …`: saved lists of addresses, from files of many kinds to labels (requirements.md F5; docs/desk.md). */

import type { Command } from 'commander';
import { tableFormats } from '#driver/lists/table';
import { type Home, openHome } from '../home.ts';
import { oneName, serviceNumber, weight } from '../options.ts';
import type { Run } from '../run.ts';
import {
  addEntry,
  cleanseEntries,
  editEntry,
  overrideEntry,
  removeEntry,
  type SetOptions,
} from './list/edit.ts';
import { assignment, assignments, type ImportFlags, importFile } from './list/import.ts';
import {
  type ExportOptions,
  exportList,
  tellDuplicates,
  tellEntries,
  tellLists,
} from './list/tell.ts';

const homeOf = (command: Command): Home => openHome(command.optsWithGlobals()['home']);

export function addList(program: Command, run: Run): void {
  const list = program.command('list').description('saved lists of addresses');
  addImport(list, run);
  addTelling(list, run);
  addEditing(list, run);
}

function addImport(list: Command, run: Run): void {
  list
    .command('import <name> <file>')
    .summary('take a file of addresses: CSV, XLSX, vCard or JSON')
    .description(
      `What the file is, how its text is written and which column is what are found out, and told. Rows that are not in
order are told with their place, and nothing is taken unless --skip-wrong leaves them out; what only looks doubtful is
taken, and has to be mended or vouched for before it is mailed. A list of that name is replaced.`,
    )
    .option('--map <field=column>', 'which column a field is in; may be repeated', assignment, {})
    .option('--format <format>', tableFormats.join(', '), oneName(tableFormats))
    .option('--encoding <name>', 'of the text, as windows-1252')
    .option('--separator <character>', 'between the cells of a CSV file')
    .option('--sheet <name>', 'of a workbook (default: the first one)')
    .option('--country <country>', 'of addresses that name none', 'US')
    .option('--sheet-weight <weight>', 'of one sheet, where rows say sheets', weight)
    .option('--envelope-weight <weight>', 'of the empty envelope', weight)
    .option('--skip-wrong', 'leave rows out that cannot be taken')
    .option('--skip-duplicates', 'leave out who is there before')
    .option('--dry-run', 'look at everything, take nothing')
    .action((name: string, file: string, options: ImportFlags, command: Command) =>
      run((output) => importFile(name, file, options, homeOf(command), output)),
    );
}

function addTelling(list: Command, run: Run): void {
  list
    .command('all')
    .summary('the lists that there are')
    .action((_: object, command: Command) => run((output) => tellLists(homeOf(command), output)));
  list
    .command('show <name>')
    .summary('the entries of a list, as their labels would show them')
    .option('--find <text>', 'only those that hold it')
    .option('--doubtful', 'only those that need a look')
    .action((name: string, options: { find?: string; doubtful?: boolean }, command: Command) =>
      run((output) => tellEntries(name, options, homeOf(command), output)),
    );
  list
    .command('duplicates <name>')
    .summary('who is in a list more than once, however it is written')
    .option('--remove', 'leave only the first of each')
    .action((name: string, options: { remove?: boolean }, command: Command) =>
      run((output) => tellDuplicates(name, options, homeOf(command), output)),
    );
  list
    .command('export <name>')
    .summary('the list as the CSV that batch run takes')
    .option('--out <file>', 'a new file; else on standard output')
    .option('--service <number>', 'of entries that say none', serviceNumber)
    .option('--weight <weight>', 'of entries that say none', weight)
    .option('--origin <country>', 'where the letters are posted', 'US')
    .option('--skip-doubtful', 'leave out what needs a look')
    .action((name: string, options: ExportOptions, command: Command) =>
      run((output) => exportList(name, options, homeOf(command), output)),
    );
}

function addEditing(list: Command, run: Run): void {
  const withSet = (command: Command): Command =>
    command.requiredOption('--set <field=text...>', 'as city=Berlin; empty forgets', assignments);
  withSet(list.command('add <name> <reference>'))
    .summary('one more entry')
    .action((name: string, reference: string, options: SetOptions, command: Command) =>
      run((output) => addEntry(name, reference, options, homeOf(command), output)),
    );
  withSet(list.command('edit <name> <reference>'))
    .summary('change parts of an entry')
    .action((name: string, reference: string, options: SetOptions, command: Command) =>
      run((output) => editEntry(name, reference, options, homeOf(command), output)),
    );
  list
    .command('remove <name> [reference]')
    .summary('take an entry out; without one the whole list')
    .action((name: string, reference: string | undefined, _: object, command: Command) =>
      run((output) => removeEntry(name, reference, homeOf(command), output)),
    );
  list
    .command('cleanse <name>')
    .summary("bring addresses to the post's standard form, and show what changes")
    .option('--apply', 'keep it; else it is only shown')
    .action((name: string, options: { apply?: boolean }, command: Command) =>
      run((output) => cleanseEntries(name, options, homeOf(command), output)),
    );
  list
    .command('override <name> <reference>')
    .summary('vouch for an address as it is: it is mailed so, and never cleansed')
    .requiredOption('--reason <text>', 'kept with the entry')
    .option('--user <name>', 'who says so')
    .action(
      (name: string, reference: string, options: { reason: string; user?: string }, at: Command) =>
        run((output) => overrideEntry(name, reference, options, homeOf(at), output)),
    );
}
