/** An image to replay a trace on: what the boot ROM made of its file. */

import { checkImage } from '../boot-rom.ts';
import type { Program } from '../cpu/cpu.ts';
import type { ImageFile } from '../image-file.ts';

export interface ReplayedImage extends ImageFile {
  readonly program: Program;
  /** SHA-256 of the body, in hex. */
  readonly digest: string;
  readonly imageVersion: number;
}

/**
 * @param bytecodeEngine of the processor; undefined where it takes source only
 * @throws Error where the boot ROM refuses the image
 */
export function replayedImage(file: ImageFile, bytecodeEngine: string | undefined): ReplayedImage {
  const check = checkImage(file.imageKey, 0, file.image, bytecodeEngine);
  if (!check.ok) throw new Error(`The image was refused. ${check.reason}`);
  const { bodyDigest, imageVersion } = check.header;
  const digest = Buffer.from(bodyDigest).toString('hex');
  return { ...file, program: check.program, digest, imageVersion };
}
