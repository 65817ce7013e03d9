/** The processor of a board: what runs an image (runtimes.md 7). */

import type { Firmware, Hardware, ImageEntry } from '#hw/hardware';

/** An image that was powered on. */
export interface RunningImage extends Firmware {
  /** For whoever holds the image in hand: test vectors run against these. */
  readonly algorithms: ImageEntry['algorithms'];
  /** Throws the memory of the processor away; nothing may be called after. */
  kill(): void;
}

export interface Cpu {
  /**
   * Evaluates an image in empty memory, with the hardware in its global scope, and powers it on.
   * @param source the body of the image; its signature was verified before (emulator/boot-rom.ts)
   * @throws whatever the image throws while it loads or powers on
   */
  boot(source: string, hardware: Hardware): RunningImage;
}
