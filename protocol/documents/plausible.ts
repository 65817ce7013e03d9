/** Whether two indicia of one meter can both be true: what its registers can do between them (requirements.md C8, G9). */

import { equalBytes } from '../bytes.ts';
import { daysBetween, MAILING_DAYS_AHEAD_MAX } from './date.ts';
import { type IndiciumFields, indiciumCore } from './indicium.ts';

/** The most that one piece can move the ascending register: postage has 24 bits. Mills. */
const POSTAGE_LIMIT = 0xff_ffff;

/**
 * `otherMeter`: nothing can be said · `same`: the very same indicium, or its reprint (R35) · `pieceCountNotGrown` ·
 * `ascendingGrewTooLittle`: by less than the postage of the later piece · `ascendingGrewTooMuch`: by more than the later
 * piece and the greatest postage for each piece between · `controlSumFell`: ascending + descending became less, which
 * only a withdrawal does, and after it there are no indicia (domain.md R3, R22) · `rateTableOlder`: a meter takes no
 * older table (R30) · `datedTooEarly`: the later piece is dated more than 30 days before the earlier one, though that one
 * was dated 30 days ahead at most (R27, R31).
 */
export const plausibilityFindings = [
  'otherMeter',
  'same',
  'pieceCountNotGrown',
  'ascendingGrewTooLittle',
  'ascendingGrewTooMuch',
  'controlSumFell',
  'rateTableOlder',
  'datedTooEarly',
] as const;
export type PlausibilityFinding = (typeof plausibilityFindings)[number];

/**
 * All that speaks against the pair; empty where it is possible.
 * @param earlier the one with the smaller piece count
 * @param paysServices certificate services may have been paid from the same registers between, as many as there were funds
 * (requirements.md B1)
 */
export function plausible(
  earlier: IndiciumFields,
  later: IndiciumFields,
  paysServices = false,
): PlausibilityFinding[] {
  if (!equalBytes(earlier.meterId, later.meterId)) return ['otherMeter'];
  if (equalBytes(coreOfOriginal(earlier), coreOfOriginal(later))) return ['same'];
  const pieces = later.pieceCount - earlier.pieceCount;
  const spent = later.ascending - earlier.ascending;
  const spentMost = later.postage + Math.max(0, pieces - 1) * POSTAGE_LIMIT;
  const controlSumGrowth = spent + later.descending - earlier.descending;
  const against: Record<PlausibilityFinding, boolean> = {
    otherMeter: false,
    same: false,
    pieceCountNotGrown: pieces <= 0,
    ascendingGrewTooLittle: spent < later.postage,
    ascendingGrewTooMuch: !paysServices && spent > spentMost,
    controlSumFell: controlSumGrowth < 0,
    rateTableOlder: later.rateCategory < earlier.rateCategory,
    datedTooEarly: daysBetween(earlier.mailingDate, later.mailingDate) < -MAILING_DAYS_AHEAD_MAX,
  };
  return plausibilityFindings.filter((finding) => against[finding]);
}

function coreOfOriginal(indicium: IndiciumFields): Uint8Array {
  return indiciumCore({ ...indicium, flags: { ...indicium.flags, reprint: false } });
}
