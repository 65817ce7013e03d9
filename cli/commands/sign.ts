/** `tessera sign` and `tessera verify-signature`: CMS signatures of files (requirements.md D6; docs/security-services.md). */

import type { Command } from 'commander';
import { type ReadSignedData, readSignedData } from '#driver/evidence/cms/signed-data';
import {
  judgeSignature,
  type SignatureQuestion,
  signDetached,
  verifyInMeter,
} from '#driver/evidence/sign';
import { knownCertificates, listsOf, readFileNamed, trustedRoots } from '../certificate-files.ts';
import { underWay } from '../evidence-file.ts';
import { Failure } from '../failure.ts';
import { type Home, openHome } from '../home.ts';
import { interrupted } from '../interrupt.ts';
import { type AccessOptions, loggedIn } from '../meter-access.ts';
import {
  keysFor,
  type MeterKeyOptions,
  several,
  withMeter,
  withMeterKey,
  writePaid,
} from '../meter-keys.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';
import { digestOfFile } from './postmark/token-file.ts';

interface SignOptions extends MeterKeyOptions {
  readonly out?: string;
}

interface VerifyOptions extends AccessOptions {
  readonly signature?: string;
  readonly root?: string;
  readonly certificate?: readonly string[];
  readonly crl?: readonly string[];
  readonly inMeter?: boolean;
}

const homeOf = (command: Command): Home => openHome(command.optsWithGlobals()['home']);

export function addSign(program: Command, run: Run): void {
  withMeterKey(program.command('sign'))
    .summary('sign a file by a key of the meter; it is charged')
    .description(
      'The signature is a CMS message apart from the file, as openssl cms -verify takes it.',
    )
    .argument('<file>', 'what is signed')
    .option('--out <file>', 'the signature (default: the file with .p7s behind its name)')
    .action((file: string, options: SignOptions, command: Command) =>
      run((output) => sign(file, options, homeOf(command), output)),
    );
}

export function addVerifySignature(program: Command, run: Run): void {
  withMeter(program.command('verify-signature'))
    .summary('is a signature good, and is it of this file')
    .description(
      `Free, in this computer: certificate, digest, signature. With --in-meter the meter judges by its authority's key, and
charges. Exit code 0: valid; 1: not.`,
    )
    .argument('<file>', 'what was signed')
    .option('--signature <file>', 'a .p7s file (default: the file with .p7s)')
    .option('--root <file>', "the authority's root certificate, where it is not known at home")
    .option('--certificate <file>', 'others that may be needed', several)
    .option('--crl <file>', 'revocation lists of today; without them nobody asks', several)
    .option('--in-meter', 'let the meter judge; it is charged')
    .action((file: string, options: VerifyOptions, command: Command) =>
      run((output) => verify(file, options, homeOf(command), output)),
    );
}

async function sign(
  file: string,
  options: SignOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const { certificate = [], out = `${file}.p7s` } = options;
  const certificates = knownCertificates(home, ...certificate);
  const digest = await digestOfFile(file);
  using interrupt = interrupted();
  await using meter = await loggedIn(home, 'user', options);
  const [key] = await keysFor(meter, certificates, 'sign', options, home);
  const { signal } = interrupt;
  const signature = await signDetached(meter, underWay(home, meter), key, digest, { signal });
  await writePaid(out, signature);
  output.say(
    'signed',
    { file: out, key: key.number, digest },
    `signed by key ${key.number}: ${out}`,
  );
  return 0;
}

function signatureIn(path: string): ReadSignedData {
  const data = readSignedData(readFileNamed(path));
  if (data !== undefined) return data;
  throw new Failure(
    'signatureMalformed',
    `${path} holds no signature that can be read.`,
    'Name a CMS message in DER, with one signer on P-256 who signed attributes.',
  );
}

async function verify(
  file: string,
  options: VerifyOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const { signature = `${file}.p7s`, certificate = [], inMeter = false } = options;
  const others = knownCertificates(home, ...certificate);
  const data = signatureIn(signature);
  const digest = await digestOfFile(file);
  const judged = { data, digest, others };
  const verdict = inMeter
    ? await byMeter(judged, options, home)
    : judgeSignature({
        ...judged,
        roots: await trustedRoots(home, options.root, others),
        lists: listsOf(options.crl),
        timeMs: Date.now(),
      });
  const isValid = verdict === 'valid';
  const text = isValid ? 'valid' : `NOT VALID: ${verdict}`;
  output.say('verified', { isValid, verdict, byMeter: inMeter, digest }, text);
  return isValid ? 0 : 1;
}

async function byMeter(
  judged: Pick<SignatureQuestion, 'data' | 'digest' | 'others'>,
  options: VerifyOptions,
  home: Home,
): Promise<string> {
  using interrupt = interrupted();
  await using meter = await loggedIn(home, 'user', options);
  return await verifyInMeter(meter, underWay(home, meter), judged, { signal: interrupt.signal });
}
