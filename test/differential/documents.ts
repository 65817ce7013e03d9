/**
 * The keys and documents of a world in which everything repeats: signatures by RFC 6979, keys made of a number. Nothing
 * here is a secret of anybody.
 */

import { nodeCrypto } from '#driver/node-crypto';
import type { Crypto, KeyPair } from '#protocol/crypto';
import { certificateServices } from '#protocol/documents/certificate-services';
import {
  type CertificateUsage,
  issueCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { issueLicence, type LicenceFields, ordinaryTerms } from '#protocol/documents/licence';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { issueRateTable, type RateTableFields } from '#protocol/documents/rate-table';
import { mills } from '#protocol/mills';
import { nobleCrypto } from '#protocol/noble-crypto';
import type { Role } from '#protocol/state';
import { seededRandom } from '#test/support/seeded-random';

/** As fast as Node where that repeats, by noble where Node would draw a random number. */
export function repeatingCrypto(seed: string): Crypto {
  const noble = nobleCrypto(seededRandom(seed));
  const { randomBytes, generateKeyPair, sign } = noble;
  return { ...nodeCrypto, randomBytes, generateKeyPair, sign };
}

const signing = repeatingCrypto('documents');

function pair(fill: number): KeyPair {
  const privateKey = new Uint8Array(32).fill(fill);
  return { privateKey, publicKey: nodeCrypto.publicKeyOf(privateKey) };
}

export const authority = pair(0xa1);
export const provider = pair(0xb1);
export const stranger = pair(0x77);
export const hosts: Readonly<Record<Role, KeyPair>> = {
  user: pair(0x11),
  cryptoOfficer: pair(0x22),
};
export const meterId = encodeMeterId({ model: 'TS01', serial: 77 });
export const otherMeterId = encodeMeterId({ model: 'TS01', serial: 78 });

/** Fresh copies: what is given to others is wiped by them. */
export const password = (role: Role): Uint8Array =>
  new TextEncoder().encode(`the password of ${role}`);

export function certificate(usage: CertificateUsage, publicKey: Uint8Array): Uint8Array {
  const validity = { validFrom: 20260101, validTo: 20301231 };
  const fields = { serial: 7, subject: meterId, usage, publicKey, ...validity };
  return issueCompactCertificate(signing, authority, fields);
}

export function licence(fields: Partial<LicenceFields>, issuer = authority): Uint8Array {
  return issueLicence(signing, issuer, {
    ...ordinaryTerms,
    meterId,
    sequence: 1,
    licenceNumber: 5,
    originZip: 20260,
    providerId: 1,
    providerKey: provider.publicKey,
    issueDate: 20260301,
    validTo: 20301231,
    descendingMax: mills(500_000),
    certificateDescendingMax: mills(200_000),
    postageMin: mills(160),
    postageMax: mills(90_000),
    ...fields,
  });
}

/** Services of the rate table, one of each kind. */
export const services = { fixed: 1, weighed: 2, keyedIn: 9, extra: 20, certificate: 300 } as const;

export function rateTable(fields: Partial<RateTableFields>, issuer = authority): Uint8Array {
  const one = (price: number) => ({ minimum: mills(price), maximum: mills(price), steps: [] });
  const steps = [
    { weightMaxMg: 20_000, prices: [mills(500), mills(900)] },
    { weightMaxMg: 100_000, prices: [mills(1_100), mills(1_900)] },
  ];
  return issueRateTable(signing, issuer, {
    version: 1,
    validFrom: 20260101,
    validTo: 20261231,
    rates: [
      { serviceId: services.fixed, kind: 'fixed', ...one(780) },
      {
        serviceId: services.weighed,
        kind: 'weighed',
        minimum: mills(500),
        maximum: mills(1_900),
        steps,
      },
      {
        serviceId: services.keyedIn,
        kind: 'keyedIn',
        minimum: mills(200),
        maximum: mills(95_000),
        steps: [],
      },
      { serviceId: services.extra, kind: 'extra', ...one(2_300) },
      ...Object.values(certificateServices).map(
        (serviceId) => ({ serviceId, kind: 'certificate', ...one(1_000) }) as const,
      ),
    ],
    ...fields,
  });
}

export { signing };
