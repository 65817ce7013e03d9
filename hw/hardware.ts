/**
 * What the firmware needs from the world (requirements.md H1). Processor-neutral: every call is synchronous and carries
 * numbers and ArrayBuffers only, so that one image runs on every engine (runtimes.md 0).
 *
 * When power fails, or after {@link Hardware.reset}, every call throws and changes nothing; the firmware does not catch
 * what it did not throw itself.
 */

import type { CryptoEngine } from './crypto-engine.ts';
import type { Flash } from './flash.ts';
import type { ImageStore } from './image-store.ts';

/** Raw noise, not conditioned. The firmware tests its health and feeds its generator with it. */
export interface Entropy {
  /** At most 4096 samples of one byte; fewer where the source has failed. Works from the moment of power-up. */
  read(length: number): ArrayBuffer;
}

/** The clock that runs on a battery while power is off. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC; 0 where the time is not trusted (battery lost, never set). */
  nowMs(): number;
  /** Milliseconds since power-up; never goes back. */
  ticksMs(): number;
  /** Sets the time, milliseconds since 1970-01-01 UTC; it is trusted and runs on from there, on the battery too. */
  set(timeMs: number): void;
}

/** The contact of the housing. It stays triggered, on battery too, until the maker rearms it. */
export interface Tamper {
  /** 1 where the housing was opened, else 0. */
  isTriggered(): number;
}

/** The lamp or display that shows the state. */
export interface Indicator {
  /** The number of the state (protocol/state.ts). */
  show(state: number): void;
}

/** Restarts the board when it is not fed for its period; 10 s usually. */
export interface Watchdog {
  feed(): void;
}

/** What is burnt in at manufacture and can never be read over a port. */
export interface Fuses {
  /** 32 random bytes, different in every device. */
  deviceSecret(): ArrayBuffer;
  /** The key that images must be signed with: 33 bytes, compressed point on P-256. */
  imageKey(): ArrayBuffer;
}

/** The image that is running, as it is stored: header and body. */
export interface StoredImage {
  readonly size: number;
  /** At most 4096 bytes. */
  read(offset: number, length: number): ArrayBuffer;
}

/** The lines to the outside. Port numbers are the board's; a request is answered on the port it came from. */
export interface Ports {
  /**
   * Takes all bytes; at most 4096. What was taken before {@link Hardware.reset} leaves before the device restarts, so that a
   * host hears the last answer; when power fails it may be lost, the end of it or all.
   */
  send(port: number, data: ArrayBuffer): void;
}

export interface Hardware {
  readonly flash: Flash;
  readonly entropy: Entropy;
  readonly clock: Clock;
  readonly tamper: Tamper;
  readonly indicator: Indicator;
  readonly watchdog: Watchdog;
  readonly fuses: Fuses;
  readonly image: StoredImage;
  readonly ports: Ports;
  /** Undefined where the board has none. */
  readonly cryptoEngine: CryptoEngine | undefined;
  /** Undefined where the board takes no other image while it is in use. */
  readonly imageStore: ImageStore | undefined;
  /** Restarts the device and loses its memory; does not return. */
  reset(): never;
}

/** The running firmware, as the board sees it. Calls never overlap. */
export interface Firmware {
  /** Bytes arrived on a port; at most 4096 at once. */
  receive(port: number, data: ArrayBuffer): void;
  /** Called at least once a second, and at once when the tamper contact changes. */
  tick(): void;
}

/**
 * What the image leaves in its global scope as `tessera`. Before the image is evaluated the board puts its hardware into
 * the global `hardware`, for the algorithms.
 */
export interface ImageEntry {
  powerOn(hardware: Hardware): Firmware;
  /**
   * The algorithms of the image as it computes them on this board, for whoever holds the image in hand (a validation
   * laboratory runs vectors against them). No port leads to them.
   */
  readonly algorithms: Readonly<Record<string, (...parts: never[]) => unknown>>;
}
