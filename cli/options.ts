/** Values of the command line, each read once and refused with a sentence where it does not fit. */

import { hexToBytes } from '@noble/hashes/utils.js';
import { InvalidArgumentError } from 'commander';
import { ouncesToMg } from '#driver/weight';
import { addDays, dateOf, isDate } from '#protocol/documents/date';
import { parseMeterId } from '#protocol/documents/meter-id';
import { type Mills, parseMills } from '#protocol/mills';

function whole(text: string, min: number, max: number, what: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new InvalidArgumentError(`${what} is a whole number from ${min} to ${max}.`);
  return value;
}

/** Up to ten minutes. */
export const milliseconds = (text: string): number => whole(text, 1, 600_000, 'A time');
/** What decides noise: a number that JavaScript holds exactly, of 15 digits at most. */
export const seedNumber = (text: string): number => whole(text, 0, 999_999_999_999_999, 'A seed');
export const portNumber = (text: string): number => whole(text, 0, 65_535, 'A port');
/** `3240` or `HOST:3240`; this computer where no host is given. */
export function listeningPlace(text: string): { readonly host?: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]:|([^:/[\]\s]+):)?(\d{1,5})$/.exec(text);
  if (match === null) throw new InvalidArgumentError('A place to listen at is PORT or HOST:PORT.');
  const host = match[1] ?? match[2];
  return { ...(host !== undefined && { host }), port: portNumber(match[3] as string) };
}

export const dotCount = (text: string): number => whole(text, 64, 4_096, 'A width in dots');
export const resolution = (text: string): number => whole(text, 60, 1_200, 'A resolution');
export const serviceNumber = (text: string): number => whole(text, 0, 65_535, 'A service');
export const zipCode = (text: string): number => whole(text, 0, 99_999, 'A ZIP');
export const zoneNumber = (text: string): number => whole(text, 0, 255, 'A zone');
export const sheetCount = (text: string): number => whole(text, 0, 10_000, 'A number of sheets');
export const sheetPosition = (text: string): number => whole(text, 0, 99, 'A place on a sheet');
export const percent = (text: string): number => whole(text, 0, 1_000, 'A percentage');
export const recordNumber = (text: string): number => whole(text, 1, 0xffff_ffff, 'A number');
export const providerNumber = (text: string): number => whole(text, 0, 0xffff_ffff, 'A provider');
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

/** The beginning of a day YYYYMMDD, UTC. */
export function dayMoment(text: string): number {
  const [, year = '', month = '', day = ''] = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text) ?? [];
  if (!isDate(Number(year + month + day)))
    throw new InvalidArgumentError('A day is YYYYMMDD, as 20260131.');
  return Date.UTC(Number(year), Number(month) - 1, Number(day));
}

/** `28.35` or `28.35g`, grams with at most three decimals; `1oz`, `3.5oz`. @returns milligrams */
export function weight(text: string): number {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)(g|oz)?$/.exec(text);
  if (match === null) throw new InvalidArgumentError('A weight is in grams, as 28.35, or 1oz.');
  const value = Number(match[1]);
  return match[2] === 'oz' ? ouncesToMg(value) : Math.round(value * 1_000);
}

/** Several services, apart by commas or given one after the other. */
export function services(text: string, before: readonly number[] = []): readonly number[] {
  return [...before, ...text.split(',').map(serviceNumber)];
}

/** `17:00`. @returns minutes after midnight */
export function timeOfDay(text: string): number {
  const match = /^([01]?\d|2[0-4]):([0-5]\d)$/.exec(text);
  const minutes = match === null ? Number.NaN : Number(match[1]) * 60 + Number(match[2]);
  if (!(minutes <= 24 * 60)) throw new InvalidArgumentError('A time of day is HH:MM.');
  return minutes;
}

/** One of a list of names. */
export const oneName =
  <const T extends readonly string[]>(names: T) =>
  (text: string): T[number] => {
    const found = names.find((name) => name === text);
    if (found === undefined) throw new InvalidArgumentError(`One of: ${names.join(', ')}.`);
    return found;
  };

/** `TS01-0000000042`. */
export function meterNumber(text: string): Uint8Array {
  const meterId = parseMeterId(text);
  if (meterId === undefined)
    throw new InvalidArgumentError('A meter has a number as TS01-0000000042.');
  return meterId;
}
