/** An independent reader of Data Matrix symbols (zxing-cpp as WebAssembly from its package, nothing fetched). */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import type { Bitmap } from '#driver/print/bitmap';
import { previewPng } from '#driver/print/preview';

const wasm = readFileSync(
  createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm'),
);
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });

/** The bytes of the only symbol in a picture; undefined where none, or more than one, can be read. */
export async function readSymbol(bitmap: Bitmap): Promise<Uint8Array | undefined> {
  return await readPicture(previewPng(bitmap));
}

/** The same for a picture in a file. */
export async function readPicture(png: Uint8Array): Promise<Uint8Array | undefined> {
  const found = await readBarcodes(png, {
    formats: ['DataMatrix'],
    tryHarder: true,
    tryInvert: false, // a print with black and white swapped must not pass
  });
  return found.length === 1 ? found[0]?.bytes : undefined;
}
