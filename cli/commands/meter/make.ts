/** `tessera meter make`: from a blank device to a certified meter (requirements.md G1, H2; domain.md 3). */

import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { createKeyFile, openKeyFile } from '#driver/key-file';
import { openMeter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { equalBytes, wipe } from '#protocol/bytes';
import type { KeyPair } from '#protocol/crypto';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { Role } from '#protocol/state';
import { Failure } from '../../failure.ts';
import { type Home, needed, openHome } from '../../home.ts';
import { passwordOf } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { type AuthorityClient, authorityAt } from '../../servers.ts';

interface Options {
  readonly port?: string;
  readonly authority?: string;
  readonly authorityToken: string;
  readonly model: string;
  readonly userPasswordFile?: string;
  readonly officerPasswordFile?: string;
}

export function addMake(meter: Command, run: Run): void {
  meter
    .command('make')
    .summary('make a meter of a blank device')
    .description(
      `Gives a blank device its number, lets its keys be born inside it, and has the authority certify them.
Leaves the key files of user and crypto officer in --home. After an interruption, call it again.`,
    )
    .option('--port <url>', 'the device: serial:/path or tcp:host:port')
    .option('--authority <url>', 'the authority: http://127.0.0.1:PORT')
    .requiredOption('--authority-token <file>', "the authority operator's token")
    .option('--model <model>', 'vendor and model, four characters', 'TS01')
    .option('--user-password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for')
    .option('--officer-password-file <file>', 'else $TESSERA_OFFICER_PASSWORD, else asked for')
    .action((options: Options, command: Command) =>
      run((output) => make(options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

interface Passwords {
  readonly user: Uint8Array;
  readonly cryptoOfficer: Uint8Array;
}

async function make(options: Options, home: Home, output: Output): Promise<number> {
  const port = needed(options.port, home.settings.port, '--port');
  const authorityUrl = needed(options.authority, home.settings.authority, '--authority');
  const authority = authorityAt(authorityUrl, options.authorityToken);
  const passwords: Passwords = {
    user: await passwordOf('user', options.userPasswordFile),
    cryptoOfficer: await passwordOf('cryptoOfficer', options.officerPasswordFile),
  };
  try {
    const { publicKey: authorityKey } = await authority.key({});
    const meterId = await numberOf(home, authority, authorityKey, options.model);
    const officer = await hostKey(home, 'cryptoOfficer', meterId, authorityKey, passwords);
    const user = await hostKey(home, 'user', meterId, authorityKey, passwords);
    home.remember({ port, authority: authorityUrl });
    output.say(
      'keyFiles',
      { meter: formatMeterId(meterId), home: home.path },
      `key files of ${formatMeterId(meterId)} are in ${home.path}`,
    );

    await using meter = await openMeter(port, {
      identity: officer,
      role: 'cryptoOfficer',
      trust: 'unmade',
    });
    const born = await meter.initialize({
      meterId,
      authorityKey,
      userKey: user.publicKey,
      userPassword: passwords.user,
      officerPassword: passwords.cryptoOfficer,
    });
    output.say(
      'keysBorn',
      { deviceKey: born.deviceKey, indiciumKey: born.indiciumKey },
      'keys were born in the device',
    );
    const certificates = await authority.certifyMeter({ meterId, ...born });
    await meter.installCertificates(certificates);
    wipe(officer.privateKey, user.privateKey);
    output.say(
      'made',
      { meter: formatMeterId(meterId), ...certificates },
      `meter ${formatMeterId(meterId)} is made: both keys are certified\nnext: tessera meter register`,
    );
    return 0;
  } finally {
    wipe(passwords.user, passwords.cryptoOfficer);
  }
}

/** The number in the key files of an earlier call, else a new one. */
async function numberOf(
  home: Home,
  authority: AuthorityClient,
  authorityKey: Uint8Array,
  model: string,
): Promise<Uint8Array> {
  const header = await home.header('cryptoOfficer');
  if (header === undefined) return (await authority.allotMeter({ model })).meterId;
  if (!equalBytes(header.authorityKey, authorityKey))
    throw new Failure(
      'homeOccupied',
      `${home.path} belongs to a meter of another authority.`,
      'Name another --home.',
    );
  return header.meterId;
}

/** Before anything happens in the device, the host's key is safe in its file; a file of an earlier call is used again. */
async function hostKey(
  home: Home,
  role: Role,
  meterId: Uint8Array,
  authorityKey: Uint8Array,
  passwords: Passwords,
): Promise<KeyPair> {
  const path = home.keyFile(role);
  if (existsSync(path)) {
    using file = await openKeyFile(path, passwords[role]);
    return { privateKey: file.privateKey.slice(), publicKey: file.publicKey };
  }
  home.prepare();
  const pair = nodeCrypto.generateKeyPair();
  await createKeyFile(path, { ...pair, role, meterId, authorityKey }, passwords[role]);
  return pair;
}
