/** A processor whose image makes one mistake when it is told to. */

import { nodeCrypto } from '#driver/node-crypto';
import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { type ImageFile, loadImage } from '#emulator/image-file';
import type { Hardware } from '#hw/hardware';
import {
  IMAGE_HEADER_SIZE,
  imageHeaderDocument,
  signImage,
} from '#protocol/documents/image-header';
import { testImageKey } from '#test/support/test-firmware';
import { bundle } from '#tools/image-build';
import { repositoryRoot } from '#tools/sources';
import { instrument, type Site } from './sites.ts';

export interface Injector {
  readonly sites: readonly Site[];
  readonly cpu: Cpu;
  readonly image: ImageFile;
  /** From now on the site goes wrong when it is passed for the `pass`-th time (from 1); once. */
  arm(site: number, pass: number): void;
  /** No fault from here on. @returns whether there was one */
  disarm(): boolean;
  /** Counts what `run` passes, without a fault: passes by site. */
  passesOf(run: () => void): ReadonlyMap<number, number>;
}

/**
 * The image that was built, with a switch at each place of our own sources.
 * @throws Error where the built image is of other sources: `npm run image` first
 */
export async function createInjector(): Promise<Injector> {
  const { image } = loadImage();
  const header = imageHeaderDocument.read(image.subarray(0, IMAGE_HEADER_SIZE));
  if (!header.ok) throw new Error('the image has no header');
  const built = new TextDecoder().decode(image.subarray(IMAGE_HEADER_SIZE));
  const { body, map } = await bundle({ root: repositoryRoot, entry: 'firmware/image.ts' });
  if (new TextDecoder().decode(body) !== built)
    throw new Error('the image was built from other sources: npm run image');
  const isOurs = (file: string) => file.startsWith('firmware/') || file.startsWith('protocol/');
  const { body: switched, sites } = instrument(built, map, isOurs);
  const signed = signImage(
    nodeCrypto,
    testImageKey,
    header.value,
    new TextEncoder().encode(switched),
  );
  return { ...switchboard(), sites, image: { image: signed, imageKey: testImageKey.publicKey } };
}

function switchboard(): Pick<Injector, 'cpu' | 'arm' | 'disarm' | 'passesOf'> {
  let armed = -1;
  let passesLeft = 0;
  let hasStruck = false;
  let counts: Map<number, number> | undefined;
  function strikes(site: number): number {
    if (counts !== undefined) counts.set(site, (counts.get(site) ?? 0) + 1);
    if (site !== armed) return 0;
    passesLeft -= 1;
    if (passesLeft !== 0) return 0;
    hasStruck = true;
    return 1;
  }
  const honest = createNodeVmCpu();
  const cpu: Cpu = {
    ...honest,
    name: 'faulty',
    boot: (program, hardware) =>
      honest.boot(program, { ...hardware, faults: { strikes } } as unknown as Hardware),
  };
  return {
    cpu,
    arm(site, pass) {
      armed = site;
      passesLeft = pass;
      hasStruck = false;
    },
    disarm() {
      armed = -1;
      return hasStruck;
    },
    passesOf(run) {
      counts = new Map();
      try {
        run();
        return counts;
      } finally {
        counts = undefined;
      }
    },
  };
}
