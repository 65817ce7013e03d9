/**
 * Reads the symbols off a picture or scan of a mail piece, with zxing (ISO/IEC 16022 Data Matrix, ECC 200).
 */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { prepareZXingModule, type ReaderOptions, readBarcodes } from 'zxing-wasm/reader';
import { countJpegScans, nameOtherFile, recognisePicture } from './picture-format.ts';

export interface ScannedSymbol {
  readonly symbology: 'DataMatrix';
  /** Exactly what was encoded, every byte value included. */
  readonly bytes: Uint8Array;
  /** The corners in pixels of the picture, x to the right and y down, as they lie on an upright symbol. */
  readonly position: {
    readonly topLeft: Point;
    readonly topRight: Point;
    readonly bottomRight: Point;
    readonly bottomLeft: Point;
  };
  /** How far the symbol is turned clockwise, in degrees. */
  readonly rotationDegrees: number;
  readonly isMirrored: boolean;
  /** White on black. */
  readonly isInverted: boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The file cannot be read as a picture; the message says why and what to do. */
export class PictureError extends Error {
  override readonly name = 'PictureError';
}

/** A4 at 600 dpi has 35 million pixels. */
const PICTURE_PIXELS_MAX = 40_000_000;
const PICTURE_SIZE_MAX = 128 * 1_048_576;
/** A progressive JPEG has about ten; each costs as much as the whole picture. */
const JPEG_SCANS_MAX = 64;

/** Everything that costs time but not certainty: a Data Matrix carries its own error correction. */
const THOROUGH: ReaderOptions = {
  formats: ['DataMatrix'],
  tryHarder: true,
  tryRotate: true,
  tryInvert: true,
  tryDownscale: true,
};
/** What is tried, one after the other, until a symbol is found: the second is for grey or speckled scans. */
const ATTEMPTS: readonly ReaderOptions[] = [
  THOROUGH,
  { ...THOROUGH, binarizer: 'GlobalHistogram', tryDenoise: true },
];

/**
 * All Data Matrix symbols of a PNG, JPEG, BMP or GIF file; none found is an empty list, in no particular order.
 *
 * @throws PictureError where the bytes are no such picture, are damaged, or have more than 40 million pixels.
 */
export async function scanSymbols(image: Uint8Array): Promise<ScannedSymbol[]> {
  checkPicture(image);
  await prepareReader();
  for (const options of ATTEMPTS) {
    const results = await readBarcodes(image, options);
    const symbols: ScannedSymbol[] = [];
    for (const result of results) {
      if (result.format === 'DataMatrix' && result.isValid) symbols.push(symbolOf(result));
      else if (result.error !== '') throw new PictureError(`the picture is damaged`);
    }
    if (symbols.length > 0) return symbols;
  }
  return [];
}

type ReadResult = Awaited<ReturnType<typeof readBarcodes>>[number];

function symbolOf(result: ReadResult): ScannedSymbol {
  return {
    symbology: 'DataMatrix',
    bytes: Uint8Array.from(result.bytes),
    position: result.position,
    rotationDegrees: result.rotation,
    isMirrored: result.isMirrored,
    isInverted: result.isInverted,
  };
}

function checkPicture(image: Uint8Array): void {
  const picture = recognisePicture(image);
  if (picture === undefined) {
    const reason = nameOtherFile(image) ?? 'it does not begin as one';
    throw new PictureError(`not a PNG, JPEG, BMP or GIF picture: ${reason}`);
  }
  const { width, height, format } = picture;
  if (format === 'JPEG' && countJpegScans(image) > JPEG_SCANS_MAX)
    throw new PictureError('the JPEG is made of more scans than a picture needs: save it anew');
  if (width === 0 || height === 0) throw new PictureError('the picture has no pixels');
  if (width * height > PICTURE_PIXELS_MAX || image.length > PICTURE_SIZE_MAX) {
    throw new PictureError(
      `the picture is too large (${width} × ${height}): scan at 600 dpi at most, or crop it`,
    );
  }
}

let prepared: Promise<unknown> | undefined;

/** Loads the decoder from the installed package, once; left to itself it would fetch it from the network. */
function prepareReader(): Promise<unknown> {
  prepared ??= loadReader();
  return prepared;
}

async function loadReader(): Promise<void> {
  const path = fileURLToPath(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm'));
  const wasm = await readFile(path);
  const wasmBinary = new Uint8Array(wasm).buffer;
  await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
}
