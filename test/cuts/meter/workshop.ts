/** What all boards of a run have in common: image, processor, fuses, seed. */

import type { Cpu } from '#emulator/cpu/cpu';
import { type ImageFile, loadImage } from '#emulator/image-file';
import { createRecall, type Recall } from './recall.ts';
import { createWarmProcessor } from './warm-processor.ts';

export interface Workshop {
  readonly image: ImageFile;
  readonly cpu: Cpu;
  readonly recall: Recall;
  readonly deviceSecret: Uint8Array;
  /** Of everything that chance decides. */
  readonly seed: number;
  /** Whether the boards have a crypto engine. */
  readonly hasEngine: boolean;
}

/** Plain data, for a thread to make the same workshop of. */
export interface WorkshopOptions {
  readonly seed: number;
  readonly hasEngine: boolean;
  /** In place of the image of the repository. */
  readonly image?: ImageFile;
}

export function createWorkshop({
  seed,
  hasEngine,
  image = loadImage(),
}: WorkshopOptions): Workshop {
  const recall = createRecall();
  return {
    image,
    cpu: createWarmProcessor(recall),
    recall,
    deviceSecret: new Uint8Array(32).fill(0x5e), // of the boards in test/support, which made the flash
    seed,
    hasEngine,
  };
}
