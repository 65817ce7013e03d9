/** The firmware image that belongs to this program (tools/build-image.ts writes it). */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BodyForm } from '#protocol/documents/image-header';

export interface ImageFile {
  /** Header and body. */
  readonly image: Uint8Array;
  /** 33 bytes, compressed point on P-256: what goes into the fuses. */
  readonly imageKey: Uint8Array;
}

/** In the repository; in the package, where these sources are in `dist/`. */
const FOLDERS = ['../build/image', '../image'].map((path) => join(import.meta.dirname, path));

const FILES: Readonly<Record<BodyForm, string>> = {
  source: 'firmware.img',
  bytecode: 'firmware.bytecode.img',
};

/**
 * @param form source runs on every processor, bytecode on the embedded one alone
 * @throws Error where the image was not built yet
 */
export function loadImage(form: BodyForm = 'source'): ImageFile {
  for (const folder of FOLDERS) {
    const found = readImageFolder(folder, FILES[form]);
    if (found !== undefined) return found;
  }
  throw new Error('There is no firmware image: build it with `npm run image`.');
}

function readImageFolder(folder: string, file: string): ImageFile | undefined {
  try {
    return {
      image: read(join(folder, file)),
      imageKey: read(join(folder, 'image-key.bin')),
    };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function read(path: string): Uint8Array {
  return Uint8Array.from(readFileSync(path));
}
