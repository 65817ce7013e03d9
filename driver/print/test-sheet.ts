/**
 * A void label with what shows how a printer prints: a ruler, lines of one to three dots, the symbol with modules of several
 * sizes, and a ladder that passes every dot of the head (requirements.md F6; printing.md 4.3, 5; domain.md R37).
 */

import type { Indicium } from '#protocol/documents/indicium';
import { type Bitmap, blit, createBitmap, fillRectangle } from './bitmap.ts';
import { dotsOf, type HeadArea } from './head.ts';
import { composeLabel } from './label.ts';
import { LabelError } from './label-error.ts';
import type { Layout } from './layout.ts';
import { mediaDots } from './media.ts';
import type { PrinterProfile } from './printer-profile.ts';
import { moduleDots, renderSymbol } from './symbol.ts';
import { drawText, type TextStyle } from './text.ts';

/** Of no value, whoever copies it; short, so that three fit side by side. */
const VOID_PAYLOAD = Uint8Array.from('VOID - TEST PRINT - NO POSTAGE', (letter) =>
  letter.charCodeAt(0),
);
/** Rows of each step of the ladder, and dots beside each other in one step. */
const STEP_ROWS = 2;
const STEP_DOTS = 16;

/** The void label, with the test sheet below where the layout has room for it. */
export function composeVoid(
  indicium: Indicium,
  profile: PrinterProfile,
  service: string,
  layout: Layout,
): Bitmap {
  const { widthDots } = mediaDots(layout.media, profile);
  const width = widthDots === 0 ? profile.headDots : widthDots - dotsOf(profile, 4);
  const options = { service, variant: 'void', layout } as const;
  try {
    const advert = composeTestSheet({ ...profile, headDots: width });
    return composeLabel(indicium, profile, { ...options, advert });
  } catch (error) {
    if (error instanceof LabelError) return composeLabel(indicium, profile, options);
    throw error;
  }
}

/** As wide as the head, about 30 mm high. */
export function composeTestSheet(area: HeadArea): Bitmap {
  const parts = [ruler(area), patches(area), symbols(area), ladder(area)];
  const gap = dotsOf(area, 1.5);
  const height = parts.reduce((sum, part) => sum + part.height + gap, -gap);
  const sheet = createBitmap(area.headDots, height);
  let y = 0;
  for (const part of parts) {
    blit(sheet, part, 0, y);
    y += part.height + gap;
  }
  return sheet;
}

const small = (area: HeadArea): TextStyle => ({ weight: 500, size: dotsOf(area, 2.2) });

/** A mark each millimetre, a longer one each five, and figures each ten: nothing may have been scaled. */
function ruler(area: HeadArea): Bitmap {
  const bitmap = createBitmap(area.headDots, dotsOf(area, 6));
  for (let mm = 0; dotsOf(area, mm) < area.headDots; mm++) {
    const height = dotsOf(area, mm % 10 === 0 ? 3 : mm % 5 === 0 ? 2 : 1);
    fillRectangle(bitmap, { x: dotsOf(area, mm), y: 0, width: 1, height });
    if (mm % 10 === 0)
      drawText(bitmap, `${mm}`, small(area), {
        x: dotsOf(area, mm) + 2,
        baseline: bitmap.height - 2,
      });
  }
  return bitmap;
}

/** Lines and gaps of one, two and three dots, upright and lying: too hot where gaps close, too cold where lines break. */
function patches(area: HeadArea): Bitmap {
  const size = dotsOf(area, 6);
  const bitmap = createBitmap(area.headDots, size);
  let x = 0;
  for (const dots of [1, 2, 3])
    for (const isUpright of [true, false]) {
      for (let at = 0; at < size; at += 2 * dots)
        fillRectangle(
          bitmap,
          isUpright
            ? { x: x + at, y: 0, width: dots, height: size }
            : { x, y: at, width: size, height: dots },
        );
      x += size + dotsOf(area, 1);
    }
  return bitmap;
}

/** One module size less than scanners are promised, that size, and one more. */
function symbols(area: HeadArea): Bitmap {
  const promised = moduleDots(area.dpi);
  const shown = [promised - 1, promised, promised + 1].map((dots) => ({
    dots,
    symbol: renderSymbol(VOID_PAYLOAD, area.dpi, dots),
  }));
  const height = Math.max(...shown.map(({ symbol }) => symbol.height));
  const bitmap = createBitmap(area.headDots, height + dotsOf(area, 3.5));
  let x = 0;
  for (const { dots, symbol } of shown) {
    blit(bitmap, symbol, x, 0);
    drawText(bitmap, `${dots} · VOID`, small(area), { x: x + 8, baseline: bitmap.height - 4 });
    x += symbol.width + dotsOf(area, 1);
  }
  return bitmap;
}

/** Every dot of the head burns once in each flight of steps: a dead one leaves a gap in its step. */
function ladder(area: HeadArea): Bitmap {
  const bitmap = createBitmap(area.headDots, STEP_DOTS * STEP_ROWS);
  for (let x = 0; x < area.headDots; x++)
    fillRectangle(bitmap, { x, y: (x % STEP_DOTS) * STEP_ROWS, width: 1, height: STEP_ROWS });
  return bitmap;
}
