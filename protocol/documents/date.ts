/**
 * Calendar dates as documents hold them: the decimal number YYYYMMDD, UTC (domain.md 1.1).
 *
 * Pure arithmetic on the proleptic Gregorian calendar, because the firmware has no `Date` (architecture.md 3.1).
 * Dates run from 1970-01-01 to 9999-12-31.
 */

const DAY_MS = 86_400_000;
const DAYS_PER_ERA = 146_097; // 400 years
/** Days from 0000-03-01, where the count below starts, to 1970-01-01. */
const EPOCH_DAY = 719_468;
const FIRST_YEAR = 1970;
const LAST_YEAR = 9999;
const LAST_DAY = 2_932_896;

/** How far ahead of the day it is made an indicium may be dated (domain.md R31). */
export const MAILING_DAYS_AHEAD_MAX = 30;

/** Whether a number is a day of the calendar from 19700101 to 99991231. */
export function isDate(date: number): boolean {
  if (!Number.isSafeInteger(date)) return false;
  const year = Math.floor(date / 10_000);
  const month = Math.floor(date / 100) % 100;
  const day = date % 100;
  if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1) return false;
  return day <= daysInMonth(year, month);
}

/**
 * The date of an instant, UTC.
 * @param timeMs milliseconds since 1970-01-01 UTC
 * @throws RangeError before 1970 and after 9999
 */
export function dateOf(timeMs: number): number {
  return dateOfDay(Math.floor(timeMs / DAY_MS));
}

/**
 * The date so many days later, or earlier where `days` is negative.
 * @throws RangeError where `date` is no date or the result would lie outside 1970 to 9999
 */
export function addDays(date: number, days: number): number {
  return dateOfDay(dayOfDate(date) + days);
}

/**
 * Days from one date to the other; negative where `to` is the earlier one.
 * @throws RangeError where either is no date
 */
export function daysBetween(from: number, to: number): number {
  return dayOfDate(to) - dayOfDate(from);
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/**
 * Days since 1970-01-01. The year is counted from March, so that the leap day is its last, and months of 31 and 30 days
 * follow one another as (153 × month + 2) / 5 rounds.
 */
function dayOfDate(date: number): number {
  if (!isDate(date)) throw new RangeError(`${date} is no date YYYYMMDD`);
  const month = Math.floor(date / 100) % 100;
  const year = Math.floor(date / 10_000) - (month <= 2 ? 1 : 0);
  const monthFromMarch = (month + 9) % 12;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + (date % 100) - 1;
  const leapDays = Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400);
  return year * 365 + leapDays + dayOfYear - EPOCH_DAY;
}

function dateOfDay(day: number): number {
  if (!Number.isSafeInteger(day) || day < 0 || day > LAST_DAY)
    throw new RangeError(`day ${day} lies outside 1970 to 9999`);
  const sinceMarch = day + EPOCH_DAY;
  const era = Math.floor(sinceMarch / DAYS_PER_ERA);
  const dayOfEra = sinceMarch % DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = ((monthFromMarch + 2) % 12) + 1;
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0);
  const dayOfMonth = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  return year * 10_000 + month * 100 + dayOfMonth;
}
