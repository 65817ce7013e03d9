/**
 * Which device key signs for a meter, and the certificates of other keys that it asks for (requirements.md F8, G8).
 *
 * A certificate that was issued for another key counts beside the one in use until something is signed by it: from then on the
 * meter has it, and the key before counts no more.
 */

import { equalBytes } from '#protocol/bytes';
import {
  type CompactCertificate,
  readCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { keyRenewalDocument } from '#protocol/documents/key-renewal';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { SignedDocument } from '#protocol/documents/signed-document';
import { certifyPair, isPublicKey, type MeterCertificates } from './certificates.ts';
import type { AuthorityContext, AuthorityTransaction } from './context.ts';
import { lockMeter } from './meters.ts';
import { type AuthorityOutcome, type AuthorityRefusal, refuseBecause } from './refusals.ts';

/** At most so many certificates in one answer. */
export const DEVICE_CERTIFICATES_LIMIT = 100;

/** The device certificates of a meter from a serial on, the earliest first. */
async function certificatesFrom(
  { db }: Pick<AuthorityContext, 'db'>,
  meter: string,
  serial: number,
): Promise<readonly Uint8Array[]> {
  const rows = await db
    .selectFrom('certificates')
    .select('certificate')
    .where('subject', '=', meter)
    .where('usage', '=', 'device')
    .where('serial', '>=', serial)
    .orderBy('serial')
    .limit(DEVICE_CERTIFICATES_LIMIT)
    .execute();
  return rows.map(({ certificate }) => certificate);
}

/** Those behind a serial, for a provider that does not know the key of a meter. */
export async function laterDeviceCertificates(
  context: AuthorityContext,
  { meterId, after }: { readonly meterId: Uint8Array; readonly after: number },
): Promise<AuthorityOutcome<{ readonly certificates: readonly Uint8Array[] }>> {
  const certificates = await certificatesFrom(context, formatMeterId(meterId), after + 1);
  return { ok: true, value: { certificates } };
}

/**
 * The certificate of the device key that signed something.
 * @param isSignedBy whether it is signed by the key of a certificate
 */
export async function signerOf(
  context: Pick<AuthorityContext, 'db'>,
  meterId: Uint8Array,
  isSignedBy: (certificate: CompactCertificate) => boolean,
): Promise<AuthorityOutcome<CompactCertificate>> {
  const meter = formatMeterId(meterId);
  const row = await context.db
    .selectFrom('meters')
    .select('device_serial')
    .where('meter_id', '=', meter)
    .executeTakeFirst();
  const inUse = row?.device_serial ?? 0;
  const certificates = await certificatesFrom(context, meter, inUse);
  if (certificates.length === 0) return refuseBecause('meterNotCertified');
  for (const bytes of certificates) {
    const read = readCompactCertificate(bytes);
    if (!read.ok) throw new Error('the record of a certificate is damaged');
    if (!isSignedBy(read.value)) continue;
    if (read.value.serial > inUse) await useFromNowOn(context, meter, read.value.serial);
    return { ok: true, value: read.value };
  }
  return refuseBecause('signatureInvalid');
}

/** The certificate whose key signed a document that names it by its serial number. Refusals as {@link signerOf}. */
export function namedSignerOf<
  T extends { readonly meterId: Uint8Array; readonly deviceSerial: number },
>(
  context: Pick<AuthorityContext, 'db' | 'crypto'>,
  document: SignedDocument<T>,
  bytes: Uint8Array,
  { meterId, deviceSerial }: T,
): Promise<AuthorityOutcome<CompactCertificate>> {
  return signerOf(
    context,
    meterId,
    ({ serial, publicKey }) =>
      serial === deviceSerial && document.verify(context.crypto, publicKey, bytes).ok,
  );
}

async function useFromNowOn(
  { db }: Pick<AuthorityContext, 'db'>,
  meter: string,
  serial: number,
): Promise<void> {
  await db
    .updateTable('meters')
    .set({ device_serial: serial })
    .where('meter_id', '=', meter)
    .where((eb) => eb.or([eb('device_serial', 'is', null), eb('device_serial', '<', serial)]))
    .execute();
}

/** Certifies the keys that a meter asks for, by the key it has. The same keys get the same certificates. */
export async function renewCertificates(
  context: AuthorityContext,
  { request }: { readonly request: Uint8Array },
): Promise<AuthorityOutcome<MeterCertificates>> {
  const { crypto } = context;
  const read = keyRenewalDocument.read(request);
  if (!read.ok) return refuseBecause('documentMalformed');
  const { meterId, deviceKey, indiciumKey } = read.value;
  const areKeys = [deviceKey, indiciumKey].every((key) => isPublicKey(context, key));
  if (!areKeys || equalBytes(deviceKey, indiciumKey)) return refuseBecause('keyInvalid');
  return context.db.transaction().execute(async (trx) => {
    if (!(await lockMeter(trx, meterId))) return refuseBecause('meterUnknown');
    const signer = await namedSignerOf(
      { db: trx, crypto },
      keyRenewalDocument,
      request,
      read.value,
    );
    if (!signer.ok) return signer;
    const refusal = await reasonAgainst(trx, meterId);
    if (refusal !== undefined) return refuseBecause(refusal);
    const known = [
      await certificateOf(trx, meterId, 'device', deviceKey),
      await certificateOf(trx, meterId, 'indicium', indiciumKey),
    ] as const;
    const [device, indicium] = known;
    if (device !== undefined && indicium !== undefined)
      return { ok: true, value: { device, indicium } };
    if (device !== undefined || indicium !== undefined) return refuseBecause('keyInvalid');
    return { ok: true, value: await certifyPair(context, trx, read.value) };
  });
}

async function reasonAgainst(
  trx: AuthorityTransaction,
  meterId: Uint8Array,
): Promise<AuthorityRefusal | undefined> {
  const { lock_action, withdrawal } = await trx
    .selectFrom('meters')
    .select(['lock_action', 'withdrawal'])
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirstOrThrow();
  if (withdrawal !== null) return 'meterWithdrawn';
  return lock_action === 'revoke' ? 'meterRevoked' : undefined;
}

async function certificateOf(
  trx: AuthorityTransaction,
  meterId: Uint8Array,
  usage: 'device' | 'indicium',
  publicKey: Uint8Array,
): Promise<Uint8Array | undefined> {
  const row = await trx
    .selectFrom('certificates')
    .select('certificate')
    .where('subject', '=', formatMeterId(meterId))
    .where('usage', '=', usage)
    .where('public_key', '=', publicKey)
    .executeTakeFirst();
  return row?.certificate;
}
