/** `tessera report …`: what was spent, by whom and for what, as table, CSV, JSON or PDF (requirements.md F7; docs/desk.md). */

import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { defaultServiceNames } from '#authority/default-rates';
import type { Books } from '#driver/accounts/books';
import { agreementOf, type Span } from '#driver/accounts/postage-log';
import { reconcileJobs, reconcilePrints } from '#driver/accounts/reconcile';
import { refillHistory } from '#driver/contact/refill-history';
import { readLogRecords } from '#driver/contact/security-log';
import { licenceOf, spendable } from '#driver/funds';
import { openPendingJournal } from '#driver/pending';
import { chartSvg } from '#driver/reports/chart';
import {
  accountReport,
  failureReport,
  spoilageReport,
  transactionReport,
  type UsageGroup,
  usageGroups,
  usageReport,
} from '#driver/reports/desk-reports';
import { fundsReport, refillReport } from '#driver/reports/meter-reports';
import type { Report } from '#driver/reports/report';
import { reportPdf } from '#driver/reports/report-pdf';
import { reportCsv, reportRows, reportTable } from '#driver/reports/report-text';
import { formatMeterId } from '#protocol/documents/meter-id';
import { mills } from '#protocol/mills';
import { authorised, booksOf, recorded, type UserOptions, withUser } from '../desk.ts';
import { Failure, UsageError } from '../failure.ts';
import { type Home, openHome } from '../home.ts';
import { type AccessOptions, sessionFor } from '../meter-access.ts';
import { dayMoment, oneName } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { claimStatesOf } from './spoilage.ts';

const formats = ['table', 'csv', 'json', 'pdf'] as const;
const kinds = {
  funds: 'registers of the meter, and whether the log of this desk has all of it',
  refills: 'the last refills, as the meter has them on record',
  usage: 'pieces and postage by day, account, user, service …',
  transactions: 'every debit of this desk',
  accounts: 'cost accounts with their budgets',
  spoilage: 'spoiled pieces, with their claims where a provider is asked',
  errors: 'what went wrong at this desk',
} as const;
type Kind = keyof typeof kinds;

export interface ReportOutput {
  readonly format: (typeof formats)[number];
  readonly out?: string;
  readonly chart?: string;
}

interface Options extends ReportOutput, AccessOptions, UserOptions {
  readonly from?: number;
  readonly to?: number;
  readonly by: UsageGroup;
  readonly provider?: string;
  readonly providerToken?: string;
}

export function addReport(program: Command, run: Run): void {
  const report = program.command('report').description('what was spent, by whom and for what');
  for (const [kind, summary] of Object.entries(kinds) as [Kind, string][]) {
    const command = withUser(withReportOutput(report.command(kind).summary(summary)))
      .option('--from <date>', 'first day, YYYYMMDD', dayMoment)
      .option('--to <date>', 'last day, YYYYMMDD', dayMoment);
    if (kind === 'usage')
      command.option('--by <group>', usageGroups.join(', '), oneName(usageGroups), 'day');
    if (kind === 'funds' || kind === 'refills')
      command
        .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
        .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for');
    if (kind === 'spoilage')
      command
        .option('--provider <url>', 'the provider: http://127.0.0.1:PORT')
        .option('--provider-token <file>', "the provider operator's token, to ask for the claims");
    command.action((options: Options, at: Command) =>
      run((output) => tellReport(kind, options, openHome(at.optsWithGlobals()['home']), output)),
    );
  }
}

export function withReportOutput(command: Command): Command {
  return command
    .option('--format <format>', formats.join(', '), oneName(formats), 'table')
    .option('--out <file>', 'a new file; needed for pdf')
    .option('--chart <file>', 'leaves its chart there as SVG, where it has one');
}

function tellReport(kind: Kind, options: Options, home: Home, output: Output): Promise<number> {
  return recorded(home, `report ${kind}`, async () => {
    using books = booksOf(home);
    await authorised(books, 'supervisor', options, home);
    const unsettled = await reconciled(books, home);
    const report = await reportOf(kind, books, options, home);
    await deliverReport({ ...report, notes: [...report.notes, ...unsettled] }, options, output);
    return 0;
  });
}

/** What was charged and not logged, as after a crash, is logged first. @returns what cannot be looked into */
async function reconciled(books: Books, home: Home): Promise<readonly string[]> {
  const header = await home.header('user');
  if (header !== undefined) {
    await using journal = await openPendingJournal(home.journal);
    reconcilePrints(books, journal.entries(formatMeterId(header.meterId)), Date.now());
  }
  const jobs = await reconcileJobs(books, Date.now());
  return jobs.map(({ what }) => `${what}: what it charged may be missing here`);
}

async function reportOf(kind: Kind, books: Books, options: Options, home: Home): Promise<Report> {
  const span = spanOf(options);
  switch (kind) {
    case 'usage':
      return usageReport(books, span, options.by, (id) => defaultServiceNames[id]);
    case 'transactions':
      return transactionReport(books, span);
    case 'accounts':
      return accountReport(books, Date.now());
    case 'errors':
      return failureReport(books, span);
    case 'spoilage': {
      const claims = await claimStatesOf(options, home);
      return spoilageReport(books, span, (_, piece) => claims.get(piece));
    }
    case 'funds':
    case 'refills':
      return await meterReport(kind, books, options, home);
  }
}

const DAY_MS = 86_400_000;

function spanOf({ from = 0, to }: Options): Span {
  const toMs = to === undefined ? Date.UTC(9999, 11, 31) : to + DAY_MS;
  if (toMs <= from) throw new UsageError('--to comes before --from.');
  return { fromMs: from, toMs: to === undefined ? Math.max(Date.now() + 1, from + 1) : toMs };
}

async function meterReport(
  kind: 'funds' | 'refills',
  books: Books,
  options: Options,
  home: Home,
): Promise<Report> {
  await using session = await sessionFor(home, 'user', options);
  const { meter } = session;
  const name = formatMeterId((await meter.status()).meterId);
  const nowMs = Date.now();
  if (kind === 'refills')
    return refillReport(name, await refillHistory(readLogRecords(meter)), nowMs);
  const registers = await meter.registers();
  const licence = await licenceOf(meter);
  return fundsReport({
    meter: name,
    registers,
    spendable: spendable(registers, licence),
    lowFunds: mills(licence?.lowFunds ?? 0),
    agreement: agreementOf(books, name, registers),
    nowMs,
  });
}

/** Says a report, or leaves it in a file. */
export async function deliverReport(
  report: Report,
  { format, out, chart }: ReportOutput,
  output: Output,
): Promise<void> {
  if (chart !== undefined) {
    if (report.chart === undefined)
      throw new Failure('noChart', 'This report has no chart.', 'Leave --chart out.');
    await writeFile(chart, chartSvg(report.chart), { flag: 'wx', mode: 0o600 });
  }
  const figures = { title: report.title, subtitle: report.subtitle, notes: report.notes };
  if (out === undefined) {
    if (format === 'pdf') throw new UsageError('Say --out: a PDF is left in a file.');
    const rows = reportRows(report);
    const text = textOf(report, format);
    output.say('report', { ...figures, rows, totals: report.totals }, text.trimEnd());
    return;
  }
  const content = format === 'pdf' ? reportPdf(report) : textOf(report, format);
  await writeFile(out, content, { flag: 'wx', mode: 0o600 });
  output.say(
    'report',
    { ...figures, file: out, rows: report.rows.length },
    `${report.title} in ${out}`,
  );
}

function textOf(report: Report, format: Exclude<ReportOutput['format'], 'pdf'>): string {
  switch (format) {
    case 'table':
      return `${reportTable(report)}\n`;
    case 'csv':
      return [...reportCsv(report)].map((line) => `${line}\r\n`).join('');
    case 'json':
      return `${JSON.stringify({ ...report, columns: undefined, rows: reportRows(report) }, undefined, 2)}\n`;
  }
}
