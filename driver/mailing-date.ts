/** The date that mail is given to the post on: after the cut-off time it is the next working day (domain.md R31, R32). */

import { addDays, dateOf, daysBetween, MAILING_DAYS_AHEAD_MAX } from '#protocol/documents/date';

export interface Mailing {
  /** Minutes after midnight in local time, from which on mail waits for the next working day. */
  readonly cutOffMinutes: number;
  /** Days of the week on which mail is collected, 0 for Sunday; Monday to Friday unless given. */
  readonly workingDays?: readonly number[] | undefined;
  /** Days of the calendar on which it is not, YYYYMMDD. */
  readonly holidays?: readonly number[] | undefined;
  /** Minutes that local time is ahead of UTC; those of this computer unless given. */
  readonly zoneMinutes?: number | undefined;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const MONDAY_TO_FRIDAY = [1, 2, 3, 4, 5] as const;
/** The weekday of 1970-01-01. */
const FIRST_WEEKDAY = 4;

/**
 * The date of mailing of a piece that is made now.
 *
 * A meter counts days in UTC and takes no date before its own today: west of it, an evening belongs to the next date.
 * @param nowMs milliseconds since 1970-01-01 UTC
 * @throws RangeError where no working day comes within the days that an indicium may be dated ahead
 */
export function mailingDateOf(nowMs: number, mailing: Mailing): number {
  const { cutOffMinutes, workingDays = MONDAY_TO_FRIDAY, holidays = [] } = mailing;
  const zoneMinutes = mailing.zoneMinutes ?? -new Date(nowMs).getTimezoneOffset();
  const localMinutes = Math.floor(nowMs / MINUTE_MS) + zoneMinutes;
  const isLate = localMinutes % DAY_MINUTES >= cutOffMinutes;
  const localDate = addDays(dateOf(localMinutes * MINUTE_MS), isLate ? 1 : 0);
  const first = Math.max(localDate, dateOf(nowMs));
  for (let days = 0; days <= MAILING_DAYS_AHEAD_MAX; days++) {
    const date = addDays(first, days);
    if (workingDays.includes(weekdayOf(date)) && !holidays.includes(date)) return date;
  }
  throw new RangeError(`no working day within ${MAILING_DAYS_AHEAD_MAX} days of ${first}`);
}

function weekdayOf(date: number): number {
  return (daysBetween(19_700_101, date) + FIRST_WEEKDAY) % 7;
}
