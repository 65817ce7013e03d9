/** Pictures as TSPL: bitmaps in which 0 is black, one for each part between white rows (printing.md 2.1). */

import { ascii, joinBytes } from '#protocol/bytes';
import { type Bitmap, crop } from './bitmap.ts';
import { requireHead } from './head.ts';
import type { Media } from './media.ts';
import type { PrinterProfile } from './printer-profile.ts';
import { inkRuns } from './runs.ts';

/** Fewer white rows cost less as dots than another command does. */
const BLANK_ROWS_MIN = 16;

/** A label as the bytes for a printer. @throws RangeError for a picture wider than the head */
export function encodeTspl(bitmap: Bitmap, profile: PrinterProfile, media: Media): Uint8Array {
  requireHead(bitmap, profile);
  const widthMm = media.widthMm;
  const heightMm = media.heightMm ?? (bitmap.height * 25.4) / profile.dpi;
  const bitmaps = inkRuns(bitmap, BLANK_ROWS_MIN).flatMap(({ top, bottom }) => {
    const band = crop(bitmap, { x: 0, y: top, width: bitmap.width, height: bottom - top });
    return [
      ascii(`BITMAP 0,${top},${band.stride},${band.height},0,`),
      band.data.map((dots) => ~dots), // also what pads a row is white by ones
      ascii('\r\n'),
    ];
  });
  return joinBytes(
    ascii(`\r\nSIZE ${widthMm.toFixed(1)} mm,${heightMm.toFixed(1)} mm\r\n`),
    ascii(`GAP ${(media.gapMm ?? 0).toFixed(1)} mm,0 mm\r\n`),
    ascii(`SET CUTTER ${profile.cutter === 'none' ? 'OFF' : '1'}\r\n`),
    ascii('DIRECTION 0,0\r\nREFERENCE 0,0\r\nOFFSET 0 mm\r\nSHIFT 0\r\nCLS\r\n'),
    ...bitmaps,
    ascii('PRINT 1,1\r\n'),
  );
}
