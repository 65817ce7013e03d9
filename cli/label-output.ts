/** Where a label goes: a printer that is asked before anything is charged, files, or both (requirements.md F6). */

import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostDisk } from '#driver/disk';
import type { Bitmap } from '#driver/print/bitmap';
import { encodeJob } from '#driver/print/encode';
import { type Layout, type LayoutName, layoutNamed, layouts } from '#driver/print/layout';
import { previewPng } from '#driver/print/preview';
import type { PrintOutcome } from '#driver/print/print-job';
import { type PaperLog, printOnce } from '#driver/print/print-once';
import { openPrinter, type Printer } from '#driver/print/printer';
import { PrinterError } from '#driver/print/printer-error';
import {
  type PrinterProfile,
  type PrinterProfileName,
  printerProfiles,
} from '#driver/print/printer-profile';
import { UsageError } from './failure.ts';
import type { Home } from './home.ts';

export const PROFILE_DEFAULT = 'escpos-80mm';

export function profileOf(name: string): PrinterProfile {
  const profile = printerProfiles[name as PrinterProfileName];
  if (!Object.hasOwn(printerProfiles, name))
    throw new UsageError(
      `There is no profile ${name}: ${Object.keys(printerProfiles).join(', ')}.`,
    );
  return profile;
}

function layoutOf(name: string | undefined, profile: PrinterProfile): Layout {
  const chosen = name ?? profile.layout;
  if (!Object.hasOwn(layouts, chosen))
    throw new UsageError(`There is no layout ${chosen}: ${Object.keys(layouts).join(', ')}.`);
  return layoutNamed(chosen as LayoutName);
}

export interface OutputOptions {
  readonly printer?: string;
  readonly profile?: string;
  readonly layout?: string;
  readonly position?: number;
  readonly out?: string;
}

/** Told with every label. */
export interface Delivered {
  readonly outcome: PrintOutcome | undefined;
  readonly directory: string | undefined;
  readonly labelBytes: number;
}

export interface LabelOutput extends AsyncDisposable {
  readonly profile: PrinterProfile;
  readonly layout: Layout;
  /** Whether there is a printer, and not files alone. */
  readonly isPrinting: boolean;
  /** Leaves the files, then prints. @param pieceCount tells jobs apart for the printer */
  deliver(
    label: Bitmap,
    indicium: Uint8Array,
    pieceCount: number,
    log?: PaperLog,
  ): Promise<Delivered>;
  /** What was done, in words. */
  text(delivered: Delivered): string;
}

const outcomes = {
  confirmed: 'printed, says the printer',
  sent: 'sent to the printer, which does not say whether it printed: look',
} as const;

/**
 * Opens what the options say, or what is remembered.
 * @throws UsageError where there is nowhere to print to · PrinterError where the printer says that it cannot print
 */
export async function openLabelOutput(
  options: OutputOptions,
  home: Home,
  signal: AbortSignal,
): Promise<LabelOutput> {
  const name = options.profile ?? home.settings.profile ?? PROFILE_DEFAULT;
  const profile = profileOf(name);
  const url = options.printer ?? home.settings.printer;
  if (url === undefined && options.out === undefined)
    throw new UsageError('Say --printer, --out or --preview: there is nowhere to print to.');
  if (url !== undefined) checkPrinterUrl(url);
  const layout = layoutFor(options, home, name, profile);
  const { position } = options;
  await using opening = new AsyncDisposableStack();
  if (url !== undefined) opening.use(lockPrinter(home, url));
  const printer = opening.use(await readyPrinter(url, profile, signal));
  const opened = opening.move();
  return {
    profile,
    layout,
    isPrinting: printer !== undefined,
    async deliver(label, indicium, pieceCount, log) {
      const jobId = String(pieceCount % 10_000).padStart(4, '0');
      const bytes = encodeJob(label, profile, { jobId, layout, position });
      const files = { 'label.png': previewPng(label), [`label.${profile.language}`]: bytes };
      if (options.out !== undefined)
        await leaveFiles(options.out, { ...files, 'indicium.bin': indicium });
      const outcome = printer && (await printOnce(printer, bytes, log, { jobId }));
      if (options.printer !== undefined) remember(options, name, home);
      return { outcome, directory: options.out, labelBytes: bytes.length };
    },
    text: ({ outcome, directory }) =>
      outcome === undefined ? `label in ${directory}` : outcomes[outcome],
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** The layout too, or that none was said: a printer holds the same paper tomorrow. */
function remember({ printer, layout }: OutputOptions, profile: string, home: Home): void {
  home.remember({ printer, profile, layout });
}

/** What is remembered goes with the profile that it was said for. */
export function layoutFor(
  { layout }: Pick<OutputOptions, 'layout'>,
  { settings }: Home,
  profileName: string,
  profile: PrinterProfile,
): Layout {
  const isRemembered = layout === undefined && settings.profile === profileName;
  return layoutOf(isRemembered ? settings.layout : layout, profile);
}

/** One job at a time for each printer, whichever command it is from. */
export function lockPrinter(home: Home, url: string): Disposable {
  home.prepare();
  const name = createHash('sha256').update(url).digest('hex').slice(0, 12);
  const lock = hostDisk.lock(join(home.path, `printer-${name}.lock`));
  if (lock !== undefined) return lock;
  const what = 'another command of this computer is printing there';
  throw new PrinterError({ address: url, stage: 'before first byte', problem: 'busy', what });
}

/** @throws UsageError for what is no address at all; what is at an address the line tells */
export function checkPrinterUrl(url: string): void {
  if (!/^[a-z][a-z\d+.-]*:./i.test(url))
    throw new UsageError(
      `${url} is no printer: write tcp:HOST:9100, serial:/dev/ttyUSB0, cups:QUEUE or file:/dev/usb/lp0.`,
    );
}

/** A printer that says it cannot print is found out before anything is charged. */
async function readyPrinter(
  url: string | undefined,
  profile: PrinterProfile,
  signal: AbortSignal,
): Promise<Printer | undefined> {
  if (url === undefined) return undefined;
  const printer = await openPrinter(url, profile, { signal });
  try {
    const [problem] = (await printer.status()).problems;
    if (problem === undefined) return printer;
    const what = 'the printer is not ready, and nothing was charged';
    throw new PrinterError({ address: url, stage: 'before first byte', problem, what });
  } catch (error) {
    await printer.close();
    throw error;
  }
}

export async function leaveFiles(
  directory: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, content] of Object.entries(files))
    await writeFile(join(directory, name), content);
}
