/** `tessera authority …`: the postal authority on this computer (requirements.md G8, C8, A9). */

import { join } from 'node:path';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Command } from 'commander';
import { openAuthority } from '#authority/authority';
import { DEFAULT_RATE_DAYS, defaultRates } from '#authority/default-rates';
import { nodeCrypto } from '#driver/node-crypto';
import { addDays, dateOf } from '#protocol/documents/date';
import { openDatabase } from '../database.ts';
import { atAuthority, type OperatorAction } from '../operator.ts';
import { portNumber } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { announceNextKey } from '../server/authority-keys.ts';
import { createAuthorityDirectory } from '../server/directory.ts';
import { startAuthority } from '../server/start.ts';
import type { AuthorityClient } from '../servers.ts';
import { addCertificates } from './authority/certificates.ts';
import { addKeys } from './authority/keys.ts';
import { addMeters } from './authority/meters.ts';
import { addRates } from './authority/rates.ts';
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
  atAuthority(authority.command('findings'), run, 'what speaks of fraud or defects', findings);
  addKeys(authority, run);
  addRates(authority, run);
  addMeters(authority, run);
  addCertificates(authority, run);
}

async function initAuthority(path: string, output: Output): Promise<number> {
  const directory = await createAuthorityDirectory(path, nodeCrypto);
  const { keys, databaseUrl } = directory;
  const today = dateOf(Date.now());
  const { secretFile, fields, certificate } = await announceNextKey(directory, nodeCrypto, today);
  await using authority = await openAuthority({
    dialect: openDatabase(databaseUrl),
    crypto: nodeCrypto,
    now: Date.now,
    keys,
    authorityKeys: [certificate],
  });
  await authority.publishRateTable({
    validFrom: today,
    validTo: addDays(today, DEFAULT_RATE_DAYS),
    rates: defaultRates,
  });
  const token = join(directory.path, 'token');
  output.say(
    'authorityMade',
    {
      directory: directory.path,
      publicKey: keys.publicKey,
      tokenFile: token,
      nextKeyHash: fields.nextKeyHash,
      nextKeySecretFile: secretFile,
    },
    `authority made in ${directory.path}\n  public key ${bytesToHex(keys.publicKey)}\n  operator's token ${token}` +
      `\n  secret of the next key, for a safe ${secretFile}` +
      `\nnext: tessera authority serve --dir ${path}`,
  );
  return 0;
}

const findings: OperatorAction<AuthorityClient, object> = async (authority, _, output) => {
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
};
