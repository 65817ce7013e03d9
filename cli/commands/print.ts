/** `tessera print`: charges one indicium and puts it on a label, a preview, or both (requirements.md C1, C3, F6). */

import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { defaultServiceNames } from '#authority/default-rates';
import { issue } from '#driver/issue';
import type { Meter } from '#driver/meter';
import { openPendingJournal, type PendingEntry, type PendingJournal } from '#driver/pending';
import { encodeEscpos } from '#driver/print/escpos';
import { composeLabel, type LabelOptions } from '#driver/print/label';
import { previewPng, previewTerminal } from '#driver/print/preview';
import type { PrintOutcome } from '#driver/print/print-job';
import { openPrinter, type Printer } from '#driver/print/printer';
import { PrinterError } from '#driver/print/printer-error';
import {
  type PrinterProfile,
  type PrinterProfileName,
  printerProfiles,
} from '#driver/print/printer-profile';
import { dateOf } from '#protocol/documents/date';
import {
  INDICIUM_ALGORITHM,
  INDICIUM_VERSION,
  type Indicium,
  readIndicium,
} from '#protocol/documents/indicium';
import { formatMeterId } from '#protocol/documents/meter-id';
import { formatMills, type Mills, mills } from '#protocol/mills';
import { Failure, UsageError } from '../failure.ts';
import { type Home, openHome } from '../home.ts';
import { interrupted } from '../interrupt.ts';
import { type AccessOptions, anonymous, loggedIn } from '../meter-access.ts';
import { amount, destination, mailingDate, serviceNumber } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

export const PROFILE_DEFAULT = 'escpos-80mm';

interface Options extends AccessOptions {
  readonly postage: Mills;
  readonly service: number;
  readonly to: number;
  readonly date?: number;
  readonly printer?: string;
  readonly profile?: string;
  readonly out?: string;
  readonly reference?: string;
  readonly preview?: boolean;
  readonly inscription?: string;
  readonly returnAddress?: string;
  readonly addressee?: string;
}

export function addPrint(program: Command, run: Run): void {
  program
    .command('print')
    .summary('charge and print one label')
    .description(
      `Asks the printer first, then has the meter charge and sign, then prints. Where printing fails, the same
--reference prints the same indicium again without another charge. --preview shows a specimen and charges nothing.`,
    )
    .requiredOption('--postage <amount>', 'as 0.78', amount)
    .option('--service <number>', 'service of the rate table', serviceNumber, 100)
    .option('--to <zip>', 'destination: ZIP, ZIP+4 or with delivery point', destination, 0)
    .option('--date <date>', 'of mailing: today, +DAYS or YYYYMMDD (default: today)', mailingDate)
    .option('--port <url>', 'the meter: serial:/path or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .option('--printer <url>', 'tcp:host:port, serial:/path or file:/path')
    .option('--profile <name>', `one of ${Object.keys(printerProfiles).join(', ')}`)
    .option('--out <directory>', 'leaves label.png, label.escpos and indicium.bin there')
    .option('--reference <name>', 'your own name for the piece; the same name never pays twice')
    .option('--inscription <text>', 'class inscription; the name of the service unless given')
    .option('--return-address <lines>', 'printed on the label; lines apart by |')
    .option('--addressee <lines>', 'printed on the label; lines apart by |')
    .option('--preview', 'show a specimen in the terminal; nothing is charged')
    .action((options: Options, command: Command) =>
      run((output) => print(options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

export function profileOf(name: string): PrinterProfile {
  const profile = printerProfiles[name as PrinterProfileName];
  if (!Object.hasOwn(printerProfiles, name))
    throw new UsageError(
      `There is no profile ${name}: ${Object.keys(printerProfiles).join(', ')}.`,
    );
  return profile;
}

const lines = (text: string | undefined): readonly string[] =>
  text === undefined ? [] : text.split('|');

function labelOptions({ service, inscription, returnAddress, addressee }: Options): LabelOptions {
  return {
    service: inscription ?? defaultServiceNames[service] ?? '',
    returnAddress: lines(returnAddress),
    addressee: lines(addressee),
  };
}

async function print(options: Options, home: Home, output: Output): Promise<number> {
  const name = options.profile ?? home.settings.profile ?? PROFILE_DEFAULT;
  const profile = profileOf(name);
  if (options.preview === true) return await preview(options, home, profile, output);
  const printerUrl = options.printer ?? home.settings.printer;
  if (printerUrl === undefined && options.out === undefined)
    throw new UsageError('Say --printer, --out or --preview: there is nowhere to print to.');

  using interrupt = interrupted();
  await using printer = await readyPrinter(printerUrl, profile, interrupt.signal);
  const reference = options.reference ?? randomUUID();
  const { bytes, isCharged } = await charged(options, home, reference, interrupt.signal, output);
  try {
    return await deliver(
      options,
      home,
      { profile, name, printer, reference, bytes, isCharged },
      output,
    );
  } catch (error) {
    throw kept(error, reference);
  }
}

interface Paid {
  readonly profile: PrinterProfile;
  readonly name: string;
  readonly printer: Printer | undefined;
  readonly reference: string;
  readonly bytes: Uint8Array;
  readonly isCharged: boolean;
}

/** Whatever fails behind the charge, the piece can be had again under its reference. */
function kept(error: unknown, reference: string): Failure {
  const reason = error instanceof PrinterError ? error.problem : 'notDelivered';
  const message = error instanceof Error ? error.message : String(error);
  const word = /^[\w.:-]+$/.test(reference) ? reference : JSON.stringify(reference);
  const again = `print it again with the same options and --reference ${word}.`;
  return new Failure(reason, message, `The indicium is paid and kept: ${again}`);
}

async function deliver(
  options: Options,
  home: Home,
  { profile, name, printer, reference, bytes, isCharged }: Paid,
  output: Output,
): Promise<number> {
  const read = readIndicium(bytes);
  if (!read.ok) throw new Error('the meter gave something that is no indicium');
  const label = composeLabel(read.value, profile, labelOptions(options));
  const jobId = String(read.value.pieceCount % 10_000).padStart(4, '0');
  const escpos = encodeEscpos(label, profile, { jobId });
  if (options.out !== undefined)
    await leaveFiles(options.out, {
      'label.png': previewPng(label),
      'label.escpos': escpos,
      'indicium.bin': bytes,
    });
  const outcome = await printer?.print(escpos, { jobId });
  if (options.printer !== undefined) home.remember({ printer: options.printer, profile: name });
  tellPrinted(
    read.value,
    bytes,
    { reference, isCharged, outcome, directory: options.out, labelBytes: escpos.length },
    output,
  );
  return 0;
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

/** The indicium of the piece, and whether it was charged now; one that its reference has already is not. */
async function charged(
  options: Options,
  home: Home,
  reference: string,
  signal: AbortSignal,
  output: Output,
): Promise<{ bytes: Uint8Array; isCharged: boolean }> {
  await using meter = await loggedIn(home, 'user', options);
  await using journal = await openPendingJournal(home.journal);
  const earlier = pieceOf(journal, meter, reference);
  const piece = {
    serviceId: options.service,
    postage: options.postage,
    // printed again after midnight, it is still the piece of the day before
    mailingDate: options.date ?? earlier?.piece.mailingDate ?? dateOf(Date.now()),
    destination: options.to,
    reference,
  };
  const bytes = await issue(meter, journal, piece, {
    signal,
    onResumed: ({ state, piece: { reference: other = '' } }) =>
      output.say(
        'resumed',
        { reference: other, state },
        `an earlier piece ${other} is ${state} now`,
      ),
  });
  return { bytes, isCharged: earlier?.state !== 'issued' };
}

/** What is on record under a reference, but for what was refused. */
function pieceOf(
  journal: PendingJournal,
  { server }: Meter,
  reference: string,
): PendingEntry | undefined {
  if (server === undefined) return undefined;
  return journal
    .entries(formatMeterId(server.meterId))
    .find(({ piece, state }) => piece.reference === reference && state !== 'refused');
}

async function leaveFiles(
  directory: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, content] of Object.entries(files))
    await writeFile(join(directory, name), content);
}

const outcomes = {
  confirmed: 'printed, says the printer',
  sent: 'sent to the printer, which does not say whether it printed: look',
} as const;

function tellPrinted(
  indicium: Indicium,
  bytes: Uint8Array,
  told: {
    readonly reference: string;
    readonly isCharged: boolean;
    readonly outcome: PrintOutcome | undefined;
    readonly directory: string | undefined;
    readonly labelBytes: number;
  },
  output: Output,
): void {
  const { meterId, pieceCount, postage, ascending, descending } = indicium;
  const how = told.outcome === undefined ? `label in ${told.directory}` : outcomes[told.outcome];
  output.say(
    'printed',
    {
      meter: formatMeterId(meterId),
      pieceCount,
      postageMills: postage,
      ascendingMills: ascending,
      descendingMills: descending,
      ...told,
      indicium: bytes,
    },
    told.isCharged
      ? `${formatMills(postage)} charged, piece ${pieceCount}, ${formatMills(descending)} left; ${how}`
      : `piece ${pieceCount} once more, nothing charged; ${how}`,
  );
}

/** What the label would look like; made up, unsigned, and marked. */
async function preview(
  options: Options,
  home: Home,
  profile: PrinterProfile,
  output: Output,
): Promise<number> {
  await using meter = await anonymous(home, options);
  const label = composeLabel(await specimen(meter, options), profile, {
    ...labelOptions(options),
    variant: 'specimen',
  });
  if (options.out !== undefined)
    await leaveFiles(options.out, { 'specimen.png': previewPng(label) });
  const columns = process.stdout.columns ?? 100;
  output.say(
    'specimen',
    { widthDots: label.width, heightDots: label.height, directory: options.out },
    previewTerminal(label, { columns, isColoured: process.stdout.isTTY }),
  );
  return 0;
}

async function specimen(meter: Meter, options: Options): Promise<Indicium> {
  const { meterId, registers } = await meter.status();
  const { ascending, pieceCount } = registers;
  return {
    version: INDICIUM_VERSION,
    algorithm: INDICIUM_ALGORITHM,
    certificateSerial: 0,
    meterId,
    ascending: mills(ascending + options.postage),
    descending: mills(Math.min(registers.descending, 0xffff_ffff)),
    postage: options.postage,
    mailingDate: options.date ?? dateOf(Date.now()),
    originZip: 0,
    destination: options.to,
    softwareId: new Uint8Array(6),
    rateCategory: 0,
    pieceCount: pieceCount + 1,
    serviceId: options.service,
    flags: {
      redate: false,
      correction: false,
      reprint: false,
      test: true,
      certificateService: false,
    },
    keyId: new Uint8Array(8),
    signature: new Uint8Array(64),
  };
}
