/** Symbols are read off pictures as they come, and what is no picture is refused. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { encode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { PictureError, type Point, scanSymbols } from '#authority/scan/scan';
import { dataMatrixModules, type Modules } from '#driver/print/bwip';
import { pagePng } from '#emulator/printer/page';
import { createPrinter } from '#emulator/printer/printer';

/** A grey picture: how dark each pixel is, 0 black to 255 white. */
interface Picture {
  readonly width: number;
  readonly height: number;
  at(x: number, y: number): number;
}

const QUIET = 2;

/** A symbol with its quiet zone, in square modules of `pixels`. */
function drawn({ width, height, isDark }: Modules, pixels = 4): Picture {
  return {
    width: (width + 2 * QUIET) * pixels,
    height: (height + 2 * QUIET) * pixels,
    at(x, y) {
      const column = Math.floor(x / pixels) - QUIET;
      const row = Math.floor(y / pixels) - QUIET;
      const isInside = column >= 0 && column < width && row >= 0 && row < height;
      return isInside && isDark[row * width + column] ? 0 : 255;
    },
  };
}

function turned(picture: Picture): Picture {
  const { width, height } = picture;
  return { width: height, height: width, at: (x, y) => picture.at(y, height - 1 - x) };
}

function mapped(picture: Picture, map: (grey: number, x: number, y: number) => number): Picture {
  return { ...picture, at: (x, y) => map(picture.at(x, y), x, y) };
}

function sideBySide(left: Picture, right: Picture): Picture {
  return {
    width: left.width + right.width,
    height: Math.max(left.height, right.height),
    at: (x, y) => {
      const [part, column] = x < left.width ? [left, x] : [right, x - left.width];
      return y < part.height ? part.at(column, y) : 255;
    },
  };
}

function png({ width, height, at }: Picture): Uint8Array {
  const data = Uint8Array.from({ length: width * height }, (_, index) =>
    at(index % width, Math.floor(index / width)),
  );
  return encode({ width, height, channels: 1, data });
}

const anyPayload = fc.uint8Array({ minLength: 1, maxLength: 172 });
/** 112 bytes with every kind of trap: NUL, 0xFF, what other encoders take for function characters. */
const payload = Uint8Array.from([
  ...Buffer.from('\0\xff^FNC1^029\x1d\x1e\x04]d2', 'latin1'),
  ...Array.from({ length: 93 }, (_, index) => (index * 37) & 0xff),
]);
const picture = drawn(dataMatrixModules(payload));

async function bytesIn(image: Uint8Array): Promise<string[]> {
  return (await scanSymbols(image)).map(({ bytes }) => Buffer.from(bytes).toString('hex')).sort();
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('a symbol', () => {
  test('gives exactly the bytes it was made of', async () => {
    await fc.assert(
      fc.asyncProperty(anyPayload, async (bytes) => {
        expect(await bytesIn(png(drawn(dataMatrixModules(bytes))))).toEqual([hex(bytes)]);
      }),
      { numRuns: 60 },
    );
  });

  test('printed as GS v 0 through the printer gives the same bytes off its page', async () => {
    await fc.assert(
      fc.asyncProperty(anyPayload, async (bytes) => {
        const label = drawn(dataMatrixModules(bytes));
        let image: Uint8Array = new Uint8Array(0);
        const printer = createPrinter({
          paperWidthDots: 384,
          dpi: 203,
          onPage: (page) => {
            image = pagePng(page);
          },
          onAnswer: () => undefined,
        });

        printer.receive(rasterOf(label));
        printer.tearOff();

        expect(await bytesIn(image)).toEqual([hex(bytes)]);
      }),
      { numRuns: 60 },
    );
  });

  const shade = (x: number, y: number): number => ((x * 7919 + y * 104_729) % 61) - 30;
  test.each([
    { how: 'a quarter turned', image: png(turned(picture)) },
    { how: 'upside down', image: png(turned(turned(picture))) },
    { how: 'three quarters turned', image: png(turned(turned(turned(picture)))) },
    { how: 'white on black', image: png(mapped(picture, (grey) => 255 - grey)) },
    { how: 'grey on grey', image: png(mapped(picture, (grey) => (grey === 0 ? 110 : 170))) },
    {
      how: 'speckled',
      image: png(mapped(picture, (grey, x, y) => (grey * 2) / 3 + 40 + shade(x, y))),
    },
    { how: 'as large as in a scan at 1200 dpi', image: png(drawn(dataMatrixModules(payload), 24)) },
    { how: 'with one pixel a module', image: png(drawn(dataMatrixModules(payload), 1)) },
  ])('is read $how', async ({ image }) => {
    expect(await bytesIn(image)).toEqual([hex(payload)]);
  });

  test('is read off a JPEG of a turned, noisy photograph', async () => {
    const image = readFileSync(new URL('turned-12-degrees.jpg', import.meta.url));

    const [symbol, ...others] = await scanSymbols(image);

    expect([...(symbol?.bytes ?? [])]).toEqual(Array.from({ length: 32 }, (_, index) => index * 8));
    expect(symbol?.rotationDegrees).toBeGreaterThan(10);
    expect(symbol?.rotationDegrees).toBeLessThan(14);
    expect(others).toEqual([]);
  });

  test('is told with its place in the picture', async () => {
    const [symbol] = await scanSymbols(png(picture));

    const { topLeft, bottomRight } = symbol?.position ?? {};
    const size = picture.width;
    const isNear = (point: Point | undefined, at: number) =>
      point !== undefined && Math.hypot(point.x - at, point.y - at) < 4;
    expect(isNear(topLeft, QUIET * 4)).toBe(true);
    expect(isNear(bottomRight, size - QUIET * 4)).toBe(true);
    expect(symbol).toMatchObject({
      symbology: 'DataMatrix',
      rotationDegrees: 0,
      isInverted: false,
    });
  });

  test('is one of all that are in the picture', async () => {
    const other = Uint8Array.of(1, 2, 3);
    const both = sideBySide(picture, drawn(dataMatrixModules(other)));

    expect(await bytesIn(png(both))).toEqual([hex(payload), hex(other)].sort());
  });

  test('is not there where too much of it is covered', async () => {
    const covered = mapped(picture, (grey, x, y) => (x > 60 && y > 60 ? 255 : grey));

    expect(await bytesIn(png(covered))).toEqual([]);
  });
});

test('a blank picture holds no symbol', async () => {
  expect(await bytesIn(png({ width: 200, height: 100, at: () => 255 }))).toEqual([]);
});

describe('a file that is no picture is refused with the reason', () => {
  const start = (text: string, size = 64) =>
    Buffer.alloc(size, 0).fill(text, 0, text.length, 'latin1');
  const whole = Buffer.from(png(picture));
  const pngOf = (width: number, height: number) => {
    const head = Buffer.from(whole.subarray(0, 40));
    head.writeUInt32BE(width, 16);
    head.writeUInt32BE(height, 20);
    return head;
  };

  test.each([
    { what: 'an empty file', file: Buffer.alloc(0), reason: /it is empty/ },
    { what: 'text', file: Buffer.from('Dear sir'), reason: /does not begin as one/ },
    { what: 'a PDF', file: start('%PDF-1.7'), reason: /it is a PDF/ },
    { what: 'a TIFF', file: start('II*\0'), reason: /it is a TIFF/ },
    { what: 'a TIFF of the other order', file: start('MM\0*'), reason: /it is a TIFF/ },
    { what: 'a WebP', file: start('RIFF\0\0\0\0WEBPVP8 '), reason: /it is a WebP/ },
    { what: 'a PNG signature only', file: whole.subarray(0, 8), reason: /does not begin as one/ },
    { what: 'a JPEG without a frame', file: start('\xff\xd8\xff\xd9'), reason: /not a PNG, JPEG/ },
    { what: 'a PNG without rows', file: pngOf(100, 0), reason: /no pixels/ },
    {
      what: 'a PNG that is a bomb',
      file: pngOf(60_000, 60_000),
      reason: /too large \(60000 × 60000\)/,
    },
    { what: 'a PNG cut off', file: whole.subarray(0, 60), reason: /damaged/ },
    {
      what: 'a BMP head only',
      file: start('BM', 200).fill(1, 18, 19).fill(1, 22, 23),
      reason: /damaged/,
    },
    { what: 'a GIF head only', file: start('GIF89a\x01\0\x01\0', 12), reason: /damaged/ },
  ])('$what', async ({ file, reason }) => {
    const refused = scanSymbols(file);

    await expect(refused).rejects.toThrow(PictureError);
    await expect(refused).rejects.toThrow(reason);
  });

  test('any garbage is refused or holds no symbol', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(40), async (garbage, kept) => {
        const file = Buffer.concat([whole.subarray(0, kept), garbage]);

        const outcome = await scanSymbols(file).catch((error: unknown) => error);

        if (outcome instanceof PictureError) return;
        expect(outcome).toEqual([]);
      }),
    );
  });
});

/** The label as one GS v 0. */
function rasterOf({ width, height, at }: Picture): Uint8Array {
  const rowSize = Math.ceil(width / 8);
  const dots = new Uint8Array(rowSize * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const index = y * rowSize + (x >> 3);
      if (at(x, y) === 0) dots[index] = (dots[index] ?? 0) | (0x80 >> (x & 7));
    }
  }
  const head = [0x1d, 0x76, 0x30, 0, rowSize & 0xff, rowSize >> 8, height & 0xff, height >> 8];
  return Uint8Array.from([...head, ...dots]);
}
