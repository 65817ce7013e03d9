/** What keeps a meter from producing value, and what soon will, in sentences with the way out (requirements.md A8, F7). */

import { locksIn, warningsIn } from '#driver/contact/contact';
import type { Condition } from '#protocol/command-layouts';
import type { WarningName } from '#protocol/state';
import { statusEntry } from '#protocol/status-text';
import { type Output, table } from './output.ts';

const warningTexts: Readonly<Record<WarningName, string>> = {
  lowFunds: 'The funds are low: tessera meter refill.',
  inspectionDue: 'An inspection is due: tessera meter sync.',
  qualityPrintDue: 'A quality print is due: tessera print --quality.',
  logAlmostFull: 'The security log is almost full: tessera meter sync.',
  refillPending: 'A refill is under way: tessera meter sync finishes it.',
  certificateExpiring: 'The certificate of the meter expires soon: ask the authority for another.',
  licenceExpiring:
    'The licence expires soon: ask the authority for another, then tessera meter sync.',
  rateTableExpiring: 'The rate table expires soon, and none is loaded ahead: tessera meter sync.',
};

/** Tells the warnings of a meter; nothing where there are none. */
export function tellWarnings(condition: Pick<Condition, 'warnings'>, output: Output): void {
  for (const name of warningsIn(condition))
    output.say('warning', { warning: name }, `warning: ${warningTexts[name]}`);
}

/** A moment, as `2026-03-01 12:00 UTC`; what there is none of as a dash. */
export const momentText = (timeMs: number): string =>
  timeMs === 0 ? '–' : `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Condition as a person reads it. */
export function conditionText(condition: Condition): string {
  const { rateVersion, nextRateVersion, logCount, logAcknowledged, logFree } = condition;
  const next = nextRateVersion === 0 ? '' : `, then ${nextRateVersion}`;
  const reasons = { locked: condition.lockReason, revoked: condition.lockReason };
  const locks = locksIn(condition).map((name) => {
    const reason = name in reasons ? ` (${reasons[name as keyof typeof reasons]})` : '';
    return `  LOCKED ${name}${reason}: ${statusEntry(name).text}`;
  });
  const warnings = warningsIn(condition).map((name) => `  warning ${name}: ${warningTexts[name]}`);
  return [
    locks.length === 0 ? 'the meter produces value' : 'the meter produces no value',
    ...locks,
    ...warnings,
    table([
      ['inspection due', momentText(condition.inspectionDueMs)],
      ['locks without one', momentText(condition.inspectionLockMs)],
      ['quality print due', momentText(condition.qualityDueMs)],
      ['clock set', momentText(condition.clockSetMs)],
      ['licence', String(condition.licenceSequence)],
      ['rate table', `${rateVersion}${next}`],
      [
        'security log',
        `${logCount} records, ${logAcknowledged} at the authority, room for ${logFree}`,
      ],
      ['lock order', condition.lockSequence === 0 ? '–' : String(condition.lockSequence)],
    ]),
  ].join('\n');
}
