/** X.509 certificates of the authority: its own, those of keys of meters (requirements.md D4, D7, G8; docs/certificates.md). */

import { ascii } from '#protocol/bytes';
import type { Crypto, KeyPair } from '#protocol/crypto';
import { daysBetween } from '#protocol/documents/date';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { KeyRequestFields } from '#protocol/documents/user-key';
import {
  type CertificateContent,
  distinguishedName,
  encodeCertificateContent,
  signedStructure,
} from '#protocol/x509';
import {
  rootExtensions,
  type StatusPlaces,
  statusExtensions,
  userExtensions,
} from './extensions.ts';

const SERIAL_SIZE = 16;
const DAY_MS = 86_400_000;
/** 9999-12-31 23:59:59: no end is known (RFC 5280 4.1.2.5). */
const NO_END_DATE = 99_991_231;

/** The first instant of a day YYYYMMDD, milliseconds since 1970-01-01 UTC. */
const startOfDay = (date: number): number => daysBetween(19_700_101, date) * DAY_MS;
const endOfDay = (date: number): number => startOfDay(date) + DAY_MS - 1_000;

/** A serial number that nobody can foresee; positive, and its first byte counts. */
function newSerial(crypto: Pick<Crypto, 'randomBytes'>): Uint8Array {
  const serial = crypto.randomBytes(SERIAL_SIZE);
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40;
  return serial;
}

/** The name of an authority key as an issuer. */
export const rootName = (sequence: number): Uint8Array =>
  distinguishedName({
    organization: new Uint8Array(0),
    commonName: ascii('Tessera Authority'),
    serialNumber: ascii(String(sequence)),
  });

/** The name of whoever holds a key in a meter. */
export const holderName = ({
  meterId,
  organization,
  commonName,
}: Pick<KeyRequestFields, 'meterId' | 'organization' | 'commonName'>): Uint8Array =>
  distinguishedName({ organization, commonName, serialNumber: ascii(formatMeterId(meterId)) });

export interface IssuedX509 {
  readonly certificate: Uint8Array;
  readonly serial: Uint8Array;
}

function issue(
  crypto: Crypto,
  keys: KeyPair,
  content: Omit<CertificateContent, 'serial'>,
): IssuedX509 {
  const serial = newSerial(crypto);
  const signed = encodeCertificateContent({ serial, ...content });
  return { serial, certificate: signedStructure(signed, crypto.sign(keys.privateKey, signed)) };
}

/** An authority key certifies itself. @param validFrom YYYYMMDD */
export function issueRoot(
  crypto: Crypto,
  keys: KeyPair,
  sequence: number,
  validFrom: number,
): Uint8Array {
  const name = rootName(sequence);
  return issue(crypto, keys, {
    issuer: name,
    subject: name,
    fromMs: startOfDay(validFrom),
    toMs: endOfDay(NO_END_DATE),
    publicKey: keys.publicKey,
    extensions: rootExtensions(crypto, keys.publicKey),
  }).certificate;
}

/**
 * The key that takes the place of another may tell of what that one issued, under the name of that one.
 * @param issuer the key that ends
 */
export function issueStatusCertificate(
  crypto: Crypto,
  issuer: KeyPair,
  sequence: number,
  nextKey: Uint8Array,
  validFrom: number,
): Uint8Array {
  const name = rootName(sequence);
  return issue(crypto, issuer, {
    issuer: name,
    subject: name,
    fromMs: startOfDay(validFrom),
    toMs: endOfDay(NO_END_DATE),
    publicKey: nextKey,
    extensions: statusExtensions(crypto, nextKey, issuer.publicKey),
  }).certificate;
}

export interface UserCertificateOrder {
  readonly key: Pick<
    KeyRequestFields,
    'meterId' | 'publicKey' | 'uses' | 'organization' | 'commonName'
  >;
  /** Of the root that issues. */
  readonly issuerName: Uint8Array;
  /** First and last day, YYYYMMDD. */
  readonly validFrom: number;
  readonly validTo: number;
  readonly places: StatusPlaces | undefined;
}

/** The certificate of a key that a meter holds. */
export function issueUserCertificate(
  crypto: Crypto,
  keys: KeyPair,
  order: UserCertificateOrder,
): IssuedX509 {
  const { key, issuerName, validFrom, validTo, places } = order;
  return issue(crypto, keys, {
    issuer: issuerName,
    subject: holderName(key),
    fromMs: startOfDay(validFrom),
    toMs: endOfDay(validTo),
    publicKey: key.publicKey,
    extensions: userExtensions(crypto, key, keys.publicKey, places),
  });
}
