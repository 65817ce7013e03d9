/**
 * Frames: `AA | length u16 LE | encoded`, in which no byte but the first is ever AA (architecture.md decision 8,
 * requirements.md F1). docs/link.md section 1 is the specification.
 *
 * encoded = COBS(body ‖ CRC-32 LE), each byte XOR AA, and one pad byte where the low byte of the length would be AA.
 * Since AA begins a frame and nothing else, a damaged frame costs itself alone and none can hide in another.
 */

import { crc32 } from './crc32.ts';

export const FRAME_DELIMITER = 0xaa;
/** Bytes of a whole frame. */
export const FRAME_SIZE_MAX = 1024;
/** The delimiter and the length field. */
export const FRAME_HEADER_SIZE = 3;
/** Bytes of a body: what fits for every content, COBS adding one byte for each 254 begun. */
export const FRAME_BODY_SIZE_MAX = 1012;

const ENCODED_SIZE_MAX = FRAME_SIZE_MAX - FRAME_HEADER_SIZE;
const CRC_SIZE = 4;
/** The code of a group of 254 bytes with no zero behind it: the only group that may be followed at once by another. */
const COBS_FULL = 0xff;
/** As the last byte, a code that promises 254 bytes: COBS never ends so, hence the pad cannot be taken for content. */
const PAD = COBS_FULL;

/** What a decoder has seen since it was made. */
export interface FrameCounters {
  /** Bodies that were given out. */
  readonly accepted: number;
  /** Delimiters that did not lead to a body. */
  readonly rejected: number;
  /** Bytes outside frames; zeros are not counted, since reports of a fixed size are padded with them. */
  readonly skippedBytes: number;
}

export interface FrameDecoder extends FrameCounters {
  /** Takes bytes in any portions. Bodies are given out before it returns. */
  push(bytes: Uint8Array): void;
  /** Forgets a frame that has begun; the counters stay. */
  reset(): void;
}

/**
 * @param body 1 to 1012 bytes
 * @returns the frame, alone in its buffer
 * @throws RangeError for another size
 */
export function encodeFrame(body: Uint8Array): Uint8Array {
  if (body.length < 1 || body.length > FRAME_BODY_SIZE_MAX)
    throw new RangeError(`a frame holds 1 to ${FRAME_BODY_SIZE_MAX} bytes, not ${body.length}`);
  const end = putLengthAndPad(workspace, putCobs(workspace, body, crc32(body)));
  workspace[0] = FRAME_DELIMITER;
  return workspace.slice(0, end);
}

/** Where a frame is written before its size is known. */
const workspace = new Uint8Array(FRAME_SIZE_MAX);

/** Writes COBS(body ‖ crc) XOR AA behind the header; returns where it ends. */
function putCobs(frame: Uint8Array, body: Uint8Array, crc: number): number {
  const size = body.length + CRC_SIZE;
  let codeAt = FRAME_HEADER_SIZE;
  let code = 1;
  let end = codeAt + 1;
  for (let at = 0; at < size; at++) {
    const byte =
      at < body.length ? (body[at] as number) : (crc >>> (8 * (at - body.length))) & 0xff;
    if (byte !== 0) {
      frame[end++] = byte ^ FRAME_DELIMITER;
      code += 1;
    }
    const isFullWithMore = code === COBS_FULL && at < size - 1;
    if (byte === 0 || isFullWithMore) {
      frame[codeAt] = code ^ FRAME_DELIMITER;
      codeAt = end++;
      code = 1;
    }
  }
  frame[codeAt] = code ^ FRAME_DELIMITER;
  return end;
}

function putLengthAndPad(frame: Uint8Array, end: number): number {
  let length = end - FRAME_HEADER_SIZE;
  if ((length & 0xff) === FRAME_DELIMITER) {
    frame[end] = PAD ^ FRAME_DELIMITER;
    length += 1;
  }
  frame[1] = length & 0xff;
  frame[2] = length >> 8;
  return FRAME_HEADER_SIZE + length;
}

/**
 * Undoes the encoding of one frame.
 * @param encoded what stands behind the length; holds no AA
 * @returns the body in memory of its own; undefined where this is not exactly what {@link encodeFrame} writes
 */
function decodeBody(encoded: Uint8Array): Uint8Array | undefined {
  const isPaddedSize = ((encoded.length - 1) & 0xff) === FRAME_DELIMITER;
  const data = new Uint8Array(encoded.length);
  let size = 0;
  let at = 0;
  let code = 0;
  while (at < encoded.length) {
    const before = code;
    code = (encoded[at++] as number) ^ FRAME_DELIMITER;
    const isLast = at === encoded.length;
    if (isLast && isPaddedSize && code === PAD && before !== 0) break;
    if (isLast && code === 1 && before === COBS_FULL) return undefined; // adds nothing: a second form of the same body
    const groupEnd = at + code - 1;
    if (groupEnd > encoded.length) return undefined;
    if (before !== 0 && before !== COBS_FULL) data[size++] = 0;
    while (at < groupEnd) data[size++] = (encoded[at++] as number) ^ FRAME_DELIMITER;
  }
  const bodySize = size - CRC_SIZE;
  if (bodySize < 1 || bodySize > FRAME_BODY_SIZE_MAX) return undefined;
  const crc =
    ((data[bodySize] as number) |
      ((data[bodySize + 1] as number) << 8) |
      ((data[bodySize + 2] as number) << 16) |
      ((data[bodySize + 3] as number) << 24)) >>>
    0;
  return crc === crc32(data, bodySize) ? data.subarray(0, bodySize) : undefined;
}

/** @param onBody gets each body, in memory that is the receiver's to keep */
export function createFrameDecoder(onBody: (body: Uint8Array) => void): FrameDecoder {
  /** What came behind the delimiter so far, where a frame came in portions. */
  const held = new Uint8Array(FRAME_SIZE_MAX - 1);
  let heldSize = 0;
  let isInFrame = false;
  let accepted = 0;
  let rejected = 0;
  let skippedBytes = 0;

  function skip(bytes: Uint8Array): void {
    for (const byte of bytes) if (byte !== 0) skippedBytes += 1;
  }

  function rejectBegun(): void {
    if (isInFrame) rejected += 1;
    isInFrame = false;
    heldSize = 0;
  }

  /** Judges what stands behind a delimiter; returns how many bytes belong to the frame, undefined while some are missing. */
  function judge(rest: Uint8Array): number | undefined {
    if (rest.length < 2) return undefined;
    const length = (rest[0] as number) | ((rest[1] as number) << 8);
    if (length > ENCODED_SIZE_MAX) {
      rejectBegun();
      return 2;
    }
    if (rest.length < 2 + length) return undefined;
    const body = decodeBody(rest.subarray(2, 2 + length));
    if (body === undefined) {
      rejectBegun();
    } else {
      isInFrame = false;
      heldSize = 0;
      accepted += 1;
      onBody(body);
    }
    return 2 + length;
  }

  /** Takes bytes none of which is a delimiter. A frame that lies in one portion is judged where it lies. */
  function take(bytes: Uint8Array): void {
    if (!isInFrame) {
      skip(bytes);
      return;
    }
    const before = heldSize;
    let used = before === 0 ? judge(bytes) : undefined;
    if (used === undefined) {
      const fitting = bytes.subarray(0, held.length - before);
      held.set(fitting, before);
      heldSize += fitting.length;
      if (before > 0) used = judge(held.subarray(0, heldSize));
    }
    if (used !== undefined) skip(bytes.subarray(used - before));
  }

  return {
    push(bytes) {
      let at = 0;
      while (at < bytes.length) {
        const delimiter = bytes.indexOf(FRAME_DELIMITER, at);
        const end = delimiter < 0 ? bytes.length : delimiter;
        if (end > at) take(bytes.subarray(at, end));
        at = end + 1;
        if (delimiter < 0) return;
        rejectBegun();
        isInFrame = true;
      }
    },
    reset() {
      isInFrame = false;
      heldSize = 0;
    },
    get accepted() {
      return accepted;
    },
    get rejected() {
      return rejected;
    },
    get skippedBytes() {
      return skippedBytes;
    },
  };
}
