/** `tessera batch run | resume`: charging and printing a job, with its progress (requirements.md C4, C6, F6). */

import { createReadStream, existsSync, statSync } from 'node:fs';
import type { Books } from '#driver/accounts/books';
import { type ChargedTo, jobPlan, planJob, reconcileJob } from '#driver/accounts/reconcile';
import { BatchError } from '#driver/batch/batch-error';
import type { Consent, JobFunds, RatesChange } from '#driver/batch/before-charging';
import { createJob, type Job, type JobPiece, openJob } from '#driver/batch/job';
import { isJob } from '#driver/batch/job-files';
import { labelPrinter } from '#driver/batch/label-printer';
import { isPaused, unpauseJob } from '#driver/batch/pause';
import type { PiecePrinter } from '#driver/batch/piece-printing';
import { type Progress, trackProgress } from '#driver/batch/progress';
import { runJob } from '#driver/batch/run';
import { hostDisk } from '#driver/disk';
import { meterName, resume } from '#driver/issue';
import type { Mailing } from '#driver/mailing-date';
import type { Meter } from '#driver/meter';
import { openPendingJournal } from '#driver/pending';
import { openPrinter } from '#driver/print/printer';
import { formatMills } from '#protocol/mills';
import { tellWarnings } from '../../condition-text.ts';
import { booksOf, type ChargeOptions, chargedTo, mayCharge } from '../../desk.ts';
import { Failure, UsageError } from '../../failure.ts';
import type { Home } from '../../home.ts';
import { interrupted } from '../../interrupt.ts';
import {
  checkPrinterUrl,
  layoutFor,
  lockPrinter,
  PROFILE_DEFAULT,
  profileOf,
} from '../../label-output.ts';
import { type AccessOptions, loggedIn } from '../../meter-access.ts';
import { timeOfDay } from '../../options.ts';
import type { Output } from '../../output.ts';
import { openLists } from '../list/store.ts';
import { batchRows } from '../list/tell.ts';
import { inscriptionOf } from '../print/asked-piece.ts';
import { tellJob } from './tell.ts';

export interface PrinterOptions {
  readonly printer?: string;
  readonly profile?: string;
  readonly layout?: string;
}

export interface WorkOptions extends AccessOptions, PrinterOptions, ChargeOptions {
  /** False for --no-print. */
  readonly print: boolean;
  readonly allowShort?: boolean;
  readonly acceptRates?: boolean;
  readonly confirm?: boolean;
  readonly cutOff?: string;
}

export interface BeginOptions extends WorkOptions {
  readonly list?: string;
  /** Name of a saved list. */
  readonly saved?: string;
  readonly service?: number;
  readonly weight?: number;
  readonly origin: string;
  readonly skipDoubtful?: boolean;
  readonly returnAddress?: string;
  readonly inscription?: string;
}

/** Makes a job of a list, priced by the rates of the meter, and works on it. */
export async function beginJob(
  path: string,
  options: BeginOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const { returnAddress, inscription } = options;
  using list = listOf(options, home);
  if (isJob({ disk: hostDisk, directory: path }))
    throw new BatchError('jobExists', `${path} holds a job already`);
  using books = booksOf(home);
  const to = await chargedTo(books, options, home);
  await using meter = await loggedIn(home, 'user', options);
  const { current } = await meter.rateTables();
  await createJob(path, list.open(), {
    meter: meterName(meter),
    rateTable: current.length === 0 ? undefined : current,
    label: { returnAddress: returnAddress?.split('|') ?? [], inscription },
  });
  planJob(books, path, to);
  return await work(path, options, home, meter, { books, to }, output);
}

interface ListSource extends Disposable {
  open(): AsyncIterable<Uint8Array>;
}

/** The file, or the saved list, that a job is made of. */
function listOf(options: BeginOptions, home: Home): ListSource {
  const { list, saved } = options;
  if ((list === undefined) === (saved === undefined))
    throw new UsageError('Say --list FILE or --saved NAME.');
  if (list !== undefined) {
    if (!existsSync(list) || !statSync(list).isFile())
      throw new UsageError(`There is no list ${list}.`);
    return { open: () => createReadStream(list), [Symbol.dispose]: () => undefined };
  }
  const lists = openLists(home);
  return {
    open: () => bytesOf(batchRows(lists, saved as string, options)),
    [Symbol.dispose]: () => lists[Symbol.dispose](),
  };
}

async function* bytesOf(rows: Iterable<string>): AsyncGenerator<Uint8Array> {
  for (const row of rows) yield Buffer.from(row);
}

export async function resumeJob(
  path: string,
  options: WorkOptions,
  home: Home,
  output: Output,
): Promise<number> {
  using books = booksOf(home);
  const { account: known = '' } = jobPlan(books, path) ?? {};
  const account = known === '' ? options.account : known; // pieces of one job are of one account
  const to = await chargedTo(
    books,
    { ...options, ...(account !== undefined && { account }) },
    home,
  );
  await using meter = await loggedIn(home, 'user', options);
  planJob(books, path, to);
  return await work(path, options, home, meter, { books, to }, output);
}

/** Charges and prints until all is done, or it is interrupted, or something fails. */
async function work(
  path: string,
  options: WorkOptions,
  home: Home,
  meter: Meter,
  { books, to }: { readonly books: Books; readonly to: ChargedTo },
  output: Output,
): Promise<number> {
  using interrupt = interrupted();
  await using job = await openJob(path);
  await reconcileJob(books, job, Date.now());
  mayCharge(books, to, plannedIn(job), output);
  await using open = options.print ? await jobPrinter(job, options, home, 'going on') : undefined;
  if (options.cutOff !== undefined) home.remember({ cutOff: options.cutOff });
  await finishOthers(home, meter, output);
  await unpauseJob(path);
  const pause = new AbortController();
  const progress = trackProgress(job, open !== undefined);
  const tell = progressTeller(output);
  try {
    await runJob(job, meter, {
      printer: open?.printer,
      stop: AbortSignal.any([interrupt.signal, pause.signal]),
      mailing: mailingOf(home),
      ...consentOf(options, output),
      onPiece(piece) {
        tell.piece(piece, progress(job));
        if (isPaused(path)) pause.abort();
      },
    });
  } finally {
    tell.end();
    await reconcileJob(books, job, Date.now());
    await tellJob(job, output);
  }
  if (options.printer !== undefined)
    home.remember({
      printer: options.printer,
      profile: options.profile ?? PROFILE_DEFAULT,
      layout: options.layout,
    });
  tellWarnings(await meter.condition(), output);
  const { planned, sending, refused } = job.figures;
  return planned + sending + refused === 0 ? 0 : 1;
}

/** What of a job is still to be charged. */
function plannedIn({ figures: { toCharge, planned, intended } }: Job) {
  return { postage: toCharge, pieces: planned + intended };
}

function mailingOf({ settings: { cutOff } }: Home): Mailing | undefined {
  return cutOff === undefined ? undefined : { cutOffMinutes: timeOfDay(cutOff) };
}

/** What the person at the command line agrees to. */
function consentOf({ allowShort, acceptRates, confirm }: WorkOptions, output: Output): Consent {
  return {
    allowsShort: allowShort,
    confirmsHighValues: confirm,
    onStart: (funds) => tellFunds(funds, output),
    onRatesChanged(change) {
      tellRates(change, output);
      return acceptRates === true;
    },
  };
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

export async function jobPrinter(
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
  const name = options.profile ?? home.settings.profile ?? PROFILE_DEFAULT;
  const profile = profileOf(name);
  const layout = layoutFor(options, home, name, profile);
  checkPrinterUrl(url);
  refuseFullFile(url);
  await using opening = new AsyncDisposableStack();
  opening.use(lockPrinter(home, url));
  const printer = opening.use(await openPrinter(url, profile));
  const opened = opening.move();
  const { label } = job.description;
  return {
    printer: labelPrinter(printer, { profile, layout, label, inscriptionOf }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** A file that takes what a printer would get is begun anew when it is opened: labels of before would be lost. */
function refuseFullFile(url: string): void {
  const path = url.startsWith('file:') ? url.slice('file:'.length) : '';
  if (path === '' || path.startsWith('/dev/') || !existsSync(path)) return;
  if (statSync(path).size > 0)
    throw new Failure('fileExists', `${path} holds labels already.`, 'Name another file.');
}

function tellFunds({ toCharge, available }: JobFunds, output: Output): void {
  output.say(
    'funds',
    { toChargeMills: toCharge, availableMills: available },
    `${formatMills(toCharge)} to be charged, the meter has ${formatMills(available)}`,
  );
}

function tellRates({ before, after, ...change }: RatesChange, output: Output): void {
  const { to, changed, unpriced } = change;
  const gone = unpriced === 0 ? '' : `, ${unpriced} have no price any more`;
  output.say(
    'ratesChanged',
    { ...change, beforeMills: before, afterMills: after },
    `rate table ${to}: ${changed} pieces cost something else${gone}; ` +
      `${formatMills(after)} for what is left instead of ${formatMills(before)}`,
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
