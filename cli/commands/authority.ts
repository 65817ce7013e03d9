/** `tessera authority …`: the postal authority on this computer (requirements.md G8, C8, A9). */

import { join } from 'node:path';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Command } from 'commander';
import { openAuthority } from '#authority/authority';
import { DEFAULT_RATE_DAYS, defaultRates } from '#authority/default-rates';
import { nodeCrypto } from '#driver/node-crypto';
import { addDays, dateOf } from '#protocol/documents/date';
import { openDatabase } from '../database.ts';
import { needed, openHome } from '../home.ts';
import { portNumber } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { createAuthorityDirectory } from '../server/directory.ts';
import { startAuthority } from '../server/start.ts';
import { authorityAt } from '../servers.ts';
import { type ServeOptions, serveUntilInterrupted } from './serve.ts';

const AUTHORITY_PORT = 8620;

export function addAuthority(program: Command, run: Run): void {
  const authority = program
    .command('authority')
    .description('license, certify, issue value, inspect and verify');
  authority
    .command('init')
    .summary('make an authority: key, token, data base, first rate table')
    .requiredOption('--dir <directory>', 'where it lives; must be new or empty')
    .action(({ dir }: { dir: string }) => run((output) => initAuthority(dir, output)));
  authority
    .command('serve')
    .summary('answer over HTTP on this computer')
    .requiredOption('--dir <directory>', 'made by init')
    .option('--port <port>', 'of 127.0.0.1; 0 takes a free one', portNumber, AUTHORITY_PORT)
    .action((options: ServeOptions) =>
      run((output) => serveUntilInterrupted('authority', options, startAuthority, output)),
    );
  authority
    .command('findings')
    .summary('what speaks of fraud or defects')
    .option('--authority <url>', 'the authority: http://127.0.0.1:PORT')
    .requiredOption('--authority-token <file>', "the authority operator's token")
    .action((options: FindingsOptions, command: Command) =>
      run((output) => findings(options, command.optsWithGlobals()['home'], output)),
    );
}

async function initAuthority(path: string, output: Output): Promise<number> {
  const directory = await createAuthorityDirectory(path, nodeCrypto);
  const { keys, databaseUrl } = directory;
  await using authority = await openAuthority({
    dialect: openDatabase(databaseUrl),
    crypto: nodeCrypto,
    now: Date.now,
    keys,
  });
  const today = dateOf(Date.now());
  await authority.publishRateTable({
    validFrom: today,
    validTo: addDays(today, DEFAULT_RATE_DAYS),
    rates: defaultRates,
  });
  const token = join(directory.path, 'token');
  output.say(
    'authorityMade',
    { directory: directory.path, publicKey: keys.publicKey, tokenFile: token },
    `authority made in ${directory.path}\n  public key ${bytesToHex(keys.publicKey)}\n  operator's token ${token}` +
      `\nnext: tessera authority serve --dir ${path}`,
  );
  return 0;
}

interface FindingsOptions {
  readonly authority?: string;
  readonly authorityToken: string;
}

async function findings(
  options: FindingsOptions,
  homePath: string | undefined,
  output: Output,
): Promise<number> {
  const url = needed(options.authority, openHome(homePath).settings.authority, '--authority');
  const authority = authorityAt(url, options.authorityToken);
  let after = 0;
  for (;;) {
    const page = await authority.listFindings({ after });
    const last = page.findings.at(-1);
    if (last === undefined) break;
    for (const finding of page.findings)
      output.say(
        'finding',
        { ...finding },
        `${new Date(finding.foundMs).toISOString()} ${finding.meterId} ${finding.kind}: ${finding.text}`,
      );
    after = last.findingId;
  }
  if (after === 0) output.say('noFindings', {}, 'nothing speaks against any meter');
  return 0;
}
