/** `tessera authenticate`: prove that a key of the meter is here, and judge such a proof (requirements.md D6). */

import { hexToBytes } from '@noble/hashes/utils.js';
import { type Command, InvalidArgumentError } from 'commander';
import { askOnce } from '#driver/charged';
import { judgeStatement, statementBy } from '#driver/evidence/authenticate';
import { isChallenge } from '#protocol/documents/authentication';
import { formatMeterId } from '#protocol/documents/meter-id';
import { knownCertificates, listsOf, readFileNamed, trustedRoots } from '../certificate-files.ts';
import { underWay } from '../evidence-file.ts';
import { type Home, openHome } from '../home.ts';
import { interrupted } from '../interrupt.ts';
import { loggedIn } from '../meter-access.ts';
import {
  certificateIn,
  keysFor,
  type MeterKeyOptions,
  several,
  withMeterKey,
  writePaid,
} from '../meter-keys.ts';
import type { Output } from '../output.ts';
import type { Run } from '../run.ts';

interface AnswerOptions extends MeterKeyOptions {
  readonly out?: string;
}

interface VerifyOptions {
  readonly challenge: Uint8Array;
  readonly holder: string;
  readonly root?: string;
  readonly certificate?: readonly string[];
  readonly crl?: readonly string[];
}

function challengeBytes(text: string): Uint8Array {
  const bytes = /^(?:[0-9a-f]{2})*$/i.test(text) ? hexToBytes(text) : new Uint8Array(0);
  if (!isChallenge(bytes))
    throw new InvalidArgumentError('A challenge is 16 to 64 bytes in hexadecimal.');
  return bytes;
}

const homeOf = (command: Command): Home => openHome(command.optsWithGlobals()['home']);

export function addAuthenticate(program: Command, run: Run): void {
  const authenticate = program
    .command('authenticate')
    .summary('answer a challenge by a key of the meter, or judge an answer')
    .description(
      'Whoever wants the proof draws a challenge that was never used, as openssl rand -hex 32.',
    );
  addAnswer(authenticate, run);
  addVerify(authenticate, run);
}

function addAnswer(authenticate: Command, run: Run): void {
  withMeterKey(authenticate.command('answer'))
    .summary('sign a challenge with the time and the meter; it is charged')
    .argument('<challenge>', '16 to 64 bytes in hexadecimal', challengeBytes)
    .option('--out <file>', 'the answer (default: it is only told)')
    .action((challenge: Uint8Array, options: AnswerOptions, command: Command) =>
      run((output) => answer(challenge, options, homeOf(command), output)),
    );
}

function addVerify(authenticate: Command, run: Run): void {
  authenticate
    .command('verify')
    .summary('is an answer good; free, in this computer. Exit code 0: valid; 1: not')
    .argument('<file>', 'the answer')
    .requiredOption('--challenge <hex>', 'that was given out', challengeBytes)
    .requiredOption('--holder <file>', 'certificate of whoever should have answered')
    .option('--root <file>', "the authority's root certificate, where it is not known at home")
    .option('--certificate <file>', 'others that may be needed', several)
    .option('--crl <file>', 'revocation lists of today; without them nobody asks', several)
    .action((file: string, options: VerifyOptions, command: Command) =>
      run((output) => verify(file, options, homeOf(command), output)),
    );
}

async function answer(
  challenge: Uint8Array,
  options: AnswerOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const { certificate = [], out } = options;
  const certificates = knownCertificates(home, ...certificate);
  using interrupt = interrupted();
  await using meter = await loggedIn(home, 'user', options);
  const [{ number }] = await keysFor(meter, certificates, 'authenticate', options, home);
  const { signal } = interrupt;
  const wish = { number, challenge };
  const { statement } = await askOnce(meter, underWay(home, meter), 'authenticate', wish, {
    signal,
  });
  if (out !== undefined) await writePaid(out, statement);
  const text = out ?? Buffer.from(statement).toString('hex');
  output.say('answered', { key: number, statement, file: out }, text);
  return 0;
}

async function verify(
  file: string,
  options: VerifyOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const { challenge, root, crl } = options;
  const others = knownCertificates(home, ...(options.certificate ?? []));
  const statement = readFileNamed(file);
  const certificate = certificateIn(options.holder);
  const roots = await trustedRoots(home, root, others);
  const timeMs = Date.now();
  const question = { statement, challenge, certificate, others, roots, lists: listsOf(crl) };
  const verdict = judgeStatement({ ...question, timeMs });
  const isValid = verdict === 'valid';
  const said = statementBy(certificate, statement);
  const figures = said && {
    meter: formatMeterId(said.meterId),
    key: said.number,
    time: new Date(said.timeMs).toISOString(),
  };
  const text = isValid ? `valid: ${figures?.meter} at ${figures?.time}` : `NOT VALID: ${verdict}`;
  output.say('verified', { isValid, verdict, ...figures }, text);
  return isValid ? 0 : 1;
}
