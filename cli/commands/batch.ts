/** `tessera batch …`: jobs of many indicia from a mailing list (requirements.md C4; docs/batch.md). */

import type { Command } from 'commander';
import { defaultServiceNames } from '#authority/default-rates';
import { reconcileJob } from '#driver/accounts/reconcile';
import { BatchError, ListError } from '#driver/batch/batch-error';
import { acceptPiece, reprintPiece, spoilPiece } from '#driver/batch/decisions';
import { openJob } from '#driver/batch/job';
import { pauseJob } from '#driver/batch/pause';
import { jobReport } from '#driver/reports/job-report';
import { booksOf, explainedDesk, withCharge } from '../desk.ts';
import { Failure } from '../failure.ts';
import { type Home, openHome } from '../home.ts';
import { type AccessOptions, loggedIn } from '../meter-access.ts';
import { serviceNumber, weight } from '../options.ts';
import type { Output } from '../output.ts';
import type { Action, Run } from '../run.ts';
import { jobStatus, manifest, tellPiece } from './batch/tell.ts';
import {
  type BeginOptions,
  beginJob,
  jobPrinter,
  type PrinterOptions,
  resumeJob,
  type WorkOptions,
} from './batch/work.ts';
import { cutOff } from './print.ts';
import { deliverReport, type ReportOutput, withReportOutput } from './report.ts';

const homeOf = (command: Command): Home => openHome(command.optsWithGlobals()['home']);

export function addBatch(program: Command, run: Run): void {
  const batch = program.command('batch').description('jobs of many indicia from a mailing list');
  const act = (action: Action): Promise<void> => run((output) => explained(action, output));
  addWork(batch, act);
  addTelling(batch, act);
  addReporting(batch, act);
  addDecisions(batch, act);
}

function addWork(batch: Command, act: Run): void {
  withMeter(batch.command('run <job>').summary('charge and print every piece of a list'))
    .description(
      `Checks the whole list against the rates of the meter, shows its total and what the meter has, then charges and
prints piece by piece. JOB is a new directory. After any interruption, resume goes on.`,
    )
    .option('--list <file>', 'CSV: reference, service, destination, postage or weight, …')
    .option('--saved <name>', 'or a list that tessera list import saved')
    .option('--service <number>', 'of entries of a saved list that say none', serviceNumber)
    .option('--weight <weight>', 'of entries of a saved list that say none', weight)
    .option('--origin <country>', 'where letters of a saved list are posted', 'US')
    .option('--skip-doubtful', 'leave out entries of a saved list that need a look')
    .option('--return-address <lines>', 'printed on every label; lines apart by |')
    .option('--inscription <text>', 'class inscription; the name of each service unless given')
    .action((job: string, options: BeginOptions, command: Command) =>
      act((output) => beginJob(job, options, homeOf(command), output)),
    );
  withMeter(batch.command('resume <job>').summary('go on with a job from wherever it is')).action(
    (job: string, options: WorkOptions, command: Command) =>
      act((output) => resumeJob(job, options, homeOf(command), output)),
  );
}

function withMeter(command: Command): Command {
  return withCharge(withAccess(withPrinter(command)))
    .option('--no-print', 'charge only; resume prints')
    .option('--allow-short', 'begin although the funds do not reach for all of it')
    .option('--accept-rates', 'go on where the rates of the meter have changed')
    .option('--confirm', 'say that pieces of high amounts are meant')
    .option('--cut-off <time>', 'HH:MM, remembered: later pieces get the next working day', cutOff);
}

function withPrinter(command: Command): Command {
  return command
    .option('--printer <url>', 'tcp:host:port, serial:/path, cups:queue or file:/path')
    .option('--profile <name>', 'of the printer, as print has them')
    .option('--layout <name>', 'what is printed on, as print has them');
}

function withAccess(command: Command): Command {
  return command
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for');
}

function addTelling(batch: Command, act: Run): void {
  batch
    .command('status <job>')
    .summary('how a job stands')
    .action((job: string) => act((output) => jobStatus(job, output)));
  batch
    .command('manifest <job>')
    .summary('all pieces with their indicium and state, as CSV or with --json')
    .option('--out <file>', 'a new file for the CSV')
    .action((job: string, { out }: { readonly out?: string }) =>
      act((output) => manifest(job, out, output)),
    );
}

function addReporting(batch: Command, act: Run): void {
  withReportOutput(batch.command('report <job>'))
    .summary('how a job ended, by service and state: table, CSV, JSON or PDF')
    .action((path: string, options: ReportOutput) =>
      act(async (output) => {
        await using job = await openJob(path);
        const report = await jobReport(job, Date.now(), (id) => defaultServiceNames[id]);
        await deliverReport(report, options, output);
        return 0;
      }),
    );
  batch
    .command('pause <job>')
    .summary('have whoever works on a job end behind the piece that is under way')
    .action((path: string) =>
      act(async (output) => {
        await pauseJob(path);
        output.say('pausing', { job: path }, `${path} pauses; next: tessera batch resume ${path}`);
        return 0;
      }),
    );
}

function addDecisions(batch: Command, act: Run): void {
  withAccess(withPrinter(batch.command('reprint <job> <reference>')))
    .summary('print the same indicium once more, marked as a reprint, at no charge')
    .action((path: string, reference: string, options: ReprintOptions, command: Command) =>
      act((output) => reprint(path, reference, options, homeOf(command), output)),
    );
  batch
    .command('accept <job> <reference>')
    .summary('note that the label of a piece was seen on paper')
    .action((path: string, reference: string) =>
      act(async (output) => {
        await using job = await openJob(path);
        await acceptPiece(job, reference);
        return await tellPiece(job, reference, output);
      }),
    );
  batch
    .command('spoil <job> <reference>')
    .summary('put a piece that is charged on the list of refunds')
    .option('--reason <text>', 'for the manifest', 'spoiled')
    .action(
      (path: string, reference: string, { reason }: { readonly reason: string }, at: Command) =>
        act(async (output) => {
          await using job = await openJob(path);
          await spoilPiece(job, reference, reason);
          using books = booksOf(homeOf(at));
          await reconcileJob(books, job, Date.now());
          return await tellPiece(job, reference, output);
        }),
    );
}

interface ReprintOptions extends AccessOptions, PrinterOptions {}

async function reprint(
  path: string,
  reference: string,
  options: ReprintOptions,
  home: Home,
  output: Output,
): Promise<number> {
  await using job = await openJob(path);
  await using open = await jobPrinter(job, options, home);
  await using meter = await loggedIn(home, 'user', options);
  await reprintPiece(job, meter, reference, open.printer);
  return await tellPiece(job, reference, output);
}

/** What is the matter with a list or a job is told with what to do. */
async function explained(action: Action, output: Output): Promise<number> {
  try {
    return await explainedDesk(() => action(output));
  } catch (error) {
    if (error instanceof BatchError)
      throw new Failure(error.reason, `${error.what}.`, adviceOf(error));
    if (!(error instanceof ListError)) throw error;
    if (output.isJson)
      for (const problem of error.problems) output.say('problem', { ...problem }, '');
    throw new Failure('listWrong', error.message, 'Mend these rows; the list was not taken.');
  }
}

/** Where an option of the command line is the way out, it is named. */
function adviceOf({ reason, advice }: BatchError): string {
  switch (reason) {
    case 'ratesChanged':
      return 'See the new total, then resume with --accept-rates.';
    case 'highValue':
      return 'See whether these amounts are meant, then resume with --confirm.';
    default:
      return advice;
  }
}
