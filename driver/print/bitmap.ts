/** A picture of black and white dots, as a print head sees it: what every preview and every printer gets (printing.md 1.4). */

/** A dot: 1 is black, 0 is white. */
export type Dot = 0 | 1;

export interface Bitmap {
  /** Dots from left to right. */
  readonly width: number;
  /** Rows of dots from top to bottom. */
  readonly height: number;
  /** Bytes a row: the width padded to whole bytes. The dots of the padding stay white. */
  readonly stride: number;
  /** Row after row; the highest bit of a byte is its leftmost dot. */
  readonly data: Uint8Array;
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Larger than any label: 1.2 m of an 8-inch head. A picture beyond it is a bug of the caller. */
const DOTS_MAX = 100_000_000;

/** A white picture. @throws RangeError for a size that is no whole number of dots */
export function createBitmap(width: number, height: number): Bitmap {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 0 || height < 0)
    throw new RangeError(`a picture has whole dots, not ${width} by ${height}`);
  if (width * height > DOTS_MAX) throw new RangeError(`${width} by ${height} dots are too many`);
  const stride = Math.ceil(width / 8);
  return { width, height, stride, data: new Uint8Array(stride * height) };
}

/** The dot at a place; white outside the picture. */
export function dotAt(bitmap: Bitmap, x: number, y: number): Dot {
  if (x < 0 || y < 0 || x >= bitmap.width || y >= bitmap.height) return 0;
  const byte = bitmap.data[y * bitmap.stride + (x >> 3)] as number;
  return ((byte >> (7 - (x & 7))) & 1) as Dot;
}

/** Sets one dot; what lies outside the picture is left out. */
export function setDot(bitmap: Bitmap, x: number, y: number, dot: Dot): void {
  if (x < 0 || y < 0 || x >= bitmap.width || y >= bitmap.height) return;
  const at = y * bitmap.stride + (x >> 3);
  const mask = 0x80 >> (x & 7);
  const byte = bitmap.data[at] as number;
  bitmap.data[at] = dot === 1 ? byte | mask : byte & ~mask;
}

/** Fills a rectangle; what lies outside the picture is left out. */
export function fillRectangle(bitmap: Bitmap, area: Rectangle, dot: Dot = 1): void {
  const left = Math.max(0, area.x);
  const right = Math.min(bitmap.width, area.x + area.width);
  const bottom = Math.min(bitmap.height, area.y + area.height);
  for (let y = Math.max(0, area.y); y < bottom; y++)
    for (let x = left; x < right; x++) setDot(bitmap, x, y, dot);
}

/** Draws the border of a rectangle, `thickness` dots inwards. */
export function strokeRectangle(bitmap: Bitmap, area: Rectangle, thickness = 1): void {
  const { x, y, width, height } = area;
  fillRectangle(bitmap, { x, y, width, height: thickness });
  fillRectangle(bitmap, { x, y: y + height - thickness, width, height: thickness });
  fillRectangle(bitmap, { x, y, width: thickness, height });
  fillRectangle(bitmap, { x: x + width - thickness, y, width: thickness, height });
}

/**
 * Lays one picture on another with its upper left corner at a place.
 * @param ink what the black dots of the source become; its white dots change nothing
 */
export function blit(target: Bitmap, source: Bitmap, x: number, y: number, ink: Dot = 1): void {
  const first = Math.max(0, -y);
  const last = Math.min(source.height, target.height - y);
  for (let row = first; row < last; row++) blitRow(target, source, row, x, y + row, ink);
}

/** Eight dots at a time: a sheet has thirty million of them. */
function blitRow(
  target: Bitmap,
  source: Bitmap,
  row: number,
  x: number,
  y: number,
  ink: Dot,
): void {
  const shift = ((x % 8) + 8) % 8;
  const firstByte = (x - shift) / 8;
  const put = (place: number, dots: number): void => {
    if (dots === 0 || place < 0 || place >= target.stride) return;
    const beyond = (place + 1) * 8 - target.width;
    const inside = beyond > 0 ? dots & (0xff << beyond) : dots; // the padding stays white
    const at = y * target.stride + place;
    const before = target.data[at] as number;
    target.data[at] = ink === 1 ? before | inside : before & ~inside;
  };
  for (let at = 0; at < source.stride; at++) {
    const dots = source.data[row * source.stride + at] as number;
    if (dots === 0) continue;
    put(firstByte + at, dots >> shift);
    put(firstByte + at + 1, (dots << (8 - shift)) & 0xff);
  }
}

/** A copy of a part; white where the part reaches outside the picture. */
export function crop(bitmap: Bitmap, area: Rectangle): Bitmap {
  const part = createBitmap(area.width, area.height);
  blit(part, bitmap, -area.x, -area.y);
  return part;
}

/** The picture turned by a quarter to the right: its left edge becomes the top. */
export function turned(bitmap: Bitmap): Bitmap {
  const result = createBitmap(bitmap.height, bitmap.width);
  for (let y = 0; y < bitmap.height; y++)
    for (let x = 0; x < bitmap.width; x++)
      if (dotAt(bitmap, x, y) === 1) setDot(result, bitmap.height - 1 - y, x, 1);
  return result;
}

/** The same picture with every dot as a square of `scale` by `scale` dots. */
export function magnify(bitmap: Bitmap, scale: number): Bitmap {
  const large = createBitmap(bitmap.width * scale, bitmap.height * scale);
  for (let y = 0; y < bitmap.height; y++)
    for (let x = 0; x < bitmap.width; x++)
      if (dotAt(bitmap, x, y) === 1)
        fillRectangle(large, { x: x * scale, y: y * scale, width: scale, height: scale });
  return large;
}

/** The same picture with its black parts grown by `dots` to every side, for a border around letters. */
export function grow(bitmap: Bitmap, dots: number): Bitmap {
  const grown = createBitmap(bitmap.width, bitmap.height);
  const size = 2 * dots + 1;
  for (let y = 0; y < bitmap.height; y++)
    for (let x = 0; x < bitmap.width; x++)
      if (dotAt(bitmap, x, y) === 1)
        fillRectangle(grown, { x: x - dots, y: y - dots, width: size, height: size });
  return grown;
}

/** Every second dot of the black parts, as on a chess-board: grey, where a head can print black only. */
export function screened(bitmap: Bitmap): Bitmap {
  const grey = createBitmap(bitmap.width, bitmap.height);
  for (let y = 0; y < bitmap.height; y++)
    for (let x = 0; x < bitmap.width; x++)
      if (((x ^ y) & 1) === 0 && dotAt(bitmap, x, y) === 1) setDot(grey, x, y, 1);
  return grey;
}

/** Whether rows `top` to `bottom` - 1 are white. */
export function isBlank(bitmap: Bitmap, top: number, bottom: number): boolean {
  for (let at = top * bitmap.stride; at < bottom * bitmap.stride; at++)
    if (bitmap.data[at] !== 0) return false;
  return true;
}
