/**
 * Documents about the keys of users that a meter holds (requirements.md B8, D4, D5; P figs. 5 and 6): the request for a
 * certificate, the grant that makes a key usable, and the three of a revocation. People and software get X.509; the meter
 * gets these, which a small parser reads (D7).
 */

import * as P from 'micro-packed';
import { bytes, bytes8, flags, mills24, oneOf, u16, u32, u48 } from '../fields.ts';
import type { Mills } from '../mills.ts';
import { checked, date, meterId, publicKey } from './document-fields.ts';
import { type Issued, issuedDocument, signedDocument } from './signed-document.ts';

/**
 * What a key may be used for, lowest bit first. `sign` content · `timeStamp` postmarks · `agree` on a secret, to decrypt ·
 * `authenticate` the holder · `issue` certificates to others as an agent · `pay` from a line of credit.
 */
export const keyUseNames = ['sign', 'timeStamp', 'agree', 'authenticate', 'issue', 'pay'] as const;
export type KeyUse = (typeof keyUseNames)[number];
export type KeyUses = Readonly<Record<KeyUse, boolean>>;

/** One purpose for one key; only signing and authenticating go together, which X.509 lets one key do as well. */
export function areKeyUses(uses: KeyUses): boolean {
  const named = keyUseNames.filter((name) => uses[name]);
  return named.length === 1 || (named.length === 2 && uses.sign && uses.authenticate);
}

/** The uses of these names and no others. */
export function keyUsesOf(...names: readonly KeyUse[]): KeyUses {
  const entries = keyUseNames.map((name) => [name, names.includes(name)]);
  return Object.fromEntries(entries) as KeyUses;
}

const keyUses: P.CoderType<KeyUses> = checked(flags(keyUseNames), 'uses of one key', areKeyUses);

/** Bytes of a name in a certificate. */
const NAME_SIZE_MAX = 64;

/** UTF-8 without control characters; whether it is well-formed is the authority's to check. */
export const isName = (name: Uint8Array): boolean =>
  name.length <= NAME_SIZE_MAX && name.every((byte) => byte >= 0x20 && byte !== 0x7f);
const name = checked(bytes8, 'a name', isName);

const commonName = checked(name, 'a name with a character', ({ length }) => length > 0);

/** The number of a key in its meter, from 1, never given twice. */
export const keyNumber = checked(u16, 'the number of a key', (value) => value > 0);

/** Serial number of an X.509 certificate: its bytes, the first of which is not 0 (RFC 5280 4.1.2.2: at most 20). */
const serial = checked(
  bytes8,
  'a serial number',
  ({ length, 0: first }) => length <= 20 && first !== 0,
);

export interface KeyRequestFields {
  readonly meterId: Uint8Array;
  /** Serial of the certificate of the device key that signs. */
  readonly deviceSerial: number;
  readonly number: number;
  readonly publicKey: Uint8Array;
  readonly uses: KeyUses;
  /** SHA-256 of the PKCS#10 request, DER. */
  readonly csrDigest: Uint8Array;
  /** UTF-8, may be empty. */
  readonly organization: Uint8Array;
  readonly commonName: Uint8Array;
}

/** Signed by the device key: the communication key of P fig. 5, 512. */
export const keyRequestDocument = signedDocument<KeyRequestFields>('TUK1', {
  meterId,
  deviceSerial: u32,
  number: keyNumber,
  publicKey,
  uses: keyUses,
  csrDigest: bytes(32),
  organization: name,
  commonName,
});

export interface KeyGrantFields {
  readonly meterId: Uint8Array;
  readonly number: number;
  readonly publicKey: Uint8Array;
  readonly uses: KeyUses;
  /** SHA-256 of the X.509 certificate, DER. */
  readonly certificateDigest: Uint8Array;
  /** Of the X.509 certificate. */
  readonly serial: Uint8Array;
  /** First and last day on which the key is used, YYYYMMDD. */
  readonly validFrom: number;
  readonly validTo: number;
}

/** By the authority: which X.509 certificate a key has, and what it may be used for. */
export const keyGrantDocument = issuedDocument<KeyGrantFields>(
  'TUG1',
  {
    meterId,
    number: keyNumber,
    publicKey,
    uses: keyUses,
    certificateDigest: bytes(32),
    serial,
    validFrom: date,
    validTo: date,
  },
  ({ validFrom, validTo }) => validFrom <= validTo,
);

/** Why a certificate is revoked; each is a reason of RFC 5280 5.3.1. */
export const revocationReasons = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
] as const;
export type RevocationReason = (typeof revocationReasons)[number];
const reason = oneOf(revocationReasons);

export interface RevocationRequestFields {
  readonly meterId: Uint8Array;
  readonly deviceSerial: number;
  readonly number: number;
  readonly publicKey: Uint8Array;
  readonly reason: RevocationReason;
  /** Secure clock, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}

/** Signed by the device key (P fig. 6, 602). */
export const revocationRequestDocument = signedDocument<RevocationRequestFields>('TVR1', {
  meterId,
  deviceSerial: u32,
  number: keyNumber,
  publicKey,
  reason,
  timeMs: u48,
});

export interface RevocationOrderFields {
  readonly meterId: Uint8Array;
  readonly number: number;
  readonly publicKey: Uint8Array;
  readonly reason: RevocationReason;
  /** Clock of the authority, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
  /** Whether the meter charges for it. */
  readonly isCharged: boolean;
  /** By the authority and not at the user's request. */
  readonly isForced: boolean;
}
export type RevocationOrder = Issued<RevocationOrderFields>;

/** By the authority (P fig. 6, 608). */
export const revocationOrderDocument = issuedDocument<RevocationOrderFields>('TVO1', {
  meterId,
  number: keyNumber,
  publicKey,
  reason,
  timeMs: u48,
  isCharged: P.bool,
  isForced: P.bool,
});

export interface RevocationConfirmationFields {
  readonly meterId: Uint8Array;
  readonly deviceSerial: number;
  readonly number: number;
  readonly publicKey: Uint8Array;
  /** SHA-256 of the order. */
  readonly orderDigest: Uint8Array;
  /** When the key was destroyed: secure clock, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
  /** What was paid (P fig. 6, 624). */
  readonly paid: Mills;
  /** What is still to be paid, since the funds did not suffice (620). */
  readonly due: Mills;
  /** Certificate services of the meter with this one. */
  readonly certificatePieceCount: number;
}

/** Signed by the device key. */
export const revocationConfirmationDocument = signedDocument<RevocationConfirmationFields>('TVC1', {
  meterId,
  deviceSerial: u32,
  number: keyNumber,
  publicKey,
  orderDigest: bytes(32),
  timeMs: u48,
  paid: mills24,
  due: mills24,
  certificatePieceCount: u32,
});
