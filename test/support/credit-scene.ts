/** A meter with keys that were made in the test, its papers, and its payments: what a provider gets to see of credit. */

import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import type { KeyPair } from '#protocol/crypto';
import {
  type CreditRequest,
  creditCertificateDocument,
  creditUsesOf,
  encodeCreditRequest,
  type Payment,
  paymentDocument,
} from '#protocol/documents/credit';
import { formatMeterId } from '#protocol/documents/meter-id';
import { keyGrantDocument, keyUsesOf } from '#protocol/documents/user-key';
import { type Mills, mills } from '#protocol/mills';
import { encodeSignedAttributes, encodeTstInfo } from '#protocol/postmark';
import { distinguishedName, encodeCertificateContent, signedStructure } from '#protocol/x509';
import { DAY_MS, NOON_MS } from './back-office.ts';
import { timeStamping } from './user-keys.ts';

export interface Holder {
  readonly meterId: Uint8Array;
  readonly payKey: KeyPair;
  readonly stampKey: KeyPair;
  readonly certificate: Uint8Array;
  readonly grant: Uint8Array;
}

/** @param authority its key signs the certificates */
export function holderOf(authority: KeyPair, meterId: Uint8Array): Holder {
  const payKey = nodeCrypto.generateKeyPair();
  const stampKey = nodeCrypto.generateKeyPair();
  const content = encodeCertificateContent({
    serial: new Uint8Array(16).fill(0x11),
    issuer: distinguishedName({ organization: new Uint8Array(), commonName: ascii('Authority') }),
    subject: distinguishedName({
      organization: new Uint8Array(),
      commonName: ascii('A Holder'),
      serialNumber: ascii(formatMeterId(meterId)),
    }),
    publicKey: stampKey.publicKey,
    fromMs: NOON_MS - DAY_MS,
    toMs: NOON_MS + 365 * DAY_MS,
    extensions: [timeStamping],
  });
  const signature = nodeCrypto.sign(authority.privateKey, content);
  const grant = keyGrantDocument.issue(nodeCrypto, authority, {
    meterId,
    number: 3,
    publicKey: payKey.publicKey,
    uses: keyUsesOf('pay'),
    certificateDigest: new Uint8Array(32),
    serial: Uint8Array.of(1),
    validFrom: 20270101,
    validTo: 20271231,
  });
  return { meterId, payKey, stampKey, certificate: signedStructure(content, signature), grant };
}

/** A request for credit with its proof. */
export function creditRequest(
  { meterId, payKey, stampKey, certificate, grant }: Holder,
  amount: Mills,
  changes: Partial<CreditRequest> = {},
) {
  const request = encodeCreditRequest({
    holder: ascii('A Holder'),
    meterId,
    keyNumber: 3,
    publicKey: payKey.publicKey,
    amount,
    uses: creditUsesOf('goods'),
    ...changes,
  });
  const tstInfo = encodeTstInfo({
    isStreamed: false,
    digest: nodeCrypto.sha256(request),
    serial: Uint8Array.of(1),
    timeMs: NOON_MS,
    nonce: new Uint8Array(0),
  });
  const signedAttributes = encodeSignedAttributes(
    nodeCrypto,
    tstInfo,
    nodeCrypto.sha256(certificate),
  );
  const signature = nodeCrypto.sign(stampKey.privateKey, signedAttributes);
  return { request, certificate, tstInfo, signedAttributes, signature, grant };
}

/** A payment as the meter would sign it, or as a forger with its key would. */
export function paymentOf(
  { meterId, payKey }: Holder,
  credit: Uint8Array,
  fields: Pick<Payment, 'number' | 'amount' | 'rest'> & Partial<Payment>,
  signer = payKey,
): Uint8Array {
  const read = creditCertificateDocument.read(credit);
  if (!read.ok) throw new Error(read.status);
  return paymentDocument.sign(nodeCrypto, signer.privateKey, {
    serial: read.value.serial,
    meterId,
    creditDigest: nodeCrypto.sha256(credit),
    use: 'goods',
    merchant: new Uint8Array(32).fill(1),
    timeMs: NOON_MS,
    ...fields,
  });
}

export const paid = (number: number, amount: number, rest: number) => ({
  number,
  amount: mills(amount),
  rest: mills(rest),
});
