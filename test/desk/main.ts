/** `npm run desk`: lists of a million rows, hostile lists, and a job of ten thousand pieces, with their memory (docs/desk.md). */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runDesk } from './run.ts';

const HELP = `Usage: npm run desk -- [--rows N] [--pieces N] [--hostile N] [--seeds N] [--seed N] [--json]

Imports files of addresses and watches memory, tries hostile rows up to the bytes of a printer, and runs one job.

Options:
  --rows N     rows of the CSV file; the others have a tenth; 1,000,000 by default
  --pieces N   pieces of the job; 10,000 by default
  --hostile N  hostile rows of each format and seed; 400 by default
  --seeds N    how many seeds; 10 by default
  --seed N     the first one; 1 by default
  --json       says only the line of JSON that it ends with
  --help       this text
`;

const number = (text: string): number => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw new Error(`${text} is no whole number`);
  return value;
};

function readOptions() {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '1000000' },
      pieces: { type: 'string', default: '10000' },
      hostile: { type: 'string', default: '400' },
      seeds: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { json, help, ...counts } = values;
  const entries = Object.entries(counts).map(([name, text]) => [name, number(text)] as const);
  return { json, help, counts: Object.fromEntries(entries) as Record<keyof typeof counts, number> };
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'desk-'));
  try {
    const tell = (text: string): void => void (options.json || process.stderr.write(`${text}\n`));
    const result = await runDesk(folder, options.counts, tell);
    process.stdout.write(`${JSON.stringify({ script: 'desk', ...options.counts, ...result })}\n`);
    return result.violations.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
