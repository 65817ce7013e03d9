/** `tessera certificate …`: certificates of keys in the meter, from the request to the revocation (requirements.md B8, D4, D5). */

import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { pemOf } from '#authority/x509/pem';
import { openCalls } from '#driver/certificates/calls';
import {
  awaitDecision,
  installCertificate,
  requestCertificate,
} from '#driver/certificates/request';
import { bringRevocations, revokeCertificate } from '#driver/certificates/revocation';
import type { RequestStanding } from '#driver/contact/offices';
import {
  type KeyUses,
  type RevocationReason,
  revocationReasons,
} from '#protocol/documents/user-key';
import { keepCertificates, keepGrant } from '../certificate-files.ts';
import { revokedText } from '../contact-text.ts';
import { Failure } from '../failure.ts';
import { type Home, needed, openHome } from '../home.ts';
import { interrupted } from '../interrupt.ts';
import { keyUses, usesText } from '../key-use-text.ts';
import { type AccessOptions, loggedIn } from '../meter-access.ts';
import { keyNumber, oneName } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { type AuthorityClient, authorityAt, fileAt } from '../servers.ts';

interface OfficeOptions {
  readonly authority?: string;
}
interface MeterOptions extends AccessOptions, OfficeOptions {}
interface KeyOptions {
  readonly key: number;
}
interface RequestOptions extends MeterOptions {
  readonly use: KeyUses;
  readonly organization: string;
  readonly name: string;
  readonly csr?: string;
  readonly wait?: boolean;
}
interface InstallOptions extends MeterOptions, KeyOptions {
  readonly out?: string;
  readonly root?: string;
  readonly grant?: string;
}
interface RevokeOptions extends MeterOptions, KeyOptions {
  readonly reason: RevocationReason;
}

export function addCertificate(program: Command, run: Run): void {
  const certificate = program
    .command('certificate')
    .description('certificates of keys in the meter: request, install, revoke');
  const act = <Options extends object>(
    command: Command,
    action: (options: Options, home: Home, output: Output) => Promise<number>,
  ): Command =>
    command.action((options: Options, self: Command) =>
      run((output) => action(options, openHome(self.optsWithGlobals()['home']), output)),
    );
  act(
    atMeter(certificate.command('request'), 'officer')
      .summary('let a key be born in the meter, and ask for its certificate')
      .description(
        `The key never leaves the meter. Nothing is charged before the certificate is installed. Called again with the same
use and name, it goes on with the key that waits.`,
      )
      .requiredOption(
        '--use <use>',
        'what for: timeStamp, sign, agree, authenticate, issue, pay',
        keyUses,
      )
      .requiredOption('--name <name>', 'common name of the holder')
      .option('--organization <name>', 'that the holder belongs to', '')
      .option('--csr <file>', 'keep the PKCS#10 request, PEM')
      .option('--wait', 'until the authority has decided'),
    request,
  );
  act(withAuthority(withKey(certificate.command('state'))).summary('how far a request is'), state);
  act(
    withKey(atMeter(certificate.command('install'), 'officer'))
      .summary('fetch the certificate and make the key usable, which is charged')
      .option('--out <file>', 'the certificate, PEM; it is kept at home as well')
      .option('--root <file>', 'the certificate of the authority, PEM; so is this')
      .option('--grant <file>', 'what the authority granted, for gates; so is this'),
    install,
  );
  act(atMeter(certificate.command('list'), 'user').summary('the keys that the meter holds'), list);
  act(
    withKey(atMeter(certificate.command('revoke'), 'user'))
      .summary('destroy a key and revoke its certificate')
      .description(
        `The certificate is on the list of the authority at once, and the key is destroyed, whether it can be paid for or not.
After an interruption, call it again, or tessera meter sync.`,
      )
      .requiredOption(
        '--reason <reason>',
        revocationReasons.join(', '),
        oneName(revocationReasons),
      ),
    revoke,
  );
  act(
    withAuthority(certificate.command('root'))
      .summary('the certificate of the authority')
      .requiredOption('--out <file>', 'PEM'),
    keepFile('/root.pem'),
  );
  act(
    withAuthority(certificate.command('crl'))
      .summary('the revocation list of the authority')
      .requiredOption('--out <file>', 'DER'),
    keepFile('/crl'),
  );
}

const withAuthority = (command: Command): Command =>
  command.option('--authority <url>', 'the authority: http://127.0.0.1:PORT');

const withKey = (command: Command): Command =>
  command.requiredOption('--key <number>', 'of the key in the meter', keyNumber);

const passwords = {
  user: 'else $TESSERA_USER_PASSWORD, else asked for',
  officer: 'of the officer; else $TESSERA_OFFICER_PASSWORD, else asked for',
} as const;

const atMeter = (command: Command, who: keyof typeof passwords): Command =>
  withAuthority(command)
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', passwords[who]);

const urlOf = (home: Home, { authority }: OfficeOptions): string =>
  needed(authority, home.settings.authority, '--authority');
const officeOf = (home: Home, options: OfficeOptions): AuthorityClient =>
  authorityAt(urlOf(home, options));

async function request(options: RequestOptions, home: Home, output: Output): Promise<number> {
  const office = officeOf(home, options);
  using interrupt = interrupted();
  const { signal } = interrupt;
  await using meter = await loggedIn(home, 'cryptoOfficer', options);
  const utf8 = new TextEncoder();
  const asked = await requestCertificate(
    meter,
    office,
    {
      uses: options.use,
      organization: utf8.encode(options.organization),
      commonName: utf8.encode(options.name),
    },
    { signal },
  );
  const { meterId, number: key, csr } = asked;
  if (options.csr !== undefined) await writeFile(options.csr, pemOf('CERTIFICATE REQUEST', csr));
  tellStanding(key, asked.standing, output);
  if (options.wait !== true || asked.standing.state !== 'pending') return codeOf(asked.standing);
  const standing = await awaitDecision(office, { meterId, key }, { signal });
  tellStanding(key, standing, output);
  return codeOf(standing);
}

async function state(
  options: KeyOptions & OfficeOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const header = await home.header('user');
  if (header === undefined)
    throw new Failure('missing', `There is no ${home.keyFile('user')}.`, 'Make the meter first.');
  const { key } = options;
  const standing = await officeOf(home, options).keyRequest({ meterId: header.meterId, key });
  tellStanding(key, standing, output);
  return codeOf(standing);
}

const codeOf = (standing: RequestStanding): number => (standing.state === 'refused' ? 1 : 0);

function tellStanding(key: number, standing: RequestStanding, output: Output): void {
  const { number, state: reached, reason } = standing;
  const texts = {
    pending: 'waits for the authority',
    approved: `is approved: run tessera certificate install --key ${key}`,
    refused: `was refused: ${reason}`,
    issued: 'has its certificate',
  } as const;
  output.say(
    'keyRequest',
    { key, number, state: reached, reason },
    `key ${key}, request ${number}, ${texts[reached]}`,
  );
}

async function install(options: InstallOptions, home: Home, output: Output): Promise<number> {
  const office = officeOf(home, options);
  const calls = await openCalls(home.certificateCalls);
  using interrupt = interrupted();
  await using meter = await loggedIn(home, 'cryptoOfficer', options);
  const { key, out: file } = options;
  const { signal } = interrupt;
  const given = await installCertificate(meter, office, calls, key, { signal });
  if (file !== undefined) await writeFile(file, pemOf('CERTIFICATE', given.certificate));
  if (options.root !== undefined) await writeFile(options.root, pemOf('CERTIFICATE', given.root));
  keepCertificates(home, { [`key-${key}.pem`]: given.certificate, 'root.pem': given.root });
  if (options.grant !== undefined) await writeFile(options.grant, given.grant);
  keepGrant(home, key, given.grant);
  const { certificate, isNew } = given;
  output.say(
    'certificateInstalled',
    { key, certificate, isNew, file },
    isNew
      ? `key ${key} has its certificate, and may be used`
      : `key ${key} had its certificate already`,
  );
  return 0;
}

async function list(options: MeterOptions, home: Home, output: Output): Promise<number> {
  await using meter = await loggedIn(home, 'user', options);
  const { keys } = await meter.userKeys();
  const text = new TextDecoder();
  for (const { number, isActive, isImported, uses, validFrom, validTo, ...key } of keys) {
    const organization = text.decode(key.organization);
    const commonName = text.decode(key.commonName);
    const { publicKey, certificateDigest, serial } = key;
    const name = organization === '' ? commonName : `${commonName}, ${organization}`;
    const validity = isActive ? `valid ${validFrom} to ${validTo}` : 'waits for its certificate';
    output.say(
      'userKey',
      {
        key: number,
        isActive,
        isImported,
        uses: usesText(uses),
        organization,
        commonName,
        publicKey,
        certificateDigest,
        serial,
        validFrom,
        validTo,
      },
      `${number}  ${usesText(uses)}  ${name}  ${validity}${isImported ? ', made elsewhere' : ''}`,
    );
  }
  if (keys.length === 0) output.say('noUserKeys', {}, 'the meter holds no key of its user');
  return 0;
}

async function revoke(options: RevokeOptions, home: Home, output: Output): Promise<number> {
  const office = officeOf(home, options);
  const calls = await openCalls(home.certificateCalls);
  using interrupt = interrupted();
  const { signal } = interrupt;
  const { key: number, reason } = options;
  await using meter = await loggedIn(home, 'user', options);
  const { keys } = await meter.userKeys({ signal });
  const isHeld = keys.some((key) => key.number === number);
  const revoked = isHeld
    ? [await revokeCertificate(meter, office, calls, { number, reason }, { signal })]
    : await bringRevocations(meter, office, calls, { signal });
  const mine = revoked.find((each) => each.number === number);
  if (mine === undefined)
    throw new Failure(
      'keyUnknown',
      `The meter holds no key ${number}, and none is to be revoked.`,
      'See tessera certificate list.',
    );
  output.say('keyRevoked', { ...mine }, revokedText(mine));
  return 0;
}

/** @param path of what the authority tells the world */
const keepFile =
  (path: string) =>
  async (
    options: OfficeOptions & { readonly out: string },
    home: Home,
    output: Output,
  ): Promise<number> => {
    const content = await fileAt(urlOf(home, options), path);
    await writeFile(options.out, content);
    output.say('file', { file: options.out, bytes: content.length }, `${options.out} written`);
    return 0;
  };
