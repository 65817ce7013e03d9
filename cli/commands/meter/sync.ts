/** `tessera meter sync | inspect | clock | locks`: what a meter gets from its offices, all at once or one by one (F8). */

import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { openCalls } from '#driver/certificates/calls';
import { renewAuthorityKey } from '#driver/contact/authority-key';
import { setClock } from '#driver/contact/clock';
import { contact, contactSteps, locksIn } from '#driver/contact/contact';
import { inspect } from '#driver/contact/inspection';
import { applyLatestOrder } from '#driver/contact/orders';
import type { AutoRefill } from '#driver/contact/refill';
import { formatMeterId } from '#protocol/documents/meter-id';
import { parseMills } from '#protocol/mills';
import { conditionText, momentText } from '../../condition-text.ts';
import { contactTeller, inspectionText } from '../../contact-text.ts';
import { UsageError } from '../../failure.ts';
import { type Home, openHome } from '../../home.ts';
import { interrupted } from '../../interrupt.ts';
import { type AccessOptions, anonymous, loggedIn, sessionFor } from '../../meter-access.ts';
import { type KnownOffices, type OfficeOptions, officesOf, withOffices } from '../../offices.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { type AuthorityClient, authorityAt } from '../../servers.ts';

interface Options extends AccessOptions, OfficeOptions {
  readonly officerPasswordFile?: string;
  readonly out?: string;
}

export function addSync(meter: Command, run: Run): void {
  const home = (command: Command): Home => openHome(command.optsWithGlobals()['home']);
  withOffices(meter.command('sync'))
    .summary('everything that is due: clock, orders, refill, rates, inspection')
    .description(
      `Asks authority and provider for all that the meter needs, and hands over its security log. What cannot be
done now is done by the next call; nothing is done twice. Exit code 0: all is done; 1: something is missing.`,
    )
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .option(
      '--officer-password-file <file>',
      'for a new licence or new keys; else $TESSERA_OFFICER_PASSWORD',
    )
    .action((options: Options, command: Command) =>
      run((output) => sync(options, home(command), output)),
    );
  withOffices(meter.command('inspect'))
    .summary('a signed report with the security log, judged by the authority')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .option('--out <file>', 'keep the report in a file')
    .action((options: Options, command: Command) =>
      run((output) => inspection(options, home(command), output)),
    );
  withOffices(meter.command('clock'))
    .summary('set the secure clock by the authority or the provider; needs no password')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .action((options: Options, command: Command) =>
      run((output) => clock(options, home(command), output)),
    );
  withOffices(meter.command('locks'))
    .summary('bring the latest lock order, and tell what locks the meter; needs no password')
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .action((options: Options, command: Command) =>
      run((output) => locks(options, home(command), output)),
    );
}

/** What is bought by itself, where an earlier refill with --auto has said so. */
export function autoRefillOf({ settings }: Home): AutoRefill | undefined {
  const amount = settings.autoRefill === undefined ? undefined : parseMills(settings.autoRefill);
  if (amount === undefined) return undefined;
  return { amount, below: parseMills(settings.autoRefillBelow ?? '') };
}

async function sync(options: Options, home: Home, output: Output): Promise<number> {
  const offices = officesOf(home, options);
  if (offices.authority === undefined && offices.provider === undefined)
    throw new UsageError('Say --authority or --provider: nothing is remembered for either.');
  using interrupt = interrupted();
  const { signal } = interrupt;
  const onEvent = contactTeller(output);
  await using session = await sessionFor(home, 'user', options);
  const { meter, logIn } = session;
  const autoRefill = autoRefillOf(home);
  const calls = await openCalls(home.certificateCalls);
  const report = await contact(meter, offices, { signal, logIn, autoRefill, calls, onEvent });
  const failures = new Map(report.failures);
  await home.believe(report.results.authorityKey?.certificates ?? []);
  let { condition } = report;
  const steps = (['licence', 'keys'] as const).filter(
    (step) => report.results[step]?.outcome === 'needsOfficer',
  );
  if (steps.length > 0 && canBeOfficer(options)) {
    await using officer = await asOfficer(home, options);
    const renewed = await contact(officer, offices, { signal, steps, onEvent });
    for (const [step, error] of renewed.failures) failures.set(step, error);
    ({ condition } = renewed);
  }
  const undone = contactSteps.filter((step) => failures.has(step));
  output.say('condition', { ...condition, failed: undone }, conditionText(condition));
  return undone.length === 0 && report.results.inspection?.accepted !== false ? 0 : 1;
}

const canBeOfficer = ({ officerPasswordFile }: Options): boolean =>
  officerPasswordFile !== undefined || process.env['TESSERA_OFFICER_PASSWORD'] !== undefined;

function asOfficer(home: Home, { port, officerPasswordFile: passwordFile }: Options) {
  return loggedIn(home, 'cryptoOfficer', {
    ...(port !== undefined && { port }),
    ...(passwordFile !== undefined && { passwordFile }),
  });
}

function authorityOf(home: Home, options: OfficeOptions): AuthorityClient {
  const url = options.authority ?? home.settings.authority;
  if (url === undefined) throw new UsageError('Say --authority: nothing is remembered for it.');
  return authorityAt(url);
}

async function inspection(options: Options, home: Home, output: Output): Promise<number> {
  const authority = authorityOf(home, options);
  using interrupt = interrupted();
  await using session = await sessionFor(home, 'user', options);
  await renewAuthorityKey(session.meter, authority);
  const result = await inspect(session.meter, authority, { signal: interrupt.signal });
  if (options.out !== undefined) await writeFile(options.out, result.report);
  const { meterId } = await session.meter.status();
  output.say(
    'inspection',
    { meter: formatMeterId(meterId), ...result, file: options.out },
    inspectionText(result),
  );
  return result.accepted ? 0 : 1;
}

async function clock(options: Options, home: Home, output: Output): Promise<number> {
  const offices: KnownOffices = officesOf(home, options);
  const office = offices.authority ?? offices.provider;
  if (office === undefined)
    throw new UsageError('Say --authority or --provider: nothing is remembered for either.');
  await using meter = await anonymous(home, options);
  if (offices.authority !== undefined) await renewAuthorityKey(meter, offices.authority);
  const result = await setClock(meter, office);
  const { beforeMs, officeMs } = result;
  output.say(
    'clock',
    { ...result },
    result.outcome === 'right'
      ? `the clock is right: ${momentText(beforeMs)}`
      : `clock set to ${momentText(officeMs)}, before ${momentText(beforeMs)}`,
  );
  return 0;
}

async function locks(options: Options, home: Home, output: Output): Promise<number> {
  const authority = authorityOf(home, options);
  await using meter = await anonymous(home, options);
  await renewAuthorityKey(meter, authority);
  const order = await applyLatestOrder(meter, authority);
  contactTeller(output)({ step: 'orders', result: order });
  const condition = await meter.condition();
  output.say('condition', { ...condition }, conditionText(condition));
  return locksIn(condition).length === 0 ? 0 : 1;
}
