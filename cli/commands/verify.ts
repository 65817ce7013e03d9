/** `tessera verify`: is this label worth what it says, and was it seen before (requirements.md C8). */

import { readFile } from 'node:fs/promises';
import { hexToBytes } from '@noble/hashes/utils.js';
import type { Command } from 'commander';
import type { authorityRoutes } from '#authority/routes';
import { scanSymbols } from '#authority/scan/scan';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { ResponseOf } from '#protocol/http/route';
import { formatMills } from '#protocol/mills';
import { describe, Failure } from '../failure.ts';
import { needed, openHome } from '../home.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { authorityAt } from '../servers.ts';

type Verdict = ResponseOf<(typeof authorityRoutes)['verifyEvidence']>;

interface Options {
  readonly authority?: string;
  readonly authorityToken: string;
}

export function addVerify(program: Command, run: Run): void {
  program
    .command('verify')
    .summary('check a label: a picture of it, or the bytes of its symbol')
    .description(
      `Reads the symbols of a picture (PNG, JPEG, BMP, GIF), or takes the bytes as a file or in hexadecimal, and has
the authority judge them. Each sight is recorded: the second one of the same indicium is reported.
Exit code 0: accepted; 1: not.`,
    )
    .argument('<evidence>', 'a file, or hexadecimal digits')
    .option('--authority <url>', 'the authority: http://127.0.0.1:PORT')
    .requiredOption('--authority-token <file>', "the authority operator's token")
    .action((evidence: string, options: Options, command: Command) =>
      run((output) => verify(evidence, options, command.optsWithGlobals()['home'], output)),
    );
}

/** What an indicium of ours or of an older kind can have; anything else that begins like no picture is refused. */
const EVIDENCE_SIZE_MAX = 512;

async function evidenceOf(given: string): Promise<readonly Uint8Array[]> {
  if (/^([0-9a-fA-F]{2}){20,512}$/.test(given)) return [hexToBytes(given.toLowerCase())];
  let file: Buffer;
  try {
    file = await readFile(given);
  } catch (cause) {
    const { message } = describe(cause); // in a sentence, where the system knows only a code
    throw new Failure('fileMissing', message, 'Name a file, or give the bytes in hexadecimal.');
  }
  if (file.length === 0)
    throw new Failure('fileEmpty', `${given} is empty.`, 'Scan the label again.');
  const isPicture = file.length > EVIDENCE_SIZE_MAX || isPictureStart(file);
  if (!isPicture) return [Uint8Array.from(file)];
  const symbols = await scanSymbols(Uint8Array.from(file));
  if (symbols.length === 0)
    throw new Failure(
      'noSymbol',
      `${given} shows no Data Matrix symbol that can be read.`,
      'Scan it again: straight, sharp, 200 dpi or more, with white around the symbol.',
    );
  return symbols.map(({ bytes }) => bytes);
}

/** PNG, JPEG, BMP, GIF. */
function isPictureStart(file: Uint8Array): boolean {
  const starts = [
    [0x89, 0x50],
    [0xff, 0xd8, 0xff],
    [0x42, 0x4d],
    [0x47, 0x49, 0x46],
  ];
  return starts.some((start) => start.every((byte, at) => file[at] === byte));
}

async function verify(
  given: string,
  options: Options,
  homePath: string | undefined,
  output: Output,
): Promise<number> {
  const url = needed(options.authority, openHome(homePath).settings.authority, '--authority');
  const authority = authorityAt(url, options.authorityToken);
  let isAccepted = true;
  for (const evidence of await evidenceOf(given)) {
    const verdict = await authority.verifyEvidence({ evidence, seenMs: undefined });
    tellVerdict(evidence, verdict, output);
    isAccepted &&= verdict.accepted;
  }
  return isAccepted ? 0 : 1;
}

function tellVerdict(evidence: Uint8Array, verdict: Verdict, output: Output): void {
  const { accepted, checks, indicium, format, firstSeenMs } = verdict;
  const content =
    indicium === undefined
      ? (format ?? 'unknown evidence')
      : `${formatMeterId(indicium.meterId)} piece ${indicium.pieceCount}, ${formatMills(indicium.postage)}`;
  const lines = checks.map(({ name, outcome, text }) => `  ${outcome.padEnd(7)} ${name}: ${text}`);
  output.say(
    'verdict',
    {
      accepted,
      format,
      evidence,
      meter: indicium === undefined ? undefined : formatMeterId(indicium.meterId),
      pieceCount: indicium?.pieceCount,
      postageMills: indicium?.postage,
      mailingDate: indicium?.mailingDate,
      firstSeenMs,
      checks,
    },
    [`${accepted ? 'ACCEPTED' : 'NOT ACCEPTED'}: ${content}`, ...lines].join('\n'),
  );
}
