/** `tessera conformance`: runs the numbered checks against a meter at any port (docs/conformance.md). */

import { existsSync, writeFileSync } from 'node:fs';
import { stderr, stdin } from 'node:process';
import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import { pause } from '#driver/abort';
import { type KeyFile, openKeyFile } from '#driver/key-file';
import { nodeCrypto } from '#driver/node-crypto';
import { openLink } from '#driver/port';
import { wipe } from '#protocol/bytes';
import { formatMills } from '#protocol/mills';
import type { Role } from '#protocol/state';
import { type Level, levels } from '../conformance/check.ts';
import { costOf } from '../conformance/checks/pieces.ts';
import { checksOf } from '../conformance/checks.ts';
import { junitXml } from '../conformance/junit.ts';
import { type CheckResult, runChecks, tallyOf } from '../conformance/run.ts';
import { type Access, createStation, type Station } from '../conformance/station.ts';
import { Failure, UsageError } from '../failure.ts';
import { type Home, needed, openHome } from '../home.ts';
import { interrupted } from '../interrupt.ts';
import { passwordOf } from '../meter-access.ts';
import { milliseconds } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

interface Options {
  readonly level: Level;
  readonly userPasswordFile?: string;
  readonly officerPasswordFile?: string;
  readonly timeout: number;
  readonly junit?: string;
  readonly strict?: boolean;
  readonly yes?: boolean;
}

const TIMEOUT_MS = 5_000;

export function addConformance(program: Command, run: Run): void {
  program
    .command('conformance')
    .argument('[port]', 'serial:/path, hid:SERIAL or tcp:host:port')
    .summary('check that a meter keeps the rules')
    .description(
      `Runs numbered checks of the requirements against any meter at any port, emulated or a board.

read  changes nothing: what a line and a stranger may do
use   with the key files in --home: sessions, walls between roles, one piece, which is paid for
life  a blank device is made, used and withdrawn by offices of the kit's own; it is used up afterwards

Each level has the checks of those before it. The exit code is 1 where a check fails.`,
    )
    .addOption(
      new Option('--level <level>', 'how far to go')
        .choices(levels)
        .default('read' satisfies Level),
    )
    .option('--user-password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .option('--officer-password-file <file>', 'else $TESSERA_OFFICER_PASSWORD, else left out')
    .option('--timeout <ms>', 'how long one answer may take', milliseconds, TIMEOUT_MS)
    .option('--junit <file>', 'write the results there too')
    .option('--strict', 'a check that could not run counts as failed')
    .option('--yes', 'spend the piece, or use the device up, without asking')
    .action((port: string | undefined, options: Options, command: Command) =>
      run((output) =>
        conformance(port, options, openHome(command.optsWithGlobals()['home']), output),
      ),
    );
}

async function conformance(
  given: string | undefined,
  options: Options,
  home: Home,
  output: Output,
): Promise<number> {
  const { level, timeout, junit, strict = false } = options;
  const port = needed(given, home.settings.port, 'the port');
  using interrupt = interrupted();
  using keys = await keysOf(home, options);
  const station = createStation({
    address: port,
    openLink: () => openLink(port, { signal: interrupt.signal }),
    crypto: nodeCrypto,
    timeoutMs: timeout,
    pause: (timeMs) => pause(timeMs, interrupt.signal),
    access: keys.access,
    authorityKey: keys.authorityKey,
  });
  await agree(station, options, output);
  const onResult = (result: CheckResult): void =>
    output.say('check', { ...result }, lineOf(result));
  const { signal } = interrupt;
  const results = await runChecks(station, checksOf(level), { onResult, signal });
  if (junit !== undefined) writeFileSync(junit, junitXml(`tessera conformance ${port}`, results));
  const tally = tallyOf(results);
  const { passed, failed, skipped } = tally;
  const isConform = failed === 0 && passed > 0 && !(strict && skipped > 0);
  output.say(
    'conformance',
    { port, level, ...tally, isConform },
    `${passed} passed, ${failed} failed, ${skipped} skipped`,
  );
  return isConform ? 0 : 1;
}

const marks = { passed: 'ok    ', failed: 'FAILED', skipped: 'skip  ' } as const;

function lineOf({ id, title, outcome, reason, figures }: CheckResult): string {
  const told = Object.entries(figures ?? {}).map(([name, value]) => `${name} ${value}`);
  const more = reason ?? told.join(', ');
  return `${marks[outcome]} ${id} ${title}${more === '' ? '' : `: ${more}`}`;
}

/** Who may log in, by the key files of the home; at level life the kit makes its own keys. */
interface Keys extends Disposable {
  readonly access: Partial<Record<Role, Access>>;
  readonly authorityKey: Uint8Array | undefined;
}

async function keysOf(home: Home, options: Options): Promise<Keys> {
  using opened = new DisposableStack();
  const access: Partial<Record<Role, Access>> = {};
  let authorityKey: Uint8Array | undefined;
  if (options.level === 'use') {
    if (!existsSync(home.keyFile('user')))
      throw new UsageError(
        `${home.path} has no key file of the user: say --home, or --level read.`,
      );
    const isOfficerHere =
      existsSync(home.keyFile('cryptoOfficer')) &&
      (options.officerPasswordFile ?? process.env['TESSERA_OFFICER_PASSWORD']) !== undefined;
    const files = { user: options.userPasswordFile, cryptoOfficer: options.officerPasswordFile };
    for (const role of ['user', ...(isOfficerHere ? (['cryptoOfficer'] as const) : [])] as const) {
      const password = await passwordOf(role, files[role]);
      opened.defer(() => wipe(password));
      const identity: KeyFile = opened.use(await openKeyFile(home.keyFile(role), password));
      access[role] = { identity, password: () => password.slice() };
      authorityKey = identity.authorityKey;
    }
  }
  const owned = opened.move();
  return { access, authorityKey, [Symbol.dispose]: () => owned.dispose() };
}

/** Says what it will cost, and asks. @throws Failure, UsageError where the answer is no, or nobody is there to give it */
async function agree(station: Station, { level, yes }: Options, output: Output): Promise<void> {
  const price = await priceOf(station, level);
  if (price === undefined) return;
  output.say('cost', price.figures, price.text);
  if (yes === true) return;
  if (!stdin.isTTY) throw new UsageError('Nobody is there to agree: say --yes.');
  const asked = createInterface({ input: stdin, output: stderr });
  const answer = await asked.question('Go on? (yes/no) ');
  asked.close();
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new Failure(
      'notAgreed',
      'Nothing was done.',
      'Say --level read for checks that cost nothing.',
    );
}

async function priceOf(station: Station, level: Level) {
  if (level === 'use') {
    const postage = await costOf(station);
    if (postage === undefined) return undefined;
    const text = `one piece of ${formatMills(postage)} will be paid for, and one wrong password tried`;
    return { figures: { postageMills: postage }, text };
  }
  if (level === 'read') return undefined;
  const { lifeCycle } = await station.status();
  if (lifeCycle !== 'blank')
    throw new Failure(
      'notBlank',
      `The device at ${station.address} is ${lifeCycle}: only a blank one can live a whole life.`,
      'Say --level use or read, or connect a blank device.',
    );
  return {
    figures: { usesUp: true },
    text: 'the device will be made into a meter of the kit and withdrawn: it is used up afterwards',
  };
}
