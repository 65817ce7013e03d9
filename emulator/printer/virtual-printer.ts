/**
 * A receipt or label printer on a TCP port, as network printers are on port 9100: prints to pictures, answers its status, and
 * fails on request. Connections are served one at a time, in the order they came.
 */

import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type Page, pagePng } from './page.ts';
import { openPageDirectory, type PageFiles } from './page-files.ts';
import { createPrinter, type Printer, type PrinterOptions } from './printer.ts';
import { type LineFaults, type PrinterFault, pace, passLine, soundLine } from './printer-fault.ts';
import type { PrinterRemark, PrinterReport } from './printer-report.ts';
import type { PrinterStatus } from './printer-status.ts';

export interface VirtualPrinterOptions
  extends Partial<Omit<PrinterOptions, 'onPage' | 'onAnswer' | 'onStatus' | 'onRemark'>> {
  /** 0, which is the default, takes a free port; the handle tells which. */
  readonly tcpPort?: number;
  /** 127.0.0.1 where not given. */
  readonly host?: string;
  /** Where pages are written as PNG and raw bytes; nowhere where not given. */
  readonly outputDirectory?: string;
  /** Most bytes received ahead of the paper; then the line waits. 64 KiB where not given. */
  readonly receiveBufferSize?: number;
  readonly onPage?: (page: PrintedPage) => void;
}

export interface PrintedPage extends Page {
  readonly png: Uint8Array;
  readonly files: PageFiles | undefined;
}

export interface PrinterConnection {
  /** Counted from 1. */
  readonly number: number;
  readonly state: 'open' | 'closed';
  readonly receivedBytes: number;
}

export interface VirtualPrinterEvents {
  page: PrintedPage;
  status: PrinterStatus;
  /** Bytes that were sent to the host. */
  answer: Uint8Array;
  remark: PrinterRemark;
  connection: PrinterConnection;
}

export interface VirtualPrinter extends AsyncDisposable {
  readonly host: string;
  readonly tcpPort: number;
  /** As the driver takes it: `tcp:127.0.0.1:9100`. */
  readonly address: string;
  readonly status: PrinterStatus;
  readonly report: PrinterReport;
  /** Calls `listener` at each event until the returned function is called. */
  on<E extends keyof VirtualPrinterEvents>(
    event: E,
    listener: (value: VirtualPrinterEvents[E]) => void,
  ): () => void;
  /** The next page that ends after this call. @throws AbortError by the signal, or where the printer is closed. */
  nextPage(options?: { readonly signal?: AbortSignal }): Promise<PrintedPage>;
  /** Makes a fault begin; several may be at work. */
  fault(fault: PrinterFault): void;
  /** Ends all faults: paper loaded, cover closed, no error, a sound line; what waits is printed. */
  clearFaults(): void;
  setStatus(change: Partial<PrinterStatus>): void;
  /** Takes the paper that hangs out as a page, where there is any. */
  tearOff(): void;
  /** Off and on: everything received and all settings are forgotten; faults, paper and cover stay. */
  powerCycle(): void;
  /** Ends all connections; paper that hangs out becomes a page. */
  close(): Promise<void>;
}

const PAPER_WIDTH_DOTS = 576;
const DPI = 203;
const RECEIVE_BUFFER_SIZE = 65_536;
const WAITING_CONNECTIONS_MAX = 16;
/** An answer is lost where the host has left this many bytes unread. */
const UNREAD_ANSWERS_MAX = 65_536;

/**
 * Starts a printer; it is ready when the promise resolves. 80 mm paper at 203 dpi where not told otherwise.
 *
 * @throws RangeError for an impossible paper, the error of the system for a port or directory that cannot be had.
 */
export async function startVirtualPrinter(
  options: VirtualPrinterOptions = {},
): Promise<VirtualPrinter> {
  const printer = new TcpPrinter(options);
  await printer.listen(options.tcpPort ?? 0, options.host ?? '127.0.0.1');
  return printer;
}

class TcpPrinter implements VirtualPrinter {
  host = '';
  tcpPort = 0;
  readonly #server: Server;
  readonly #events = new EventEmitter<{
    [E in keyof VirtualPrinterEvents]: [VirtualPrinterEvents[E]];
  }>();
  readonly #printer: Printer;
  readonly #receiveBufferSize: number;
  readonly #closing = new AbortController();
  readonly #sockets = new Set<Socket>();
  /** Settles when every connection so far has been served. */
  #served: Promise<void> = Promise.resolve();
  #current: Socket | undefined;
  #connections = 0;
  #line: LineFaults = soundLine;
  #isMute = false;
  #bytesPerSecond: number | undefined;
  /** Called when there may be room in the receive buffer again. */
  #wake: () => void = () => undefined;

  constructor({ outputDirectory, onPage, receiveBufferSize, ...options }: VirtualPrinterOptions) {
    const save =
      outputDirectory === undefined
        ? undefined
        : openPageDirectory(outputDirectory, options.language);
    this.#receiveBufferSize = receiveBufferSize ?? RECEIVE_BUFFER_SIZE;
    this.#printer = createPrinter({
      paperWidthDots: PAPER_WIDTH_DOTS,
      dpi: DPI,
      ...options,
      onPage: (page) => {
        const png = pagePng(page);
        const printed = { ...page, png, files: save?.(page, png) };
        onPage?.(printed);
        this.#events.emit('page', printed);
      },
      onAnswer: (bytes) => this.#answer(bytes),
      onStatus: (status) => this.#events.emit('status', status),
      onRemark: (remark) => this.#events.emit('remark', remark),
    });
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(socket),
    );
  }

  async listen(port: number, host: string): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string')
      throw new Error('a TCP server has a TCP address');
    this.host = bound.address;
    this.tcpPort = bound.port;
  }

  get address(): string {
    return `tcp:${this.host}:${this.tcpPort}`;
  }

  get status(): PrinterStatus {
    return this.#printer.status;
  }

  get report(): PrinterReport {
    return this.#printer.report;
  }

  on<E extends keyof VirtualPrinterEvents>(
    event: E,
    listener: (value: VirtualPrinterEvents[E]) => void,
  ): () => void {
    const listeners: EventEmitter = this.#events;
    listeners.on(event, listener);
    return () => listeners.off(event, listener);
  }

  async nextPage({ signal }: { readonly signal?: AbortSignal } = {}): Promise<PrintedPage> {
    const closing = this.#closing.signal;
    const ends = signal === undefined ? closing : AbortSignal.any([closing, signal]);
    const [page] = await once(this.#events, 'page', { signal: ends });
    return page;
  }

  fault(fault: PrinterFault): void {
    switch (fault.kind) {
      case 'paperOut':
        this.#printer.endPaperAfter(fault.afterRows);
        return;
      case 'coverOpen':
        this.#printer.setStatus({ isCoverOpen: true });
        return;
      case 'mute':
        this.#isMute = true;
        return;
      case 'slow':
        if (!(fault.bytesPerSecond > 0)) throw new RangeError('a slow line still passes bytes');
        this.#bytesPerSecond = fault.bytesPerSecond;
        return;
      case 'cutConnection':
        this.#line = { ...this.#line, cutAfter: fault.afterBytes };
        return;
      case 'loseBytes':
        this.#line = { ...this.#line, loseAfter: fault.afterBytes, loseCount: fault.count };
        return;
    }
  }

  clearFaults(): void {
    this.#isMute = false;
    this.#bytesPerSecond = undefined;
    this.#line = soundLine;
    this.#printer.loadPaper();
    this.setStatus({ isCoverOpen: false, error: 'none' });
  }

  setStatus(change: Partial<PrinterStatus>): void {
    this.#printer.setStatus(change);
    this.#wake();
  }

  tearOff(): void {
    this.#printer.tearOff();
  }

  powerCycle(): void {
    this.#printer.powerCycle();
    this.#wake();
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return this.#served;
    this.tearOff();
    this.#closing.abort();
    this.#wake();
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
    await this.#served;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(socket: Socket): void {
    // The reason of a broken line does not matter to a printer; without a listener it would end the process.
    socket.on('error', () => socket.destroy());
    if (this.#sockets.size > WAITING_CONNECTIONS_MAX) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#wake();
    });
    this.#served = this.#served.then(() => this.#serve(socket));
  }

  async #serve(socket: Socket): Promise<void> {
    if (socket.destroyed) return;
    this.#connections += 1;
    const number = this.#connections;
    let receivedBytes = 0;
    this.#current = socket;
    this.#events.emit('connection', { number, state: 'open', receivedBytes });
    for await (const slice of this.#slices(socket)) {
      receivedBytes += slice.length;
      const { faults, bytes, isCut } = passLine(this.#line, slice);
      this.#line = faults;
      this.#printer.receive(bytes);
      if (isCut) socket.resetAndDestroy();
    }
    this.#current = undefined;
    socket.end();
    this.#events.emit('connection', { number, state: 'closed', receivedBytes });
  }

  /** What comes on a connection, at the speed of the line and as the receive buffer has room, until it ends. */
  async *#slices(socket: Socket): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(socket)) {
      for (let at = 0; at < chunk.length; ) {
        const room = await this.#room(socket);
        if (socket.destroyed) return;
        const { sliceSize, pauseMs } = pace(this.#bytesPerSecond);
        const slice = chunk.subarray(at, at + Math.min(sliceSize, room));
        at += slice.length;
        yield slice;
        if (pauseMs > 0 && !socket.destroyed) await this.#change(pauseMs);
      }
    }
  }

  /** How many bytes the receive buffer takes, when it takes any. */
  async #room(socket: Socket): Promise<number> {
    while (this.#printer.waitingBytes >= this.#receiveBufferSize && !socket.destroyed) {
      await this.#change();
    }
    return this.#receiveBufferSize - this.#printer.waitingBytes;
  }

  /** Until something changes that may make room or end the wait, or the time is over. */
  async #change(timeMs?: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = timeMs === undefined ? undefined : setTimeout(resolve, timeMs);
    await promise;
    clearTimeout(timer);
  }

  #answer(bytes: Uint8Array): void {
    const socket = this.#current;
    if (this.#isMute || socket === undefined || !socket.writable) return;
    if (socket.writableLength > UNREAD_ANSWERS_MAX) return;
    socket.write(bytes);
    this.#events.emit('answer', bytes);
  }
}

/** The data of a socket until it ends or breaks. */
async function* chunksOf(socket: Socket): AsyncGenerator<Uint8Array> {
  try {
    // The iterator must leave the socket open at its end: answers may still be on their way.
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) yield chunk;
  } catch (error) {
    if (!socket.destroyed) throw error;
  }
}
