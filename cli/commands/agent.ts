/** `tessera agent issue`: a certificate with its private key for somebody else (requirements.md D3; P fig. 3A). */

import { type Command, InvalidArgumentError } from 'commander';
import { type HolderWish, issueToReceiver, issueUnderPassword } from '#driver/evidence/agent';
import type { MeterKey } from '#driver/evidence/meter-key';
import type { HostCertificate } from '#driver/evidence/x509/certificate';
import { wipe } from '#protocol/bytes';
import { addDays, dateOf } from '#protocol/documents/date';
import { keyUsesOf } from '#protocol/documents/user-key';
import { knownCertificates } from '../certificate-files.ts';
import { underWay } from '../evidence-file.ts';
import { UsageError } from '../failure.ts';
import { type Home, openHome } from '../home.ts';
import { interrupted } from '../interrupt.ts';
import { loggedIn } from '../meter-access.ts';
import {
  certificateIn,
  keysFor,
  type MeterKeyOptions,
  usable,
  withMeterKey,
  writePaid,
} from '../meter-keys.ts';
import { oneName } from '../options.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { readSecretFile } from '../secret.ts';

/** What a holder's key may do. */
const holderUses = {
  sign: keyUsesOf('sign'),
  agree: keyUsesOf('agree'),
  authenticate: keyUsesOf('authenticate'),
  signAndAuthenticate: keyUsesOf('sign', 'authenticate'),
} as const;
type HolderUse = keyof typeof holderUses;
const useNames = Object.keys(holderUses) as readonly HolderUse[];

interface IssueOptions extends MeterKeyOptions {
  readonly name: string;
  readonly use: HolderUse;
  readonly days: number;
  readonly receiver?: string;
  readonly keyPasswordFile?: string;
  readonly out: string;
}

function dayCount(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days < 1) throw new InvalidArgumentError('A certificate is valid for 1 to 9999 days.');
  return days;
}

export function addAgent(program: Command, run: Run): void {
  const agent = program
    .command('agent')
    .description("certificates for others, under the certificate of the meter's own agent key");
  withMeterKey(agent.command('issue'))
    .summary('make a key pair and a certificate for somebody; it is charged')
    .description(
      `The private key leaves the meter encrypted only: to the certificate of a receiver (FILE.key.p7m), or under a password
(FILE.key.pem and FILE.p12 with the certificates above). The certificate is FILE.pem. After an interruption, call it
again the same way: it is charged once.`,
    )
    .requiredOption('--name <text>', 'common name of the holder')
    .option('--use <use>', useNames.join(', '), oneName(useNames), 'sign')
    .option('--days <count>', 'from today', dayCount, 365)
    .option('--receiver <file>', 'certificate to whose key the private key is encrypted')
    .option('--key-password-file <file>', 'password under which it is encrypted instead')
    .requiredOption('--out <file>', 'the files without their endings')
    .action((options: IssueOptions, command: Command) =>
      run((output) => issue(options, openHome(command.optsWithGlobals()['home']), output)),
    );
}

async function issue(options: IssueOptions, home: Home, output: Output): Promise<number> {
  const { certificate = [], receiver, keyPasswordFile, out } = options;
  if ((receiver === undefined) === (keyPasswordFile === undefined))
    throw new UsageError('Say who gets the private key: --receiver or --key-password-file.');
  const certificates = knownCertificates(home, ...certificate);
  const today = dateOf(Date.now());
  const wish: HolderWish = {
    uses: holderUses[options.use],
    commonName: new TextEncoder().encode(options.name),
    validFrom: today,
    validTo: addDays(today, options.days),
  };
  using interrupt = interrupted();
  await using meter = await loggedIn(home, 'user', options);
  const [agent] = await keysFor(meter, certificates, 'issue', options, home);
  const { signal } = interrupt;
  const files: string[] = [];
  const leave = async (ending: string, content: Uint8Array): Promise<void> => {
    await writePaid(`${out}${ending}`, content);
    files.push(`${out}${ending}`);
  };
  if (receiver !== undefined) {
    const reader = certificateIn(receiver);
    const issued = usable(
      await issueToReceiver(meter, underWay(home, meter), agent, wish, reader, { signal }),
      receiver,
    );
    await leave('.pem', pem('CERTIFICATE', issued.certificate));
    await leave('.key.p7m', issued.message);
  } else if (keyPasswordFile !== undefined) {
    const password = readSecretFile(keyPasswordFile, 'password of the key');
    const above = chainOf(agent, certificates);
    try {
      const note = underWay(home, meter);
      const issued = await issueUnderPassword(meter, note, agent, wish, password, above, {
        signal,
      });
      await leave('.pem', pem('CERTIFICATE', issued.certificate));
      await leave('.key.pem', pem('ENCRYPTED PRIVATE KEY', issued.key));
      await leave('.p12', issued.bundle);
    } finally {
      wipe(password);
    }
  }
  const figures = { files, agent: agent.number, validTo: wish.validTo };
  output.say('issued', figures, `issued by key ${agent.number}:\n${files.join('\n')}`);
  return 0;
}

/** The certificate of the agent, and those of authorities that are known. */
const chainOf = (
  { certificate }: MeterKey,
  known: readonly HostCertificate[],
): readonly Uint8Array[] => [
  certificate.der,
  ...known.flatMap(({ der, isAuthority }) =>
    isAuthority && !Buffer.from(der).equals(certificate.der) ? [der] : [],
  ),
];

function pem(label: string, der: Uint8Array): Uint8Array {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return Buffer.from(`-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`);
}
