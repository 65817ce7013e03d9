/**
 * What of X.509 and PKCS#10 the meter writes, and what it judges certificates by (requirements.md D2, D4, D6, D7; RFC 5280,
 * RFC 2986): P-256 and SHA-256 alone.
 */

import { joinBytes } from './bytes.ts';
import { type Crypto, SIGNATURE_SIZE } from './crypto.ts';
import {
  bitString,
  certificateTime,
  contextTag,
  demand,
  element,
  isOid,
  isTrue,
  octetString,
  oids,
  type Read,
  type Reader,
  readDer,
  readerOf,
  sequence,
  setOf,
  tags,
  unsignedInteger,
  unsignedOf,
} from './der.ts';
import { compressedPoint, uncompressedPoint } from './point.ts';

const VERSION_1 = Uint8Array.of(0);
const VERSION_3 = Uint8Array.of(2);
export const ecdsaWithSha256: Uint8Array = sequence(oids.ecdsaWithSha256);

/** SubjectPublicKeyInfo. @throws RangeError where the key is no point: keys of the meter and those it judged are */
export function publicKeyInfo(publicKey: Uint8Array): Uint8Array {
  return sequence(sequence(oids.ecPublicKey, oids.p256), bitString(pointOf(publicKey)));
}

function pointOf(publicKey: Uint8Array): Uint8Array {
  const point = uncompressedPoint(publicKey);
  if (point === undefined) throw new RangeError('no point of the curve');
  return point;
}

/** The key identifier of RFC 7093, method 1: 20 bytes. */
export function keyIdentifier(crypto: Pick<Crypto, 'sha256'>, publicKey: Uint8Array): Uint8Array {
  return crypto.sha256(pointOf(publicKey)).slice(0, 20);
}

export interface HolderName {
  /** UTF-8; left out where it is empty. */
  readonly organization: Uint8Array;
  readonly commonName: Uint8Array;
  /** ASCII: the meter id of a key that a meter holds. */
  readonly serialNumber?: Uint8Array;
}

const attribute = (oid: Uint8Array, tag: number, value: Uint8Array): Uint8Array =>
  setOf(sequence(oid, element(tag, value)));

/** The distinguished name of a holder. */
export function distinguishedName(name: HolderName): Uint8Array {
  const { organization, commonName, serialNumber } = name;
  return sequence(
    ...(organization.length === 0
      ? []
      : [attribute(oids.organization, tags.utf8String, organization)]),
    attribute(oids.commonName, tags.utf8String, commonName),
    ...(serialNumber === undefined
      ? []
      : [attribute(oids.serialNumber, tags.printableString, serialNumber)]),
  );
}

/** CertificationRequestInfo (RFC 2986 4.1), which is what the key signs. @param subject a distinguished name */
export function requestInfo(subject: Uint8Array, publicKey: Uint8Array): Uint8Array {
  return sequence(
    element(tags.integer, VERSION_1),
    subject,
    publicKeyInfo(publicKey),
    element(contextTag(0, true)),
  );
}

/** What is signed, the algorithm, and the signature: a request or a certificate. @param signature r ‖ s */
export function signedStructure(signed: Uint8Array, signature: Uint8Array): Uint8Array {
  return sequence(signed, ecdsaWithSha256, bitString(signatureToDer(signature)));
}

/** ECDSA-Sig-Value of r ‖ s. */
export function signatureToDer(signature: Uint8Array): Uint8Array {
  const half = SIGNATURE_SIZE / 2;
  return sequence(
    unsignedInteger(signature.subarray(0, half)),
    unsignedInteger(signature.subarray(half)),
  );
}

function readSignature(der: Uint8Array): Uint8Array {
  const whole = readerOf(der);
  const inner = readerOf(whole.next(tags.sequence).content);
  whole.end();
  const signature = new Uint8Array(SIGNATURE_SIZE);
  for (const end of [SIGNATURE_SIZE / 2, SIGNATURE_SIZE]) {
    const digits = unsignedOf(inner.next(tags.integer));
    demand(digits.length <= SIGNATURE_SIZE / 2);
    signature.set(digits, end - digits.length);
  }
  inner.end();
  return signature;
}

/** r ‖ s of an ECDSA-Sig-Value; undefined where it is none that P-256 can have. */
export function signatureFromDer(der: Uint8Array): Uint8Array | undefined {
  return readDer(der, (reader) => readSignature(reader.next(tags.sequence).whole));
}

export interface Extension {
  readonly oid: Read;
  readonly isCritical: boolean;
  /** What the octet string holds. */
  readonly value: Uint8Array;
}

/** A certificate that was read, not judged. */
export interface X509 {
  /** What is signed. */
  readonly signed: Uint8Array;
  /** r ‖ s. */
  readonly signature: Uint8Array;
  /** Distinguished names, DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** YYYYMMDDhhmmss as a decimal number, UTC; the last second counts. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
  readonly extensions: readonly Extension[];
}

/** Reads a certificate of version 3 with a key on P-256, signed with ECDSA and SHA-256; undefined for all others. */
export function readX509(der: Uint8Array): X509 | undefined {
  return readDer(der, (reader) => {
    const whole = readerOf(reader.next(tags.sequence).content);
    const signed = whole.next(tags.sequence);
    demandAlgorithm(whole);
    const bits = whole.next(tags.bitString).content;
    demand(bits[0] === 0);
    whole.end();
    return { ...readSigned(signed), signature: readSignature(bits.subarray(1)) };
  });
}

function demandAlgorithm(reader: Reader): void {
  const algorithm = readerOf(reader.next(tags.sequence).content);
  demand(isOid(algorithm.next(), oids.ecdsaWithSha256));
  algorithm.end();
}

function readSigned({ content, whole }: Read): Omit<X509, 'signature'> {
  const reader = readerOf(content);
  const version = readerOf(reader.next(contextTag(0, true)).content).next(tags.integer).content;
  demand(version.length === 1 && version[0] === 2);
  reader.next(tags.integer);
  demandAlgorithm(reader);
  const issuer = reader.next(tags.sequence).whole;
  const validity = readerOf(reader.next(tags.sequence).content);
  const [notBefore, notAfter] = [readTime(validity.next()), readTime(validity.next())];
  validity.end();
  const subject = reader.next(tags.sequence).whole;
  const publicKey = readPublicKey(reader.next(tags.sequence));
  const list = readerOf(
    readerOf(reader.next(contextTag(3, true)).content).next(tags.sequence).content,
  );
  reader.end();
  const extensions: Extension[] = [];
  while (!list.isAtEnd) extensions.push(readExtension(list.next(tags.sequence)));
  return { signed: whole, issuer, subject, notBefore, notAfter, publicKey, extensions };
}

function readTime({ tag, content }: Read): number {
  const text = String.fromCharCode(...content);
  if (tag === tags.generalizedTime) {
    demand(/^\d{14}Z$/.test(text));
    return Number(text.slice(0, -1));
  }
  demand(tag === tags.utcTime && /^\d{12}Z$/.test(text));
  const century = text < '50' ? '20' : '19';
  return Number(century + text.slice(0, -1));
}

function readPublicKey({ content }: Read): Uint8Array {
  const reader = readerOf(content);
  const algorithm = readerOf(reader.next(tags.sequence).content);
  demand(isOid(algorithm.next(), oids.ecPublicKey) && isOid(algorithm.next(), oids.p256));
  const bits = reader.next(tags.bitString).content;
  const key = bits[0] === 0 ? compressedPoint(bits.subarray(1)) : undefined;
  demand(key !== undefined);
  return key;
}

function readExtension({ content }: Read): Extension {
  const reader = readerOf(content);
  const oid = reader.next(tags.oid);
  const critical = reader.optional(tags.boolean);
  demand(critical === undefined || (critical.content.length === 1 && critical.content[0] === 0xff));
  const value = reader.next(tags.octetString).content;
  reader.end();
  return { oid, isCritical: critical !== undefined, value };
}

/** Whether a certificate may sign postmarks: the one purpose, and critical (RFC 3161 2.3). */
export function isForTimeStamping({ extensions }: X509): boolean {
  const purposes = extensions.filter(({ oid }) => isOid(oid, oids.extendedKeyUsage));
  const [purpose] = purposes;
  return (
    purposes.length === 1 &&
    purpose?.isCritical === true &&
    joinsTo(purpose.value, sequence(oids.timeStamping))
  );
}

function joinsTo(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Extensions that {@link readX509} leaves to its callers; a critical one of another kind is none they know. */
const known = [
  oids.extendedKeyUsage,
  oids.keyUsage,
  oids.basicConstraints,
  oids.subjectKeyId,
  oids.authorityKeyId,
] as const;

/** Whether no extension is critical that this meter does not know (RFC 5280 4.2). */
export function hasOnlyKnownCritical({ extensions }: X509): boolean {
  return extensions.every(
    ({ oid, isCritical }) => !isCritical || known.some((each) => isOid(oid, each)),
  );
}

/** Whether a certificate is signed by a key. */
export function isSignedBy(
  crypto: Pick<Crypto, 'verify'>,
  { signed, signature }: X509,
  issuerKey: Uint8Array,
): boolean {
  return crypto.verify(issuerKey, joinBytes(signed), signature);
}

/** One extension. @param value DER */
export function extension(oid: Uint8Array, isCritical: boolean, value: Uint8Array): Uint8Array {
  return sequence(oid, ...(isCritical ? [isTrue] : []), octetString(value));
}

export interface CertificateContent {
  /** Big-endian, 1 to 20 bytes. */
  readonly serial: Uint8Array;
  /** Distinguished names, DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Milliseconds since 1970-01-01 UTC; whole seconds count. */
  readonly fromMs: number;
  readonly toMs: number;
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
  readonly extensions: readonly Uint8Array[];
}

/** TBSCertificate of version 3 (RFC 5280 4.1), which is what the issuer signs. */
export function encodeCertificateContent(content: CertificateContent): Uint8Array {
  const { serial, issuer, subject, fromMs, toMs, publicKey, extensions } = content;
  return sequence(
    element(contextTag(0, true), element(tags.integer, VERSION_3)),
    unsignedInteger(serial),
    ecdsaWithSha256,
    issuer,
    sequence(certificateTime(fromMs), certificateTime(toMs)),
    subject,
    publicKeyInfo(publicKey),
    element(contextTag(3, true), sequence(...extensions)),
  );
}
