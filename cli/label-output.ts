/** Where a label goes: a printer that is asked before anything is charged, files, or both (requirements.md F6). */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bitmap } from '#driver/print/bitmap';
import { encodeEscpos } from '#driver/print/escpos';
import { previewPng } from '#driver/print/preview';
import type { PrintOutcome } from '#driver/print/print-job';
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

export interface OutputOptions {
  readonly printer?: string;
  readonly profile?: string;
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
  /** Leaves the files, then prints. @param pieceCount tells jobs apart for the printer */
  deliver(label: Bitmap, indicium: Uint8Array, pieceCount: number): Promise<Delivered>;
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
  const printer = await readyPrinter(url, profile, signal);
  return {
    profile,
    async deliver(label, indicium, pieceCount) {
      const jobId = String(pieceCount % 10_000).padStart(4, '0');
      const escpos = encodeEscpos(label, profile, { jobId });
      const files = { 'label.png': previewPng(label), 'label.escpos': escpos };
      if (options.out !== undefined)
        await leaveFiles(options.out, { ...files, 'indicium.bin': indicium });
      const outcome = await printer?.print(escpos, { jobId });
      if (options.printer !== undefined) home.remember({ printer: options.printer, profile: name });
      return { outcome, directory: options.out, labelBytes: escpos.length };
    },
    text: ({ outcome, directory }) =>
      outcome === undefined ? `label in ${directory}` : outcomes[outcome],
    [Symbol.asyncDispose]: async () => printer?.close(),
  };
}

/** @throws UsageError for what is no address at all; what is at an address the line tells */
export function checkPrinterUrl(url: string): void {
  if (!/^[a-z][a-z\d+.-]*:./i.test(url))
    throw new UsageError(
      `${url} is no printer: write tcp:HOST:9100, serial:/dev/ttyUSB0 or file:/dev/usb/lp0.`,
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
