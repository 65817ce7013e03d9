/** The entry of the image: what the boot ROM finds in the global scope after it has evaluated it (hw/hardware.ts). */

import './shims.ts';
import type { Hardware, ImageEntry } from '#hw/hardware';
import { algorithmsOn } from './algorithms.ts';
import { powerOn } from './power-on.ts';

const entry: ImageEntry = {
  powerOn,
  get algorithms() {
    const { hardware } = globalThis as unknown as { hardware: Hardware };
    return algorithmsOn(hardware);
  },
};

Object.assign(globalThis, { tessera: entry });
