/**
 * Another device key and another indicium key for a meter, before their certificates end (requirements.md F8, G8; docs/keys.md).
 *
 * Whatever is lost on the way, the next call goes on: the meter asks for the same keys until it has their certificates, and the
 * authority answers the same request with the same ones.
 */

import {
  type CompactCertificate,
  readCompactCertificate,
} from '#protocol/documents/compact-certificate';
import { addDays, dateOf } from '#protocol/documents/date';
import type { Meter } from '../meter.ts';
import type { CallOptions } from '../session.ts';
import type { RenewalOffice } from './offices.ts';

/** How many days before their end the keys are renewed; the meter warns then too. */
const RENEWAL_DAYS = 30;

export interface KeysOutcome {
  /** `needsOfficer`: their time is up, and only the crypto officer may renew them. */
  readonly outcome: 'renewed' | 'valid' | 'needsOfficer';
  /** Serial of the certificate of the indicium key. */
  readonly serial: number;
  /** The last day of the certificate that ends first, YYYYMMDD. */
  readonly validTo: number;
}

/**
 * Renews the keys of a meter where their certificates end soon by its own clock; as the user, tells that it is due.
 * @throws RefusedError, LinkError, and what the office throws
 */
export async function renewDueKeys(
  meter: Renewing & Pick<Meter, 'status'>,
  office: RenewalOffice,
  options: CallOptions = {},
): Promise<KeysOutcome> {
  const { timeMs, caller } = await meter.status(options);
  const held = await heldBy(meter, options);
  const isDue = timeMs > 0 && held.validTo < addDays(dateOf(timeMs), RENEWAL_DAYS);
  if (!isDue) return { outcome: 'valid', ...held };
  if (caller !== 'cryptoOfficer') return { outcome: 'needsOfficer', ...held };
  return renewKeys(meter, office, options);
}

type Renewing = Pick<Meter, 'certificates' | 'renewKeys' | 'installRenewedKeys' | 'reconnect'>;

/**
 * Renews the keys of a meter now. The meter ends the session; another one is open afterwards, in which nobody is logged in.
 * @param meter with the crypto officer logged in
 * @throws RefusedError, LinkError, and what the office throws: the keys before count then, or the new ones already
 */
export async function renewKeys(
  meter: Renewing,
  office: RenewalOffice,
  options: CallOptions = {},
): Promise<KeysOutcome> {
  const { signal } = options;
  const { request } = await meter.renewKeys(options);
  const certificates = await office.renewCertificates({ request }, signal && { signal });
  await meter.installRenewedKeys(certificates, options);
  await meter.reconnect({ signal });
  return { outcome: 'renewed', ...(await heldBy(meter, options)) };
}

async function heldBy(
  meter: Pick<Meter, 'certificates'>,
  options: CallOptions,
): Promise<Pick<KeysOutcome, 'serial' | 'validTo'>> {
  const held = await meter.certificates(options);
  const [device, indicium] = [read(held.device), read(held.indicium)];
  return { serial: indicium.serial, validTo: Math.min(device.validTo, indicium.validTo) };
}

function read(certificate: Uint8Array): CompactCertificate {
  const fields = readCompactCertificate(certificate);
  if (!fields.ok) throw new Error('the meter holds something that is no certificate');
  return fields.value;
}
