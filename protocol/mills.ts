/** Money: whole mills (1/1000 of the currency unit), never a float (requirements.md, preamble). */

declare const millsBrand: unique symbol;

/** A non-negative safe integer of mills; only {@link mills} and {@link parseMills} make one. */
export type Mills = number & { readonly [millsBrand]: 'Mills' };

/** The largest amount any register can hold: registers are 48 bits wide. */
export const MILLS_MAX = 0xffff_ffff_ffff;

/**
 * Makes an amount of money.
 * @param value whole mills, 0 to {@link MILLS_MAX}
 * @throws RangeError for a fraction, a negative number or one that no register can hold
 */
export function mills(value: number): Mills {
  if (!Number.isSafeInteger(value) || value < 0 || value > MILLS_MAX)
    throw new RangeError(`${value} is no amount: whole mills from 0 to ${MILLS_MAX} are`);
  return value as Mills;
}

/**
 * Reads an amount as people write it: `12`, `0.78`, `10.005`.
 * @returns undefined where the text is no amount: a sign, more than three decimals, an exponent, too large
 */
export function parseMills(text: string): Mills | undefined {
  const match = /^(\d{1,12})(?:\.(\d{1,3}))?$/.exec(text);
  if (match === null) return undefined;
  const [, units = '', fraction = ''] = match;
  const value = Number(units) * 1000 + Number(fraction.padEnd(3, '0'));
  return value <= MILLS_MAX ? mills(value) : undefined;
}

/** Writes an amount with its three decimals, `10005` as `10.005`. */
export function formatMills(value: Mills): string {
  return `${Math.floor(value / 1000)}.${String(value % 1000).padStart(3, '0')}`;
}
