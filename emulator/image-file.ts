/** The firmware image that belongs to this program (tools/build-image.ts writes it). */

import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
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

/**
 * An image of somebody's own, with the key beside it that it was signed with.
 * @param path of the file, or of a folder as a build leaves it
 * @throws Error where there is none, or no key
 */
export function readImage(path: string, form: BodyForm = 'source'): ImageFile {
  const isFolder = statSync(path).isDirectory();
  const folder = isFolder ? path : dirname(path);
  const found = readImageFolder(folder, isFolder ? FILES[form] : basename(path));
  if (found !== undefined) return found;
  throw new Error(`There is no image with its key (image-key.bin) at ${path}.`);
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
