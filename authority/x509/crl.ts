/** The certificate revocation list of an authority key (requirements.md D5, G8; RFC 5280 5). */

import { BitString, Integer } from 'asn1js';
import {
  AlgorithmIdentifier,
  CertificateRevocationList,
  Extension,
  Extensions,
  RelativeDistinguishedNames,
  RevokedCertificate,
  Time,
} from 'pkijs';
import type { Crypto, KeyPair } from '#protocol/crypto';
import { type RevocationReason, revocationReasons } from '#protocol/documents/user-key';
import { signatureToDer } from '#protocol/x509';
import { issuerKeyExtension } from './extensions.ts';

export const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const CRL_NUMBER = '2.5.29.20';
const REASON_CODE = '2.5.29.21';
const VERSION_2 = 1;
/** UTCTime ends here (RFC 5280 5.1.2.4). */
const YEAR_OF_GENERALIZED_TIME = 2050;

/** CRLReason of each reason (RFC 5280 5.3.1). */
export const reasonCodes = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const satisfies Readonly<Record<RevocationReason, number>>;

/** The reason of a code, for those who read lists. */
export const reasonOfCode = (code: number): RevocationReason | undefined =>
  revocationReasons.find((name) => reasonCodes[name] === code);

/** A certificate that counts no more. */
export interface Revoked {
  readonly serial: Uint8Array;
  readonly timeMs: number;
  readonly reason: RevocationReason;
}

/** Whoever tells of the certificates of a root: its own key, or the one that took its place. */
export interface StatusSigner {
  readonly crypto: Pick<Crypto, 'sha256' | 'sign'>;
  readonly keys: KeyPair;
  /** Name of the root, DER. */
  readonly issuerName: Uint8Array;
}

export interface CrlContent {
  readonly number: number;
  readonly thisMs: number;
  readonly nextMs: number;
  readonly revoked: readonly Revoked[];
}

/** pkijs and asn1js want a buffer of their own. */
export const bufferOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/** Whole seconds: nothing in these structures has fractions. */
export const secondsOf = (timeMs: number): Date => new Date(Math.floor(timeMs / 1_000) * 1_000);

function timeOf(timeMs: number): Time {
  const value = secondsOf(timeMs);
  const type = value.getUTCFullYear() < YEAR_OF_GENERALIZED_TIME ? 0 : 1;
  return new Time({ type, value });
}

/** A list, DER. */
export function signCrl(
  { crypto, keys, issuerName }: StatusSigner,
  content: CrlContent,
): Uint8Array {
  const { number, thisMs, nextMs, revoked } = content;
  const algorithm = new AlgorithmIdentifier({ algorithmId: ECDSA_WITH_SHA256 });
  const list = new CertificateRevocationList({
    version: VERSION_2,
    signature: algorithm,
    signatureAlgorithm: algorithm,
    issuer: RelativeDistinguishedNames.fromBER(bufferOf(issuerName)),
    thisUpdate: timeOf(thisMs),
    nextUpdate: timeOf(nextMs),
    // an empty list is left out (RFC 5280 5.1.2.6)
    ...(revoked.length > 0 && { revokedCertificates: revoked.map(entryOf) }),
    crlExtensions: new Extensions({
      extensions: [
        Extension.fromBER(bufferOf(issuerKeyExtension(crypto, keys.publicKey))),
        new Extension({
          extnID: CRL_NUMBER,
          extnValue: new Integer({ value: number }).toBER(),
        }),
      ],
    }),
  });
  const [signed] = list.toSchema(true).valueBlock.value;
  if (signed === undefined) throw new Error('a list without content');
  list.tbsView = new Uint8Array(signed.toBER());
  const signature = signatureToDer(crypto.sign(keys.privateKey, list.tbsView));
  list.signatureValue = new BitString({ valueHex: bufferOf(signature) });
  return new Uint8Array(list.toSchema().toBER());
}

function entryOf({ serial, timeMs, reason }: Revoked): RevokedCertificate {
  const code = reasonCodes[reason];
  return new RevokedCertificate({
    userCertificate: new Integer({ valueHex: bufferOf(serial) }),
    revocationDate: timeOf(timeMs),
    // a reason that says nothing is left out (RFC 5280 5.3.1)
    ...(code !== reasonCodes.unspecified && {
      crlEntryExtensions: new Extensions({
        extensions: [
          new Extension({
            extnID: REASON_CODE,
            extnValue: bufferOf(Uint8Array.of(0x0a, 1, code)), // ENUMERATED
          }),
        ],
      }),
    }),
  });
}
