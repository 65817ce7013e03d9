/** `tessera setup`: finds meter and printer, and keeps what every later command needs (requirements.md F4, F7; docs/desk.md). */

import { existsSync } from 'node:fs';
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { discoverPorts } from '#driver/discover';
import { LinkError } from '#driver/errors';
import { openMeter } from '#driver/meter';
import { openPrinter } from '#driver/print/printer';
import { PrinterError } from '#driver/print/printer-error';
import { formatMeterId } from '#protocol/documents/meter-id';
import { defaultsFile, writeDefaults } from '../defaults.ts';
import { Failure } from '../failure.ts';
import { defaultHome, type Home, openHome } from '../home.ts';
import { PROFILE_DEFAULT, profileOf } from '../label-output.ts';
import type { AccessOptions } from '../meter-access.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { runningEmulators } from '../running-emulators.ts';
import { printTest } from './print.ts';

interface Options extends AccessOptions {
  readonly printer?: string;
  readonly profile?: string;
  readonly askSerial?: boolean;
  readonly udev?: boolean;
  readonly udevFolder: string;
  readonly test?: boolean;
}

export function addSetup(program: Command, run: Run): void {
  program
    .command('setup')
    .summary('find meter and printer, and keep what later commands need')
    .description(
      `Asks the meters on USB, those that run on this computer, and the port that was remembered; serial ports only with
--ask-serial, since it sends bytes to all of them. Looks for a printer on USB, or takes the one that is named. What was
found is kept in the home and, for every home, in the configuration folder of this user. Call it again at any time.`,
    )
    .option('--port <url>', 'the meter, where it is not to be looked for')
    .option('--ask-serial', 'ask on serial ports too')
    .option('--printer <url>', 'tcp:host:port, serial:/path, cups:queue or file:/path')
    .option('--profile <name>', 'of the printer, as print has them')
    .option('--udev', 'Linux: install the rules that let you use a meter on USB')
    .option('--udev-folder <folder>', 'where they go', '/etc/udev/rules.d')
    .option('--test', 'print a void test label; needs the user of the meter')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .action((options: Options, command: Command) =>
      run((output) => setUp(options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

async function setUp(options: Options, home: Home, output: Output): Promise<number> {
  if (options.udev === true) await installRules(options.udevFolder, output);
  const meter = await findMeter(options, home, output);
  const printer = await findPrinter(options, home, output);
  home.remember({
    ...(meter !== undefined && { port: meter.port }),
    ...(printer !== undefined && { printer: printer.url, profile: printer.profile }),
  });
  const { settings } = home;
  const { port, provider, authority, cutOff } = settings;
  writeDefaults({
    ...{ home: home.path === defaultHome() ? undefined : home.path },
    ...{ port, printer: settings.printer, profile: settings.profile, provider, authority, cutOff },
  });
  output.say('kept', { file: defaultsFile(), home: home.path }, `kept in ${defaultsFile()}`);
  if (options.test === true && meter !== undefined && printer !== undefined)
    await printTest(options, home, output);
  tellNext(meter, printer, home, output);
  return meter === undefined ? 1 : 0;
}

interface FoundMeter {
  readonly port: string;
  /** Undefined for one that has none yet. */
  readonly number: string | undefined;
  readonly lifeCycle: string;
}

const ASK_TIMEOUT_MS = 1_000;

async function findMeter(
  { port, askSerial }: Options,
  home: Home,
  output: Output,
): Promise<FoundMeter | undefined> {
  const known = home.settings.port;
  const addresses = [...new Set([...runningEmulators(), ...(known === undefined ? [] : [known])])];
  const ports =
    port === undefined ? (await discoverPorts({ addresses })).ports.map(({ url }) => url) : [port];
  const asked = ports.filter(
    (url) => askSerial === true || url === port || url === known || !url.startsWith('serial:'),
  );
  const meters: FoundMeter[] = [];
  for (const url of asked) {
    const found = await askMeter(url);
    if (found === undefined) continue;
    meters.push(found);
    const name = found.number ?? found.lifeCycle;
    output.say('meter', { ...found }, `meter ${name} on ${url}`);
  }
  const own = await ownMeter(meters, home);
  if (own !== undefined || meters.length === 0) return own;
  const urls = meters.map((each) => each.port).join(', ');
  throw new Failure('severalMeters', `There are several meters: ${urls}.`, 'Say which: --port.');
}

/** The only one, or the one that this home has keys for. */
async function ownMeter(
  meters: readonly FoundMeter[],
  home: Home,
): Promise<FoundMeter | undefined> {
  if (meters.length <= 1) return meters[0];
  const header = await home.header('user');
  const number = header === undefined ? undefined : formatMeterId(header.meterId);
  return meters.find((meter) => number !== undefined && meter.number === number);
}

async function askMeter(url: string): Promise<FoundMeter | undefined> {
  try {
    await using meter = await openMeter(url, { timeoutMs: ASK_TIMEOUT_MS });
    const { meterId, lifeCycle } = await meter.status();
    const isNumbered = meterId.some((byte) => byte !== 0);
    return { port: url, number: isNumbered ? formatMeterId(meterId) : undefined, lifeCycle };
  } catch (error) {
    if (error instanceof LinkError) return undefined;
    throw error;
  }
}

interface FoundPrinter {
  readonly url: string;
  readonly profile: string;
}

async function findPrinter(
  { printer, profile = PROFILE_DEFAULT }: Options,
  home: Home,
  output: Output,
): Promise<FoundPrinter | undefined> {
  const [found] = await usbPrinters();
  const url = printer ?? home.settings.printer ?? found;
  if (url === undefined) return undefined;
  try {
    await using open = await openPrinter(url, profileOf(profile));
    const { readiness, problems } = await open.status();
    const state = problems.length === 0 ? readiness : problems.join(', ');
    output.say(
      'printer',
      { printer: url, profile, readiness, problems },
      `printer ${url}: ${state}`,
    );
    return { url, profile };
  } catch (error) {
    if (!(error instanceof PrinterError)) throw error;
    if (printer !== undefined) throw error;
    output.say('printerSilent', { printer: url }, `${url}: ${error.message}`);
    return undefined;
  }
}

/** What the kernel's class driver makes of a printer on USB. */
async function usbPrinters(): Promise<readonly string[]> {
  if (process.platform !== 'linux' || !existsSync('/dev/usb')) return [];
  const names = await readdir('/dev/usb');
  return names.filter((name) => /^lp\d+$/.test(name)).map((name) => `file:/dev/usb/${name}`);
}

/** In the repository beside `cli/`, in the package two folders up from `dist/cli/`. */
function rulesFile(): string {
  const paths = ['../../hw/udev/70-tessera.rules', '../../../hw/udev/70-tessera.rules'];
  const files = paths.map((path) => fileURLToPath(new URL(path, import.meta.url)));
  return files.find((file) => existsSync(file)) ?? (files[0] as string);
}

async function installRules(folder: string, output: Output): Promise<void> {
  if (process.platform !== 'linux') {
    output.say('rules', { isNeeded: false }, 'this system needs no udev rules');
    return;
  }
  const [from, to] = [rulesFile(), join(folder, '70-tessera.rules')];
  try {
    await copyFile(from, to);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'ENOENT') throw cause;
    throw new Failure(
      'rulesNotInstalled',
      `The rules cannot be written to ${folder} (${code}).`,
      `As the administrator: cp ${from} ${to} && udevadm control --reload && udevadm trigger`,
    );
  }
  const next = 'next, as the administrator: udevadm control --reload && udevadm trigger';
  output.say('rules', { isNeeded: true, file: to }, `rules in ${to}\n${next}`);
}

/** What to do now, in one line. */
function tellNext(
  meter: FoundMeter | undefined,
  printer: FoundPrinter | undefined,
  home: Home,
  output: Output,
): void {
  const next = nextStep(meter, printer, existsSync(home.keyFile('user')));
  output.say('next', { meter: meter?.number, printer: printer?.url, next }, next);
}

function nextStep(
  meter: FoundMeter | undefined,
  printer: FoundPrinter | undefined,
  hasKeys: boolean,
): string {
  if (meter === undefined)
    return 'no meter answers: plug one in (on Linux once: tessera setup --udev), or say --port; tessera emulate runs one';
  if (meter.number === undefined) return 'next: tessera meter make (this one is blank)';
  if (!hasKeys) return 'this home has no keys of the meter: copy user.key here, or say --home';
  if (printer === undefined) return 'no printer was found: tessera setup --printer tcp:HOST:9100';
  return 'next: tessera print --test, then tessera print --service 1 --to ZIP';
}
