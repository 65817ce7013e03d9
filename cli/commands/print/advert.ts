/** Art of the customer as dots: a PNG, black where it is dark (requirements.md F6). */

import { readFileSync } from 'node:fs';
import { decode } from 'fast-png';
import { type Bitmap, createBitmap, setDot } from '#driver/print/bitmap';
import { UsageError } from '../../failure.ts';

/** No paper is larger than this, at any resolution. */
const SIDE_MAX = 10_000;

/** One pixel is one dot: nothing is scaled. @throws UsageError for a file that is no PNG, or too large */
export function readAdvert(path: string): Bitmap {
  const picture = decoded(path);
  const { width, height, channels, depth } = picture;
  if (width > SIDE_MAX || height > SIDE_MAX)
    throw new UsageError(`${path} has ${width} by ${height} pixels: too many for any paper.`);
  const bitmap = createBitmap(width, height);
  const most = 2 ** depth - 1;
  const sampleAt = (x: number, y: number, channel: number): number => {
    if (depth >= 8) return picture.data[(y * width + x) * channels + channel] as number;
    const perByte = 8 / depth;
    const byte = picture.data[y * Math.ceil(width / perByte) + Math.floor(x / perByte)] as number;
    return (byte >> (8 - depth * ((x % perByte) + 1))) & most;
  };
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const shade = shadeOf((channel) => sampleAt(x, y, channel) / most, channels);
      if (shade < 0.5) setDot(bitmap, x, y, 1);
    }
  return bitmap;
}

function decoded(path: string): ReturnType<typeof decode> {
  try {
    const picture = decode(readFileSync(path));
    if (picture.palette === undefined) return picture;
  } catch {
    throw new UsageError(`${path} cannot be read as a PNG.`);
  }
  throw new UsageError(`${path} has a palette: save it as grey or RGB.`);
}

/** From 0, black, to 1; what is transparent is white paper. */
function shadeOf(sample: (channel: number) => number, channels: number): number {
  const isColour = channels >= 3;
  const grey = isColour ? 0.299 * sample(0) + 0.587 * sample(1) + 0.114 * sample(2) : sample(0);
  const opacity = channels % 2 === 0 ? sample(channels - 1) : 1;
  return 1 - opacity * (1 - grey);
}
