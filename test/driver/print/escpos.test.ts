/** The ESC/POS stream: the right bytes, whose dots two other readers find again, and nothing of a text in it (printing.md 1, 4). */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Bitmap,
  blit,
  createBitmap,
  crop,
  dotAt,
  fillRectangle,
  setDot,
} from '#driver/print/bitmap';
import { encodeEscpos } from '#driver/print/escpos';
import { createCommandStream } from '#driver/print/escpos-package';
import { composeLabel } from '#driver/print/label';
import { type PrinterProfile, printerProfiles } from '#driver/print/printer-profile';
import { renderSymbol } from '#driver/print/symbol';
import { readIndicium } from '#protocol/documents/indicium';
import { interpretEscpos } from '#test/support/escpos-interpreter';
import { readGolden, toHex } from '#test/support/golden';
import { anyIndicium, signedIndicium } from '#test/support/indicia';
import { parseWithNpos } from '#test/support/npos-picture';
import { readSymbol } from '#test/support/symbol-reader';

const narrow = printerProfiles['escpos-58mm'];
const wide = printerProfiles['escpos-80mm'];
const confirming = printerProfiles['epson-80mm'];
const service = 'First-class letter';

/** GS v 0 as its description tells: mode 0, bytes a row, rows, then the rows. */
function rasterBytes(band: Bitmap): Uint8Array {
  const bytes = [0x1d, 0x76, 0x30, 0, Math.ceil(band.width / 8), 0, band.height, 0];
  for (let y = 0; y < band.height; y++)
    for (let x = 0; x < band.width; x += 8) {
      let byte = 0;
      for (let bit = 0; bit < 8; bit++) byte = byte * 2 + dotAt(band, x + bit, y);
      bytes.push(byte);
    }
  return Uint8Array.from(bytes);
}

const noise = (width: number, height: number, seed: number): Bitmap => {
  const bitmap = createBitmap(width, height);
  let state = seed;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      if (state > 0x8000_0000) setDot(bitmap, x, y, 1);
    }
  return bitmap;
};

describe('the package', () => {
  test('gives for a band the bytes that the description of GS v 0 asks for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(),
        (width, height, seed) => {
          const band = noise(width, height, seed);
          const stream = createCommandStream();

          stream.raster(band);

          expect(stream.bytes()).toEqual(rasterBytes(band));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('lets raw bytes of any value through, and cuts after the lines it is told', () => {
    const stream = createCommandStream();
    const any = Uint8Array.from({ length: 256 }, (_, value) => value);

    stream.initialise();
    stream.raw(any);
    stream.cut(true, 1);
    stream.cut(false, 2);

    expect(toHex(stream.bytes())).toBe(`1b40${toHex(any)}0a1d56010a0a1d5600`);
  });

  test('is never asked for what it does wrong', () => {
    const stream = createCommandStream();

    expect(() => stream.raster(createBitmap(8, 256))).toThrow(RangeError);
    expect(() => stream.raster(createBitmap(8, 0))).toThrow(RangeError);
    expect(() => stream.cut(true, 0)).toThrow(RangeError);
  });
});

describe('the stream', () => {
  const commandsOf = (bitmap: Bitmap, profile: PrinterProfile, jobId?: string) =>
    interpretEscpos(encodeEscpos(bitmap, profile, jobId === undefined ? {} : { jobId })).commands;

  test('is short where the paper is white, and cut into bands of 255 rows at most', () => {
    const bitmap = createBitmap(64, 1000);
    fillRectangle(bitmap, { x: 3, y: 300, width: 50, height: 400 });

    const names = commandsOf(bitmap, wide).map(({ name, bytes }) =>
      name === 'raster' ? `raster ${bytes[6]}` : name === 'feedDots' ? `feed ${bytes[2]}` : name,
    );

    expect(names).toEqual([
      'initialise',
      'motionUnits',
      'feed 255',
      'feed 45',
      'raster 255',
      'raster 145',
      'feed 255',
      'feed 45',
      'line',
      'line',
      'line',
      'cut',
    ]);
  });

  test('keeps few white rows in their band', () => {
    const bitmap = createBitmap(8, 50);
    setDot(bitmap, 0, 0, 1);
    setDot(bitmap, 0, 15, 1);
    setDot(bitmap, 0, 32, 1);

    const names = commandsOf(bitmap, narrow).map(({ name, bytes }) => `${name} ${bytes.at(-1)}`);

    // 14 white rows stay, 16 are fed, and the 17 at the end too
    expect(names.filter((name) => name.startsWith('feedDots'))).toEqual([
      'feedDots 16',
      'feedDots 17',
    ]);
  });

  test('says everything in dots where a feed cannot count them', () => {
    const fine = { ...narrow, dpi: 300 };

    const names = new Set(commandsOf(createBitmap(64, 600), fine).map(({ name }) => name));

    expect(names).toEqual(new Set(['initialise', 'raster', 'feedLines']));
  });

  test('asks for a confirmation after the cut, from printers that know it', () => {
    const label = createBitmap(8, 8);

    expect(toHex(commandsOf(label, confirming, 'A1~ ').at(-1)?.bytes ?? new Uint8Array())).toBe(
      '1d2848060030304131' + '7e20',
    );
    expect(commandsOf(label, wide, 'A1~ ').map(({ name }) => name)).not.toContain('jobId');
    expect(commandsOf(label, confirming).map(({ name }) => name)).not.toContain('jobId');
  });

  test.each(['', 'abc', 'abcde', 'ab\u001bc', 'abcé'])('%j is no job id', (jobId) => {
    expect(() => encodeEscpos(createBitmap(8, 8), confirming, { jobId })).toThrow(RangeError);
  });

  test('is refused where the picture is wider than the head', () => {
    expect(() => encodeEscpos(createBitmap(385, 8), narrow)).toThrow(RangeError);
  });

  test('puts on paper exactly the dots of the picture, for two readers', async () => {
    const scattered = createBitmap(200, 400);
    blit(scattered, noise(120, 30, 7), 40, 0);
    blit(scattered, noise(64, 280, 9), 0, 60);

    const stream = encodeEscpos(scattered, wide);
    const { picture, bands } = interpretEscpos(stream);

    expect(picture).toEqual(scattered);
    expect(await parseWithNpos(stream)).toEqual(bands);
  });
});

describe('a label goes round', () => {
  test('bytes to symbol to commands to dots to bytes, whatever the bytes are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 60, maxLength: 172 }),
        fc.constantFrom(narrow, wide, printerProfiles['escpos-80mm-180dpi']),
        async (payload, profile) => {
          const symbol = renderSymbol(payload, profile.dpi);
          const stream = encodeEscpos(symbol, profile);
          const { picture } = interpretEscpos(stream);
          const { width, height } = symbol;

          expect(crop(picture, { x: 0, y: 0, width, height })).toEqual(symbol);
          expect(await readSymbol(picture)).toEqual(payload);
          expect(await readSymbol(await parseWithNpos(stream))).toEqual(payload);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('whole labels too, on narrow and on wide paper', async () => {
    await fc.assert(
      fc.asyncProperty(anyIndicium, fc.constantFrom(narrow, wide), async (indicium, profile) => {
        const label = composeLabel(indicium, profile, { service });
        const stream = encodeEscpos(label, profile);
        const { picture, bands } = interpretEscpos(stream);
        const read = readIndicium((await readSymbol(picture)) ?? new Uint8Array());

        expect(picture).toEqual(label);
        expect(await parseWithNpos(stream)).toEqual(bands);
        expect(read).toEqual({ ok: true, value: indicium });
      }),
      { numRuns: 4 },
    );
  });

  /** What a scanner gets from a print; undefined where it reads nothing, or the printer no command. */
  async function scan(stream: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return await readSymbol(interpretEscpos(stream).picture);
    } catch (error) {
      if (/no command of the driver|is not complete/.test(String(error))) return undefined;
      throw error;
    }
  }
  const stream = encodeEscpos(composeLabel(signedIndicium(), wide, { service }), wide);
  const raster = Buffer.from(stream).indexOf(Buffer.from([0x1d, 0x76, 0x30]));

  test('the untouched label can be scanned', async () => {
    expect((await scan(stream))?.length).toBe(128);
  });

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    [
      'black and white swapped',
      (bytes) => {
        let at = raster;
        while (bytes[at] === 0x1d && bytes[at + 1] === 0x76) {
          const size = (bytes[at + 4] as number) * (bytes[at + 6] as number);
          for (let i = at + 8; i < at + 8 + size; i++) bytes[i] = ~(bytes[i] as number);
          at += 8 + size;
        }
        return bytes;
      },
    ],
    [
      'a byte lost',
      (bytes) => {
        const place = raster + 8 + 200 * 72;
        return Uint8Array.from([...bytes.subarray(0, place), ...bytes.subarray(place + 1)]);
      },
    ],
    [
      'the bytes of the width swapped',
      (bytes) => {
        bytes.set([bytes[raster + 5] as number, bytes[raster + 4] as number], raster + 4);
        return bytes;
      },
    ],
  ])('%s: nothing can be scanned', async (_, damage) => {
    expect(await scan(damage(Uint8Array.from(stream)))).toBeUndefined();
  });
});

test('commands in names reach the printer as pictures of their letters only', () => {
  const clean = { returnAddress: ['@VJ', 'p'], addressee: ['Mallory'], service: 'A@V' };
  const hostile = {
    returnAddress: ['\u001b@\u001dV\u0000\u001bJ', '\u0010\u0014\u0001p\u0000\u0001'],
    addressee: ['Mall\u001dory\u0018'],
    service: 'A\u001b@\u001dV',
  };
  const stream = encodeEscpos(composeLabel(signedIndicium(), wide, hostile), wide);

  expect(stream).toEqual(
    encodeEscpos(
      composeLabel(signedIndicium(), wide, {
        ...clean,
        returnAddress: ['@VJ', 'p'],
      }),
      wide,
    ),
  );
  expect(new Set(interpretEscpos(stream).commands.map(({ name }) => name))).toEqual(
    new Set(['initialise', 'motionUnits', 'feedDots', 'raster', 'line', 'cut']),
  );
});

describe('the golden bytes', () => {
  test('of a small picture', () => {
    const bitmap = createBitmap(20, 60);
    fillRectangle(bitmap, { x: 0, y: 20, width: 9, height: 3 });
    setDot(bitmap, 19, 59, 1);

    expect(toHex(encodeEscpos(bitmap, confirming, { jobId: '0001' }))).toBe(
      toHex(readGolden('escpos-commands').bytes),
    );
  });

  test.each([
    ['58 mm', narrow],
    ['80 mm', wide],
  ])('of the sample label on paper of %s', (paper, profile) => {
    const label = composeLabel(signedIndicium(), profile, { service });
    const { commands } = interpretEscpos(encodeEscpos(label, profile));
    const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
    const found = commands.flatMap(({ name, bytes }) =>
      name === 'raster'
        ? [
            [name, toHex(bytes.subarray(0, 8))],
            ['sha256', sha256(bytes.subarray(8))],
          ]
        : [[name, toHex(bytes)]],
    );

    expect(found).toEqual(readGolden(`escpos-label-${paper.replace(' ', '')}`).lines);
  });
});
