/** NOR flash as the firmware sees it (requirements.md H3; reliability.md 2). */

/** What a program or an erase answers. */
export const flashStatus = { ok: 0, programFailed: 1, eraseFailed: 2, refused: 3 } as const;
export type FlashStatus = (typeof flashStatus)[keyof typeof flashStatus];

/**
 * Which parts the firmware works on, in bytes: its records of 64 bytes must be whole units, and fill sectors without a
 * rest. How many sectors it needs depends on their size; it comes up in the error state (`flashFailed`) where they are too few.
 */
export const flashBounds = {
  programUnitMax: 64,
  sectorSizeMin: 512,
  sectorSizeMax: 131_072,
} as const;

/**
 * Offsets and lengths are bytes from the start of the part that belongs to the firmware.
 *
 * Not promised: that an operation which power cut short left all or nothing (any bit of what it touched may be old,
 * new, or read differently each time); that programs reach the chip before {@link Flash.sync} answered.
 */
export interface Flash {
  /** Bytes; a multiple of sectorSize. */
  readonly size: number;
  /** Bytes that one erase sets to ones; 4096 usually. */
  readonly sectorSize: number;
  /** Bytes programmed at once, and only once after an erase; 16 usually. */
  readonly programUnit: number;
  /** Reads at most 4096 bytes. An empty buffer tells that the part cannot be read (an error that ECC cannot mend). */
  read(offset: number, length: number): ArrayBuffer;
  /**
   * Clears bits; offset and length are multiples of programUnit, at most 256 bytes, within one sector. `refused`: out of
   * bounds, not aligned, a unit programmed twice, or a bit asked to go from 0 to 1; nothing was changed.
   */
  program(offset: number, data: ArrayBuffer): FlashStatus;
  /** Sets the sector that begins at offset to ones. */
  erase(offset: number): FlashStatus;
  /** Returns when every program and erase so far will be there after a power cut. Order is kept without it. */
  sync(): void;
}
