/** The certificates that the command line knows: those of the files that are named, and those kept at home. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pemOf } from '#authority/x509/pem';
import { sha256 } from '#driver/evidence/digest';
import { derIn } from '#driver/evidence/pem';
import {
  type HostCertificate,
  publicPoint,
  readCertificate,
} from '#driver/evidence/x509/certificate';
import { type RevocationList, readRevocationList } from '#driver/evidence/x509/revocation-list';
import { equalBytes } from '#protocol/bytes';
import { authorityKeyDocument } from '#protocol/documents/authority-key';
import { keyGrantDocument } from '#protocol/documents/user-key';
import { Failure } from './failure.ts';
import type { Home } from './home.ts';

const ENDINGS = ['.pem', '.crt', '.cer', '.der'] as const;

/** Where the certificates of a meter's keys are kept. */
export const certificateFolder = (home: Home): string => join(home.path, 'certificates');

export function readFileNamed(path: string): Uint8Array {
  try {
    return Uint8Array.from(readFileSync(path));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('fileMissing', message, 'Name a file that can be read.');
  }
}

/** Certificates of a file that was named. @throws Failure where it has none */
function certificatesIn(path: string): readonly HostCertificate[] {
  const found = derIn(readFileNamed(path), 'CERTIFICATE').flatMap(
    (der) => readCertificate(der) ?? [],
  );
  if (found.length > 0) return found;
  throw new Failure(
    'certificateMissing',
    `${path} holds no certificate that can be read.`,
    'Name a file with X.509 certificates in PEM or DER.',
  );
}

/** Keeps certificates at home, under their names; the root of another key under a name of its own. */
export function keepCertificates(home: Home, ders: Readonly<Record<string, Uint8Array>>): void {
  const folder = certificateFolder(home);
  mkdirSync(folder, { recursive: true });
  for (const [name, der] of Object.entries(ders)) {
    const id = Buffer.from(sha256(der)).toString('hex', 0, 4);
    writeFileSync(join(folder, name.replace('.', `-${id}.`)), pemOf('CERTIFICATE', der));
  }
}

/** Keeps what the authority granted to a key, which proves to others what the key is for. */
export function keepGrant(home: Home, key: number, grant: Uint8Array): void {
  const folder = certificateFolder(home);
  mkdirSync(folder, { recursive: true });
  const id = Buffer.from(sha256(grant)).toString('hex', 0, 4);
  writeFileSync(join(folder, `key-${key}-${id}.grant`), grant);
}

/** The grant of a key among those kept at home; undefined where none is of this one. */
export function keptGrant(home: Home, publicKey: Uint8Array): Uint8Array | undefined {
  const folder = certificateFolder(home);
  const kept = existsSync(folder) ? readdirSync(folder) : [];
  return kept
    .filter((name) => name.endsWith('.grant'))
    .map((name) => readFileNamed(join(folder, name)))
    .find((bytes) => {
      const grant = keyGrantDocument.read(bytes);
      return grant.ok && equalBytes(grant.value.publicKey, publicKey);
    });
}

/** Of the files, and of the folder at home; what cannot be read there is no certificate. */
export function knownCertificates(home: Home, ...files: readonly string[]): HostCertificate[] {
  const folder = certificateFolder(home);
  const kept = existsSync(folder) ? readdirSync(folder) : [];
  return [
    ...files.flatMap(certificatesIn),
    ...kept
      .filter((name) => ENDINGS.some((ending) => name.endsWith(ending)))
      .flatMap((name) => derIn(readFileNamed(join(folder, name)), 'CERTIFICATE'))
      .flatMap((der) => readCertificate(der) ?? []),
  ];
}

/**
 * The certificates that are trusted: of a file, or those among the known ones that are of a key of the authority which this
 * home knows.
 */
export async function trustedRoots(
  home: Home,
  file: string | undefined,
  known: readonly HostCertificate[],
): Promise<readonly HostCertificate[]> {
  if (file !== undefined) return certificatesIn(file);
  const keys = await authorityKeysOf(home);
  const roots = known.filter((certificate) => {
    const point = publicPoint(certificate);
    return point !== undefined && keys.some((key) => equalBytes(key, point));
  });
  if (roots.length > 0) return roots;
  throw new Failure(
    'rootMissing',
    'No certificate of the authority is known here.',
    `Name the file of its root with --root, or put it into ${certificateFolder(home)}.`,
  );
}

async function authorityKeysOf(home: Home): Promise<readonly Uint8Array[]> {
  const header = await home.header('user');
  if (header === undefined) return [];
  const later = home.authorityKeys().flatMap((certificate) => {
    const read = authorityKeyDocument.read(certificate);
    return read.ok ? [read.value.publicKey] : [];
  });
  return [header.authorityKey, ...later];
}

/** Revocation lists of files; undefined where none is named. */
export function listsOf(
  files: readonly string[] | undefined,
): readonly RevocationList[] | undefined {
  return files?.map((path) => {
    const [list] = derIn(readFileNamed(path), 'X509 CRL').flatMap(
      (der) => readRevocationList(der) ?? [],
    );
    if (list !== undefined) return list;
    throw new Failure(
      'listMissing',
      `${path} holds no revocation list that can be read.`,
      'Name a file with a CRL in PEM or DER.',
    );
  });
}
