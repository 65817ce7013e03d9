/** `tessera printer`: an ESC/POS printer that exists only on this computer (requirements.md H4; docs/virtual-printer.md). */

import type { Command } from 'commander';
import { startVirtualPrinter } from '#emulator/printer/virtual-printer';
import { interrupted } from '../interrupt.ts';
import { dotCount, portNumber, resolution } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

interface Options {
  readonly tcp: number;
  readonly out?: string;
  readonly width: number;
  readonly dpi: number;
}

export function addPrinter(program: Command, run: Run): void {
  program
    .command('printer')
    .summary('run a virtual ESC/POS printer on this computer')
    .option('--tcp <port>', 'of 127.0.0.1; 0 takes a free one', portNumber, 9100)
    .option('--out <directory>', 'where each page is left as PNG and as raw bytes')
    .option('--width <dots>', 'dots across the paper', dotCount, 576)
    .option('--dpi <dpi>', 'dots an inch', resolution, 203)
    .action((options: Options) => run((output) => runPrinter(options, output)));
}

async function runPrinter({ tcp, out, width, dpi }: Options, output: Output): Promise<number> {
  using interrupt = interrupted();
  await using printer = await startVirtualPrinter({
    tcpPort: tcp,
    paperWidthDots: width,
    dpi,
    ...(out !== undefined && { outputDirectory: out }),
  });
  printer.on('page', ({ files }) =>
    output.say(
      'page',
      { ...files },
      files === undefined ? 'a page was printed' : `printed ${files.png}`,
    ),
  );
  output.say('ready', { address: printer.address }, `printer is on ${printer.address}`);
  await interrupt.promise;
  output.say('ended', {}, 'printer switched off');
  return 0;
}
