/** `tessera trace`: looks at what a meter was recorded doing, does it again, and finds where another build parts from it. */

import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type CpuName, cpuNames } from '#emulator/cpu/cpus';
import { pcapngOf } from '#emulator/trace/pcapng';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { bisect } from './trace/bisect.ts';
import { readTrace } from './trace/read-trace.ts';
import { replay } from './trace/replay.ts';
import { show } from './trace/show.ts';

interface ExportOptions {
  readonly pcapng: string;
  readonly partial?: boolean;
}

const PARTIAL = ['--partial', 'take what is there of a recording that was not finished'] as const;
const collected = (value: string, before: readonly string[]): readonly string[] => [
  ...before,
  value,
];

export function addTrace(program: Command, run: Run): void {
  const trace = program
    .command('trace')
    .summary('look at a recorded meter, replay it, find where builds differ')
    .description('Works on files that `tessera emulate --trace FILE` writes (docs/trace.md).');
  trace
    .command('show <file>')
    .description(
      'Tells each call of the image: time, messages, flash, entropy; and what there was in all.',
    )
    .option('--calls', 'each hardware call too')
    .option(...PARTIAL)
    .action((file: string, options) => run((output) => show(file, options, output)));
  trace
    .command('replay <file>')
    .description(
      `Does it again: the same calls, answered in the same way, must lead to the same calls. The image that was recorded must
make each of them; another image must have the same effects. Needs a trace with secrets. Exit code 1 for a divergence.`,
    )
    .option('--image <path>', 'another image, its key beside it; or the folder of a build')
    .addOption(
      cpuOption('--cpu <name>', 'what runs the image').default('node-vm' satisfies CpuName),
    )
    .option(...PARTIAL)
    .action((file: string, options) => run((output) => replay(file, options, output)));
  trace
    .command('bisect <file>')
    .description(
      `Names the first step in which two images, or two processors, do not do what was recorded. Of more than two images, the
oldest version first, it finds the first that does not, in few replays. Exit code 1 for a divergence.`,
    )
    .option(
      '--image <path>',
      'an image, the folder of a build, or a folder of such; again for each',
      collected,
      [],
    )
    .addOption(cpuOption('--cpu <name...>', 'one for all images, or two to compare'))
    .option(...PARTIAL)
    .action((file: string, options) => run((output) => bisect(file, options, output)));
  trace
    .command('export <file>')
    .description(
      'Writes its messages as packets for Wireshark, which reads them with docs/tessera.lua.',
    )
    .requiredOption('--pcapng <out>', 'the file to write')
    .option(...PARTIAL)
    .action((file: string, options) => run(async (output) => exportTrace(file, options, output)));
}

const cpuOption = (flags: string, description: string): Option =>
  new Option(flags, description).choices(cpuNames);

function exportTrace(file: string, { pcapng, partial }: ExportOptions, output: Output): number {
  const trace = readTrace(file, partial === true, output);
  const packets = pcapngOf(trace);
  writeFileSync(pcapng, packets, { mode: 0o600 });
  output.say('exported', { pcapng, bytes: packets.length }, `packets are in ${pcapng}`);
  return 0;
}
