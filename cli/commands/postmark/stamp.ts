/** `tessera postmark stamp`: the meter signs digest, time and number, and the token is left as a file (P fig. 3). */

import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Settled } from '#driver/charged';
import { encodeGranted } from '#driver/evidence/postmark/exchange';
import { findStampKey, ownTimeStamp, type StampKey, stamp } from '#driver/evidence/postmark/stamp';
import { encodeTimeStampToken, type TimeStamp } from '#driver/evidence/postmark/time-stamp';
import type { HostCertificate } from '#driver/evidence/x509/certificate';
import { writePrivateFile } from '#driver/file';
import type { Meter } from '#driver/meter';
import { certificateFolder, knownCertificates } from '../../certificate-files.ts';
import { underWay } from '../../evidence-file.ts';
import { Failure } from '../../failure.ts';
import type { Home } from '../../home.ts';
import { interrupted } from '../../interrupt.ts';
import { type AccessOptions, loggedIn } from '../../meter-access.ts';
import type { Output } from '../../output.ts';
import { stampFigures, stampText } from './tell.ts';
import { digestOfFile } from './token-file.ts';

export interface KeyOptions extends AccessOptions {
  readonly key?: number;
  readonly certificate?: readonly string[];
}

export interface StampCommandOptions extends KeyOptions {
  readonly out?: string;
  readonly streamed?: boolean;
}

/** The key for postmarks with its certificate. @throws Failure where the meter has none, or its certificate is not known */
export async function stampKeyOf(
  meter: Meter,
  certificates: readonly HostCertificate[],
  { key }: KeyOptions,
  home: Home,
): Promise<StampKey> {
  const found = await findStampKey(meter, certificates, key);
  if (found !== undefined) return found;
  throw new Failure(
    'certificateMissing',
    'The meter has no such key for postmarks, or its certificate is not known here.',
    `Let a key be certified, and put its certificate into ${certificateFolder(home)} or name it with --certificate.`,
  );
}

/** A postmark that was left unfinished is kept beside the journal, since it is paid. */
export async function keepSettled(
  home: Home,
  key: StampKey,
  { service, request, response }: Settled,
  output: Output,
): Promise<void> {
  if (service !== 'postmark' || response === undefined) return;
  const { number } = request as { readonly number: number };
  if (number !== key.number) return;
  const signed = response as Parameters<typeof encodeTimeStampToken>[0];
  const token = encodeTimeStampToken(signed, key.certificate);
  const timeStamp = ownTimeStamp(token);
  const path = join(home.path, `postmark-${Buffer.from(timeStamp.serial).toString('hex')}.tsr`);
  await writePrivateFile(path, encodeGranted(token), 'replace');
  output.say(
    'resumed',
    { ...stampFigures(timeStamp), file: path },
    `an earlier postmark was paid and had not arrived; it is in ${path}`,
  );
}

export async function stampFile(
  file: string,
  options: StampCommandOptions,
  home: Home,
  output: Output,
): Promise<number> {
  const { certificate = [], out = `${file}.tsr`, streamed } = options;
  const certificates = knownCertificates(home, ...certificate);
  // Whether it can be read at all comes before the charge.
  const digest = await digestOfFile(file);
  using interrupt = interrupted();
  await using meter = await loggedIn(home, 'user', options);
  const key = await stampKeyOf(meter, certificates, options, home);
  const content = streamed === true ? { digest, parts: createReadStream(file) } : { digest };
  const settled: Settled[] = [];
  const token = await stamp(meter, underWay(home, meter), key, content, {
    signal: interrupt.signal,
    onSettled: (each) => settled.push(each),
  });
  for (const each of settled) await keepSettled(home, key, each, output);
  await writeToken(out, token);
  const timeStamp: TimeStamp = ownTimeStamp(token);
  output.say(
    'stamped',
    { ...stampFigures(timeStamp), file: out, token },
    `${stampText(timeStamp)}\nin ${out}`,
  );
  return 0;
}

/** As a response, which is what .tsr means to OpenSSL. */
async function writeToken(path: string, token: Uint8Array): Promise<void> {
  try {
    await writePrivateFile(path, encodeGranted(token), 'replace');
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(
      'notWritten',
      message,
      `The postmark is paid; here it is in hexadecimal: ${Buffer.from(token).toString('hex')}`,
    );
  }
}
