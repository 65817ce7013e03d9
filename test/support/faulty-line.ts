/** A line in memory that loses, doubles, damages and delays frames as a test says. */

import type { MemoryEnd } from '#driver/link/memory';

/** What a frame suffers on its way. */
export type Fate = 'arrives' | 'lost' | 'twice' | 'damaged' | 'late' | 'afterNoise';
export type Fates = (direction: 'request' | 'response') => Fate;

/** The host's end, which a test can pull. */
export interface LineEnd extends MemoryEnd {
  unplug(): void;
}

export interface Line {
  /** A frame from the device. */
  deliver(frame: Uint8Array): void;
  readonly end: LineEnd;
}

/** @param receive gets what the host sends */
export function createLine(fates: Fates, receive: (bytes: Uint8Array) => void): Line {
  let toHost: (bytes: Uint8Array) => void = () => undefined;
  let closed: (reason: Error | undefined) => void = () => undefined;
  let isOpen = true;
  const down = carrier(
    (bytes) => isOpen && receive(bytes),
    () => fates('request'),
  );
  const up = carrier(
    (bytes) => isOpen && toHost(bytes),
    () => fates('response'),
  );
  return {
    deliver: up,
    end: {
      send: down,
      onData(listener) {
        toHost = listener;
      },
      onClose(listener) {
        closed = listener;
      },
      close() {
        isOpen = false;
      },
      unplug() {
        isOpen = false;
        closed(new Error('unplugged'));
      },
    },
  };
}

const noise = Uint8Array.from([0x00, 0xaa, 0xff, 0x41, 0x54, 0x0d, 0xaa, 0x03]);

/** Carries frames in one direction and in their order; a late one comes when the next is sent. */
function carrier(put: (bytes: Uint8Array) => void, fate: () => Fate): (frame: Uint8Array) => void {
  let held: Uint8Array | undefined;
  return (frame) => {
    const late = held;
    held = undefined;
    if (late !== undefined) put(late);
    switch (fate()) {
      case 'arrives':
        put(frame);
        break;
      case 'lost':
        break;
      case 'twice':
        put(frame);
        put(frame);
        break;
      case 'damaged':
        put(frame.with(frame.length >> 1, (frame[frame.length >> 1] as number) ^ 0x55));
        break;
      case 'late':
        held = frame;
        break;
      case 'afterNoise':
        put(noise);
        put(frame);
        break;
    }
  };
}
