/** What a letter weighs by what it is made of, where there is no scale (requirements.md C6). All in milligrams. */

export interface Letter {
  readonly sheets: number;
  /** One sheet; {@link SHEET_MG} unless given. */
  readonly sheetMg?: number | undefined;
  /** The empty envelope with its stuffing; {@link ENVELOPE_MG} unless given. */
  readonly envelopeMg?: number | undefined;
}

/** A sheet of 8½ by 11 inches of paper of 20 pounds: 500 of 17 by 22 inches weigh so much. */
export const SHEET_MG = 4_536;
/** An envelope for it, rather on the heavy side: what is taken for too light is paid too little for. */
export const ENVELOPE_MG = 7_000;

const POUND_MG = 453_592.37;
const OUNCE_MG = POUND_MG / 16;

/** @throws RangeError for what is no whole number of sheets, or below 0 */
export function weightOf({ sheets, sheetMg = SHEET_MG, envelopeMg = ENVELOPE_MG }: Letter): number {
  if (!Number.isSafeInteger(sheets) || sheets < 0)
    throw new RangeError(`${sheets} is no number of sheets`);
  return Math.ceil(sheets * sheetMg + envelopeMg);
}

/** Ounces as milligrams, rounded up: a piece that weighs them exactly is not lighter. */
export const ouncesToMg = (ounces: number): number => Math.ceil(ounces * OUNCE_MG);
