/** What another ESC/POS parser (npos) finds in a stream: its raster pictures as dots, fed rows left out. */

import Parser from 'npos/lib/parser/index.js';
import { type Bitmap, createBitmap, setDot } from '#driver/print/bitmap';

/** @throws Error where it does not understand the stream or finds not exactly one picture */
export async function parseWithNpos(stream: Uint8Array): Promise<Bitmap> {
  const { entries } = await new Parser().parse(Buffer.from(stream));
  const pictures = entries.filter((entry) => entry.type === 'raster');
  const [picture] = pictures;
  if (picture === undefined || pictures.length !== 1)
    throw new Error(`npos finds ${pictures.length} pictures`);
  const { width, height } = picture.data;
  const bitmap = createBitmap(width, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) if (picture.data.getPixel(x, y) === 0) setDot(bitmap, x, y, 1);
  return bitmap;
}
