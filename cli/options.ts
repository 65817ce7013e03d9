/** Values of the command line, each read once and refused with a sentence where it does not fit. */

import { hexToBytes } from '@noble/hashes/utils.js';
import { InvalidArgumentError } from 'commander';
import { addDays, dateOf, isDate } from '#protocol/documents/date';
import { type Mills, parseMills } from '#protocol/mills';

function whole(text: string, min: number, max: number, what: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new InvalidArgumentError(`${what} is a whole number from ${min} to ${max}.`);
  return value;
}

export const portNumber = (text: string): number => whole(text, 0, 65_535, 'A port');
export const dotCount = (text: string): number => whole(text, 64, 4_096, 'A width in dots');
export const resolution = (text: string): number => whole(text, 60, 1_200, 'A resolution');
export const serviceNumber = (text: string): number => whole(text, 0, 65_535, 'A service');
export const zipCode = (text: string): number => whole(text, 0, 99_999, 'A ZIP');
export const customerNumber = (text: string): number =>
  whole(text, 1, Number.MAX_SAFE_INTEGER, 'A customer number');

/** ZIP, ZIP+4 or ZIP+4 with delivery point; a hyphen may stand after the ZIP. */
export function destination(text: string): number {
  const digits = text.replace('-', '');
  if (!/^(\d{5}|\d{9}|\d{11})$/.test(digits))
    throw new InvalidArgumentError('A destination is ZIP, ZIP+4 or ZIP+4 with delivery point.');
  return Number(digits);
}

/** The id of a value request or a payment: sixteen bytes. */
export function requestNumber(text: string): Uint8Array {
  if (!/^[0-9a-f]{32}$/.test(text))
    throw new InvalidArgumentError('A request id has 32 hexadecimal digits.');
  return hexToBytes(text);
}

/** A positive amount with at most three decimals. */
export function amount(text: string): Mills {
  const value = parseMills(text);
  if (value === undefined || value === 0)
    throw new InvalidArgumentError('An amount is above 0 and has at most three decimals: 0.78');
  return value;
}

/** `today`, `+3` (days from today), or YYYYMMDD. The meter decides whether it takes the date. */
export function mailingDate(text: string): number {
  const today = dateOf(Date.now());
  if (text === 'today') return today;
  if (/^\+\d{1,2}$/.test(text)) return addDays(today, Number(text.slice(1)));
  const date = /^\d{8}$/.test(text) ? Number(text) : 0;
  if (!isDate(date))
    throw new InvalidArgumentError('A date is today, +DAYS, or YYYYMMDD of a real day.');
  return date;
}
