/** The security log of a meter as whoever holds the authority's key gets it: exported, verified, acknowledged. */

import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import type { KeyPair } from '#protocol/crypto';
import {
  type AcknowledgementFields,
  type InspectionReport,
  issueAcknowledgement,
  verifyInspectionReport,
} from '#protocol/documents/inspection';
import {
  EMPTY_LOG,
  LOG_RECORD_SIZE,
  type LogPosition,
  type LogRecord,
  verifyLogExport,
} from '#protocol/documents/security-log';
import { TEST_TIME_MS } from './board.ts';
import { authorityKeys, meterId } from './meter.ts';

/** A report over a fresh challenge, verified. */
export async function inspected(
  host: Meter,
  challenge = nodeCrypto.randomBytes(16),
): Promise<InspectionReport> {
  const { report } = await host.inspectionReport(challenge);
  const { publicKey } = host.server ?? { publicKey: new Uint8Array(33) };
  const read = verifyInspectionReport(nodeCrypto, publicKey, report, { meterId, challenge });
  if (!read.ok) throw new Error(`the report is refused: ${read.status}`);
  return read.value;
}

/** The bytes of all records behind a number. */
export async function exportedLog(host: Meter, behind = 0): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let from = behind + 1; ; ) {
    const part = await host.readLog(from);
    if (part.records.length === 0) return Uint8Array.from(parts.flatMap((each) => [...each]));
    if (part.from !== from) throw new Error(`record ${from} is gone`);
    parts.push(part.records);
    from += part.records.length / LOG_RECORD_SIZE;
  }
}

/** What happened since a position, its chain verified up to the one that a report tells. */
export async function historyOf(
  host: Meter,
  since: LogPosition = EMPTY_LOG,
): Promise<readonly LogRecord[]> {
  const { logCount: count, logHead: head } = await inspected(host);
  const exported = await exportedLog(host, since.count);
  const read = verifyLogExport(nodeCrypto, since, { count, head }, exported);
  if (!read.ok) throw new Error(`the log is refused: ${read.status}`);
  return read.value;
}

/** What the authority answers to a report. */
export function acknowledgement(
  { challenge, logCount, logHead }: InspectionReport,
  changes: Partial<AcknowledgementFields> = {},
  issuer: KeyPair = authorityKeys,
): Uint8Array {
  return issueAcknowledgement(nodeCrypto, issuer, {
    meterId,
    challenge,
    logCount,
    logHead,
    timeMs: TEST_TIME_MS,
    ...changes,
  });
}

/** An inspection from beginning to end. @returns the position of the log that was acknowledged */
export async function acknowledge(host: Meter): Promise<LogPosition> {
  const report = await inspected(host);
  await host.acknowledgeInspection(acknowledgement(report));
  return { count: report.logCount, head: report.logHead };
}
