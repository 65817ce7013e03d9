/** Pictures as ZPL II: hexadecimal graphic fields with runs packed, one for each part between white rows (printing.md 2.1). */

import { ascii, joinBytes } from '#protocol/bytes';
import { type Bitmap, crop } from './bitmap.ts';
import { requireHead } from './head.ts';
import { type Media, mediaDots } from './media.ts';
import type { PrinterProfile } from './printer-profile.ts';
import { inkRuns } from './runs.ts';

/** Fewer white rows cost less inside a field than another one does. */
const BLANK_ROWS_MIN = 16;

/** A label as the bytes for a printer. @throws RangeError for a picture wider than the head */
export function encodeZpl(bitmap: Bitmap, profile: PrinterProfile, media: Media): Uint8Array {
  requireHead(bitmap, profile);
  const { heightDots = bitmap.height } = mediaDots(media, profile);
  const fields = inkRuns(bitmap, BLANK_ROWS_MIN).map(({ top, bottom }) => {
    const band = crop(bitmap, { x: 0, y: top, width: bitmap.width, height: bottom - top });
    return `^FO0,${top}^GFA,${band.data.length},${band.data.length},${band.stride},${packedHex(band)}^FS\n`;
  });
  const tracking = media.heightMm === undefined ? 'N' : 'Y';
  const cut = profile.cutter === 'none' ? 'T' : 'C';
  return joinBytes(
    // ^CI and prefixes are as the printer was left by others: only what a label needs is set, and all of it each time
    ascii(`^XA^MN${tracking}^MM${cut}^PON^PMN^LRN^LH0,0^LS0^LT0\n`),
    ascii(`^PW${bitmap.width}^LL${heightDots}\n`),
    Buffer.from(fields.join(''), 'latin1'),
    ascii('^PQ1,0,1,Y^XZ\n'),
  );
}

/**
 * Runs of a digit by a letter, white ends of rows by `,`, and a row like the one before by `:`. There is `!` for black ends too,
 * which one interpreter was seen to fill with the digit 1.
 */
function packedHex({ data, stride, height }: Bitmap): string {
  let text = '';
  let before = '';
  for (let row = 0; row < height; row++) {
    const hex = Buffer.from(data.subarray(row * stride, (row + 1) * stride)).toString('hex');
    text += hex === before ? ':' : packedRow(hex.toUpperCase());
    before = hex;
  }
  return text;
}

function packedRow(hex: string): string {
  const body = hex.replace(/0+$/, '');
  const end = body.length === hex.length ? '' : ',';
  return body.replace(/(.)\1+/g, (run, digit: string) => `${repeat(run.length)}${digit}`) + end;
}

/** G to Y stand for 1 to 19 times, g to z for 20 to 400 in steps of 20. */
function repeat(count: number): string {
  let text = 'z'.repeat(Math.floor(count / 400));
  const rest = count % 400;
  const twenties = Math.floor(rest / 20);
  if (twenties > 0) text += String.fromCharCode('f'.charCodeAt(0) + twenties);
  if (rest % 20 > 0) text += String.fromCharCode('F'.charCodeAt(0) + (rest % 20));
  return text;
}
