/** `tessera authority key | announce | rollover`: the key of an authority and the one that comes next (requirements.md D8, G8). */

import type { Command } from 'commander';
import { openAuthority } from '#authority/authority';
import { nodeCrypto } from '#driver/node-crypto';
import { toGroups, toTyped } from '#driver/typed-bytes';
import { wipe } from '#protocol/bytes';
import { verifyAuthorityKey } from '#protocol/documents/authority-key';
import { dateOf } from '#protocol/documents/date';
import { openDatabase } from '../../database.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { readSecretFile } from '../../secret.ts';
import { type AnnouncedKey, announceNextKey, rollOver } from '../../server/authority-keys.ts';
import { openAuthorityDirectory } from '../../server/directory.ts';

interface Options {
  readonly dir: string;
}

export function addKeys(authority: Command, run: Run): void {
  authority
    .command('key')
    .summary('the key of today, the hash of the next one, and all certificates to be typed')
    .requiredOption('--dir <directory>', 'made by init')
    .option('--typed', 'every certificate as lines for tessera meter authority-key --typed')
    .action(({ dir, typed }: Options & { readonly typed?: boolean }) =>
      run((output) => show(dir, typed === true, output)),
    );
  authority
    .command('announce')
    .summary('make the next key ahead, for an authority of an earlier version')
    .requiredOption('--dir <directory>', 'made by init; the authority must not be running')
    .action(({ dir }: Options) => run((output) => announce(dir, output)));
  authority
    .command('rollover')
    .summary('put the announced key in the place of the one of today')
    .description(
      `The old private key is destroyed, and another next key is made and announced. Meters and hosts learn the new
key at their next contact. Stop the authority before, and start it again after.`,
    )
    .requiredOption('--dir <directory>', 'made by init')
    .requiredOption('--secret-file <file>', 'the secret of the next key, out of the safe')
    .action((options: Options & { readonly secretFile: string }) =>
      run((output) => changeOver(options.dir, options.secretFile, output)),
    );
}

async function show(dir: string, isTyped: boolean, output: Output): Promise<number> {
  const { keys, token, settings } = await openAuthorityDirectory(dir);
  wipe(keys.privateKey, token);
  const certificates = settings.authorityKeys ?? [];
  const { publicKey } = settings;
  const read = verifyAuthorityKey(nodeCrypto, certificates.at(-1) ?? new Uint8Array(0));
  const { sequence, nextKeyHash, validFrom } = read.ok ? read.value : {};
  const lines = [
    `authority key ${sequence ?? '(none is announced)'}, since ${validFrom ?? 'its beginning'}`,
    `  key          ${toGroups(publicKey)}`,
    `  its SHA-256  ${toGroups(nodeCrypto.sha256(publicKey))}`,
    ...(nextKeyHash ? [`  of the next  ${toGroups(nextKeyHash)}`] : []),
    ...(isTyped
      ? certificates.flatMap((each, place) => ['', `key ${place + 1}`, toTyped(each)])
      : []),
  ];
  output.say(
    'authorityKey',
    { sequence, publicKey, nextKeyHash, validFrom, certificates },
    lines.join('\n'),
  );
  return 0;
}

async function announce(dir: string, output: Output): Promise<number> {
  const directory = await openAuthorityDirectory(dir);
  try {
    tell(output, await announceNextKey(directory, nodeCrypto, dateOf(Date.now())));
    return 0;
  } finally {
    wipe(directory.keys.privateKey, directory.token);
  }
}

async function changeOver(dir: string, secretFile: string, output: Output): Promise<number> {
  const directory = await openAuthorityDirectory(dir);
  const secret = readSecretFile(secretFile, 'secret of the next key');
  try {
    const appoint = (publicKey: Uint8Array) => appointIn(directory, publicKey);
    tell(output, await rollOver(directory, nodeCrypto, secret, dateOf(Date.now()), appoint));
    return 0;
  } finally {
    wipe(secret, directory.keys.privateKey, directory.token);
  }
}

/** The old key lets the new one tell of the certificates that it has issued. */
async function appointIn(
  { databaseUrl, keys, settings }: Awaited<ReturnType<typeof openAuthorityDirectory>>,
  publicKey: Uint8Array,
): Promise<void> {
  await using authority = await openAuthority({
    dialect: openDatabase(databaseUrl),
    crypto: nodeCrypto,
    now: Date.now,
    keys,
    authorityKeys: settings.authorityKeys,
  });
  await authority.appointSuccessor(publicKey);
}

function tell(output: Output, { certificate, fields, secretFile }: AnnouncedKey): void {
  const { sequence, publicKey, nextKeyHash } = fields;
  output.say(
    'keyAnnounced',
    { sequence, publicKey, nextKeyHash, certificate, nextKeySecretFile: secretFile },
    `authority key ${sequence} counts: ${toGroups(publicKey)}\n  SHA-256 of the next one ${toGroups(nextKeyHash)}` +
      `\n  its secret, for a safe  ${secretFile}`,
  );
}
