/** The firmware with lines of its sources changed, bundled and signed as an image: a meter that breaks a rule on purpose. */

import { build } from 'esbuild';
import { nodeCrypto } from '#driver/node-crypto';
import type { ImageFile } from '#emulator/image-file';
import { IMAGE_VERSION, SECURITY_VERSION } from '#firmware/version';
import { signImage } from '#protocol/documents/image-header';
import { repositoryRoot } from '#tools/sources';
import { type Change, changing } from './changed-code.ts';
import { testImageKey } from './test-firmware.ts';

const versions = { imageVersion: IMAGE_VERSION, securityVersion: SECURITY_VERSION };

/** @throws Error where a change does not fit the sources any more */
export async function changedFirmware(changes: readonly Change[]): Promise<ImageFile> {
  const made = new Set<Change>();
  const { outputFiles } = await build({
    absWorkingDir: repositoryRoot,
    entryPoints: ['firmware/image.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    platform: 'neutral',
    conditions: ['module', 'import'],
    logLevel: 'silent',
    plugins: [changing(changes, made)],
  });
  const idle = changes.filter((change) => !made.has(change));
  if (idle.length > 0) throw new Error(`not in the image: ${idle.map(({ file }) => file)}`);
  const body = outputFiles[0]?.contents ?? new Uint8Array();
  return {
    image: signImage(nodeCrypto, testImageKey, versions, Uint8Array.from(body)),
    imageKey: testImageKey.publicKey,
  };
}
