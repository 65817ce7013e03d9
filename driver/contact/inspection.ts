/**
 * An inspection: the meter's signed report with what the authority does not have of its security log, and the
 * acknowledgement that lets it go on (requirements.md A8, A9, G6; domain.md R24, R25).
 */

import { readInspectionReport } from '#protocol/documents/inspection';
import type { Meter } from '../meter.ts';
import type { CallOptions } from '../session.ts';
import type { InspectionCheck, InspectionOffice } from './offices.ts';
import { applyOrder, type OrderOutcome } from './orders.ts';
import { exportLog } from './security-log.ts';

export interface Inspection {
  /** Whether the authority accepts what the meter reports; only then the inspection timer begins anew. */
  readonly accepted: boolean;
  readonly checks: readonly InspectionCheck[];
  /** The signed report. */
  readonly report: Uint8Array;
  /** Records of the security log that were handed over. */
  readonly exported: number;
  readonly order: OrderOutcome;
}

export interface InspectionOptions extends CallOptions {
  /** Told how many records of the log are read, and how many there are. */
  readonly onProgress?: ((read: number, all: number) => void) | undefined;
}

type InspectedMeter = Pick<
  Meter,
  | 'address'
  | 'status'
  | 'condition'
  | 'inspectionReport'
  | 'acknowledgeInspection'
  | 'applyLockOrder'
  | 'readLog'
>;

/**
 * Inspects a meter in a session; nobody needs to be logged in. Done again from the beginning after any interruption.
 * @throws RefusedError, LinkError, and what the office throws
 */
export async function inspect(
  meter: InspectedMeter,
  authority: InspectionOffice,
  { onProgress, ...options }: InspectionOptions = {},
): Promise<Inspection> {
  const { signal } = options;
  const asking = signal && { signal };
  const { meterId } = await meter.status(options);
  const { challenge, logCount } = await authority.askForReport({ meterId }, asking);
  const { report } = await meter.inspectionReport(challenge, options);
  const read = readInspectionReport(report);
  if (!read.ok) throw new Error('the meter gave something that is no report');
  const range = { from: logCount + 1, to: read.value.logCount };
  const all = Math.max(0, range.to - logCount);
  const { records } = await exportLog(meter, range, {
    ...options,
    onProgress: (count) => onProgress?.(count, all),
  });
  const verdict = await authority.takeReport({ report, log: records }, asking);
  const { accepted, checks, acknowledgement } = verdict;
  if (acknowledgement !== undefined) await meter.acknowledgeInspection(acknowledgement, options);
  const order = await applyOrder(meter, verdict.order, options);
  return { accepted, checks, report, exported: all, order };
}
