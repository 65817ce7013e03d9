/** The keys that a meter has for its user, at the command line: which one is meant, and where its certificate is. */

import type { Command } from 'commander';
import { type MeterKey, meterKeys } from '#driver/evidence/meter-key';
import { derIn } from '#driver/evidence/pem';
import { type HostCertificate, readCertificate } from '#driver/evidence/x509/certificate';
import { writePrivateFile } from '#driver/file';
import type { Meter } from '#driver/meter';
import type { KeyUse } from '#protocol/documents/user-key';
import { certificateFolder, readFileNamed } from './certificate-files.ts';
import { Failure } from './failure.ts';
import type { Home } from './home.ts';
import type { AccessOptions } from './meter-access.ts';
import { keyNumber } from './options.ts';

export interface MeterKeyOptions extends AccessOptions {
  readonly key?: number;
  readonly certificate?: readonly string[];
}

export const several = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** What it takes to come to a key of a meter. */
export function withMeterKey(command: Command): Command {
  return withMeter(
    command
      .option('--key <number>', 'of the key (default: the first one that may)', keyNumber)
      .option('--certificate <file>', 'of the key, with those above it, in PEM or DER', several),
  );
}

export const withMeter = (command: Command): Command =>
  command
    .option('--port <url>', 'the meter: serial:/path, hid:SERIAL or tcp:host:port')
    .option('--password-file <file>', 'else $TESSERA_USER_PASSWORD, else asked for');

/** The keys that may, the first one first. @throws Failure where there is none */
export async function keysFor(
  meter: Meter,
  certificates: readonly HostCertificate[],
  use: KeyUse,
  { key }: Pick<MeterKeyOptions, 'key'>,
  home: Home,
): Promise<readonly [MeterKey, ...MeterKey[]]> {
  const [first, ...others] = await meterKeys(meter, certificates, use, key);
  if (first !== undefined) return [first, ...others];
  throw new Failure(
    'certificateMissing',
    `The meter has no such key to ${use}, or its certificate is not known here.`,
    `Let a key be certified, and put its certificate into ${certificateFolder(home)} or name it with --certificate.`,
  );
}

/** The first certificate of a file. @throws Failure where it has none */
export function certificateIn(path: string): HostCertificate {
  const [first] = derIn(readFileNamed(path), 'CERTIFICATE').flatMap(
    (der) => readCertificate(der) ?? [],
  );
  if (first !== undefined) return first;
  throw new Failure(
    'certificateMissing',
    `${path} holds no certificate that can be read.`,
    'Name a file with an X.509 certificate in PEM or DER.',
  );
}

/** @throws Failure for a certificate whose key is of another curve */
export function usable<T>(made: T | undefined, path: string): T {
  if (made !== undefined) return made;
  throw new Failure(
    'keyUnfit',
    `The certificate in ${path} has a key that is not on P-256.`,
    'Ask the receiver for a certificate with a key on P-256.',
  );
}

/** Leaves what was paid for. @throws Failure with all of it where the file cannot be written */
export async function writePaid(path: string, content: Uint8Array): Promise<void> {
  try {
    await writePrivateFile(path, content, 'replace');
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(
      'notWritten',
      message,
      `It is paid; here it is in hexadecimal: ${Buffer.from(content).toString('hex')}`,
    );
  }
}
