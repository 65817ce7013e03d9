/** An authority of X.509 certificates by the profile of docs/interop.md, over the bytes that a meter writes. */

import { nodeCrypto } from '#driver/node-crypto';
import type { KeyPair } from '#protocol/crypto';
import {
  bitString,
  certificateTime,
  contextTag,
  element,
  isTrue,
  octetString,
  oids,
  readerOf,
  sequence,
  tags,
} from '#protocol/der';
import {
  distinguishedName,
  ecdsaWithSha256,
  encodeCertificateContent,
  extension,
  keyIdentifier,
  signedStructure,
} from '#protocol/x509';

const TEST_YEAR = { fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2027, 0, 1) - 1000 };

export interface Certified {
  readonly keys: KeyPair;
  readonly certificate: Uint8Array;
  readonly name: Uint8Array;
}

/** Bits of KeyUsage. */
const usages = { sign: 0x80, signAndBind: 0xc0, agree: 0x08, authority: 0x06 } as const;

export interface Wanted {
  readonly commonName: string;
  readonly organization?: string;
  readonly usage: keyof typeof usages;
  /** An element of der.ts; undefined: none. */
  readonly purpose?: Uint8Array | undefined;
  /** Certificates below; undefined: no authority. */
  readonly pathLength?: number | undefined;
  /** Organization below which the names must be. */
  readonly permitted?: string | undefined;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly more?: readonly Uint8Array[];
}

const named = ({ commonName, organization = '' }: Pick<Wanted, 'commonName' | 'organization'>) =>
  distinguishedName({
    organization: new TextEncoder().encode(organization),
    commonName: new TextEncoder().encode(commonName),
  });

function extensionsOf(wanted: Wanted, publicKey: Uint8Array, issuerKey: Uint8Array): Uint8Array[] {
  const { usage, purpose, pathLength, permitted, more = [] } = wanted;
  const found = [
    extension(oids.subjectKeyId, false, octetString(keyIdentifier(nodeCrypto, publicKey))),
    extension(
      oids.authorityKeyId,
      false,
      sequence(element(contextTag(0, false), keyIdentifier(nodeCrypto, issuerKey))),
    ),
    extension(oids.keyUsage, true, bitString(Uint8Array.of(usages[usage]))),
    ...more,
  ];
  if (purpose !== undefined) {
    const isCritical = Buffer.compare(purpose, oids.timeStamping) === 0;
    found.push(extension(oids.extendedKeyUsage, isCritical, sequence(purpose)));
  }
  if (pathLength !== undefined) {
    const length = element(tags.integer, Uint8Array.of(pathLength));
    found.push(extension(oids.basicConstraints, true, sequence(isTrue, length)));
  }
  if (permitted !== undefined) found.push(constrained(permitted));
  return found;
}

function constrained(organization: string): Uint8Array {
  const value = element(tags.utf8String, new TextEncoder().encode(organization));
  const tree = sequence(element(tags.set, sequence(oids.organization, value)));
  const subtree = sequence(element(contextTag(4, true), tree));
  return extension(
    element(tags.oid, Uint8Array.of(0x55, 0x1d, 0x1e)),
    true,
    sequence(element(contextTag(0, true), subtree)),
  );
}

let lastSerial = 1;

/** A certificate for a key. @param issuer undefined: itself */
export function certify(
  wanted: Wanted,
  publicKey: Uint8Array,
  issuer: Pick<Certified, 'keys' | 'name'>,
): Uint8Array {
  return certifyAs(wanted, named(wanted), publicKey, issuer);
}

/** The same under a name of another form. */
export function certifyAs(
  wanted: Wanted,
  subject: Uint8Array,
  publicKey: Uint8Array,
  issuer: Pick<Certified, 'keys' | 'name'>,
): Uint8Array {
  lastSerial += 1;
  const { fromMs = TEST_YEAR.fromMs, toMs = TEST_YEAR.toMs } = wanted;
  const content = encodeCertificateContent({
    serial: Uint8Array.of(0x11, lastSerial >> 8, lastSerial),
    issuer: issuer.name,
    subject,
    fromMs,
    toMs,
    publicKey,
    extensions: extensionsOf(wanted, publicKey, issuer.keys.publicKey),
  });
  return signedStructure(content, nodeCrypto.sign(issuer.keys.privateKey, content));
}

/** A root of a key of one's own. */
export function rootOf(
  keys: KeyPair = nodeCrypto.generateKeyPair(),
  wanted: Partial<Wanted> = {},
): Certified {
  const whole = {
    commonName: 'Tessera Authority',
    usage: 'authority' as const,
    pathLength: 1,
    ...wanted,
  };
  const name = named(whole);
  return { keys, name, certificate: certify(whole, keys.publicKey, { keys, name }) };
}

/** Somebody with a certificate of an issuer, and a new key. */
export function below(issuer: Certified, wanted: Wanted): Certified {
  const keys = nodeCrypto.generateKeyPair();
  return { keys, name: named(wanted), certificate: certify(wanted, keys.publicKey, issuer) };
}

/** PrivateKeyInfo of a key, as files have it. */
export function privateKeyInfo({ privateKey }: Pick<KeyPair, 'privateKey'>): Uint8Array {
  const key = sequence(element(tags.integer, Uint8Array.of(1)), octetString(privateKey));
  return sequence(
    element(tags.integer, Uint8Array.of(0)),
    sequence(oids.ecPublicKey, oids.p256),
    octetString(key),
  );
}

export interface RevokedEntry {
  readonly certificate: Uint8Array;
  readonly timeMs: number;
  /** CRLReason; undefined: none is given. */
  readonly reason?: number;
}

const ids = {
  listNumber: element(tags.oid, Uint8Array.of(0x55, 0x1d, 0x14)),
  reason: element(tags.oid, Uint8Array.of(0x55, 0x1d, 0x15)),
} as const;
const ENUMERATED = 0x0a;

/** INTEGER of a certificate. */
function serialOf(certificate: Uint8Array): Uint8Array {
  const signed = readerOf(readerOf(readerOf(certificate).next().content).next().content);
  signed.next(contextTag(0, true));
  return signed.next(tags.integer).whole;
}

function entryOf({ certificate, timeMs, reason }: RevokedEntry): Uint8Array {
  const code = reason === undefined ? [] : [element(ENUMERATED, Uint8Array.of(reason))];
  return sequence(
    serialOf(certificate),
    certificateTime(timeMs),
    ...code.map((value) => sequence(extension(ids.reason, false, value))),
  );
}

/** A certificate revocation list. */
export function revocationListOf(
  issuer: Pick<Certified, 'keys' | 'name'>,
  entries: readonly RevokedEntry[],
  { fromMs, toMs } = TEST_YEAR,
): Uint8Array {
  const number = extension(ids.listNumber, false, element(tags.integer, Uint8Array.of(1)));
  const content = sequence(
    element(tags.integer, Uint8Array.of(1)),
    ecdsaWithSha256,
    issuer.name,
    certificateTime(fromMs),
    certificateTime(toMs),
    ...(entries.length === 0 ? [] : [sequence(...entries.map(entryOf))]),
    element(contextTag(0, true), sequence(number)),
  );
  return signedStructure(content, nodeCrypto.sign(issuer.keys.privateKey, content));
}
