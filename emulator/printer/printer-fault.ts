/**
 * What can go wrong with a printer on request, and what the faults of its line do to the bytes that pass.
 */

export type PrinterFault =
  /** The paper ends when this many more rows are burnt or fed. */
  | { readonly kind: 'paperOut'; readonly afterRows: number }
  | { readonly kind: 'coverOpen' }
  /** Nothing is ever answered; it prints all the same. */
  | { readonly kind: 'mute' }
  /** Bytes are taken at this rate at most, such as 960 for a serial line of 9600 Bd. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Once: the connection is reset when this many more bytes have come; those are still printed. */
  | { readonly kind: 'cutConnection'; readonly afterBytes: number }
  /** Once: after this many more bytes, `count` bytes are lost. */
  | { readonly kind: 'loseBytes'; readonly afterBytes: number; readonly count: number };

/** The faults of the line that are still to come; positions count from the next byte on. */
export interface LineFaults {
  readonly cutAfter: number;
  readonly loseAfter: number;
  readonly loseCount: number;
}

export const soundLine: LineFaults = {
  cutAfter: Number.POSITIVE_INFINITY,
  loseAfter: Number.POSITIVE_INFINITY,
  loseCount: 0,
};

/** What comes through a line with these faults, and the faults left for the bytes after. */
export function passLine(
  faults: LineFaults,
  bytes: Uint8Array,
): { readonly faults: LineFaults; readonly bytes: Uint8Array; readonly isCut: boolean } {
  const isCut = faults.cutAfter <= bytes.length;
  const come = isCut ? bytes.subarray(0, faults.cutAfter) : bytes;
  const lostFrom = Math.min(faults.loseAfter, come.length);
  const lost = Math.min(faults.loseCount, come.length - lostFrom);
  const rest = come.subarray(lostFrom + lost);
  const passed = new Uint8Array(lostFrom + rest.length);
  passed.set(come.subarray(0, lostFrom));
  passed.set(rest, lostFrom);
  const loseCount = faults.loseCount - lost;
  return {
    faults: {
      cutAfter: isCut ? Number.POSITIVE_INFINITY : faults.cutAfter - come.length,
      loseAfter: loseCount === 0 ? Number.POSITIVE_INFINITY : faults.loseAfter - lostFrom,
      loseCount,
    },
    bytes: passed,
    isCut,
  };
}

/** Bytes taken at once, at most. */
const SLICE_SIZE_MAX = 4096;
/** A slow line delivers this often a second, where it delivers a byte at all. */
const SLICES_PER_SECOND = 20;

/** How many bytes to take at once, and how long to wait after them, to keep to a rate; no rate means no wait. */
export function pace(bytesPerSecond: number | undefined): { sliceSize: number; pauseMs: number } {
  if (bytesPerSecond === undefined) return { sliceSize: SLICE_SIZE_MAX, pauseMs: 0 };
  const even = Math.floor(bytesPerSecond / SLICES_PER_SECOND);
  const sliceSize = Math.min(SLICE_SIZE_MAX, Math.max(1, even));
  return { sliceSize, pauseMs: (sliceSize / bytesPerSecond) * 1000 };
}
