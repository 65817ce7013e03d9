/** Lines of credit for tests: an issuer with the authority's word, its certificates, a meter with a key to pay with. */

import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import type { KeyPair } from '#protocol/crypto';
import {
  type CreditCertificateFields,
  creditCertificateDocument,
  creditUsesOf,
  type Payment,
  paymentDocument,
} from '#protocol/documents/credit';
import { mills } from '#protocol/mills';
import { nobleCrypto } from '#protocol/noble-crypto';
import { certificate, flashAfter } from './meter.ts';
import { seededRandom } from './seeded-random.ts';
import { buyServices, holder, servicesTable, takeKey } from './user-keys.ts';

const signing = nobleCrypto(seededRandom('issuer of credit'));
export const creditIssuerKeys: KeyPair = signing.generateKeyPair();
const issuerName = ascii('CREDIT-1');
export const LINE = mills(50_000);

export const issuerCertificate = (
  changes: Parameters<typeof certificate>[2] = {},
  issuer?: KeyPair,
): Uint8Array =>
  certificate(
    'creditIssuer',
    creditIssuerKeys.publicKey,
    { subject: issuerName, ...changes },
    issuer,
  );

export const creditFor = (
  publicKey: Uint8Array,
  changes: Partial<CreditCertificateFields> = {},
  issuer: KeyPair = creditIssuerKeys,
): Uint8Array =>
  creditCertificateDocument.issue(signing, issuer, {
    holder: ascii('A Holder'),
    serial: 1,
    publicKey,
    issuer: issuerName,
    amount: LINE,
    validFrom: 20260201,
    validTo: 20260430,
    uses: creditUsesOf('goods', 'travel'),
    ...changes,
  });

/** What a payment certificate says, which the key of its line signed. */
export function paymentIn(payment: Uint8Array, publicKey: Uint8Array): Payment {
  const read = paymentDocument.verify(nodeCrypto, publicKey, payment);
  if (!read.ok) throw new Error(read.status);
  return read.value;
}

/** A meter with key 1 to pay with and key 2 to sign with, the services in its rate table, and funds for them. */
export const payingFlash = flashAfter('refilled', async (meter) => {
  const officer = await meter.loggedIn('cryptoOfficer');
  await officer.installRateTable(servicesTable());
  await buyServices(meter);
  const again = await meter.loggedIn('cryptoOfficer');
  await takeKey(again, holder('pay'), { counter: 1, nonce: 1 });
  await takeKey(again, holder('sign'), { counter: 2, nonce: 1 });
});
