/** The secure clock, set by whoever may: over a challenge of the meter, and only where it is wrong (domain.md R27). */

import { clockSettingDocument } from '#protocol/documents/orders';
import type { Meter } from '../meter.ts';
import type { CallOptions } from '../session.ts';
import type { ClockOffice } from './offices.ts';

export interface ClockOutcome {
  readonly outcome: 'set' | 'right';
  /** What the meter showed, milliseconds since 1970-01-01 UTC; 0 where it trusted none. */
  readonly beforeMs: number;
  /** What the office says that it is. */
  readonly officeMs: number;
}

/** What is as near as this is left alone: every setting is a record in the security log. */
const TOLERANCE_MS = 2_000;

/** @throws RefusedError, LinkError, and what the office throws */
export async function setClock(
  meter: Pick<Meter, 'status' | 'challengeClock' | 'setClock'>,
  office: ClockOffice,
  options: CallOptions = {},
): Promise<ClockOutcome> {
  const { challenge } = await meter.challengeClock(options);
  const { meterId } = await meter.status(options);
  const { signal } = options;
  const { setting } = await office.setClock({ meterId, challenge }, signal && { signal });
  const { timeMs: beforeMs } = await meter.status(options);
  const read = clockSettingDocument.read(setting);
  const officeMs = read.ok ? read.value.timeMs : 0;
  if (beforeMs !== 0 && Math.abs(officeMs - beforeMs) <= TOLERANCE_MS)
    return { outcome: 'right', beforeMs, officeMs };
  await meter.setClock(setting, options);
  return { outcome: 'set', beforeMs, officeMs };
}
