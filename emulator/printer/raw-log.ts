/**
 * The bytes of the stream that belong to the page in work, kept up to a limit.
 */

export interface RawLog {
  append(bytes: Uint8Array): void;
  /** The kept bytes before stream position `end`, which are then forgotten. */
  takeUntil(end: number): { readonly raw: Uint8Array; readonly isRawTruncated: boolean };
}

/** Keeps `sizeMax` bytes at most; what comes when it is full is missing from the page. */
export function createRawLog(sizeMax: number): RawLog {
  let kept: Uint8Array[] = [];
  let keptSize = 0;
  /** Stream positions of the first kept byte, and of the next that will come. */
  let start = 0;
  let position = 0;
  let isStartMissing = false;

  return {
    append(bytes) {
      const isGapBefore = start + keptSize < position;
      position += bytes.length;
      if (isGapBefore) return;
      const part = bytes.slice(0, sizeMax - keptSize);
      kept.push(part);
      keptSize += part.length;
    },

    takeUntil(end) {
      const all = new Uint8Array(keptSize);
      let at = 0;
      for (const part of kept) {
        all.set(part, at);
        at += part.length;
      }
      const size = Math.min(keptSize, end - start);
      const isRawTruncated = isStartMissing || size < end - start;
      const isGapAfter = start + keptSize < position;
      const rest = isGapAfter ? new Uint8Array(0) : all.slice(size);
      kept = [rest];
      keptSize = rest.length;
      start = isGapAfter ? position : end;
      isStartMissing = start > end;
      return { raw: all.slice(0, size), isRawTruncated };
    },
  };
}
