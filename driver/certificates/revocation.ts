/**
 * The revocation of a key of the meter (requirements.md D5; P fig. 6): request, order, device, confirmation; and the orders of the
 * authority that come by themselves, at the next contact.
 */

import {
  type RevocationConfirmationFields,
  type RevocationReason,
  revocationConfirmationDocument,
  revocationOrderDocument,
} from '#protocol/documents/user-key';
import type { Mills } from '#protocol/mills';
import type { RevocationOffice, RevocationOrderOffice } from '../contact/offices.ts';
import { RefusedError } from '../errors.ts';
import { meterName } from '../issue.ts';
import type { Meter } from '../meter.ts';
import type { CallOptions } from '../session.ts';
import { type CertificateCalls, callOnce } from './calls.ts';

export interface RevokedKey {
  readonly number: number;
  readonly reason: RevocationReason;
  readonly isForced: boolean;
  /** What the meter paid, and what it could not; undefined where it does not hold the key, as where it was never installed. */
  readonly payment: { readonly paid: Mills; readonly due: Mills } | undefined;
}

type RevokingMeter = Pick<Meter, 'address' | 'server' | 'registers' | 'revokeKey'>;
type OrderedMeter = RevokingMeter & Pick<Meter, 'status'>;

/**
 * Revokes a key at the wish of its user (602 to 624). The certificate is on the list of the authority as soon as it has the request,
 * and the key is destroyed before anything is paid.
 * @param meter with the user or the crypto officer logged in
 * @throws RefusedError, LinkError, and what the office throws: the next contact goes on with it
 */
export async function revokeCertificate(
  meter: RevokingMeter & Pick<Meter, 'requestRevocation'>,
  office: RevocationOffice,
  calls: CertificateCalls,
  wish: { readonly number: number; readonly reason: RevocationReason },
  options: CallOptions = {},
): Promise<RevokedKey> {
  const { signal } = options;
  const { request } = await meter.requestRevocation(wish, options);
  const { order } = await office.revokeCertificate({ request }, signal && { signal });
  return carryOut(meter, office, calls, order, options);
}

/**
 * Brings the orders that the meter has not confirmed (608), whoever caused them.
 * @throws RefusedError, LinkError, and what the office throws
 */
export async function bringRevocations(
  meter: OrderedMeter,
  office: RevocationOrderOffice,
  calls: CertificateCalls,
  options: CallOptions = {},
): Promise<readonly RevokedKey[]> {
  const { signal } = options;
  const { meterId } = await meter.status(options);
  const { orders } = await office.revocationOrders({ meterId }, signal && { signal });
  const revoked: RevokedKey[] = [];
  for (const order of orders) revoked.push(await carryOut(meter, office, calls, order, options));
  return revoked;
}

async function carryOut(
  meter: RevokingMeter,
  office: Pick<RevocationOrderOffice, 'confirmRevocation'>,
  calls: CertificateCalls,
  order: Uint8Array,
  options: CallOptions,
): Promise<RevokedKey> {
  const read = revocationOrderDocument.read(order);
  if (!read.ok) throw new Error('the authority gave something that is no order');
  const { number, reason, isForced } = read.value;
  const confirmation = await destroy(meter, calls, number, order, options);
  if (confirmation === undefined) return { number, reason, isForced, payment: undefined };
  const { paid, due } = fieldsOf(confirmation);
  const { signal } = options;
  await office.confirmRevocation({ confirmation }, signal && { signal });
  await calls.end({ meter: meterName(meter), service: 'revokeKey', key: number });
  return { number, reason, isForced, payment: { paid, due } };
}

/** @returns the confirmation; undefined where the meter does not hold the key */
async function destroy(
  meter: RevokingMeter,
  calls: CertificateCalls,
  key: number,
  order: Uint8Array,
  options: CallOptions,
): Promise<Uint8Array | undefined> {
  const wanted = { service: 'revokeKey', key, document: order } as const;
  try {
    const { confirmation } = await callOnce(meter, calls, wanted, (requestId, document) =>
      meter.revokeKey({ requestId, order: document }, options),
    );
    return confirmation;
  } catch (error) {
    if (error instanceof RefusedError && error.status === 'keyUnknown') return undefined;
    throw error;
  }
}

function fieldsOf(confirmation: Uint8Array): RevocationConfirmationFields {
  const read = revocationConfirmationDocument.read(confirmation);
  if (!read.ok) throw new Error('the meter gave something that is no confirmation');
  return read.value;
}
