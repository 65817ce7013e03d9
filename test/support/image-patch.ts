/** The real image with one place of its code changed, and signed again: for faults that no input from outside causes. */

import { nodeCrypto } from '#driver/node-crypto';
import { type ImageFile, loadImage } from '#emulator/image-file';
import {
  IMAGE_HEADER_SIZE,
  imageHeaderDocument,
  signImage,
} from '#protocol/documents/image-header';
import { testImageKey } from './test-firmware.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * @param patch what is there exactly once, and what takes its place; the image as it is where left out
 * @throws Error where it is not there exactly once: the image was built otherwise, and the patch must follow
 */
export function patchedImage(patch?: readonly [pattern: RegExp | string, text: string]): ImageFile {
  const { image, imageKey } = loadImage();
  if (patch === undefined) return { image, imageKey };
  const header = imageHeaderDocument.read(image.subarray(0, IMAGE_HEADER_SIZE));
  if (!header.ok) throw new Error('the image has no header');
  const body = utf8.decode(image.subarray(IMAGE_HEADER_SIZE));
  const [pattern, text] = patch;
  const places = [...body.matchAll(new RegExp(pattern, 'g'))].length;
  if (places !== 1) throw new Error(`${pattern} is in the image ${places} times`);
  const changed = new TextEncoder().encode(body.replace(pattern, text));
  return {
    image: signImage(nodeCrypto, testImageKey, header.value, changed),
    imageKey: testImageKey.publicKey,
  };
}
