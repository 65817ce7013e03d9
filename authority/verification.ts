/** Verification: what a scanned symbol proves, check by check, and whether it was seen before (requirements.md C8). */

import type { Indicium } from '#protocol/documents/indicium';
import {
  type Evidence,
  LEGACY_SIGNATURE_VERDICT,
  readEvidence,
} from '#protocol/documents/legacy-indicium';
import { formatMeterId } from '#protocol/documents/meter-id';
import type { LockReasonName } from '#protocol/state';
import { findCertificate } from './certificates.ts';
import { type Check, fail, pass, unknown } from './check.ts';
import type { AuthorityContext, AuthorityTransaction } from './context.ts';
import { judgeContent } from './evidence-content.ts';
import { judgeOrigin } from './evidence-origin.ts';
import { recordFinding } from './findings.ts';
import { lockBecause } from './lock-orders.ts';
import { recordSighting } from './sightings.ts';
import { refundedMs } from './spoilage.ts';
import { judgeLite } from './tokens/verification.ts';

/** In the order in which they are made and told. */
export const evidenceCheckNames = [
  'structure',
  'certificate',
  'chain',
  'signature',
  'validity',
  'purpose',
  'licence',
  'rate',
  'refunded',
  'registers',
  'forgery',
  'duplicate',
] as const;
export type EvidenceCheckName = (typeof evidenceCheckNames)[number];
export type EvidenceCheck = Check<EvidenceCheckName>;

export interface Verdict {
  /** Whether it is to be taken as postage: nothing failed, and the signature was verified. */
  readonly accepted: boolean;
  /** Which kind of evidence it is; undefined where it is none. */
  readonly format: Evidence['format'] | undefined;
  readonly checks: readonly EvidenceCheck[];
  /** What our own evidence says, whether it is genuine or not; undefined for other evidence. */
  readonly indicium: Indicium | undefined;
  /** When this meter and piece were seen first, milliseconds since 1970-01-01 UTC; undefined where it is not genuine. */
  readonly firstSeenMs: number | undefined;
}

export interface Scan {
  /** The bytes of the symbol. */
  readonly evidence: Uint8Array;
  /** When it was scanned, milliseconds since 1970-01-01 UTC; now where left out. */
  readonly seenMs?: number | undefined;
}

/**
 * Judges evidence and records the sight of it. The second sight of the same indicium is reported with the first one's
 * time; a failed check of our own evidence is recorded as a finding, and what shows that a meter is copied or used against
 * the rules locks it.
 */
export async function verifyEvidence(
  context: AuthorityContext,
  { evidence, seenMs = context.now() }: Scan,
): Promise<Verdict> {
  const read = readEvidence(evidence);
  if (!read.ok) return verdict(undefined, [fail('structure', 'It has no layout that is known.')]);
  const { format, indicium } = read.value;
  const lite =
    format === 'ibiLite' ? await judgeLite(context, evidence, indicium, seenMs) : undefined;
  if (lite !== undefined) {
    const checks = [pass('structure', 'It has the layout of IBI-Lite.'), ...lite.checks];
    return verdict(format, checks, undefined, lite.firstSeenMs);
  }
  if (format !== 'tessera')
    return verdict(format, [
      pass('structure', `It has the layout of ${format === 'ibi' ? 'IBI' : 'IBI-Lite'}.`),
      unknown('signature', `${LEGACY_SIGNATURE_VERDICT}.`),
    ]);
  const certificate = await findCertificate(context, indicium.certificateSerial);
  const origin = judgeOrigin(context, evidence, indicium, certificate);
  const isGenuine = origin.every(({ outcome }) => outcome === 'pass');
  const content = await judgeContent(context, indicium, certificate, seenMs);
  return context.db.transaction().execute(async (trx) => {
    const sighting = isGenuine
      ? await recordSighting(trx, evidence, indicium, seenMs)
      : { checks: [], firstSeenMs: undefined };
    const refund = isGenuine ? [await judgeRefund(trx, indicium)] : [];
    const checks = [...origin, ...content, ...refund, ...sighting.checks];
    await follow(context, trx, evidence, indicium, checks);
    return verdict(format, checks, indicium, sighting.firstSeenMs);
  });
}

/** A piece whose postage came back was not to be mailed (domain.md R21). */
async function judgeRefund(
  trx: AuthorityTransaction,
  { meterId, pieceCount }: Indicium,
): Promise<EvidenceCheck> {
  const whenMs = await refundedMs({ db: trx }, meterId, pieceCount);
  return whenMs === undefined
    ? pass('refunded', 'Its postage was not paid back.')
    : fail('refunded', `Its postage was paid back at ${new Date(whenMs).toISOString()}.`);
}

/** What of a genuine indicium shows that a meter is copied, or used against the rules (requirements.md G9). */
const grave: Partial<Record<EvidenceCheckName, LockReasonName>> = {
  registers: 'registers',
  forgery: 'duplicate',
  duplicate: 'duplicate',
  refunded: 'duplicate',
};

/** Records what failed, and locks the meter where it must be. */
async function follow(
  context: AuthorityContext,
  trx: AuthorityTransaction,
  evidence: Uint8Array,
  { meterId }: Indicium,
  checks: readonly EvidenceCheck[],
): Promise<void> {
  for (const { name: kind, outcome, text } of checks) {
    if (outcome !== 'fail') continue;
    await recordFinding(context, trx, { kind, meterId: formatMeterId(meterId), text, evidence });
    const reason = grave[kind];
    if (reason !== undefined) await lockBecause(context, trx, { meterId, reason, cause: text });
  }
}

function verdict(
  format: Verdict['format'],
  checks: readonly EvidenceCheck[],
  indicium?: Indicium,
  firstSeenMs?: number,
): Verdict {
  const isSigned = checks.some(({ name, outcome }) => name === 'signature' && outcome === 'pass');
  const accepted = isSigned && checks.every(({ outcome }) => outcome !== 'fail');
  return { accepted, format, checks, indicium, firstSeenMs };
}
