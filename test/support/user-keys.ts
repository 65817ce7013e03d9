/** Meters with keys of the user, and what an authority answers to them: certificates, grants, orders. */

import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import type { KeyPair } from '#protocol/crypto';
import { element, oids, sequence, tags } from '#protocol/der';
import {
  type CertificateService,
  certificateServices,
} from '#protocol/documents/certificate-services';
import {
  type KeyRequestFields,
  type KeyUse,
  keyGrantDocument,
  keyRequestDocument,
  keyUsesOf,
  type RevocationOrderFields,
  revocationOrderDocument,
} from '#protocol/documents/user-key';
import { mills } from '#protocol/mills';
import { nobleCrypto } from '#protocol/noble-crypto';
import {
  distinguishedName,
  encodeCertificateContent,
  extension,
  signedStructure,
} from '#protocol/x509';
import {
  authorisation,
  authorityKeys,
  flashAfter,
  meterId,
  rateTable,
  type TestMeter,
} from './meter.ts';
import { seededRandom } from './seeded-random.ts';

const signing = nobleCrypto(seededRandom('keys of users'));

/** What the services cost in tests: each another amount. */
export const charges = Object.fromEntries(
  Object.entries(certificateServices).map(([name, id]) => [name, mills(id + 50)]),
) as unknown as Readonly<Record<CertificateService, ReturnType<typeof mills>>>;

/** The rate table of the tests, with the certificate services behind it. */
export const servicesTable = (changes: Parameters<typeof rateTable>[0] = {}): Uint8Array =>
  rateTable({
    version: 2,
    rates: [
      { serviceId: 1, kind: 'fixed', minimum: mills(780), maximum: mills(780), steps: [] },
      ...Object.entries(certificateServices).map(([name, serviceId]) => {
        const price = charges[name as CertificateService];
        return {
          serviceId,
          kind: 'certificate',
          minimum: price,
          maximum: price,
          steps: [],
        } as const;
      }),
    ],
    ...changes,
  });

export const holder = (...uses: readonly KeyUse[]) => ({
  uses: keyUsesOf(...uses),
  organization: new Uint8Array(0),
  commonName: ascii('A Holder'),
});

const DAY = { fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2027, 0, 1) - 1000 };

/** An X.509 certificate as the authority would give, for time-stamps where nothing else is said. */
export function x509For(
  publicKey: Uint8Array,
  changes: Partial<{ fromMs: number; toMs: number; extensions: readonly Uint8Array[] }> = {},
  issuer: KeyPair = authorityKeys,
): Uint8Array {
  const name = (commonName: string): Uint8Array =>
    distinguishedName({ organization: new Uint8Array(0), commonName: ascii(commonName) });
  const content = encodeCertificateContent({
    serial: new Uint8Array(16).fill(0x11),
    issuer: name('Tessera Authority'),
    subject: name('A Holder'),
    publicKey,
    ...DAY,
    extensions: [timeStamping],
    ...changes,
  });
  return signedStructure(content, signing.sign(issuer.privateKey, content));
}

export const timeStamping = extension(oids.extendedKeyUsage, true, sequence(oids.timeStamping));
export const emailProtection = extension(
  oids.extendedKeyUsage,
  true,
  sequence(oids.emailProtection),
);
/** One that no meter knows. */
export const strangeExtension = extension(
  element(tags.oid, Uint8Array.of(0x2a, 3, 4, 5)),
  true,
  sequence(),
);

export function keyRequestIn(request: Uint8Array): KeyRequestFields {
  const read = keyRequestDocument.read(request);
  if (!read.ok) throw new Error(read.status);
  return read.value;
}

/** The grant of a key for its certificate. */
export function grantFor(
  { number, publicKey, uses }: Pick<KeyRequestFields, 'number' | 'publicKey' | 'uses'>,
  certificate: Uint8Array,
  changes: Partial<Parameters<typeof keyGrantDocument.issue>[2]> = {},
  issuer: KeyPair = authorityKeys,
): Uint8Array {
  return keyGrantDocument.issue(signing, issuer, {
    meterId,
    number,
    publicKey,
    uses,
    certificateDigest: nodeCrypto.sha256(certificate),
    serial: new Uint8Array(16).fill(0x11),
    validFrom: 20260101,
    validTo: 20261231,
    ...changes,
  });
}

export const revocationOrder = (
  key: Pick<KeyRequestFields, 'number' | 'publicKey'>,
  changes: Partial<RevocationOrderFields> = {},
  issuer: KeyPair = authorityKeys,
): Uint8Array =>
  revocationOrderDocument.issue(signing, issuer, {
    meterId,
    number: key.number,
    publicKey: key.publicKey,
    reason: 'superseded',
    timeMs: Date.UTC(2026, 2, 1),
    isCharged: true,
    isForced: false,
    ...changes,
  });

let lastCounter = 1_000;
/** A transaction that no other test of the file has. */
export function transaction(): { readonly counter: number; readonly nonce: number } {
  lastCounter += 1;
  return { counter: lastCounter, nonce: 7 };
}

export const CERTIFICATE_FUNDS = mills(20_000);

/** Value for certificate services. */
export async function buyServices(meter: TestMeter, amount = CERTIFICATE_FUNDS): Promise<Meter> {
  const user = await meter.loggedIn('user');
  const { request } = await user.refillRequest({
    kind: 'purchase',
    account: 'certificate',
    amount,
  });
  await user.refillCommit(authorisation(request));
  return user;
}

/** A meter whose rate table has the services, with funds for them. */
export const servicesFlash = flashAfter('refilled', async (meter) => {
  await (await meter.loggedIn('cryptoOfficer')).installRateTable(servicesTable());
  await buyServices(meter);
});

export interface HeldKey {
  readonly request: KeyRequestFields;
  readonly certificate: Uint8Array;
}

/** Requests a key and installs its certificate. */
export async function takeKey(
  officer: Meter,
  wanted: ReturnType<typeof holder>,
  requestId = transaction(),
): Promise<HeldKey> {
  const request = keyRequestIn((await officer.requestKey(wanted)).request);
  const certificate = x509For(request.publicKey);
  await officer.installKey({ requestId, grant: grantFor(request, certificate) });
  return { request, certificate };
}

/** A meter with a key for postmarks, which is its first; the certificate is told by {@link stampingCertificate}. */
export const stampingFlash = flashAfter('refilled', async (meter) => {
  const officer = await meter.loggedIn('cryptoOfficer');
  await officer.installRateTable(servicesTable());
  await buyServices(meter);
  const held = await takeKey(await meter.loggedIn('cryptoOfficer'), holder('timeStamp'), {
    counter: 1,
    nonce: 1,
  });
  certificate = held.certificate;
});
let certificate: Uint8Array | undefined;

/** Of the key of {@link stampingFlash}, once that was made. */
export function stampingCertificate(): Uint8Array {
  if (certificate === undefined) throw new Error('no meter was made yet');
  return certificate;
}
