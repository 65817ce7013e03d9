/** A picture in the language of a printer: one place that knows all of them (requirements.md F6). */

import { type Bitmap, turned } from './bitmap.ts';
import { encodeEscpos } from './escpos.ts';
import { type Layout, layoutNamed } from './layout.ts';
import type { Media } from './media.ts';
import { encodePdf } from './pdf.ts';
import type { PrinterProfile } from './printer-profile.ts';
import { onSheet } from './sheet.ts';
import { encodeTspl } from './tspl.ts';
import { encodeZpl } from './zpl.ts';

export interface JobOptions {
  /** That of the printer where nothing is said. */
  readonly layout?: Layout | undefined;
  /** Four printable ASCII characters, another one for every job; only some printers give them back. */
  readonly jobId?: string | undefined;
  /** On a sheet of labels, along the rows, from 0, which is where nothing is said. */
  readonly position?: number | undefined;
}

/**
 * A job of one label. Text is dots by now: no byte of a name reaches a printer, but as the shape of its letters.
 * @throws RangeError for a picture wider than the head, a job id that is none, a place that a sheet has not
 */
export function encodeJob(
  bitmap: Bitmap,
  profile: PrinterProfile,
  options: JobOptions = {},
): Uint8Array {
  const { layout = layoutNamed(profile.layout), jobId, position = 0 } = options;
  if (profile.language === 'pdf') {
    const page =
      layout.sheet === undefined ? bitmap : onSheet(bitmap, layout.sheet, position, profile);
    return encodePdf([{ bitmap: page, dpi: profile.dpi }]);
  }
  const isTurned = layout.isTurned === true;
  const picture = isTurned ? turned(bitmap) : bitmap;
  const media = isTurned ? sideways(layout.media) : upright(layout.media, bitmap, profile);
  switch (profile.language) {
    case 'escpos':
      return encodeEscpos(picture, profile, jobId === undefined ? {} : { jobId });
    case 'zpl':
      return encodeZpl(picture, profile, media);
    case 'tspl':
      return encodeTspl(picture, profile, media);
  }
}

function sideways({ widthMm, heightMm, gapMm }: Media): Media {
  if (heightMm === undefined)
    throw new RangeError('a roll is as long as what is on it, not as wide');
  return { widthMm: heightMm, heightMm: widthMm, gapMm };
}

/** A roll that is as wide as the head has a width here. */
function upright(media: Media, { width }: Bitmap, { dpi }: PrinterProfile): Media {
  return media.widthMm === 0 ? { ...media, widthMm: (width * 25.4) / dpi } : media;
}
