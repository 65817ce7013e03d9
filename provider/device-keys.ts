/**
 * Which device key signs for a meter that is enrolled here (requirements.md D4, F8). Where a request is signed by a key that is
 * not known, the authority is asked for later certificates: the one that signed takes the place of the one before, for ever.
 */

import type { Kysely } from 'kysely';
import { verifyCertificateInTime } from '#protocol/documents/authority-chain';
import {
  type CompactCertificate,
  readCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { formatMeterId } from '#protocol/documents/meter-id';
import { judgeByAuthority } from './authority-keys.ts';
import type { ProviderContext } from './context.ts';
import { type ProviderOutcome, refuseBecause } from './refusals.ts';
import type { ProviderTables } from './tables.ts';

/** The certificate of the device key of an enrolled meter that signed something. */
export async function signerOf(
  context: ProviderContext,
  meterId: Uint8Array,
  isSignedBy: (certificate: CompactCertificate) => boolean,
): Promise<ProviderOutcome<CompactCertificate>> {
  const row = await context.db
    .selectFrom('meters')
    .select('certificate')
    .where('meter_id', '=', formatMeterId(meterId))
    .executeTakeFirst();
  if (row === undefined) return refuseBecause('meterUnknown');
  const held = readHeld(row.certificate);
  if (isSignedBy(held)) return { ok: true, value: held };
  for (const certificate of await laterThan(context, held)) {
    const demand = { usage: 'device', subject: meterId } as const;
    const read = await judgeByAuthority(context, (keys) =>
      verifyCertificateInTime(context.crypto, keys, certificate, demand),
    );
    if (!read.ok || !isSignedBy(read.value)) continue;
    const isTaken = await replaceCertificate(context.db, row.certificate, certificate);
    if (isTaken) return { ok: true, value: read.value };
  }
  return refuseBecause('signatureInvalid');
}

function readHeld(bytes: Uint8Array): CompactCertificate {
  const certificate = readCompactCertificate(bytes);
  if (!certificate.ok) throw new Error('the record of a device certificate is damaged');
  return certificate.value;
}

/** None where the authority does not answer: it is asked again with the next request. */
async function laterThan(
  { authority }: ProviderContext,
  { subject: meterId, serial: after }: CompactCertificate,
): Promise<readonly Uint8Array[]> {
  try {
    return (await authority.deviceCertificates({ meterId, after })).certificates;
  } catch {
    return [];
  }
}

/** Holds a certificate that the authority signed in place of an earlier one of the same meter; false where it is not later. */
export async function replaceCertificate(
  db: Kysely<ProviderTables>,
  held: Uint8Array,
  certificate: Uint8Array,
): Promise<boolean> {
  const [before, after] = [readHeld(held), readHeld(certificate)];
  if (after.serial <= before.serial) return false;
  const { numUpdatedRows } = await db
    .updateTable('meters')
    .set({ certificate })
    .where('meter_id', '=', formatMeterId(before.subject))
    .where('certificate', '=', held)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
