/** Lock orders of the authority, brought to the meter by whoever is there (requirements.md A8, G9). */

import { type LockOrderFields, lockOrderDocument } from '#protocol/documents/orders';
import { RefusedError } from '../errors.ts';
import type { Meter } from '../meter.ts';
import type { CallOptions } from '../session.ts';
import type { OrderOffice } from './offices.ts';

export type OrderOutcome =
  | { readonly outcome: 'none' }
  | ({ readonly outcome: 'applied' | 'known' } & Pick<
      LockOrderFields,
      'action' | 'reason' | 'sequence'
    >);

type OrderedMeter = Pick<Meter, 'condition' | 'applyLockOrder'>;

/** @throws RefusedError, LinkError, and what the office throws */
export async function applyLatestOrder(
  meter: OrderedMeter & Pick<Meter, 'status'>,
  office: OrderOffice,
  options: CallOptions = {},
): Promise<OrderOutcome> {
  const { meterId } = await meter.status(options);
  const { signal } = options;
  const { order } = await office.lockOrder({ meterId }, signal && { signal });
  return applyOrder(meter, order, options);
}

/** Gives the meter an order that came with something else; one that it has already is left out. */
export async function applyOrder(
  meter: OrderedMeter,
  order: Uint8Array | undefined,
  options: CallOptions = {},
): Promise<OrderOutcome> {
  if (order === undefined) return { outcome: 'none' };
  const read = lockOrderDocument.read(order);
  if (!read.ok) return { outcome: 'none' }; // the meter would refuse it, and nothing is said about any order
  const { action, reason, sequence } = read.value;
  const told = { action, reason, sequence };
  if (sequence <= (await meter.condition(options)).lockSequence)
    return { outcome: 'known', ...told };
  try {
    await meter.applyLockOrder(order, options);
    return { outcome: 'applied', ...told };
  } catch (error) {
    if (!(error instanceof RefusedError) || error.status !== 'documentOutdated') throw error;
    return { outcome: 'known', ...told };
  }
}
