/** What another ZPL interpreter (zebrash, by zpl-renderer-js) makes of a stream, as dots. */

import { decode } from 'fast-png';
import { getApi } from 'zpl-renderer-js';
import { type Bitmap, createBitmap, setDot } from '#driver/print/bitmap';

/** Its pictures are as large as it is told: the size in dots is asked for as millimetres of whole dots. */
export async function renderWithZebrash(
  stream: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<Bitmap> {
  const dotsPerMm = 8;
  const zpl = Buffer.from(stream).toString('latin1');
  const { zplToBase64Async } = await getApi();
  const png = await zplToBase64Async(zpl, width / dotsPerMm, height / dotsPerMm, dotsPerMm);
  const picture = decode(Buffer.from(png, 'base64'));
  const bitmap = createBitmap(picture.width, picture.height);
  for (let y = 0; y < bitmap.height; y++)
    for (let x = 0; x < bitmap.width; x++) {
      const grey = picture.data[(y * picture.width + x) * picture.channels] as number;
      if (grey < 128) setDot(bitmap, x, y, 1);
    }
  return bitmap;
}
