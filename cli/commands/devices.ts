/** `tessera devices`: where meters may be, and with --ask who answers there (requirements.md F4). */

import type { Command } from 'commander';
import {
  type DiscoverOptions,
  type Discovery,
  discoverPorts,
  type PortCandidate,
} from '#driver/discover';
import { LinkError } from '#driver/errors';
import { openMeter } from '#driver/meter';
import { watchPorts } from '#driver/watch-ports';
import { formatMeterId } from '#protocol/documents/meter-id';
import { openHome } from '../home.ts';
import { interrupted } from '../interrupt.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { runningEmulators } from '../running-emulators.ts';

interface Options {
  readonly address: readonly string[];
  readonly ask?: boolean;
  readonly watch?: boolean;
}

const ASK_TIMEOUT_MS = 1_000;

export function addDevices(program: Command, run: Run): void {
  program
    .command('devices')
    .summary('list the ports where meters may be')
    .description(
      `Lists meters on USB (hid:SERIAL), serial ports, meters that \`tessera emulate\` runs on this computer, the port that
--home remembers, and the addresses given. With --ask each is opened and a meter there tells its number; do that only
where nothing else hangs on the serial ports, since it sends bytes to all of them.`,
    )
    .option('--address <url...>', 'also these: tcp:host:port or serial:/path', [])
    .option('--watch', 'list anew whenever something is plugged in or out, until interrupted')
    .option('--ask', 'open each port and see whether a meter answers')
    .action((options: Options, command: Command) =>
      run((output) => devices(options, command.optsWithGlobals()['home'], output)),
    );
}

async function devices(
  { address, ask, watch }: Options,
  homePath: string | undefined,
  output: Output,
): Promise<number> {
  const remembered = openHome(homePath).settings.port;
  const known = remembered === undefined ? [] : [remembered];
  const addresses = [...new Set([...runningEmulators(), ...known, ...address])];
  if (watch === true) await watchDevices({ addresses }, ask === true, output);
  else await tell(await discoverPorts({ addresses }), ask === true, output);
  return 0;
}

async function watchDevices(
  options: DiscoverOptions,
  asks: boolean,
  output: Output,
): Promise<void> {
  using interrupt = interrupted();
  for await (const discovery of watchPorts({ ...options, signal: interrupt.signal })) {
    output.say('change', {}, '');
    await tell(discovery, asks, output);
  }
}

async function tell({ ports, problems }: Discovery, asks: boolean, output: Output): Promise<void> {
  for (const problem of problems)
    output.say('problem', { message: problem.message }, problem.message);
  for (const port of ports) {
    const answer = asks ? await answerOf(port) : undefined;
    output.say('port', { ...port, ...answer }, describe(port, answer));
  }
  if (ports.length === 0) output.say('noPorts', {}, 'there is no port where a meter may be');
}

type Answer = { readonly meter: string; readonly state: string } | { readonly silent: string };

async function answerOf({ url }: PortCandidate): Promise<Answer> {
  try {
    await using meter = await openMeter(url, { timeoutMs: ASK_TIMEOUT_MS });
    const { meterId, lifeCycle, state } = await meter.status();
    const isNumbered = meterId.some((byte) => byte !== 0);
    return { meter: isNumbered ? formatMeterId(meterId) : lifeCycle, state };
  } catch (error) {
    if (error instanceof LinkError) return { silent: error.message };
    throw error;
  }
}

function describe(
  { url, manufacturer, serialNumber }: PortCandidate,
  answer: Answer | undefined,
): string {
  const parts = [url, manufacturer, serialNumber].filter((part) => part !== undefined);
  if (answer === undefined) return parts.join('  ');
  return [
    ...parts,
    'silent' in answer ? 'no meter answers' : `meter ${answer.meter}, ${answer.state}`,
  ].join('  ');
}
