/** What one cell of a mailing list says, or what is wrong with it (requirements.md C4, F5). */

import { isDate } from '#protocol/documents/date';
import { type Mills, parseMills } from '#protocol/mills';

const REFERENCE_SIZE_MAX = 64;
const ADDRESSEE_LINES_MAX = 8;
const SERVICE_MAX = 0xffff;
/** A request has 24 bits for it. */
const POSTAGE_MAX = 0xff_ffff;
const ZONE_MAX = 0xff;
const EXTRAS_MAX = 0xff;
/** 32 bits of milligrams. */
const WEIGHT_GRAMS_MAX = 4_294_967;

/** A cell in a message: short, and without what a terminal would obey. */
export function shown(cell: string): string {
  const text = cell.length > 40 ? `${cell.slice(0, 40)}…` : cell;
  return `"${text.replace(/\p{C}/gu, '?')}"`;
}

/** What is wrong with a cell. */
export class Wrong {
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

/** Manifests name pieces by it, and a spreadsheet takes what begins so for a formula. */
const FORMULA_START = /^[=+\-@]/;

export function readReference(cell: string): string | Wrong {
  if (cell === '') return new Wrong('is empty');
  if (cell.length > REFERENCE_SIZE_MAX)
    return new Wrong(`has more than ${REFERENCE_SIZE_MAX} characters`);
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(cell)) return new Wrong('holds a control character');
  if (FORMULA_START.test(cell))
    return new Wrong(`${shown(cell)} begins like a formula of a spreadsheet`);
  return cell.normalize('NFC');
}

export function readService(cell: string): number | Wrong {
  const value = /^\d{1,5}$/.test(cell) ? Number(cell) : Number.NaN;
  return value <= SERVICE_MAX
    ? value
    : new Wrong(`${shown(cell)} is no service: a whole number from 0 to ${SERVICE_MAX} is`);
}

export function readExtras(cell: string): readonly number[] | Wrong {
  const parts = cell.split(/[|;\s]+/).filter((part) => part !== '');
  const services = parts.map(readService);
  const wrong = services.find((service) => service instanceof Wrong);
  if (wrong !== undefined) return wrong as Wrong;
  return services.length <= EXTRAS_MAX
    ? (services as readonly number[])
    : new Wrong(`names more than ${EXTRAS_MAX} services`);
}

export function readZone(cell: string): number | Wrong {
  if (cell === '') return 0;
  const value = /^\d{1,3}$/.test(cell) ? Number(cell) : Number.NaN;
  return value <= ZONE_MAX
    ? value
    : new Wrong(`${shown(cell)} is no zone: a whole number from 0 to ${ZONE_MAX} is`);
}

/** Grams, as milligrams. */
export function readWeight(cell: string): number | Wrong {
  if (cell === '') return 0;
  const match = /^(\d{1,7})(?:\.(\d{1,3}))?$/.exec(cell);
  const [, grams = '', fraction = ''] = match ?? [];
  return match !== null && Number(grams) < WEIGHT_GRAMS_MAX
    ? Number(grams) * 1_000 + Number(fraction.padEnd(3, '0'))
    : new Wrong(`${shown(cell)} is no weight in grams, with three decimals at most, as 28.35`);
}

export function readPostage(cell: string): Mills | undefined | Wrong {
  if (cell === '') return undefined;
  const value = parseMills(cell);
  return value === undefined || value === 0 || value > POSTAGE_MAX
    ? new Wrong(
        `${shown(cell)} is no amount above 0, below 16,777, with three decimals at most, as 0.78`,
      )
    : value;
}

export function readDestination(cell: string): number | Wrong {
  if (cell === '') return 0;
  const digits = cell.replace('-', '');
  return /^(\d{5}|\d{9}|\d{11})$/.test(digits)
    ? Number(digits)
    : new Wrong(`${shown(cell)} is no ZIP, ZIP+4 or ZIP+4 with delivery point`);
}

export function readDate(cell: string): number | undefined | Wrong {
  if (cell === '') return undefined;
  const digits = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(cell)?.slice(1).join('') ?? '';
  return isDate(Number(digits))
    ? Number(digits)
    : new Wrong(`${shown(cell)} is no date as 20260131 or 2026-01-31`);
}

export function readAddressee(cell: string): readonly string[] | Wrong {
  if (cell === '') return [];
  const lines = cell.split(/\||\r\n|\r|\n/).map((line) => line.trim());
  if (lines.length > ADDRESSEE_LINES_MAX)
    return new Wrong(`has more than ${ADDRESSEE_LINES_MAX} lines`);
  if (lines.some((line) => /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(line)))
    return new Wrong('holds a control character');
  return lines;
}
