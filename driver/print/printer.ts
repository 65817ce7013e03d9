/**
 * A printer and the one job it is given at a time: asked before, watched while, confirmed after where it can confirm.
 *
 * What has left is never sent again from here: a label that comes out twice is postage that is used twice. Everything
 * that waits has a bound (requirements.md F6; printing.md 5).
 */

import { parsePort } from '../port.ts';
import { dialogues } from './dialogue.ts';
import { createInbox } from './inbox.ts';
import { openCupsLine, parseCupsAddress } from './line/cups.ts';
import { openFileLine } from './line/file.ts';
import type { PrinterLine } from './line/line.ts';
import { openSerialLine } from './line/serial.ts';
import { openTcpLine } from './line/tcp.ts';
import {
  type Conversation,
  type PrinterTimeouts,
  type PrintOutcome,
  sendJob,
} from './print-job.ts';
import { PrinterError } from './printer-error.ts';
import type { PrinterProfile } from './printer-profile.ts';
import type { PrinterStatus } from './printer-status.ts';

export interface PrintOptions {
  /** As given to {@link encodeEscpos}; a profile that confirms no jobs leaves it unused. */
  readonly jobId?: string;
  /** Ends the job before its first byte; later it changes nothing, since half a label helps nobody. */
  readonly signal?: AbortSignal;
}

export interface Printer extends AsyncDisposable {
  /** The URL it was opened with. */
  readonly address: string;
  /** Asks the printer now. @throws PrinterError where the connection is lost or a job is under way */
  status(): Promise<PrinterStatus>;
  /**
   * Prints a job, once.
   * @throws PrinterError with the stage and what to do; the reason of the signal where it was aborted in time
   */
  print(bytes: Uint8Array, options?: PrintOptions): Promise<PrintOutcome>;
  /** Returns within two seconds. */
  close(): Promise<void>;
}

const timeoutsDefault: PrinterTimeouts = {
  connectMs: 5_000,
  statusMs: 1_000,
  stallMs: 15_000,
  confirmMs: 30_000,
  watchMs: 500,
};

export interface OpenPrinterOptions {
  readonly signal?: AbortSignal;
  readonly timeouts?: Partial<PrinterTimeouts>;
  /** Whether a serial printer holds the computer back by RTS and CTS; not where nothing is said. */
  readonly hasFlowControl?: boolean;
}

/** Nothing of a job has left yet. */
const early = { stage: 'before first byte' } as const;

/**
 * Opens `tcp:host:port`, `serial:/path?baud=9600`, `cups:queue` or `file:/path`, which may be a device like /dev/usb/lp0.
 * @throws PrinterError where it cannot be reached; the reason of the signal where it is aborted
 */
export async function openPrinter(
  url: string,
  profile: PrinterProfile,
  options: OpenPrinterOptions = {},
): Promise<Printer> {
  const timeouts = { ...timeoutsDefault, ...options.timeouts };
  try {
    options.signal?.throwIfAborted();
    return createPrinter(url, await openLine(url, timeouts, options), profile, timeouts);
  } catch (cause) {
    options.signal?.throwIfAborted();
    const what = 'the printer cannot be opened';
    throw new PrinterError({ address: url, ...early, problem: 'unreachable', what, cause });
  }
}

function openLine(
  url: string,
  { connectMs: connectTimeoutMs }: PrinterTimeouts,
  { signal, hasFlowControl = false }: OpenPrinterOptions,
): Promise<PrinterLine> {
  if (url.startsWith('file:')) return openFileLine(url.slice('file:'.length));
  if (url.startsWith('cups:')) return openCupsLine(parseCupsAddress(url));
  const port = parsePort(url);
  switch (port.kind) {
    case 'tcp':
      return openTcpLine(port, { connectTimeoutMs, signal });
    case 'serial':
      return openSerialLine(port, { hasFlowControl });
    case 'hid':
      throw new TypeError('a printer has no HID interface: a USB printer is file:/dev/usb/lp0');
  }
}

function createPrinter(
  address: string,
  line: PrinterLine,
  profile: PrinterProfile,
  timeouts: PrinterTimeouts,
): Printer {
  const conversation: Conversation = { address, line, inbox: createInbox(line), timeouts };
  let isBusy = false;

  /** One thing at a time: answers carry no mark of their question. */
  async function alone<T>(work: () => Promise<T>): Promise<T> {
    if (isBusy)
      throw new PrinterError({
        address,
        ...early,
        problem: 'busy',
        what: 'the printer is at work',
      });
    isBusy = true;
    try {
      return await work();
    } finally {
      isBusy = false;
    }
  }

  return {
    address,
    status: () => alone(() => dialogues[profile.language].status(conversation, early.stage)),
    print: (bytes, options = {}) => alone(() => printJob(conversation, profile, bytes, options)),
    close: () => line.close(),
    [Symbol.asyncDispose]: () => line.close(),
  };
}

async function printJob(
  conversation: Conversation,
  { confirmsJobs, language }: PrinterProfile,
  bytes: Uint8Array,
  { jobId, signal }: PrintOptions,
): Promise<PrintOutcome> {
  const { address, line } = conversation;
  signal?.throwIfAborted();
  const dialogue = dialogues[language];
  const [problem] = (await dialogue.status(conversation, early.stage)).problems;
  signal?.throwIfAborted();
  if (problem !== undefined)
    throw new PrinterError({ address, ...early, problem, what: 'the printer is not ready' });
  await sendJob(conversation, bytes);
  if (!confirmsJobs || !line.isTwoWay) return 'sent';
  return await dialogue.outcome(conversation, jobId);
}
