/** Compact certificates: issued, recorded under their serial numbers, found again (requirements.md D7, G8). */

import { equalBytes } from '#protocol/bytes';
import {
  type CertificateUsage,
  type CompactCertificate,
  issueCompactCertificate,
  readCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { addDays, dateOf } from '#protocol/documents/date';
import type { BornKeys } from '#protocol/documents/making';
import { formatMeterId } from '#protocol/documents/meter-id';
import { type AuthorityContext, type AuthorityTransaction, nextNumber } from './context.ts';

/** Days a certificate is valid, the first one counted: three years. */
export const CERTIFICATE_DAYS = 1096;

export interface CertificateOrder {
  readonly subject: Uint8Array;
  readonly usage: Exclude<CertificateUsage, 'authority'>;
  readonly publicKey: Uint8Array;
}

/** Issues a certificate from today and records it. */
export async function issueCertificate(
  { crypto, keys, now }: AuthorityContext,
  trx: AuthorityTransaction,
  { subject, usage, publicKey }: CertificateOrder,
): Promise<Uint8Array> {
  const issuedMs = now();
  const today = dateOf(issuedMs);
  const serial = await nextNumber(trx, 'certificate');
  const certificate = issueCompactCertificate(crypto, keys, {
    serial,
    subject,
    usage,
    publicKey,
    validFrom: today,
    validTo: addDays(today, CERTIFICATE_DAYS - 1),
  });
  await trx
    .insertInto('certificates')
    .values({
      serial,
      subject: formatMeterId(subject),
      usage,
      public_key: publicKey,
      certificate,
      issued_ms: issuedMs,
    })
    .execute();
  return certificate;
}

export interface MeterCertificates {
  readonly device: Uint8Array;
  readonly indicium: Uint8Array;
}

/** The certificates of the two keys of a meter. */
export async function certifyPair(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  { meterId: subject, deviceKey, indiciumKey }: BornKeys,
): Promise<MeterCertificates> {
  const device = { subject, usage: 'device', publicKey: deviceKey } as const;
  const indicium = { subject, usage: 'indicium', publicKey: indiciumKey } as const;
  return {
    device: await issueCertificate(context, trx, device),
    indicium: await issueCertificate(context, trx, indicium),
  };
}

/** The certificate with a serial number, as it was issued; undefined where there is none. */
export async function findCertificate(
  { db }: Pick<AuthorityContext, 'db'>,
  serial: number,
): Promise<Uint8Array | undefined> {
  const row = await db
    .selectFrom('certificates')
    .select('certificate')
    .where('serial', '=', serial)
    .executeTakeFirst();
  return row?.certificate;
}

/** The newest certificate of a subject for a usage; undefined where there is none. */
export async function latestCertificate(
  { db }: Pick<AuthorityContext, 'db'>,
  subject: Uint8Array,
  usage: CertificateUsage,
): Promise<{ readonly certificate: Uint8Array; readonly fields: CompactCertificate } | undefined> {
  const row = await db
    .selectFrom('certificates')
    .select(['certificate', 'public_key'])
    .where('subject', '=', formatMeterId(subject))
    .where('usage', '=', usage)
    .orderBy('serial', 'desc')
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const fields = readCompactCertificate(row.certificate);
  if (!fields.ok || !equalBytes(fields.value.publicKey, row.public_key))
    throw new Error('the record of a certificate contradicts the certificate');
  return { certificate: row.certificate, fields: fields.value };
}

/** Whether 33 bytes are a point that a signature or an agreement can be made with. */
export function isPublicKey({ crypto }: AuthorityContext, publicKey: Uint8Array): boolean {
  const { privateKey } = crypto.generateKeyPair();
  const shared = crypto.agree(privateKey, publicKey);
  privateKey.fill(0);
  shared?.fill(0);
  return shared !== undefined;
}
