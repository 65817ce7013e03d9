/**
 * X.509 certificates as the host reads them (requirements.md D7; RFC 5280 4): what a path is judged by. The parts are
 * taken apart by pkijs; extensions are read here, because pkijs lets malformed ones pass.
 */

import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { Certificate } from 'pkijs';
import { demand, type Reader, readDer, readerOf, tags } from '#protocol/der';
import { compressedPoint } from '#protocol/point';
import { plainBytes } from '../plain-bytes.ts';
import {
  type Constraints,
  noConstraints,
  readConstraints,
  readGeneralNames,
} from './general-names.ts';
import { type Name, readName } from './name.ts';

/** Bits of KeyUsage, the first one first. */
export const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
] as const;
export type KeyUsage = (typeof keyUsages)[number];

export interface RawExtension {
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

/** Something signed by an issuer: a certificate or a revocation list. */
export interface Signed {
  readonly signed: Uint8Array;
  /** Of the signature, as it stands inside and outside. */
  readonly algorithm: string;
  readonly signature: Uint8Array;
  readonly issuer: Name;
}

export interface HostCertificate extends Signed {
  readonly der: Uint8Array;
  readonly subject: Name;
  /** Content of the INTEGER. */
  readonly serial: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array;
  /** By object identifier. */
  readonly extensions: ReadonlyMap<string, RawExtension>;
  readonly isAuthority: boolean;
  readonly pathLength: number | undefined;
  /** Undefined where the key may do anything. */
  readonly keyUsage: ReadonlySet<KeyUsage> | undefined;
  /** Object identifiers; undefined where it serves every purpose. */
  readonly purposes: readonly string[] | undefined;
  readonly constraints: Constraints;
  readonly names: ReturnType<typeof readGeneralNames>;
}

export const extensionIds = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  distributionPoints: '2.5.29.31',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** A certificate of DER; undefined where it is none, or one of its extensions is not what it should be. */
export function readCertificate(der: Uint8Array): HostCertificate | undefined {
  const parsed = parse(() => Certificate.fromBER(plainBytes(der)));
  if (parsed === undefined) return undefined;
  const extensions = extensionsOf(parsed.extensions);
  const issuer = nameOf(parsed.issuer.valueBeforeDecode);
  const subject = nameOf(parsed.subject.valueBeforeDecode);
  if (extensions === undefined || issuer === undefined || subject === undefined) return undefined;
  if (parsed.signature.algorithmId !== parsed.signatureAlgorithm.algorithmId) return undefined;
  const known = readKnown(extensions);
  // An extension needs version 3 (RFC 5280 4.1.2.1).
  if (known === undefined || (extensions.size > 0 && parsed.version !== 2)) return undefined;
  return {
    der,
    signed: plainBytes(parsed.tbsView),
    algorithm: parsed.signatureAlgorithm.algorithmId,
    signature: plainBytes(parsed.signatureValue.valueBlock.valueHexView),
    issuer,
    subject,
    serial: plainBytes(parsed.serialNumber.valueBlock.valueHexView),
    notBeforeMs: parsed.notBefore.value.getTime(),
    notAfterMs: parsed.notAfter.value.getTime(),
    publicKeyInfo: new Uint8Array(parsed.subjectPublicKeyInfo.toSchema().toBER()),
    extensions,
    ...known,
  };
}

/** What pkijs and OpenSSL read; undefined where they throw, which is how both say that something is not in its form. */
export function parse<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export function nameOf(der: ArrayBuffer): Name | undefined {
  return readDer(new Uint8Array(der), (reader) => readName(reader.next(tags.sequence).content));
}

interface ParsedExtension {
  readonly extnID: string;
  readonly critical: boolean;
  readonly extnValue: { readonly valueBlock: { readonly valueHexView: Uint8Array } };
}

/** Undefined where one is there twice (RFC 5280 4.2). */
export function extensionsOf(
  list: readonly ParsedExtension[] = [],
): ReadonlyMap<string, RawExtension> | undefined {
  const found = new Map<string, RawExtension>();
  for (const { extnID, critical, extnValue } of list) {
    if (found.has(extnID)) return undefined;
    const value = plainBytes(extnValue.valueBlock.valueHexView);
    found.set(extnID, { isCritical: critical, value });
  }
  return found;
}

type Known = Pick<
  HostCertificate,
  'isAuthority' | 'pathLength' | 'keyUsage' | 'purposes' | 'constraints' | 'names'
>;

function readKnown(extensions: ReadonlyMap<string, RawExtension>): Known | undefined {
  const read = <T>(id: string, reading: (reader: Reader) => T, absent: T): T | undefined => {
    const extension = extensions.get(id);
    return extension === undefined ? absent : readDer(extension.value, reading);
  };
  const basic = read(extensionIds.basicConstraints, readBasic, { isAuthority: false });
  const keyUsage = read<ReadonlySet<KeyUsage> | 'any'>(extensionIds.keyUsage, readKeyUsage, 'any');
  const purposes = read<readonly string[] | 'any'>(
    extensionIds.extendedKeyUsage,
    readPurposes,
    'any',
  );
  const constraints = read(extensionIds.nameConstraints, readConstraints, noConstraints);
  const names = read(extensionIds.subjectAltName, readAltNames, []);
  if (basic === undefined || keyUsage === undefined || purposes === undefined) return undefined;
  if (constraints === undefined || names === undefined) return undefined;
  return {
    isAuthority: basic.isAuthority,
    pathLength: basic.pathLength,
    keyUsage: keyUsage === 'any' ? undefined : keyUsage,
    purposes: purposes === 'any' ? undefined : purposes,
    constraints,
    names,
  };
}

interface Basic {
  readonly isAuthority: boolean;
  readonly pathLength?: number | undefined;
}

function readBasic(reader: Reader): Basic {
  const inner = readerOf(reader.next(tags.sequence).content);
  const flag = inner.optional(tags.boolean);
  const length = inner.optional(tags.integer);
  inner.end();
  const isAuthority = flag !== undefined && flag.content[0] !== 0;
  if (length === undefined) return { isAuthority };
  const [size = 0x80] = length.content;
  demand(length.content.length === 1 && size < 0x80 && isAuthority);
  return { isAuthority, pathLength: size };
}

function readKeyUsage(reader: Reader): ReadonlySet<KeyUsage> {
  const { content } = reader.next(tags.bitString);
  const bits = content[1] ?? 0;
  return new Set(keyUsages.filter((_, at) => (bits & (0x80 >> at)) !== 0));
}

function readPurposes(reader: Reader): readonly string[] {
  const inner = readerOf(reader.next(tags.sequence).content);
  const purposes: string[] = [];
  while (!inner.isAtEnd) purposes.push(dotted(inner.next(tags.oid).content));
  demand(purposes.length > 0);
  return purposes;
}

function readAltNames(reader: Reader): ReturnType<typeof readGeneralNames> {
  const names = readGeneralNames(reader.next(tags.sequence).content);
  demand(names.length > 0);
  return names;
}

/** An object identifier in its usual form. */
export function dotted(content: Uint8Array): string {
  const numbers: bigint[] = [];
  let value = 0n;
  for (const byte of content) {
    value = (value << 7n) | BigInt(byte & 0x7f);
    if (byte < 0x80) {
      numbers.push(value);
      value = 0n;
    }
  }
  const [first = 0n, ...rest] = numbers;
  const arc = first < 40n ? 0n : first < 80n ? 1n : 2n;
  return [arc, first - 40n * arc, ...rest].join('.');
}

/** Signatures that are taken. No SHA-1, no DSA. */
const hashes: Readonly<Record<string, string>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
};
const CURVES: readonly (string | undefined)[] = ['prime256v1', 'secp384r1', 'secp521r1'];
const RSA_BITS_MIN = 2048;

/** The key of a certificate; undefined where it is of a kind or size that is not taken. */
export function publicKeyOf({ publicKeyInfo }: HostCertificate): KeyObject | undefined {
  const key = parse(() =>
    createPublicKey({ key: Buffer.from(publicKeyInfo), format: 'der', type: 'spki' }),
  );
  const { namedCurve, modulusLength = 0 } = key?.asymmetricKeyDetails ?? {};
  if (key?.asymmetricKeyType === 'ec') return CURVES.includes(namedCurve) ? key : undefined;
  return key?.asymmetricKeyType === 'rsa' && modulusLength >= RSA_BITS_MIN ? key : undefined;
}

/** The key of a certificate as a point on P-256, 33 bytes; undefined where it is of another kind. */
export function publicPoint(certificate: HostCertificate): Uint8Array | undefined {
  const { x, y } = publicKeyOf(certificate)?.export({ format: 'jwk' }) ?? {};
  if (x === undefined || y === undefined) return undefined;
  const parts = [x, y].map((part) => Buffer.from(part, 'base64url'));
  return compressedPoint(plainBytes(Buffer.concat([Buffer.of(4), ...parts])));
}

/** Whether something is signed by the key of a certificate. */
export function isSignedBy(
  { algorithm, signed, signature }: Omit<Signed, 'issuer'>,
  issuer: HostCertificate,
): boolean {
  const hash = hashes[algorithm];
  const key = publicKeyOf(issuer);
  if (hash === undefined || key === undefined) return false;
  const isEc = algorithm.startsWith('1.2.840.10045.');
  if (isEc !== (key.asymmetricKeyType === 'ec')) return false;
  return verify(hash, signed, key, signature);
}
