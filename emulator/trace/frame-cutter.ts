/** Cuts the bytes of a line into the frames on it as they are encoded, and what lies between them. */

import { FRAME_DELIMITER, FRAME_HEADER_SIZE, FRAME_SIZE_MAX } from '#protocol/frame';

/** @param give gets each frame or stretch of other bytes; padding of zeros is left out */
export function createFrameCutter(give: (bytes: Uint8Array) => void): (bytes: Uint8Array) => void {
  let held: number[] = [];

  function release(): void {
    if (held.some((byte) => byte !== 0)) give(Uint8Array.from(held));
    held = [];
  }

  return (bytes) => {
    for (const byte of bytes) {
      if (byte === FRAME_DELIMITER) release();
      held.push(byte);
      const [first, low = 0, high = 0] = held;
      if (first !== FRAME_DELIMITER || held.length < FRAME_HEADER_SIZE) continue;
      const size = FRAME_HEADER_SIZE + low + 256 * high;
      if (held.length === size || held.length === FRAME_SIZE_MAX) release();
    }
    // Noise is given out with the portion it came in; a frame may go on in the next one.
    if (held[0] !== FRAME_DELIMITER) release();
  };
}
