/** `tessera postmark`: cryptographic postmarks on messages and files (requirements.md D1, D2; docs/postmarks.md). */

import type { Command } from 'commander';
import { layouts } from '#driver/print/layout';
import { printerProfiles } from '#driver/print/printer-profile';
import { openHome } from '../home.ts';
import { keyNumber, portNumber, sheetPosition } from '../options.ts';
import type { Run } from '../run.ts';
import { type PrintOptions, printStamp } from './postmark/print.ts';
import { type ServeOptions, serveStamps } from './postmark/serve.ts';
import { showStamp } from './postmark/show.ts';
import { type StampCommandOptions, stampFile } from './postmark/stamp.ts';
import { type VerifyOptions, verifyStamp } from './postmark/verify.ts';

const several = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

const homeOf = (command: Command) => openHome(command.optsWithGlobals()['home']);

/** What it takes to come to a meter's key for postmarks. */
function withStampKey(command: Command): Command {
  return command
    .option('--key <number>', 'of the key (default: the first one for postmarks)', keyNumber)
    .option('--certificate <file>', 'of the key, with those above it, in PEM or DER', several)
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for');
}

export function addPostmark(program: Command, run: Run): void {
  const postmark = program
    .command('postmark')
    .summary('put a postmark on a file, verify one, or serve time-stamps')
    .description(
      `A postmark is an RFC 3161 time-stamp that the meter signs and charges for. The certificate of its key is looked
for in the folder certificates/ of the home, or named.`,
    );
  addStamp(postmark, run);
  addVerify(postmark, run);
  addShow(postmark, run);
  addPrint(postmark, run);
  addServe(postmark, run);
}

function addStamp(postmark: Command, run: Run): void {
  withStampKey(postmark.command('stamp'))
    .summary('put a postmark on a file; it is charged')
    .argument('<file>', 'what the postmark is for')
    .option('--out <file>', 'the token (default: the file with .tsr behind its name)')
    .option('--streamed', 'send the whole content to the meter, which hashes it itself')
    .action((file: string, options: StampCommandOptions, command: Command) =>
      run((output) => stampFile(file, options, homeOf(command), output)),
    );
}

function addVerify(postmark: Command, run: Run): void {
  postmark
    .command('verify')
    .summary('is a postmark good, and is it for this file')
    .description(
      `Free, in this computer, in the order of figure 4: certificate, signature, digest. With --in-meter the meter judges by
its authority's key, and charges. Exit code 0: valid; 1: not.`,
    )
    .argument('<file>', 'what the postmark is for')
    .option(
      '--postmark <file>',
      'a .tsr file, or a picture of a label (default: the file with .tsr)',
    )
    .option('--root <file>', "the authority's root certificate, where it is not known at home")
    .option('--certificate <file>', 'others that may be needed', several)
    .option('--crl <file>', 'revocation lists of today; without them nobody asks', several)
    .option('--in-meter', 'let the meter judge; it is charged')
    .option('--port <url>', 'the meter, for --in-meter')
    .option('--password-file <file>', 'for --in-meter')
    .action((file: string, options: VerifyOptions, command: Command) =>
      run((output) => verifyStamp(file, options, homeOf(command), output)),
    );
}

function addShow(postmark: Command, run: Run): void {
  postmark
    .command('show')
    .summary('tell what a postmark says; nothing is judged')
    .argument('<postmark>', 'a .tsr file, or a picture of a label')
    .option('--certificate <file>', 'of its key, for a printed one', several)
    .action((file: string, options: { certificate?: readonly string[] }, command: Command) =>
      run((output) => showStamp(file, options, homeOf(command), output)),
    );
}

function addPrint(postmark: Command, run: Run): void {
  postmark
    .command('print')
    .summary('put a postmark on a label, for a paper document; nothing is charged')
    .argument('<postmark>', 'a .tsr file')
    .option('--title <text>', 'what stands above it', 'Postmark')
    .option('--certificate <file>', 'of its key, where it is not in it', several)
    .option('--printer <url>', 'tcp:host:port, serial:/path, cups:queue or file:/path')
    .option('--profile <name>', `one of ${Object.keys(printerProfiles).join(', ')}`)
    .option('--layout <name>', `what is printed on: ${Object.keys(layouts).join(', ')}`)
    .option('--position <number>', 'on a sheet of labels, along the rows, from 0', sheetPosition)
    .option('--out <directory>', 'leaves the label there as a picture and as printer bytes')
    .action((file: string, options: PrintOptions, command: Command) =>
      run((output) => printStamp(file, options, homeOf(command), output)),
    );
}

function addServe(postmark: Command, run: Run): void {
  withStampKey(postmark.command('serve'))
    .summary('answer RFC 3161 queries over HTTP on this computer; each is charged')
    .option('--listen <port>', 'of 127.0.0.1; 0 takes a free one', portNumber, 3161)
    .action((options: ServeOptions, command: Command) =>
      run((output) => serveStamps(options, homeOf(command), output)),
    );
}
