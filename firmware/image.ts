/** The entry of the image: what the boot ROM finds in the global scope after it has evaluated it (hw/hardware.ts). */

import './shims.ts';
import type { ImageEntry } from '#hw/hardware';
import { algorithms } from './algorithms.ts';
import { powerOn } from './power-on.ts';

const entry: ImageEntry = { powerOn, algorithms };

Object.assign(globalThis, { tessera: entry });
