/** What a symbol survives on its way over paper: the table of printing.md 4.3, from a seed, with floors. */

import { type Bitmap, createBitmap, dotAt, grow, setDot } from '#driver/print/bitmap';
import { renderSymbol } from '#driver/print/symbol';
import { seededRandom } from '#test/support/seeded-random';
import { readPicture } from '#test/support/symbol-reader';
import { scan } from './scan.ts';

/** A damage, and at least how many of a hundred symbols of 4 dots a module are still read. */
interface Damage {
  readonly name: string;
  readonly floor: number;
  readonly apply: (symbol: Bitmap, dice: Dice) => Bitmap;
}

/** 0 to 1, from a seed. */
type Dice = () => number;

const PAYLOAD_SIZE = 128;
const DPI = 203;
const MARGIN = 16;

/** A fast generator of 32 bits (xorshift), begun from a seed: a scan throws half a million dice. */
function diceOf(seed: Uint8Array): Dice {
  let state = new DataView(seed.buffer).getUint32(0) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Paper around the symbol, as an imprint has it. */
function onPaper(symbol: Bitmap): Bitmap {
  const paper = createBitmap(symbol.width + 2 * MARGIN, symbol.height + 2 * MARGIN);
  for (let y = 0; y < symbol.height; y++)
    for (let x = 0; x < symbol.width; x++)
      if (dotAt(symbol, x, y) === 1) setDot(paper, x + MARGIN, y + MARGIN, 1);
  return paper;
}

function mapped(symbol: Bitmap, height: number, dot: (x: number, y: number) => 0 | 1): Bitmap {
  const result = createBitmap(symbol.width, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < result.width; x++) if (dot(x, y) === 1) setDot(result, x, y, 1);
  return result;
}

type Harm = Damage['apply'];

const withDead =
  (count: number): Harm =>
  (symbol, dice) => {
    const first = MARGIN + Math.floor(dice() * (symbol.width - 2 * MARGIN - count));
    return mapped(symbol, symbol.height, (x, y) =>
      x >= first && x < first + count ? 0 : dotAt(symbol, x, y),
    );
  };

const withMissing =
  (share: number): Harm =>
  (symbol, dice) =>
    mapped(symbol, symbol.height, (x, y) => (dice() < share ? 0 : dotAt(symbol, x, y)));

const withSpot =
  (size: number): Harm =>
  (symbol, dice) => {
    const reach = symbol.width - 2 * MARGIN - size - 16;
    const left = MARGIN + 12 + Math.floor(dice() * reach);
    const top = MARGIN + 12 + Math.floor(dice() * reach);
    return mapped(symbol, symbol.height, (x, y) =>
      x >= left && x < left + size && y >= top && y < top + size ? 0 : dotAt(symbol, x, y),
    );
  };

const stretched = (symbol: Bitmap, factor: number): Bitmap =>
  mapped(symbol, Math.round(symbol.height * factor), (x, y) =>
    dotAt(symbol, x, Math.floor(y / factor)),
  );

const rowLost = (symbol: Bitmap, dice: Dice): Bitmap => {
  const lost = MARGIN + Math.floor(dice() * (symbol.height - 2 * MARGIN));
  return mapped(symbol, symbol.height - 1, (x, y) => dotAt(symbol, x, y < lost ? y : y + 1));
};

/** Floors are below what was seen (docs/print-proof.md), for 4 dots a module at 203 dpi; where it is 0, it is told only. */
export const damages: readonly Damage[] = [
  { name: 'none', floor: 100, apply: (symbol) => symbol },
  { name: 'heat: 1 dot more to the right and below', floor: 90, apply: gained },
  { name: 'heat: 1 dot more on every side', floor: 0, apply: (symbol) => grow(symbol, 1) },
  { name: 'cold: 1 dot less on the right and below', floor: 60, apply: faded },
  { name: '1 dead column of the head', floor: 50, apply: withDead(1) },
  { name: '2 dead columns', floor: 0, apply: withDead(2) },
  { name: '5 % of dots missing', floor: 75, apply: withMissing(0.05) },
  { name: '10 % of dots missing', floor: 50, apply: withMissing(0.1) },
  { name: 'a white spot of 10 × 10 modules', floor: 80, apply: withSpot(40) },
  { name: 'feed stretched by 5 %', floor: 90, apply: (symbol) => stretched(symbol, 1.05) },
  { name: 'feed shortened by 5 %', floor: 90, apply: (symbol) => stretched(symbol, 0.95) },
  { name: 'a row lost', floor: 90, apply: rowLost },
];

/** Heat that spreads to the side that the paper moves to. */
function gained(symbol: Bitmap): Bitmap {
  return mapped(symbol, symbol.height, (x, y) =>
    dotAt(symbol, x, y) | dotAt(symbol, x - 1, y) | dotAt(symbol, x, y - 1) ? 1 : 0,
  );
}

/** A head that is too cold: edges stay white. */
function faded(symbol: Bitmap): Bitmap {
  return mapped(symbol, symbol.height, (x, y) =>
    dotAt(symbol, x, y) & dotAt(symbol, x + 1, y) & dotAt(symbol, x, y + 1) ? 1 : 0,
  );
}

export interface DamageRow {
  readonly name: string;
  readonly read: number;
  readonly of: number;
  /** Of a hundred. */
  readonly floor: number;
  /** A symbol that is read as something else: never, whatever the damage. */
  readonly misread: number;
}

export async function measureDamage(symbols: number, seed: number): Promise<readonly DamageRow[]> {
  const rows: DamageRow[] = [];
  for (const { name, floor, apply } of damages) {
    let read = 0;
    let misread = 0;
    for (let number = 0; number < symbols; number++) {
      const random = seededRandom(`${seed} ${name} ${number}`);
      const payload = random(PAYLOAD_SIZE);
      const dice = diceOf(random(4));
      const bytes = await readPicture(scan(apply(onPaper(renderSymbol(payload, DPI)), dice), dice));
      if (bytes === undefined) continue;
      if (Buffer.from(bytes).equals(Buffer.from(payload))) read += 1;
      else misread += 1;
    }
    rows.push({ name, read, of: symbols, floor, misread });
  }
  return rows;
}

export const holds = ({ read, of, floor, misread }: DamageRow): boolean =>
  misread === 0 && read * 100 >= floor * of;
