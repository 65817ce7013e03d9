/** Lines of credit for the holder: asked for with a postmark, put into the meter, shown (P fig. 8). */

import { existsSync } from 'node:fs';
import { askOnce } from '#driver/charged';
import { nodeCrypto } from '#driver/node-crypto';
import { equalBytes } from '#protocol/bytes';
import {
  type CreditUse,
  creditCertificateDocument,
  creditUsesOf,
  encodeCreditRequest,
} from '#protocol/documents/credit';
import { formatMills, type Mills } from '#protocol/mills';
import { keptGrant, knownCertificates } from '../../certificate-files.ts';
import { bytesOf, readPapers, underWay, writePapers } from '../../evidence-file.ts';
import { Failure } from '../../failure.ts';
import { type Home, needed } from '../../home.ts';
import { interrupted } from '../../interrupt.ts';
import { type AccessOptions, loggedIn } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import { providerAt } from '../../servers.ts';

export interface RequestOptions extends AccessOptions {
  readonly holder: string;
  readonly amount: Mills;
  readonly use: readonly CreditUse[];
  readonly key: number;
  readonly grant?: string;
  readonly stampKey: number;
  readonly certificate?: string;
  readonly request: string;
  readonly out: string;
  readonly provider?: string;
}

const parts = [
  'request',
  'certificate',
  'tstInfo',
  'signedAttributes',
  'signature',
  'grant',
] as const;

/** A request that was stamped is kept, and sent again: the postmark is paid once. */
export async function requestLine(
  options: RequestOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const url = needed(options.provider, home.settings.provider, '--provider');
  if (!existsSync(options.request)) writePapers(options.request, await stamped(options, home));
  const answer = await providerAt(url).requestCredit(readPapers(options.request, parts));
  const { requestId, state, certificate, issuer } = answer;
  if (certificate !== undefined && issuer !== undefined)
    writePapers(options.out, { credit: certificate, issuer });
  const text = {
    granted: `line ${requestId} is granted, and in ${options.out}`,
    open: `request ${requestId} waits for the operator: call it again later`,
    refused: `request ${requestId} is refused`,
  }[state];
  const file = state === 'granted' ? options.out : undefined;
  output.say('credit', { requestId, state, certificate, file }, text);
  return state === 'refused' ? 1 : 0;
}

async function stamped(options: RequestOptions, home: Home) {
  const { holder, amount, use, key, stampKey, grant, certificate } = options;
  using interrupt = interrupted();
  await using meter = await loggedIn(home, 'user', options);
  const { keys } = await meter.userKeys();
  const keyOf = (wanted: number) => {
    const held = keys.find(({ number }) => number === wanted);
    if (held !== undefined) return held;
    throw new Failure('keyUnknown', `The meter has no key ${wanted}.`, 'See tessera certificate.');
  };
  const held = keyOf(key);
  // what is missing is found out before the postmark is charged
  const proof = grant === undefined ? keptGrant(home, held.publicKey) : bytesOf(grant);
  const digests = keyOf(stampKey).certificateDigest;
  const x509 = certificateOf(home, certificate, digests);
  if (proof === undefined)
    throw new Failure(
      'grantMissing',
      `Nothing that the authority granted to key ${key} is kept here.`,
      `Install its certificate from here, with tessera certificate install --key ${key}, or name the file with --grant.`,
    );
  const { meterId } = await meter.status();
  const request = encodeCreditRequest({
    holder: new TextEncoder().encode(holder),
    meterId,
    keyNumber: key,
    publicKey: held.publicKey,
    amount,
    uses: creditUsesOf(...use),
  });
  const digest = nodeCrypto.sha256(request);
  const wish = { number: stampKey, isStreamed: false, digest, nonce: new Uint8Array(0) };
  const { signal } = interrupt;
  const stamp = await askOnce(meter, underWay(home, meter), 'postmark', wish, { signal });
  return { request, certificate: x509, ...stamp, grant: proof };
}

/** The X.509 certificate of the key that stamps: of a file, or the one kept at home. */
function certificateOf(home: Home, file: string | undefined, digest: Uint8Array): Uint8Array {
  const known = knownCertificates(home, ...(file === undefined ? [] : [file]));
  const found = known.find(({ der }) => equalBytes(nodeCrypto.sha256(der), digest));
  if (found !== undefined) return found.der;
  throw new Failure(
    'certificateMissing',
    `The certificate of the key that stamps is not ${file === undefined ? 'kept here' : `in ${file}`}.`,
    'Name its file with --certificate, or install it from here: tessera certificate install.',
  );
}

export type InstallOptions = AccessOptions;

export async function installLine(
  file: string,
  options: InstallOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const papers = readPapers(file, ['credit', 'issuer']);
  using interrupt = interrupted();
  await using meter = await loggedIn(home, 'user', options);
  const wish = { certificate: papers.credit, issuer: papers.issuer };
  const { signal } = interrupt;
  const { payment } = await askOnce(meter, underWay(home, meter), 'installCredit', wish, {
    signal,
    keep: (installed) => writePapers(file, { ...papers, payment: installed.payment }),
  });
  output.say('installed', { payment }, 'the meter holds the line, with all of it left');
  return 0;
}

export async function showLines(
  options: AccessOptions,
  home: Home,
  output: Output,
): Promise<number> {
  await using meter = await loggedIn(home, 'user', options);
  const { lines } = await meter.credits();
  for (const { certificate, rest, payments } of lines) {
    const read = creditCertificateDocument.read(certificate);
    if (!read.ok) throw new Error('the meter gave something that is no line of credit');
    const { serial, amount, validFrom, validTo, uses } = read.value;
    const purposes = Object.entries(uses)
      .filter(([, isFor]) => isFor)
      .map(([name]) => name);
    output.say(
      'line',
      {
        serial,
        amountMills: amount,
        restMills: rest,
        payments,
        validFrom,
        validTo,
        uses: purposes,
      },
      `line ${serial}: ${formatMills(rest)} of ${formatMills(amount)} left after ${payments} payments, valid from ${validFrom} to ${validTo} for ${purposes.join(', ')}`,
    );
  }
  if (lines.length === 0) output.say('lines', { count: 0 }, 'the meter holds no line of credit');
  return 0;
}
