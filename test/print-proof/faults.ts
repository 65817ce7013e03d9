/**
 * Every fault of a printer, its line and this computer at every stage of a job: in the end money, journal and paper say the
 * same, and a person is told what to do (requirements.md F6).
 */

import { join } from 'node:path';
import { issuedPiece } from '#driver/earlier-piece';
import { issue, meterName } from '#driver/issue';
import type { Meter } from '#driver/meter';
import { isUnprinted, type PaperState } from '#driver/paper-state';
import { openPendingJournal, type PendingEntry } from '#driver/pending';
import { encodeJob } from '#driver/print/encode';
import { composeLabel } from '#driver/print/label';
import { type PaperLog, paperLog, printOnce } from '#driver/print/print-once';
import { openPrinter, type Printer } from '#driver/print/printer';
import { PrinterError } from '#driver/print/printer-error';
import { type PrinterProfile, printerProfiles } from '#driver/print/printer-profile';
import type { PrinterLanguage } from '#emulator/printer/engine';
import {
  type PrintedPage,
  startVirtualPrinter,
  type VirtualPrinter,
} from '#emulator/printer/virtual-printer';
import { readIndicium } from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import { readPicture } from '#test/support/symbol-reader';
import { POSTAGE_SERVICE } from '#testing/made-meter';

export const stages = [
  'before the debit',
  'before the first byte',
  'in the label',
  'behind it',
] as const;
export type Stage = (typeof stages)[number];

/** `killed`: the program stops there and notes nothing more. */
export const faultNames = [
  'none',
  'cover open',
  'paper out',
  'mute',
  'line cut',
  'bytes lost',
  'slow line',
  'killed',
] as const;
export type FaultName = (typeof faultNames)[number];

export interface Cell {
  readonly language: PrinterLanguage;
  readonly fault: FaultName;
  readonly stage: Stage;
}

/** How a cell ended. */
export interface Ending extends Cell {
  readonly isCharged: boolean;
  readonly journal: PaperState | 'none';
  /** Labels on paper whose symbol is this indicium, before a person did anything. */
  readonly whole: number;
  /** What the person is told. */
  readonly told: string;
  readonly violations: readonly string[];
}

const PRICE = mills(780);
const profiles: Readonly<Record<PrinterLanguage, PrinterProfile>> = {
  escpos: printerProfiles['epson-80mm'],
  zpl: printerProfiles['zpl-4inch'],
  tspl: printerProfiles['tspl-4inch'],
};
const timeouts = { statusMs: 400, stallMs: 3_000, confirmMs: 4_000, watchMs: 40 };
/** Rows and bytes into a label. */
const ROWS_IN = 150;
const BYTES_IN = 3_000;
const SLOW_BYTES_PER_SECOND = 40_000;

/** The program is gone: nothing behind it happens. */
class Killed extends Error {}

/** All that make sense: a fault that is nowhere but in one stage is only there. */
export function allCells(): readonly Cell[] {
  const languages = Object.keys(profiles) as PrinterLanguage[];
  return languages.flatMap((language) =>
    faultNames.flatMap((fault) =>
      stages
        .filter((stage) => (fault === 'none' ? stage === 'behind it' : true))
        .filter((stage) => fault !== 'bytes lost' || stage === 'in the label')
        .filter((stage) => fault !== 'slow line' || stage === 'before the first byte')
        .filter((stage) => !['mute', 'cover open'].includes(fault) || stage !== 'in the label')
        .map((stage) => ({ language, fault, stage })),
    ),
  );
}

/** Makes the fault begin. @param stage tells how far away it still is */
function begin(printer: VirtualPrinter, fault: FaultName, stage: Stage): void {
  const isIn = stage === 'in the label';
  switch (fault) {
    case 'none':
    case 'killed':
      return;
    case 'cover open':
      printer.fault({ kind: 'coverOpen' });
      return;
    case 'paper out':
      printer.fault({ kind: 'paperOut', afterRows: isIn ? ROWS_IN : 0 });
      return;
    case 'mute':
      printer.fault({ kind: 'mute' });
      return;
    case 'line cut':
      printer.fault({ kind: 'cutConnection', afterBytes: isIn ? BYTES_IN : 1 });
      return;
    case 'bytes lost':
      printer.fault({ kind: 'loseBytes', afterBytes: BYTES_IN, count: 40 });
      return;
    case 'slow line':
      printer.fault({ kind: 'slow', bytesPerSecond: SLOW_BYTES_PER_SECOND });
      return;
  }
}

export interface Scene {
  readonly meter: Meter;
  /** Of pieces; another for every cell. */
  readonly directory: string;
}

export async function runCell({ meter, directory }: Scene, cell: Cell): Promise<Ending> {
  const { language, fault, stage } = cell;
  const profile = profiles[language];
  const path = join(directory, `${language} ${fault} ${stage}.journal`);
  const before = await meter.registers();
  await using printer = await startVirtualPrinter({
    language,
    paperWidthDots: profile.headDots,
    dpi: profile.dpi,
  });
  const pages: PrintedPage[] = [];
  printer.on('page', (page) => pages.push(page));
  let error: unknown;
  try {
    await print({ meter, path, printer, profile, cell });
  } catch (caught) {
    error = caught;
  }
  const after = await meter.registers();
  await using journal = await openPendingJournal(path);
  const [entry] = journal.everything();
  const wholeBefore = await wholeLabels(pages, entry);
  const charged = after.ascending - before.ascending;
  const journalState = entry?.paper?.state ?? 'none';
  const violations = [
    ...judged(cell, error, entry, charged, wholeBefore),
    ...(await decided(entry, { meter, printer, profile, journalPath: path }, journal, pages)),
  ];
  return {
    ...cell,
    isCharged: charged !== 0,
    journal: journalState,
    whole: wholeBefore,
    told: toldBy(error),
    violations: violations.map((what) => `${language}, ${fault} ${stage}: ${what}`),
  };
}

function toldBy(error: unknown): string {
  if (error === undefined) return 'printed';
  if (error instanceof Killed) return '(killed)';
  if (error instanceof PrinterError) return `${error.problem}, ${error.stage}`;
  return error instanceof Error ? error.message : String(error);
}

interface Work {
  readonly meter: Meter;
  readonly path: string;
  readonly printer: VirtualPrinter;
  readonly profile: PrinterProfile;
  readonly cell: Cell;
}

/** As a desk does it: the printer is asked, the meter charges, the label goes out once. */
async function print({ meter, path, printer, profile, cell }: Work): Promise<void> {
  const { fault, stage } = cell;
  if (stage === 'before the debit') begin(printer, fault, stage);
  await using line = await openPrinter(printer.address, profile, { timeouts });
  await requireReady(line);
  if (fault === 'killed' && stage === 'before the debit') throw new Killed();
  await using journal = await openPendingJournal(path);
  const bytes = await issue(meter, journal, {
    serviceId: POSTAGE_SERVICE,
    postage: PRICE,
    mailingDate: 20260301,
    destination: 0,
    reference: 'label',
  });
  const entry = issuedPiece(journal, meterName(meter), 'label');
  if (stage === 'before the first byte') begin(printer, fault, stage);
  const stop = printer.on('page', () => {
    if (stage === 'behind it') begin(printer, fault, stage);
  });
  const log = watchedLog(paperLog(journal, entry), cell, (step) => {
    // the questions before a job are behind it: from here on bytes and rows are those of the label
    if (stage === 'in the label' && step === 'sending') begin(printer, fault, stage);
  });
  const job = encodeJob(composeLabel(indiciumOf(bytes), profile), profile, { jobId: '0001' });
  const killing = fault === 'killed' && stage === 'in the label';
  try {
    await (killing
      ? killedInside(line, printer, job, log)
      : printOnce(line, job, log, { jobId: '0001' }));
  } finally {
    stop();
  }
}

async function requireReady(line: Printer): Promise<void> {
  const [problem] = (await line.status()).problems;
  if (problem === undefined) return;
  const what = 'the printer is not ready, and nothing was charged';
  throw new PrinterError({ address: line.address, stage: 'before first byte', problem, what });
}

const indiciumOf = (bytes: Uint8Array) => {
  const read = readIndicium(bytes);
  if (!read.ok) throw new Error(read.status);
  return read.value;
};

/** The program may be killed at a step, before or behind it is on disk. */
function watchedLog(
  log: PaperLog,
  { fault, stage }: Cell,
  watch: (step: string) => void,
): PaperLog {
  return {
    async note(step) {
      const isOutcome = step === 'sent' || step === 'confirmed';
      if (fault === 'killed' && stage === 'behind it' && isOutcome) throw new Killed();
      await log.note(step);
      watch(step);
      if (fault === 'killed' && stage === 'before the first byte' && step === 'sending')
        throw new Killed();
    },
  };
}

/** The line ends in the middle as that of a killed program does, and nobody notes it. */
async function killedInside(
  line: Printer,
  printer: VirtualPrinter,
  job: Uint8Array,
  log: PaperLog,
): Promise<void> {
  printer.fault({ kind: 'cutConnection', afterBytes: BYTES_IN });
  await log.note('composed');
  await log.note('sending');
  await line.print(job, { jobId: '0001' }).catch(() => undefined);
  throw new Killed();
}

async function wholeLabels(
  pages: readonly PrintedPage[],
  entry: PendingEntry | undefined,
): Promise<number> {
  let whole = 0;
  for (const { png } of pages) {
    const read = await readPicture(png);
    if (read !== undefined && entry?.indicium !== undefined && same(read, entry.indicium))
      whole += 1;
  }
  return whole;
}

const same = (left: Uint8Array, right: Uint8Array): boolean =>
  Buffer.from(left).equals(Buffer.from(right));

/** Whether money, journal and paper agree, and a person is told. */
function judged(
  { stage, fault }: Cell,
  error: unknown,
  entry: PendingEntry | undefined,
  charged: number,
  whole: number,
): string[] {
  const violations: string[] = [];
  const must = (holds: boolean, what: string): void => {
    if (!holds) violations.push(what);
  };
  const state = entry?.paper?.state;
  must(charged === (entry?.state === 'issued' ? PRICE : 0), `${charged} mills charged`);
  must(whole <= 1, `${whole} labels of one piece`);
  if (stage === 'before the debit' && error instanceof PrinterError)
    must(charged === 0 && entry === undefined, 'charged although the printer had said no');
  if (state === undefined || state === 'composed')
    must(whole === 0, 'on paper, and the journal does not know');
  if (state === 'confirmed' && fault !== 'bytes lost')
    must(whole === 1, 'confirmed, and not on paper');
  if (error === undefined) must(state === 'confirmed' || state === 'sent', `printed, and ${state}`);
  else if (error instanceof PrinterError) {
    must(error.advice.length > 0, 'no advice');
    if (error.stage === 'after first byte')
      must(state === 'sending', `stopped inside, and ${state}`);
    else must(state !== 'sending', 'nothing had left, and it is noted as sending');
  } else must(error instanceof Killed, `failed otherwise: ${error}`);
  return violations;
}

interface Decision {
  readonly meter: Meter;
  readonly printer: VirtualPrinter;
  readonly profile: PrinterProfile;
  readonly journalPath: string;
}

/** What comes next: by itself what had not left, by a person what may have; then there is a whole label, charged once. */
async function decided(
  entry: PendingEntry | undefined,
  { meter, printer, profile }: Decision,
  journal: Awaited<ReturnType<typeof openPendingJournal>>,
  pages: PrintedPage[],
): Promise<string[]> {
  if (entry?.indicium === undefined) return [];
  printer.clearFaults();
  printer.powerCycle();
  printer.tearOff();
  pages.length = 0;
  const isReprint = !isUnprinted(entry.paper);
  const { indicium } = isReprint
    ? await meter.reprintIndicium(entry.requestId)
    : issuedPiece(journal, entry.meter, 'label');
  const before = await meter.registers();
  await using line = await openPrinter(printer.address, profile, { timeouts });
  const label = composeLabel(indiciumOf(indicium), profile, { isReprint });
  const job = encodeJob(label, profile, { jobId: '0002' });
  const outcome = await printOnce(line, job, paperLog(journal, entry, isReprint), {
    jobId: '0002',
  });
  const violations: string[] = [];
  const [last] = journal.everything();
  if (!same(indicium, entry.indicium)) violations.push('the second time it is another indicium');
  if (outcome !== 'confirmed') violations.push(`mended, and ${outcome}`);
  if ((await wholeLabels(pages, entry)) !== 1) violations.push('mended, and not on paper');
  if (last?.paper?.reprints !== (isReprint ? 1 : 0)) violations.push('a reprint is not counted');
  if ((await meter.registers()).ascending !== before.ascending) violations.push('charged twice');
  return violations;
}
