/** What a board is made of, and what it is as it runs (requirements.md H1). */

import { randomBytes } from 'node:crypto';
import type { Entropy } from '#hw/hardware';
import type { StateName } from '#protocol/state';
import type { BoardFault } from './board-fault.ts';
import { type ClockSource, createSystemClock } from './clock.ts';
import type { Cpu, CpuSnapshot } from './cpu/cpu.ts';
import type { EngineFault } from './engine-fault.ts';
import { systemEntropy } from './entropy.ts';
import { createMemoryFlash, type FlashDevice } from './flash.ts';
import type { ImageSlots } from './image-slots.ts';
import type { BoardParts, CycleTimes } from './power-cycle.ts';
import { createSecurityFuse, type SecurityFuse } from './security-fuse.ts';
import { createTamperContact, type TamperContact } from './tamper.ts';
import type { TraceSink } from './trace/event.ts';

export const DEVICE_SECRET_SIZE = 32;

export interface BoardOptions {
  /** Header and body of what its maker put on it: it runs where no slot has a later one. */
  readonly image: Uint8Array;
  /** The key of the fuses: 33 bytes, compressed point on P-256. */
  readonly imageKey: Uint8Array;
  /** 32 bytes, copied and wiped with the board; random by default. */
  readonly deviceSecret?: Uint8Array;
  readonly securityFuse?: SecurityFuse;
  /** Where other images are loaded to; a board without takes none while it is in use. */
  readonly imageSlots?: ImageSlots;
  /** Stays the caller's to close. Memory by default. */
  readonly flash?: FlashDevice;
  readonly clock?: ClockSource;
  readonly entropy?: Entropy;
  readonly tamper?: TamperContact;
  /** Whether the board has a crypto engine, or what is wrong with it; true by default. The image gives the same bytes. */
  readonly cryptoEngine?: boolean | EngineFault;
  readonly cpu?: Cpu;
  /** How long the firmware may leave the watchdog without food; 10,000 by default. */
  readonly watchdogMs?: number;
  /** Told everything that passes between board and image (docs/trace.md); such a board takes no snapshots. */
  readonly trace?: TraceSink;
  /** Hands out what the firmware sent; at once by default, later where the flash is durable only then (flash-bank.ts). */
  readonly release?: (deliver: () => void) => void;
  /** Told once when the board goes dead until it is switched off. */
  readonly onFault?: (fault: BoardFault) => void;
}

/**
 * A running board, but for its parts that outlive power (flash, clock, noise, contact): whoever restores it brings these
 * as they were. Not to be looked into.
 */
export interface BoardSnapshot {
  /** SHA-256 of the body of the image. */
  readonly bodyDigest: Uint8Array;
  readonly cpu: CpuSnapshot;
  readonly indicator: StateName;
  readonly times: CycleTimes;
}

/** The parts that outlive power, each by its option or as a test or a try wants it. */
export function partsOf(options: BoardOptions): BoardParts {
  return {
    image: options.image,
    imageSlots: options.imageSlots,
    securityFuse: options.securityFuse ?? createSecurityFuse(),
    imageKey: options.imageKey,
    deviceSecret: Uint8Array.from(options.deviceSecret ?? randomBytes(DEVICE_SECRET_SIZE)),
    flash: options.flash ?? createMemoryFlash(),
    clock: options.clock ?? createSystemClock(),
    entropy: options.entropy ?? systemEntropy,
    tamper: options.tamper ?? createTamperContact(),
    cryptoEngine: options.cryptoEngine ?? true,
  };
}
