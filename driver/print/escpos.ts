/** Pictures as ESC/POS commands: bands of dots, feeds for white rows, a cut, and the id that a printer confirms (printing.md 1.4, 5). */

import { ascii } from '#protocol/bytes';
import { type Bitmap, crop } from './bitmap.ts';
import { BAND_ROWS_MAX, type CommandStream, createCommandStream } from './escpos-package.ts';
import { requireHead } from './head.ts';
import type { PrinterProfile } from './printer-profile.ts';
import { type Run, runsOf } from './runs.ts';

export interface EscposOptions {
  /** Four printable ASCII characters, another one for every job; left out where the printer confirms no jobs. */
  readonly jobId?: string;
}

/** Fewer white rows than this cost less as dots than as a command, and stay in their band. */
const BLANK_ROWS_MIN = 16;
/** The argument of a feed is one byte. */
const FEED_ROWS_MAX = 255;

const ESC = 0x1b;
const GS = 0x1d;

/**
 * A picture as the bytes for a printer.
 * @throws RangeError for a picture wider than the head, and for a job id that is none
 */
export function encodeEscpos(
  bitmap: Bitmap,
  profile: PrinterProfile,
  { jobId }: EscposOptions = {},
): Uint8Array {
  requireHead(bitmap, profile);
  const stream = createCommandStream();
  stream.initialise();
  const feedsDots = profile.dpi <= 255; // the unit of a feed is set by one byte
  if (feedsDots) stream.raw(Uint8Array.of(GS, 0x50, profile.dpi, profile.dpi)); // GS P: a feed counts dots
  for (const run of runsOf(bitmap, feedsDots ? BLANK_ROWS_MIN : Number.POSITIVE_INFINITY)) {
    if (run.isBlank) feed(stream, run.bottom - run.top);
    else raster(stream, bitmap, run, profile);
  }
  finish(stream, profile);
  if (profile.confirmsJobs && jobId !== undefined) stream.raw(jobIdRequest(jobId));
  return stream.bytes();
}

/** ESC J, as often as the rows need it. */
function feed(stream: CommandStream, rows: number): void {
  for (let left = rows; left > 0; left -= FEED_ROWS_MAX)
    stream.raw(Uint8Array.of(ESC, 0x4a, Math.min(left, FEED_ROWS_MAX)));
}

function raster(
  stream: CommandStream,
  bitmap: Bitmap,
  { top, bottom }: Run,
  { bandRowsMax }: PrinterProfile,
): void {
  const rowsMax = Math.min(bandRowsMax, BAND_ROWS_MAX);
  for (let y = top; y < bottom; y += rowsMax) {
    const height = Math.min(rowsMax, bottom - y);
    stream.raster(crop(bitmap, { x: 0, y, width: bitmap.width, height }));
  }
}

/** Brings the label past the blade, and cuts it where there is one. */
function finish(stream: CommandStream, { cutter, linesBeforeCut }: PrinterProfile): void {
  if (cutter === 'none')
    stream.raw(Uint8Array.of(ESC, 0x64, linesBeforeCut)); // ESC d
  else stream.cut(cutter === 'partial', linesBeforeCut);
}

/** GS ( H, function 48: the printer answers with the id when everything before it is on paper. */
function jobIdRequest(jobId: string): Uint8Array {
  if (!/^[\x20-\x7e]{4}$/.test(jobId))
    throw new RangeError('a job id has four printable ASCII characters');
  return Uint8Array.of(GS, 0x28, 0x48, 6, 0, 0x30, 0x30, ...ascii(jobId));
}
