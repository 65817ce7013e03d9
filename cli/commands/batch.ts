/** `tessera batch …`: jobs of many indicia from a mailing list (requirements.md C4; docs/batch.md). */

import { createReadStream, existsSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import { defaultServiceNames } from '#authority/default-rates';
import { BatchError, ListError } from '#driver/batch/batch-error';
import { acceptPiece, reprintPiece, spoilPiece } from '#driver/batch/decisions';
import { createJob, type Job, type JobPiece, openJob } from '#driver/batch/job';
import { labelPrinter } from '#driver/batch/label-printer';
import { manifestCsv, manifestRows } from '#driver/batch/manifest';
import type { PiecePrinter } from '#driver/batch/piece-printing';
import { type Progress, trackProgress } from '#driver/batch/progress';
import { type JobFunds, runJob } from '#driver/batch/run';
import { resume } from '#driver/issue';
import type { Meter } from '#driver/meter';
import { openPendingJournal } from '#driver/pending';
import { openPrinter } from '#driver/print/printer';
import { formatMeterId } from '#protocol/documents/meter-id';
import { formatMills, mills } from '#protocol/mills';
import { Failure, UsageError } from '../failure.ts';
import { type Home, openHome } from '../home.ts';
import { interrupted } from '../interrupt.ts';
import { type AccessOptions, loggedIn } from '../meter-access.ts';
import { type Output, table } from '../output.ts';
import type { Action, Run } from '../run.ts';
import { PROFILE_DEFAULT, profileOf } from './print.ts';

interface PrinterOptions {
  readonly printer?: string;
  readonly profile?: string;
}

interface WorkOptions extends AccessOptions, PrinterOptions {
  /** False for --no-print. */
  readonly print: boolean;
  readonly allowShort?: boolean;
}

interface BeginOptions extends WorkOptions {
  readonly list: string;
  readonly returnAddress?: string;
  readonly inscription?: string;
}

const homeOf = (command: Command): Home => openHome(command.optsWithGlobals()['home']);

export function addBatch(program: Command, run: Run): void {
  const batch = program.command('batch').description('jobs of many indicia from a mailing list');
  const act = (action: Action): Promise<void> => run((output) => explained(action, output));
  addWork(batch, act);
  addTelling(batch, act);
  addDecisions(batch, act);
}

function addWork(batch: Command, act: Run): void {
  withMeter(batch.command('run <job>').summary('charge and print every piece of a list'))
    .description(
      `Checks the whole list, shows its total and what the meter has, then charges and prints piece by piece. JOB is a new
directory. After any interruption, resume goes on.`,
    )
    .requiredOption('--list <file>', 'CSV: reference, service, postage, destination, …')
    .option('--return-address <lines>', 'printed on every label; lines apart by |')
    .option('--inscription <text>', 'class inscription; the name of each service unless given')
    .action((job: string, options: BeginOptions, command: Command) =>
      act((output) => begin(job, options, homeOf(command), output)),
    );
  withMeter(batch.command('resume <job>').summary('go on with a job from wherever it is')).action(
    (job: string, options: WorkOptions, command: Command) =>
      act((output) => work(job, options, homeOf(command), output)),
  );
}

function withMeter(command: Command): Command {
  return withPrinter(command)
    .option('--no-print', 'charge only; resume prints')
    .option('--allow-short', 'begin although the funds do not reach for all of it')
    .option('--port <url>', 'the meter: serial:/path or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for');
}

function withPrinter(command: Command): Command {
  return command
    .option('--printer <url>', 'tcp:host:port, serial:/path or file:/path')
    .option('--profile <name>', 'of the printer, as print has them');
}

function addTelling(batch: Command, act: Run): void {
  batch
    .command('status <job>')
    .summary('how a job stands')
    .action((job: string) => act((output) => status(job, output)));
  batch
    .command('manifest <job>')
    .summary('all pieces with their indicium and state, as CSV or with --json')
    .option('--out <file>', 'a new file for the CSV')
    .action((job: string, { out }: { readonly out?: string }) =>
      act((output) => manifest(job, out, output)),
    );
}

function addDecisions(batch: Command, act: Run): void {
  withPrinter(batch.command('reprint <job> <reference>'))
    .summary('print the same indicium once more, at no charge')
    .action((path: string, reference: string, options: PrinterOptions, command: Command) =>
      act(async (output) => {
        await using job = await openJob(path);
        await using open = await jobPrinter(job, options, homeOf(command));
        await reprintPiece(job, reference, open.printer);
        return await tellPiece(job, reference, output);
      }),
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
    .action((path: string, reference: string, { reason }: { readonly reason: string }) =>
      act(async (output) => {
        await using job = await openJob(path);
        await spoilPiece(job, reference, reason);
        return await tellPiece(job, reference, output);
      }),
    );
}

/** What is the matter with a list or a job is told with what to do. */
async function explained(action: Action, output: Output): Promise<number> {
  try {
    return await action(output);
  } catch (error) {
    if (error instanceof BatchError)
      throw new Failure(error.reason, `${error.what}.`, error.advice);
    if (!(error instanceof ListError)) throw error;
    if (output.isJson)
      for (const problem of error.problems) output.say('problem', { ...problem }, '');
    throw new Failure('listWrong', error.message, 'Mend these rows; the list was not taken.');
  }
}

async function begin(
  path: string,
  options: BeginOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const { list, returnAddress, inscription } = options;
  if (!existsSync(list) || !statSync(list).isFile())
    throw new UsageError(`There is no list ${list}.`);
  const header = await home.header('user');
  if (header === undefined)
    throw new Failure('missing', `There is no ${home.keyFile('user')}.`, 'Make the meter first.');
  const meter = formatMeterId(header.meterId);
  const label = { returnAddress: returnAddress?.split('|') ?? [], inscription };
  await createJob(path, createReadStream(list), { meter, label });
  return await work(path, options, home, output);
}

/** Charges and prints until all is done, or it is interrupted, or something fails. */
async function work(
  path: string,
  options: WorkOptions,
  home: Home,
  output: Output,
): Promise<number> {
  using interrupt = interrupted();
  await using job = await openJob(path);
  await using open = options.print ? await jobPrinter(job, options, home, 'going on') : undefined;
  await using meter = await loggedIn(home, 'user', options);
  await finishOthers(home, meter, output);
  const progress = trackProgress(job, open !== undefined);
  const tell = progressTeller(output);
  try {
    await runJob(job, meter, {
      printer: open?.printer,
      stop: interrupt.signal,
      allowsShort: options.allowShort,
      onStart: (funds) => tellFunds(funds, output),
      onPiece: (piece) => tell.piece(piece, progress(job)),
    });
  } finally {
    tell.end();
    await tellJob(job, output);
  }
  if (options.printer !== undefined)
    home.remember({ printer: options.printer, profile: options.profile ?? PROFILE_DEFAULT });
  const { planned, sending, refused } = job.figures;
  return planned + sending + refused === 0 ? 0 : 1;
}

/** What `print` left unfinished takes its turn before: its request id may be the next. */
async function finishOthers(home: Home, meter: Meter, output: Output): Promise<void> {
  if (!existsSync(home.journal)) return;
  await using journal = await openPendingJournal(home.journal);
  for (const { piece, state } of await resume(meter, journal)) {
    const { reference = '' } = piece;
    output.say('resumed', { reference, state }, `an earlier piece ${reference} is ${state} now`);
  }
}

interface OpenJobPrinter extends AsyncDisposable {
  readonly printer: PiecePrinter;
}

async function jobPrinter(
  job: Job,
  options: PrinterOptions,
  home: Home,
  purpose: 'going on' | 'once' = 'once',
): Promise<OpenJobPrinter> {
  const url = options.printer ?? home.settings.printer;
  if (url === undefined) {
    const other = purpose === 'once' ? '' : ', or --no-print to charge only';
    throw new UsageError(`Say --printer${other}: none is remembered.`);
  }
  const profile = profileOf(options.profile ?? home.settings.profile ?? PROFILE_DEFAULT);
  refuseFullFile(url);
  const printer = await openPrinter(url, profile);
  const { label } = job.description;
  const inscriptionOf = (serviceId: number): string | undefined => defaultServiceNames[serviceId];
  return {
    printer: labelPrinter(printer, { profile, label, inscriptionOf }),
    [Symbol.asyncDispose]: () => printer.close(),
  };
}

/** A file that takes what a printer would get is begun anew when it is opened: labels of before would be lost. */
function refuseFullFile(url: string): void {
  const path = url.startsWith('file:') ? url.slice('file:'.length) : '';
  if (path === '' || path.startsWith('/dev/') || !existsSync(path)) return;
  if (statSync(path).size > 0)
    throw new Failure('fileExists', `${path} holds labels already.`, 'Name another file.');
}

function tellFunds({ toCharge, descending }: JobFunds, output: Output): void {
  output.say(
    'funds',
    { toChargeMills: toCharge, descendingMills: descending },
    `${formatMills(toCharge)} to be charged, the meter has ${formatMills(descending)}`,
  );
}

/** One event for each piece; on a terminal one line that changes. */
function progressTeller(output: Output) {
  const { stdout } = process;
  let isLineOpen = false;
  return {
    piece({ reference, record: { state, reason } }: JobPiece, progress: Progress): void {
      const isRefused = state === 'refused';
      const refusal = `${reference} refused: ${reason}`;
      if (output.isJson) output.say('piece', { reference, state, reason, ...progress }, '');
      else if (isRefused) output.say('piece', {}, isLineOpen ? `\r\u001b[K${refusal}` : refusal);
      if (output.isJson || !stdout.isTTY) return;
      stdout.write(`\r${progressText(progress)}\u001b[K`);
      isLineOpen = true;
    },
    end(): void {
      if (isLineOpen) stdout.write('\n');
    },
  };
}

function progressText({ done, pieces, piecesPerSecond, secondsLeft }: Progress): string {
  const rate = `${piecesPerSecond.toFixed(1)} a second`;
  const left = secondsLeft === undefined ? '' : `, ${durationText(secondsLeft)} left`;
  return `${done} of ${pieces} pieces, ${rate}${left}`;
}

function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  const minutes = Math.floor(whole / 60) % 60;
  const parts = [Math.floor(whole / 3_600), minutes, whole % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

async function status(path: string, output: Output): Promise<number> {
  await using job = await openJob(path);
  await tellJob(job, output);
  return 0;
}

/** Pieces named in full; of more only the number is told. */
const NAMED_MAX = 20;

async function tellJob(job: Job, output: Output): Promise<void> {
  const { directory, description, figures } = job;
  const { meter, pieces, total } = description;
  const { charged, toCharge, ...counts } = figures;
  const unclear: string[] = [];
  if (figures.sending > 0)
    for await (const { reference, record } of job.pieces())
      if (record.state === 'sending' && unclear.length < NAMED_MAX) unclear.push(reference);
  const rows = Object.entries(counts).filter(([, count]) => count > 0);
  output.say(
    'job',
    {
      ...{ job: directory, meter, pieces, totalMills: total },
      ...{ ...counts, chargedMills: charged, toChargeMills: toCharge, unclear },
    },
    [
      `${pieces} pieces of ${meter}, ${formatMills(total)} in all`,
      table([
        ...rows.map(([state, count]) => [state, String(count)] as const),
        ['charged', formatMills(charged)],
        ['to charge', formatMills(toCharge)],
      ]),
      ...(unclear.length === 0 ? [] : [`May be on paper: ${unclear.join(', ')}. ${LOOK}`]),
    ].join('\n'),
  );
}

const LOOK =
  'Look: accept what is whole; reprint or spoil what is not. Nothing is sent twice by itself.';

async function tellPiece(job: Job, reference: string, output: Output): Promise<number> {
  const { record } = await job.piece(reference);
  const { state, reprints } = record;
  output.say('piece', { reference, state, reprints }, `piece ${reference} is ${state}`);
  return 0;
}

async function manifest(path: string, out: string | undefined, output: Output): Promise<number> {
  await using job = await openJob(path);
  if (out !== undefined) {
    await using file = await open(out, 'wx');
    for await (const line of manifestCsv(job)) await file.appendFile(`${line}\r\n`);
    output.say('manifest', { file: out }, `manifest in ${out}`);
  } else if (output.isJson) {
    for await (const { postage, ...row } of manifestRows(job))
      output.say('manifestPiece', { ...row, postageMills: mills(postage) }, '');
  } else for await (const line of manifestCsv(job)) output.say('manifest', {}, line);
  return 0;
}
