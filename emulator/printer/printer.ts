/**
 * A printer without its socket: receive buffer, status, paper and cutter around the engine of a language. Synchronous,
 * without clock and files, so that it runs in a test or a simulated world as well as behind a TCP port.
 *
 * Bytes are cut into commands when they arrive and executed in order while the printer is online; a question about its
 * state is answered on arrival, online or not. Parser and paper belong to the printer, not to a connection: a job that breaks off in a
 * picture makes the next job's first bytes part of that picture, as on real printers.
 */

import type { EngineCommand, PrinterEngine, PrinterLanguage } from './engine.ts';
import { escposEngine } from './escpos-engine.ts';
import type { PaperProfile, PrinterEvent } from './interpreter-state.ts';
import { createPaper, type Page, type Paper } from './page.ts';
import { createTally, type PrinterRemark, type PrinterReport } from './printer-report.ts';
import {
  automaticStatus,
  isOffline,
  isTold,
  type PrinterStatus,
  readyStatus,
} from './printer-status.ts';
import { createQueue } from './queue.ts';
import { createRawLog, type RawLog } from './raw-log.ts';
import { tsplEngine } from './tspl-engine.ts';
import { zplEngine } from './zpl-engine.ts';

export interface PrinterOptions extends PaperProfile {
  /** `escpos` where not given. */
  readonly language?: PrinterLanguage;
  /** Rows after which a page ends by itself, so that uncut paper cannot fill the memory; 20,000 where not given. */
  readonly pageRowsMax?: number;
  /** Most bytes of the stream kept for a page; 4 MiB where not given. */
  readonly rawSizeMax?: number;
  /** DLE EOT is answered also where its bytes are part of a picture, as real printers do; not where not given. */
  readonly answersInsideData?: boolean;
  readonly onPage: (page: Page) => void;
  readonly onAnswer: (bytes: Uint8Array) => void;
  readonly onStatus?: (status: PrinterStatus) => void;
  readonly onRemark?: (remark: PrinterRemark) => void;
}

export interface Printer {
  readonly status: PrinterStatus;
  /** Received bytes that are not executed yet. */
  readonly waitingBytes: number;
  /** A fresh copy at each read. */
  readonly report: PrinterReport;
  receive(bytes: Uint8Array): void;
  /** Changes part of the condition; what waits is executed where the printer comes online by it. */
  setStatus(change: Partial<PrinterStatus>): void;
  /** The paper ends when `rows` more rows are burnt or fed. */
  endPaperAfter(rows: number): void;
  /** Fresh paper, without end. */
  loadPaper(): void;
  /** Takes the paper that hangs out as a page, where there is any. */
  tearOff(): Page | undefined;
  /** Off and on: what waits, what is half received and all settings are forgotten; paper and cover stay. */
  powerCycle(): void;
}

const PAGE_ROWS_MAX = 20_000;
const RAW_SIZE_MAX = 4 * 1_048_576;

/** @throws RangeError where the paper is not 8 to 65,535 dots wide, or resolution or page length are not positive. */
export function createPrinter(options: PrinterOptions): Printer {
  const { paperWidthDots, dpi } = options;
  if (!Number.isInteger(paperWidthDots) || paperWidthDots < 8 || paperWidthDots > 0xffff) {
    throw new RangeError(`a paper is 8 to 65,535 dots wide, not ${paperWidthDots}`);
  }
  if ((options.pageRowsMax ?? 1) < 1) throw new RangeError('a page has room for one row at least');
  if (!(dpi > 0)) throw new RangeError(`a print head has some dots per inch, not ${dpi}`);
  return new Mechanism(options);
}

class Mechanism implements Printer {
  readonly #options: PrinterOptions;
  readonly #paper: Paper;
  readonly #raw: RawLog;
  readonly #engine: PrinterEngine;
  #status = readyStatus;
  /** Which changes of the status are told: the argument of the last GS a. */
  #toldMask = 0;
  #rowsLeft = Number.POSITIVE_INFINITY;
  #commands = createQueue<EngineCommand>();
  /** What the last executed command still has to make happen; it waits here while the paper is out. */
  #events = createQueue<PrinterEvent>();
  /** Position in the stream after the last executed command. */
  #position = 0;
  #isRunning = false;
  readonly #tally = createTally();

  constructor(options: PrinterOptions) {
    this.#options = options;
    this.#engine = engineOf(options);
    this.#paper = createPaper(options.paperWidthDots);
    this.#raw = createRawLog(options.rawSizeMax ?? RAW_SIZE_MAX);
  }

  get status(): PrinterStatus {
    return this.#status;
  }

  get waitingBytes(): number {
    const first = this.#commands.first();
    return first === undefined ? 0 : this.#engine.offset - first.offset;
  }

  get report(): PrinterReport {
    return this.#tally.report(this.#engine.offset);
  }

  receive(bytes: Uint8Array): void {
    this.#raw.append(bytes);
    for (const command of this.#engine.read(bytes)) {
      if (command.isImmediate) this.#answerNow(command);
      else this.#commands.add(command);
      this.#run();
    }
  }

  setStatus(change: Partial<PrinterStatus>): void {
    const before = this.#status;
    this.#status = { ...before, ...change };
    if (!isSame(before, this.#status)) this.#options.onStatus?.(this.#status);
    if (isTold(this.#toldMask, before, this.#status)) {
      this.#options.onAnswer(automaticStatus(this.#status));
    }
    this.#run();
  }

  endPaperAfter(rows: number): void {
    this.#rowsLeft = rows;
    if (rows <= 0) this.setStatus({ paper: 'out' });
  }

  loadPaper(): void {
    this.#rowsLeft = Number.POSITIVE_INFINITY;
    this.setStatus({ paper: 'adequate' });
  }

  tearOff(): Page | undefined {
    return this.#endPage('tornOff');
  }

  powerCycle(): void {
    this.#engine.reset();
    this.#position = this.#engine.offset;
    this.#commands = createQueue();
    this.#events = createQueue();
    this.#toldMask = 0;
    this.setStatus({ error: 'none' });
  }

  #answerNow(command: EngineCommand): void {
    for (const event of command.perform(this.#status))
      if (event.kind === 'answer') this.#options.onAnswer(event.bytes);
  }

  /** Executes what waits until nothing is left or the printer goes offline; a listener may call in meanwhile. */
  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (!isOffline(this.#status)) {
        const event = this.#events.take();
        if (event !== undefined) {
          this.#perform(event);
          continue;
        }
        const command = this.#commands.take();
        if (command === undefined) return;
        const events = command.perform(this.#status);
        this.#position = command.end;
        for (const next of events) this.#events.add(next);
      }
    } finally {
      this.#isRunning = false;
    }
  }

  #perform(event: PrinterEvent): void {
    switch (event.kind) {
      case 'row':
        this.#paper.burn(event.dots);
        this.#advanced(1);
        return;
      case 'feed':
        this.#feed(event.rows);
        return;
      case 'cut':
        this.#endPage(event.isPartial ? 'partialCut' : 'fullCut');
        return;
      case 'answer':
        this.#options.onAnswer(event.bytes);
        return;
      case 'automaticStatus':
        this.#toldMask = event.mask;
        return;
      case 'text':
        this.#paper.text(event.text);
        this.#tally.text();
        return;
      case 'ignored':
        this.#tally.ignored(event.name);
        return;
      case 'unknown':
        this.#remark({ text: unknownText(event.bytes), offset: event.offset }, true);
        return;
      case 'remark':
        this.#remark({ text: event.text, offset: event.offset }, false);
        return;
    }
  }

  /** Feeds as far as paper and page reach; the rest is done when there is paper again. */
  #feed(rows: number): void {
    const fed = Math.min(rows, this.#rowsLeft, this.#pageRowsMax - this.#paper.rows);
    if (fed < rows) this.#events.putBack({ kind: 'feed', rows: rows - fed });
    this.#paper.feed(fed);
    this.#advanced(fed);
  }

  #advanced(rows: number): void {
    this.#rowsLeft -= rows;
    if (this.#paper.rows >= this.#pageRowsMax) this.#endPage('lengthLimit');
    if (this.#rowsLeft <= 0) this.setStatus({ paper: 'out' });
  }

  get #pageRowsMax(): number {
    return this.#options.pageRowsMax ?? PAGE_ROWS_MAX;
  }

  #endPage(end: Page['end']): Page | undefined {
    if (this.#paper.rows === 0) return undefined;
    const { paperWidthDots: widthDots, dpi } = this.#options;
    const page: Page = {
      number: this.#tally.page(),
      widthDots,
      dpi,
      end,
      ...this.#paper.take(),
      ...this.#raw.takeUntil(this.#position),
    };
    this.#options.onPage(page);
    return page;
  }

  #remark(remark: PrinterRemark, isUnknown: boolean): void {
    this.#tally.remark(remark, isUnknown);
    this.#options.onRemark?.(remark);
  }
}

function engineOf(options: PrinterOptions): PrinterEngine {
  const profile = profileOf(options);
  switch (options.language ?? 'escpos') {
    case 'escpos':
      return escposEngine(profile, options.answersInsideData === true);
    case 'zpl':
      return zplEngine(profile);
    case 'tspl':
      return tsplEngine(profile);
  }
}

function profileOf({ paperWidthDots, dpi, graphicsSizeMax }: PrinterOptions): PaperProfile {
  return { paperWidthDots, dpi, ...(graphicsSizeMax === undefined ? {} : { graphicsSizeMax }) };
}

function isSame(a: PrinterStatus, b: PrinterStatus): boolean {
  return a.paper === b.paper && a.isCoverOpen === b.isCoverOpen && a.error === b.error;
}

function unknownText(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `no command begins with ${hex}`;
}
