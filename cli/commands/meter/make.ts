/** `tessera meter make`: from a blank device to a certified meter (requirements.md G1, H2; domain.md 3). */

import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { renewAuthorityKey } from '#driver/contact/authority-key';
import { RefusedError } from '#driver/errors';
import { createKeyFile, openKeyFile } from '#driver/key-file';
import { openMeter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { equalBytes, wipe } from '#protocol/bytes';
import type { ResponseOf } from '#protocol/command';
import type { MeterStatus } from '#protocol/command-layouts';
import type { KeyPair } from '#protocol/crypto';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { Role } from '#protocol/state';
import { Failure } from '../../failure.ts';
import { type Home, needed, openHome } from '../../home.ts';
import { passwordOf } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import type { Run } from '../../run.ts';
import { ServerRefusedError } from '../../server/http-client.ts';
import { type AuthorityClient, authorityAt } from '../../servers.ts';
import { forgetBornKeys, keepBornKeys, readBornKeys } from './born-keys.ts';

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
    .option('--port <url>', 'the device: serial:/path, hid:SERIAL or tcp:host:port')
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

/** What making needs from beginning to end. */
interface Making {
  readonly home: Home;
  readonly port: string;
  readonly authority: AuthorityClient;
  readonly authorityKey: Uint8Array;
  readonly passwords: Passwords;
  readonly output: Output;
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
    const making = { home, port, authority, authorityKey, passwords, output };
    const device = await look(port);
    const header = await home.header('cryptoOfficer');
    if (header !== undefined && !equalBytes(header.authorityKey, authorityKey))
      throw new Failure(
        'homeOccupied',
        `${home.path} belongs to a meter of another authority.`,
        'Name another --home.',
      );
    if (device.lifeCycle === 'blank' || device.lifeCycle === 'keyed') {
      // the number in the key files of an earlier call, else a new one
      const { meterId } = header ?? (await authority.allotMeter({ model: options.model }));
      await makeFrom(making, device.lifeCycle, meterId, authorityUrl);
    } else await recognise(making, device, header?.meterId, authorityUrl);
    return 0;
  } finally {
    wipe(passwords.user, passwords.cryptoOfficer);
  }
}

async function look(port: string): Promise<MeterStatus> {
  await using meter = await openMeter(port);
  return await meter.status();
}

async function makeFrom(
  making: Making,
  lifeCycle: 'blank' | 'keyed',
  meterId: Uint8Array,
  authorityUrl: string,
): Promise<void> {
  const { home, port, authority, passwords, output } = making;
  const name = formatMeterId(meterId);
  using officer = await hostKey(making, 'cryptoOfficer', meterId);
  using user = await hostKey(making, 'user', meterId);
  home.remember({ port, authority: authorityUrl });
  output.say(
    'keyFiles',
    { meter: name, home: home.path },
    `key files of ${name} are in ${home.path}`,
  );

  await using meter = await openMeter(port, {
    identity: officer,
    role: 'cryptoOfficer',
    trust: 'unmade',
  });
  const known = await readBornKeys(home);
  if (known !== undefined && lifeCycle === 'blank') throw otherDevice(home, name);
  const born =
    known ??
    (await meter.initialize({
      meterId,
      authorityKey: making.authorityKey,
      userKey: user.publicKey,
      userPassword: passwords.user,
      officerPassword: passwords.cryptoOfficer,
    }));
  if (known === undefined) await keepBornKeys(home, born);
  await renewAuthorityKey(meter, authority); // so that the next key is announced from the beginning
  const { deviceKey, indiciumKey } = born;
  output.say('keysBorn', { deviceKey, indiciumKey }, 'keys were born in the device');
  try {
    const certificates = await authority.certifyMeter({ meterId, ...born });
    await meter.installCertificates(certificates);
    await forgetBornKeys(home);
    tellMade(output, name, certificates);
  } catch (error) {
    if (error instanceof ServerRefusedError && error.error === 'meterCertified') {
      await forgetBornKeys(home); // they will never be certified under this number
      throw otherDevice(home, name);
    }
    const isOther = error instanceof RefusedError && error.status === 'keyMismatch';
    throw isOther ? otherDevice(home, name) : error;
  }
}

function otherDevice({ path }: Home, name: string): Failure {
  return new Failure(
    'otherDevice',
    `The keys of ${name} were born in another device than the one at this port.`,
    `Connect that one, or name another --home than ${path} to make a meter of this one.`,
  );
}

/** A device that is a meter already: all is well where it is the one of this home, as when the last answer was lost. */
async function recognise(
  { home, port, authorityKey, passwords, output }: Making,
  { lifeCycle, meterId }: MeterStatus,
  expected: Uint8Array | undefined,
  authorityUrl: string,
): Promise<void> {
  const name = formatMeterId(meterId);
  const isAlive = lifeCycle === 'made' || lifeCycle === 'registered';
  if (!isAlive || expected === undefined || !equalBytes(expected, meterId))
    throw new Failure(
      'meterMade',
      `The device at this port is ${name} already (${lifeCycle}).`,
      'Connect a blank device, or name the --home of this meter.',
    );
  using officer = await openKeyFile(home.keyFile('cryptoOfficer'), passwords.cryptoOfficer);
  const trust = { authorityKey, meterId };
  await using meter = await openMeter(port, { identity: officer, role: 'cryptoOfficer', trust });
  home.remember({ port, authority: authorityUrl });
  await forgetBornKeys(home);
  tellMade(output, name, await meter.certificates());
}

function tellMade(
  output: Output,
  meter: string,
  { device, indicium }: ResponseOf<'certificates'>,
): void {
  output.say(
    'made',
    { meter, device, indicium },
    `meter ${meter} is made: both keys are certified\nnext: tessera meter register`,
  );
}

/** Before anything happens in the device, the host's key is safe in its file; a file of an earlier call is used again. */
async function hostKey(
  { home, authorityKey, passwords }: Making,
  role: Role,
  meterId: Uint8Array,
): Promise<KeyPair & Disposable> {
  const path = home.keyFile(role);
  if (existsSync(path)) return await openKeyFile(path, passwords[role]);
  home.prepare();
  const pair = nodeCrypto.generateKeyPair();
  await createKeyFile(path, { ...pair, role, meterId, authorityKey }, passwords[role]);
  return { ...pair, [Symbol.dispose]: () => wipe(pair.privateKey) };
}
