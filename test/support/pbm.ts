/** A portable bitmap (P4), as Debian's tools write it: the same packing as ours. */

import { type Bitmap, createBitmap } from '#driver/print/bitmap';

/** @throws Error where it is none */
export function parsePbm(file: Uint8Array): Bitmap {
  const head = /^P4\n(?:#.*\n)*(\d+) (\d+)\n/.exec(Buffer.from(file).toString('latin1', 0, 200));
  if (head === null) throw new Error('that is no portable bitmap');
  const bitmap = createBitmap(Number(head[1]), Number(head[2]));
  bitmap.data.set(file.subarray(head[0].length));
  return bitmap;
}
