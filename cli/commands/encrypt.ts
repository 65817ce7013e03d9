/** `tessera encrypt` and `tessera decrypt`: CMS messages to a certificate (requirements.md D6; docs/security-services.md). */

import type { Command } from 'commander';
import { type Envelope, readEnvelope } from '#driver/evidence/cms/enveloped-data';
import { decryptBy, encryptTo, keyForEnvelope } from '#driver/evidence/encrypt';
import { knownCertificates, readFileNamed } from '../certificate-files.ts';
import { underWay } from '../evidence-file.ts';
import { Failure } from '../failure.ts';
import { type Home, openHome } from '../home.ts';
import { interrupted } from '../interrupt.ts';
import { type AccessOptions, loggedIn } from '../meter-access.ts';
import {
  certificateIn,
  keysFor,
  type MeterKeyOptions,
  usable,
  withMeter,
  withMeterKey,
  writePaid,
} from '../meter-keys.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

interface EncryptOptions extends AccessOptions {
  readonly to: string;
  readonly out?: string;
}

interface DecryptOptions extends MeterKeyOptions {
  readonly out: string;
}

const homeOf = (command: Command): Home => openHome(command.optsWithGlobals()['home']);

export function addEncrypt(program: Command, run: Run): void {
  withMeter(program.command('encrypt'))
    .summary('encrypt a file to a certificate; it is charged')
    .description('The meter makes the key; the message is one that openssl cms -decrypt opens.')
    .argument('<file>', 'what is encrypted')
    .requiredOption('--to <file>', 'certificate of the receiver, in PEM or DER')
    .option('--out <file>', 'the message (default: the file with .p7m behind its name)')
    .action((file: string, options: EncryptOptions, command: Command) =>
      run((output) => encrypt(file, options, homeOf(command), output)),
    );
}

export function addDecrypt(program: Command, run: Run): void {
  withMeterKey(program.command('decrypt'))
    .summary('open a message by a key of the meter; it is charged')
    .description(
      'Takes what openssl cms -encrypt makes with -aes-256-cbc or -aes-256-gcm and -keyopt ecdh_kdf_md:sha256.',
    )
    .argument('<file>', 'a .p7m file')
    .requiredOption('--out <file>', 'where the content goes')
    .action((file: string, options: DecryptOptions, command: Command) =>
      run((output) => decrypt(file, options, homeOf(command), output)),
    );
}

async function encrypt(
  file: string,
  options: EncryptOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const { to, out = `${file}.p7m` } = options;
  const receiver = certificateIn(to);
  const content = readFileNamed(file);
  using interrupt = interrupted();
  await using meter = await loggedIn(home, 'user', options);
  const { signal } = interrupt;
  const message = usable(
    await encryptTo(meter, underWay(home, meter), receiver, content, { signal }),
    to,
  );
  await writePaid(out, message);
  output.say('encrypted', { file: out, size: content.length }, `encrypted: ${out}`);
  return 0;
}

function envelopeIn(path: string): Envelope {
  const envelope = readEnvelope(readFileNamed(path));
  if (envelope !== undefined) return envelope;
  throw new Failure(
    'messageMalformed',
    `${path} holds no message that can be read.`,
    'Name a CMS message in DER that is encrypted by AES.',
  );
}

async function decrypt(
  file: string,
  options: DecryptOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const { certificate = [], out } = options;
  const certificates = knownCertificates(home, ...certificate);
  const envelope = envelopeIn(file);
  using interrupt = interrupted();
  await using meter = await loggedIn(home, 'user', options);
  const keys = await keysFor(meter, certificates, 'agree', options, home);
  const key = keyForEnvelope(envelope, keys);
  if (key === undefined)
    throw new Failure(
      'notForThisMeter',
      envelope.otherRecipients > 0
        ? 'The message is for another certificate, or its key is wrapped in a way that no meter opens.'
        : 'The message is for no certificate of this meter.',
      'Have it encrypted to the certificate of a key of this meter, with the KDF of SHA-256 and AES-256 key wrap.',
    );
  const { signal } = interrupt;
  const content = await decryptBy(meter, underWay(home, meter), key, envelope, { signal });
  if (content === undefined)
    throw new Failure(
      'contentChanged',
      'The key opens and the content does not: the message was changed.',
      'Ask the sender for it again; this try is paid.',
    );
  await writePaid(out, content);
  const figures = { file: out, key: key.number, size: content.length };
  output.say('decrypted', figures, `${content.length} bytes: ${out}`);
  return 0;
}
