/** `tessera devices`: where meters may be, and with --ask who answers there (requirements.md F4). */

import type { Command } from 'commander';
import { discoverPorts, type PortCandidate } from '#driver/discover';
import { LinkError } from '#driver/errors';
import { openMeter } from '#driver/meter';
import { formatMeterId } from '#protocol/documents/meter-id';
import { openHome } from '../home.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

interface Options {
  readonly address: readonly string[];
  readonly ask?: boolean;
}

const ASK_TIMEOUT_MS = 1_000;

export function addDevices(program: Command, run: Run): void {
  program
    .command('devices')
    .summary('list the ports where meters may be')
    .description(
      `Lists serial ports, the port that --home remembers, and the addresses given. With --ask each is opened and a meter
there tells its number; do that only where nothing else hangs on the serial ports, since it sends bytes to all of them.`,
    )
    .option('--address <url...>', 'also these: tcp:host:port or serial:/path', [])
    .option('--ask', 'open each port and see whether a meter answers')
    .action((options: Options, command: Command) =>
      run((output) => devices(options, command.optsWithGlobals()['home'], output)),
    );
}

async function devices(
  { address, ask }: Options,
  homePath: string | undefined,
  output: Output,
): Promise<number> {
  const remembered = openHome(homePath).settings.port;
  const addresses = [...new Set([...(remembered === undefined ? [] : [remembered]), ...address])];
  const { ports, problems } = await discoverPorts({ addresses });
  for (const problem of problems)
    output.say('problem', { message: problem.message }, problem.message);
  for (const port of ports) {
    const answer = ask === true ? await answerOf(port) : undefined;
    output.say('port', { ...port, ...answer }, describe(port, answer));
  }
  if (ports.length === 0) output.say('noPorts', {}, 'there is no port where a meter may be');
  return 0;
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
