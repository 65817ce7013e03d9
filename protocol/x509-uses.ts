/** What an X.509 certificate says of the uses of its key, written and read (requirements.md D4, D6; RFC 5280 4.2.1.3, 4.2.1.12). */

import type { Crypto } from './crypto.ts';
import {
  bitString,
  contextTag,
  demand,
  element,
  isOid,
  octetString,
  oids,
  readDer,
  sequence,
  tags,
} from './der.ts';
import type { KeyUses } from './documents/user-key.ts';
import { extension, isForTimeStamping, keyIdentifier, type X509 } from './x509.ts';

/** Bits of KeyUsage, the first one highest. */
const DIGITAL_SIGNATURE = 0x80;
const NON_REPUDIATION = 0x40;
const KEY_AGREEMENT = 0x08;

type HolderUses = Pick<KeyUses, 'sign' | 'agree' | 'authenticate'>;

/** KeyUsage and ExtendedKeyUsage of a key that signs, agrees or authenticates. */
export function usageExtensions({ sign, agree, authenticate }: HolderUses): Uint8Array[] {
  const bits =
    (sign || authenticate ? DIGITAL_SIGNATURE : 0) |
    (sign ? NON_REPUDIATION : 0) |
    (agree ? KEY_AGREEMENT : 0);
  const purposes = [
    ...(sign || agree ? [oids.emailProtection] : []),
    ...(authenticate ? [oids.clientAuth] : []),
  ];
  return [
    extension(oids.keyUsage, true, bitString(Uint8Array.of(bits), unusedBits(bits))),
    extension(oids.extendedKeyUsage, false, sequence(...purposes)),
  ];
}

/** Zeros behind the last bit that counts (X.690 11.2.2). */
const unusedBits = (bits: number): number => 31 - Math.clz32(bits & -bits);

/** SubjectKeyIdentifier and AuthorityKeyIdentifier. */
export function keyIdentifierExtensions(
  crypto: Pick<Crypto, 'sha256'>,
  subjectKey: Uint8Array,
  issuerKey: Uint8Array,
): Uint8Array[] {
  const issuer = element(contextTag(0, false), keyIdentifier(crypto, issuerKey));
  return [
    extension(oids.subjectKeyId, false, octetString(keyIdentifier(crypto, subjectKey))),
    extension(oids.authorityKeyId, false, sequence(issuer)),
  ];
}

/** Whether a certificate lets its key sign contents: one without KeyUsage lets it, one for time-stamps never does. */
export function allowsSignatures(x509: X509): boolean {
  if (isForTimeStamping(x509)) return false;
  const usages = x509.extensions.filter(({ oid }) => isOid(oid, oids.keyUsage));
  return usages.every(({ value }) => ((bitsOf(value) ?? 0) & DIGITAL_SIGNATURE) !== 0);
}

/** The first byte of a BIT STRING; undefined where it is none. */
function bitsOf(der: Uint8Array): number | undefined {
  return readDer(der, (reader) => {
    const { content } = reader.next(tags.bitString);
    demand(content.length >= 2 && (content[0] as number) < 8);
    return content[1] as number;
  });
}
