/**
 * `tessera print`: charges one indicium and puts it on a label, a preview, or both; corrections, redates, reprints, test
 * prints (requirements.md C1, C3, C5, C6, F6).
 */

import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { preset } from '#driver/accounts/presets';
import { planPrint, reconcilePrints } from '#driver/accounts/reconcile';
import { issuedPiece, reprint } from '#driver/earlier-piece';
import { LinkError, RefusedError } from '#driver/errors';
import { issue, meterName } from '#driver/issue';
import type { Meter } from '#driver/meter';
import { openPendingJournal, type PendingEntry, type PendingJournal } from '#driver/pending';
import { composeLabel, type LabelOptions } from '#driver/print/label';
import { layouts } from '#driver/print/layout';
import { paperLog } from '#driver/print/print-once';
import { printerProfiles } from '#driver/print/printer-profile';
import { type Condition, pieceKinds } from '#protocol/command-layouts';
import { type Indicium, readIndicium } from '#protocol/documents/indicium';
import { formatMeterId } from '#protocol/documents/meter-id';
import { formatMills } from '#protocol/mills';
import { tellWarnings } from '../condition-text.ts';
import {
  booksOf,
  type ChargeOptions,
  chargedTo,
  mayCharge,
  recorded,
  withCharge,
} from '../desk.ts';
import { UsageError } from '../failure.ts';
import { type Home, openHome } from '../home.ts';
import { interrupted } from '../interrupt.ts';
import { type Delivered, type LabelOutput, openLabelOutput } from '../label-output.ts';
import { type AccessOptions, anonymous, loggedIn, sessionFor } from '../meter-access.ts';
import {
  amount,
  destination,
  mailingDate,
  oneName,
  serviceNumber,
  services,
  sheetCount,
  sheetPosition,
  timeOfDay,
  weight,
  zoneNumber,
} from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { askedPiece, mailingDateNow, type PieceOptions, priceFor } from './print/asked-piece.ts';
import { labelOptions } from './print/label-options.ts';
import { kept, refusePrinted } from './print/on-paper.ts';
import { showSpecimen, specimenOf } from './print/specimen.ts';

interface Options extends AccessOptions, PieceOptions, ChargeOptions {
  readonly preset?: string;
  readonly printer?: string;
  readonly profile?: string;
  readonly layout?: string;
  readonly position?: number;
  readonly advert?: string;
  readonly out?: string;
  readonly reference?: string;
  readonly preview?: boolean;
  readonly test?: boolean;
  readonly quality?: boolean;
  readonly reprint?: string;
  readonly inscription?: string;
  readonly returnAddress?: string;
  readonly addressee?: string;
}

export function addPrint(program: Command, run: Run): void {
  const print = program
    .command('print')
    .summary('charge and print one label')
    .description(
      `Asks the printer first, then has the meter charge and sign, then prints. Where printing fails, the same
--reference prints the same indicium again without another charge. --preview shows a specimen and charges nothing.
The amount follows from the rates of the meter; --postage says one that is keyed in, or that is to be compared.`,
    );
  withPrint(print).action((options: Options, command: Command) =>
    run((output) => printOrPreset(options, command, output)),
  );
}

/** All options of print, for a preset as well. */
function withPrint(command: Command): Command {
  return withCharge(withPrice(command))
    .option('--preset <name>', 'options that tessera preset save kept; those given here go before')
    .option('--kind <kind>', pieceKinds.join(', '), oneName(pieceKinds), 'postage')
    .option('--original <piece>', 'what a correction or redate stands for: number or reference')
    .option('--confirm', 'say that a high amount is meant')
    .option('--to <zip>', 'destination: ZIP, ZIP+4 or with delivery point', destination)
    .option('--date <date>', 'of mailing: today, +DAYS or YYYYMMDD (default: today)', mailingDate)
    .option('--cut-off <time>', 'HH:MM, remembered: later pieces get the next working day', cutOff)
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .option('--printer <url>', 'tcp:host:port, serial:/path, cups:queue or file:/path')
    .option('--profile <name>', `one of ${Object.keys(printerProfiles).join(', ')}`)
    .option('--layout <name>', `what is printed on: ${Object.keys(layouts).join(', ')}`)
    .option('--position <number>', 'on a sheet of labels, along the rows, from 0', sheetPosition)
    .option('--advert <file>', 'art as a PNG, black where it is dark, in dots of the printer')
    .option('--out <directory>', 'leaves label.png, what the printer gets, and indicium.bin there')
    .option('--reference <name>', 'your own name for the piece; the same name never pays twice')
    .option(
      '--reprint <reference>',
      'that piece once more, marked as a reprint; nothing is charged',
    )
    .option('--inscription <text>', 'class inscription; the name of the service unless given')
    .option('--return-address <lines>', 'printed on the label; lines apart by |')
    .option('--addressee <lines>', 'printed on the label; lines apart by |')
    .option('--preview', 'show a specimen in the terminal; nothing is charged')
    .option('--test', 'a void label of no value, to try the printer with')
    .option('--quality', 'the quality print that comes due every three months; void as well');
}

function printOrPreset(given: Options, command: Command, output: Output): Promise<number> {
  const home = openHome(command.optsWithGlobals()['home']);
  return recorded(home, 'print', () => {
    const options =
      given.preset === undefined ? given : withPreset(given, given.preset, command, home);
    return printAny(options, home, output);
  });
}

/** The options of a preset where the command line says nothing else. */
function withPreset(given: Options, name: string, command: Command, home: Home): Options {
  using books = booksOf(home);
  const kept = withPrint(new Command('print'))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  kept.parse([...preset(books, name)], { from: 'user' });
  const isSaid = (of: Command, option: string): boolean =>
    of.getOptionValueSource(option) === 'cli';
  const more = Object.entries(kept.opts()).filter(
    ([option]) => isSaid(kept, option) && !isSaid(command, option),
  );
  return { ...given, ...Object.fromEntries(more) };
}

/** What decides the price. */
export function withPrice(command: Command): Command {
  return command
    .option('--postage <amount>', 'as 0.78; by the rates unless given', amount)
    .option(
      '--service <number>',
      'service of the rate table (default: 100, keyed in)',
      serviceNumber,
    )
    .option('--weight <weight>', 'as 28.35 grams, or 1oz', weight)
    .option('--sheets <number>', 'of paper in an envelope, instead of a weight', sheetCount)
    .option('--sheet-weight <weight>', 'of one sheet (default: 4.536)', weight)
    .option('--envelope-weight <weight>', 'of the empty envelope (default: 7)', weight)
    .option('--zone <number>', 'of the rate table, the first is 0', zoneNumber)
    .option('--extra <services>', 'services that are added, as 200,201', services);
}

/** Checked here, kept as it was written. */
export function cutOff(text: string): string {
  timeOfDay(text);
  return text;
}

async function printAny(options: Options, home: Home, output: Output): Promise<number> {
  const { preview, test, quality, reprint: reference } = options;
  if ([preview, test, quality, reference].filter((each) => each !== undefined).length > 1)
    throw new UsageError('Say one of --preview, --test, --quality and --reprint.');
  if (options.cutOff !== undefined) home.remember({ cutOff: options.cutOff });
  if (preview === true) return await preView(options, home, output);
  using interrupt = interrupted();
  await using labels = await openLabelOutput(options, home, interrupt.signal);
  if (test === true || quality === true) return await printVoid(options, home, labels, output);
  rehearse(labelOptions(options, options.service ?? 100, options.extra), labels);
  await using journal = await openPendingJournal(home.journal);
  const paid =
    reference === undefined
      ? await charged(options, home, journal, interrupt.signal, output)
      : await reprinted(options, home, journal, reference);
  if (labels.isPrinting && !paid.isReprint) refusePrinted(paid.entry);
  try {
    const delivered = await deliver(options, labels, paid, journal);
    tellPrinted(paid, delivered, labels.text(delivered), output);
  } catch (error) {
    throw kept(error, paid.reference);
  }
  if (paid.condition !== undefined) tellWarnings(paid.condition, output);
  return 0;
}

/** An indicium that is to be printed. */
interface Paid {
  readonly reference: string;
  readonly entry: PendingEntry;
  readonly bytes: Uint8Array;
  readonly indicium: Indicium;
  readonly extras: readonly number[] | undefined;
  readonly isCharged: boolean;
  readonly isReprint: boolean;
  /** Of the meter, behind it; undefined where it could not be asked any more. */
  readonly condition: Condition | undefined;
}

function indiciumIn(bytes: Uint8Array): Indicium {
  const read = readIndicium(bytes);
  if (!read.ok) throw new Error('the meter gave something that is no indicium');
  return read.value;
}

/** What is paid is printed, whether or not the meter can be asked for its warnings. */
async function conditionAfter(meter: Meter): Promise<Condition | undefined> {
  try {
    return await meter.condition();
  } catch (error) {
    if (error instanceof LinkError || error instanceof RefusedError) return undefined;
    throw error;
  }
}

/** What cannot be composed is found out before anything is charged. */
function rehearse(label: LabelOptions, { profile, layout }: LabelOutput): void {
  composeLabel(specimenOf({ serviceId: 100 }), profile, { ...label, layout, variant: 'specimen' });
}

async function deliver(
  options: Options,
  labels: LabelOutput,
  { entry, indicium, bytes, extras, isReprint }: Paid,
  journal: PendingJournal,
): Promise<Delivered> {
  const label = composeLabel(indicium, labels.profile, {
    ...labelOptions(options, indicium.serviceId, extras),
    isReprint,
    layout: labels.layout,
  });
  return await labels.deliver(
    label,
    bytes,
    indicium.pieceCount,
    paperLog(journal, entry, isReprint),
  );
}

/** The indicium of the piece, and whether it was charged now; one that its reference has already is not. */
async function charged(
  options: Options,
  home: Home,
  journal: PendingJournal,
  signal: AbortSignal,
  output: Output,
): Promise<Paid> {
  const reference = options.reference ?? randomUUID();
  using books = booksOf(home);
  const to = await chargedTo(books, options, home);
  await using meter = await loggedIn(home, 'user', options);
  const name = meterName(meter);
  reconcilePrints(books, journal.entries(name), Date.now());
  const earlier = pieceOf(journal, name, reference);
  const asked = await askedPiece(meter, journal, name, options, home, earlier);
  const piece = { ...asked, reference };
  if (earlier === undefined) {
    mayCharge(books, to, { postage: piece.postage, pieces: 1 }, output);
    planPrint(books, name, reference, to, Date.now());
  }
  const bytes = await issue(meter, journal, piece, {
    signal,
    onResumed: ({ state, piece: { reference: other = '' } }) =>
      output.say(
        'resumed',
        { reference: other, state },
        `an earlier piece ${other} is ${state} now`,
      ),
  });
  reconcilePrints(books, journal.entries(name), Date.now());
  return {
    reference,
    entry: issuedPiece(journal, name, reference),
    bytes,
    indicium: indiciumIn(bytes),
    extras: piece.extras,
    isCharged: earlier?.state !== 'issued',
    isReprint: false,
    condition: await conditionAfter(meter),
  };
}

/** What is on record under a reference, but for what was refused. */
function pieceOf(
  journal: PendingJournal,
  name: string,
  reference: string,
): PendingEntry | undefined {
  return journal
    .entries(name)
    .find(({ piece, state }) => piece.reference === reference && state !== 'refused');
}

/** The very same indicium; the meter writes down that it gave it once more. */
async function reprinted(
  options: Options,
  home: Home,
  journal: PendingJournal,
  reference: string,
): Promise<Paid> {
  await using meter = await loggedIn(home, 'user', options);
  const entry = await reprint(meter, journal, reference);
  const { indicium: bytes, piece } = entry;
  return {
    reference,
    entry,
    bytes,
    indicium: indiciumIn(bytes),
    extras: piece.extras,
    isCharged: false,
    isReprint: true,
    condition: await conditionAfter(meter),
  };
}

/** A void label of no value, to see whether meter and printer work together. */
export async function printTest(
  options: Pick<Options, 'port' | 'passwordFile' | 'printer' | 'profile'>,
  home: Home,
  output: Output,
): Promise<void> {
  using interrupt = interrupted();
  await using labels = await openLabelOutput(options, home, interrupt.signal);
  await printVoid(options, home, labels, output);
}

async function printVoid(
  options: AccessOptions & Pick<Options, 'quality'>,
  home: Home,
  labels: LabelOutput,
  output: Output,
): Promise<number> {
  const isQualityPrint = options.quality === true;
  await using meter = await loggedIn(home, 'user', options);
  const { indicium: bytes } = await meter.testPrint(isQualityPrint);
  const indicium = indiciumIn(bytes);
  const service = isQualityPrint ? 'quality print' : 'test print';
  const label = composeLabel(indicium, labels.profile, { service, variant: 'void' });
  const delivered = await labels.deliver(label, bytes, indicium.pieceCount);
  output.say(
    'testPrinted',
    { meter: formatMeterId(indicium.meterId), isQualityPrint, ...delivered, indicium: bytes },
    `${service} of no value; ${labels.text(delivered)}`,
  );
  tellWarnings(await meter.condition(), output);
  return 0;
}

function tellPrinted(paid: Paid, delivered: Delivered, how: string, output: Output): void {
  const { indicium, bytes, condition: _, extras: __, entry: ___, ...told } = paid;
  const { meterId, pieceCount, postage, ascending, descending, flags } = indicium;
  const kind = flags.redate ? 'redate' : flags.correction ? 'correction' : 'postage';
  output.say(
    'printed',
    {
      meter: formatMeterId(meterId),
      kind,
      pieceCount,
      postageMills: postage,
      ascendingMills: ascending,
      descendingMills: descending,
      mailingDate: indicium.mailingDate,
      ...told,
      ...delivered,
      indicium: bytes,
    },
    told.isCharged
      ? `${formatMills(postage)} charged, piece ${pieceCount}, ${formatMills(descending)} left; ${how}`
      : `piece ${pieceCount} once more, nothing charged; ${how}`,
  );
}

/** Of a specimen nothing is asked but what everybody is told, where its amount is said. */
async function preView(options: Options, home: Home, output: Output): Promise<number> {
  const { service: serviceId = 100, postage, to = 0, extra } = options;
  const mailing = options.date ?? mailingDateNow(options, home);
  const label = labelOptions(options, serviceId, extra);
  const fields = { serviceId, destination: to, mailingDate: mailing };
  const shown = { fields, label, options, home };
  if (postage !== undefined) {
    await using meter = await anonymous(home, options);
    await showSpecimen(meter, postage, shown, output);
    return 0;
  }
  await using session = await sessionFor(home, 'user', options);
  await showSpecimen(session.meter, await priceFor(session.meter, options), shown, output);
  return 0;
}
