/** The extensions of the certificates that the authority issues, by what their keys may be used for (requirements.md B8, D7; RFC 5280). */

import { hexToBytes } from '@noble/hashes/utils.js';
import { ascii } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import {
  bitString,
  contextTag,
  element,
  isTrue,
  octetString,
  oids,
  sequence,
  setOf,
  tags,
  unsignedInteger,
} from '#protocol/der';
import type { KeyUses } from '#protocol/documents/user-key';
import { extension, keyIdentifier } from '#protocol/x509';

const oid = (content: string): Uint8Array => element(tags.oid, hexToBytes(content));

/** Those that no meter reads. */
const more = {
  nameConstraints: oid('551d1e'),
  crlDistributionPoints: oid('551d1f'),
  authorityInfoAccess: oid('2b06010505070101'),
  ocsp: oid('2b06010505073001'),
  caIssuers: oid('2b06010505073002'),
  ocspSigning: oid('2b06010505070309'),
  ocspNoCheck: oid('2b0601050507300105'),
} as const;

/** Bits of KeyUsage (RFC 5280 4.2.1.3), the first one highest. */
const usageBits = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const;
type UsageBit = keyof typeof usageBits;

function keyUsage(...names: readonly UsageBit[]): Uint8Array {
  const places: readonly number[] = names.map((name) => usageBits[name]);
  const bits = places.reduce((byte, place) => byte | (0x80 >> place), 0);
  const last = Math.max(...places);
  return extension(oids.keyUsage, true, bitString(Uint8Array.of(bits), 7 - last));
}

const purposes = (isCritical: boolean, ...which: readonly Uint8Array[]): Uint8Array =>
  extension(oids.extendedKeyUsage, isCritical, sequence(...which));

const certifier = (pathLength: number): Uint8Array =>
  extension(
    oids.basicConstraints,
    true,
    sequence(isTrue, unsignedInteger(Uint8Array.of(pathLength))),
  );

/** Names of one organization alone (RFC 5280 4.2.1.10): what an agent may certify. */
function namesOf(organization: Uint8Array): Uint8Array {
  const name = sequence(setOf(sequence(oids.organization, element(tags.utf8String, organization))));
  const subtree = sequence(element(contextTag(4, true), name));
  return extension(more.nameConstraints, true, sequence(element(contextTag(0, true), subtree)));
}

type Hashing = Pick<Crypto, 'sha256'>;

const ownKey = (crypto: Hashing, publicKey: Uint8Array): Uint8Array =>
  extension(oids.subjectKeyId, false, octetString(keyIdentifier(crypto, publicKey)));

/** Which key signed it. */
export function issuerKeyExtension(crypto: Hashing, issuerKey: Uint8Array): Uint8Array {
  const id = element(contextTag(0, false), keyIdentifier(crypto, issuerKey));
  return extension(oids.authorityKeyId, false, sequence(id));
}

/** What distinguishes the uses of a key. @param organization of its holder */
function usesOf(uses: KeyUses, organization: Uint8Array): readonly Uint8Array[] {
  if (uses.issue) return [keyUsage('keyCertSign', 'cRLSign'), certifier(0), namesOf(organization)];
  if (uses.timeStamp) return [keyUsage('digitalSignature'), purposes(true, oids.timeStamping)];
  if (uses.agree) return [keyUsage('keyAgreement'), purposes(false, oids.emailProtection)];
  if (uses.pay) return [keyUsage('digitalSignature')];
  return [
    uses.sign ? keyUsage('digitalSignature', 'nonRepudiation') : keyUsage('digitalSignature'),
    purposes(
      false,
      ...(uses.sign ? [oids.emailProtection] : []),
      ...(uses.authenticate ? [oids.clientAuth] : []),
    ),
  ];
}

const uri = (url: string): Uint8Array => element(contextTag(6, false), ascii(url));

/** Where the world asks about certificates of a root. */
export interface StatusPlaces {
  readonly crl: string;
  readonly ocsp: string;
  readonly root: string;
}

function placesOf({ crl, ocsp, root }: StatusPlaces): readonly Uint8Array[] {
  const point = element(contextTag(0, true), element(contextTag(0, true), uri(crl)));
  return [
    extension(more.crlDistributionPoints, false, sequence(sequence(point))),
    extension(
      more.authorityInfoAccess,
      false,
      sequence(sequence(more.ocsp, uri(ocsp)), sequence(more.caIssuers, uri(root))),
    ),
  ];
}

export interface HeldKey {
  readonly publicKey: Uint8Array;
  readonly uses: KeyUses;
  readonly organization: Uint8Array;
}

/** Of a key that a meter holds. @param places where the authority has an address in the world */
export function userExtensions(
  crypto: Hashing,
  { publicKey, uses, organization }: HeldKey,
  issuerKey: Uint8Array,
  places: StatusPlaces | undefined,
): readonly Uint8Array[] {
  return [
    ...usesOf(uses, organization),
    ownKey(crypto, publicKey),
    issuerKeyExtension(crypto, issuerKey),
    ...(places === undefined ? [] : placesOf(places)),
  ];
}

/** Of an authority key that issues to users directly, and to agents who issue once more. */
export const rootExtensions = (crypto: Hashing, publicKey: Uint8Array): readonly Uint8Array[] => [
  certifier(1),
  keyUsage('keyCertSign', 'cRLSign'),
  ownKey(crypto, publicKey),
];

/** Of the next authority key, as far as it may speak for the one before: of revocations, and of nothing else (RFC 6960 4.2.2.2). */
export const statusExtensions = (
  crypto: Hashing,
  publicKey: Uint8Array,
  issuerKey: Uint8Array,
): readonly Uint8Array[] => [
  keyUsage('digitalSignature', 'cRLSign'),
  purposes(false, more.ocspSigning),
  extension(more.ocspNoCheck, false, element(0x05)),
  ownKey(crypto, publicKey),
  issuerKeyExtension(crypto, issuerKey),
];
