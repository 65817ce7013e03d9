/** Licence and rate tables, renewed where the authority has later ones (requirements.md B4, F8; domain.md R30). */

import { licenceDocument } from '#protocol/documents/licence';
import { rateTableDocument } from '#protocol/documents/rate-table';
import type { Meter } from '../meter.ts';
import type { CallOptions } from '../session.ts';
import type { LicenceOffice, RatesOffice } from './offices.ts';

export interface LicenceOutcome {
  /** `needsOfficer`: there is a later one, and only the crypto officer may bring it. */
  readonly outcome: 'renewed' | 'latest' | 'needsOfficer';
  readonly sequence: number;
  /** Last day on which value is produced, YYYYMMDD. */
  readonly validTo: number;
}

/** @throws RefusedError, LinkError, and what the office throws */
export async function renewLicence(
  meter: Pick<Meter, 'status' | 'condition' | 'register'>,
  office: LicenceOffice,
  options: CallOptions = {},
): Promise<LicenceOutcome> {
  const { meterId, caller } = await meter.status(options);
  const { signal } = options;
  const { licence } = await office.licence({ meterId }, signal && { signal });
  const read = licenceDocument.read(licence);
  if (!read.ok) throw new Error('the authority gave something that is no licence');
  const { sequence, validTo } = read.value;
  if (sequence <= (await meter.condition(options)).licenceSequence)
    return { outcome: 'latest', sequence, validTo };
  if (caller !== 'cryptoOfficer') return { outcome: 'needsOfficer', sequence, validTo };
  await meter.register(licence, options);
  return { outcome: 'renewed', sequence, validTo };
}

/** One table that was installed. */
export interface InstalledRates {
  readonly version: number;
  /** First day of validity, YYYYMMDD. */
  readonly validFrom: number;
}

/**
 * Installs the table of today and the one that comes behind it, where they are later than what the meter holds.
 * @throws RefusedError, LinkError, and what the office throws
 */
export async function renewRates(
  meter: Pick<Meter, 'condition' | 'installRateTable'>,
  office: RatesOffice,
  options: CallOptions = {},
): Promise<readonly InstalledRates[]> {
  const { signal } = options;
  const current = await office.currentRateTable({}, signal && { signal });
  const next = await office.nextRateTable({}, signal && { signal });
  const installed: InstalledRates[] = [];
  for (const { rateTable } of [current, next]) {
    const read = rateTable === undefined ? undefined : rateTableDocument.read(rateTable);
    if (rateTable === undefined || read?.ok !== true) continue;
    const { version, validFrom } = read.value;
    const { rateVersion, nextRateVersion } = await meter.condition(options);
    if (version <= Math.max(rateVersion, nextRateVersion)) continue;
    await meter.installRateTable(rateTable, options);
    installed.push({ version, validFrom });
  }
  return installed;
}
