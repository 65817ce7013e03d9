/**
 * `tessera meter authority-key`: which authority key a meter holds, and the next one brought to it by the port, from a file,
 * or typed by a person (requirements.md D8). However it comes, the meter takes what it was told the hash of, signed by the key
 * that it holds.
 */

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  type AuthorityKeyOutcome,
  installAuthorityKeys,
  renewAuthorityKey,
} from '#driver/contact/authority-key';
import { nodeCrypto } from '#driver/node-crypto';
import { fromTyped, TypedBytesError, toGroups } from '#driver/typed-bytes';
import { authorityKeyDocument } from '#protocol/documents/authority-key';
import { Failure, UsageError } from '../../failure.ts';
import { type Home, openHome } from '../../home.ts';
import { anonymous } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { authorityAt } from '../../servers.ts';

interface Options {
  readonly port?: string;
  readonly authority?: string;
  readonly renew?: boolean;
  readonly file?: string;
  readonly typed?: string;
  readonly hash?: string;
}

export function addAuthorityKey(meter: Command, run: Run): void {
  meter
    .command('authority-key')
    .summary('which authority key the meter holds; brings the next one')
    .description(
      `Needs no password: the meter takes only the key that was announced to it, signed by the one it holds. Without
an option it tells what it holds.`,
    )
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--renew', 'ask the authority for the keys that the meter lacks')
    .option('--authority <url>', 'the authority: http://127.0.0.1:PORT')
    .option('--file <file>', 'a certificate of an authority key')
    .option('--typed <file>', 'the lines of tessera authority key --typed; - for standard input')
    .option('--hash <hex>', 'the SHA-256 that the key must have, as you were told it')
    .action((options: Options, command: Command) =>
      run((output) => authorityKey(options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

async function authorityKey(options: Options, home: Home, output: Output): Promise<number> {
  const ways = [options.renew, options.file, options.typed].filter((way) => way !== undefined);
  if (ways.length > 1) throw new UsageError('Say one of --renew, --file and --typed.');
  const brought = await broughtBy(options);
  if (brought !== undefined) checkKeys(brought, options.hash);
  await using meter = await anonymous(home, options);
  if (options.renew === true) {
    const url = options.authority ?? home.settings.authority;
    if (url === undefined) throw new UsageError('Say --authority: nothing is remembered for it.');
    const outcome = await renewAuthorityKey(meter, authorityAt(url));
    await home.believe(outcome.certificates);
    tellOutcome(outcome, output);
  }
  if (brought !== undefined) tellOutcome(await installAuthorityKeys(meter, brought), output);
  const { key, certificate } = await meter.authorityKey();
  const read = authorityKeyDocument.read(certificate);
  const { sequence, nextKeyHash } = read.ok ? read.value : {};
  output.say(
    'authorityKey',
    { sequence, key, nextKeyHash, certificate },
    [
      `the meter holds authority key ${sequence ?? '(no other was announced)'}`,
      `  key          ${toGroups(key)}`,
      `  its SHA-256  ${toGroups(nodeCrypto.sha256(key))}`,
      ...(nextKeyHash ? [`  of the next  ${toGroups(nextKeyHash)}`] : []),
    ].join('\n'),
  );
  return 0;
}

function tellOutcome({ outcome, sequence, installed }: AuthorityKeyOutcome, output: Output): void {
  const text =
    outcome === 'renewed' ? `authority key ${sequence} installed` : 'there is nothing to install';
  output.say('authorityKeyRenewed', { outcome, sequence, installed }, text);
}

async function broughtBy({ file, typed }: Options): Promise<readonly Uint8Array[] | undefined> {
  if (file !== undefined) return [Uint8Array.from(readInput(file))];
  if (typed === undefined) return undefined;
  try {
    return typedKeys(new TextDecoder().decode(readInput(typed === '-' ? 0 : typed)));
  } catch (error) {
    if (!(error instanceof TypedBytesError)) throw error;
    throw new Failure(
      'typedWrong',
      `What was typed does not hold: ${error.message}.`,
      'Type it again.',
    );
  }
}

/**
 * The lines of one certificate, or all that `tessera authority key --typed` prints: several, each below `key N`.
 * @throws TypedBytesError
 */
function typedKeys(text: string): readonly Uint8Array[] {
  const [before = '', ...below] = text.split(/^[ \t]*key[ \t]+\d+[ \t\r]*$/im);
  return below.length === 0 ? [fromTyped(before)] : below.map((lines) => fromTyped(lines));
}

function readInput(file: string | 0): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('fileMissing', message, 'Name a file.');
  }
}

/** All are certificates of keys; the last has the hash that a person was told by another way. */
function checkKeys(certificates: readonly Uint8Array[], told: string | undefined): void {
  const keys = certificates.map((certificate) => {
    const read = authorityKeyDocument.read(certificate);
    if (read.ok) return read.value.publicKey;
    throw new Failure('notAKey', 'That is no certificate of an authority key.', 'Take another.');
  });
  if (told === undefined) return;
  const hash = nodeCrypto.sha256(keys.at(-1) ?? new Uint8Array(0));
  if (Buffer.from(hash).toString('hex') !== told.replaceAll(/[\s:-]/g, '').toLowerCase())
    throw new Failure(
      'hashDiffers',
      `The key has another SHA-256: ${toGroups(hash)}.`,
      'Nothing was installed. Ask the authority which is right.',
    );
}
