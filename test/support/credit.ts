/** Lines of credit for tests: an issuer with the authority's word, its certificates, a meter with a key to pay with. */

import type { Meter } from '#driver/meter';
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
import { letter } from './mail.ts';
import { certificate, flashAfter } from './meter.ts';
import { seededRandom } from './seeded-random.ts';
import { tokenKeysFor } from './tokens.ts';
import { buyServices, holder, servicesTable, takeKey, transaction } from './user-keys.ts';

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

/** Uses each service of credit, tickets and tokens once. @param logIn as the user */
export async function useCredit(officer: Meter, logIn: () => Promise<Meter>): Promise<void> {
  const { request: payer } = await takeKey(officer, holder('pay'));
  const { request: signer } = await takeKey(officer, holder('sign'));
  const { request } = await officer.requestTokenKeys();
  await officer.installTokenKeys(tokenKeysFor(request));
  const user = await logIn();
  const certificate = creditFor(payer.publicKey);
  const line = { certificate, issuer: issuerCertificate() };
  await user.installCredit({ requestId: transaction(), ...line });
  await user.pay({
    requestId: transaction(),
    credit: nodeCrypto.sha256(certificate),
    amount: mills(1),
    use: 'goods',
    merchant: new Uint8Array(32),
  });
  await user.credits();
  await user.createTicket({
    requestId: transaction(),
    number: signer.number,
    eventId: 1,
    kind: 'travel',
    validFrom: 1,
    validTo: 2,
    seat: new Uint8Array(0),
    uses: 1,
    price: mills(0),
  });
  await user.createLiteIndicium({ ...letter(1), requestId: transaction() });
}
