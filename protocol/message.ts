/**
 * Messages: what one side tells the other, in one frame or more (architecture.md decision 8). docs/link.md section 2 is
 * the specification.
 *
 * Body of each frame: kind and direction u8, sequence u16 LE, fragment u8, fragments u8, then its part of the payload.
 */

import { joinBytes } from './bytes.ts';
import {
  createFrameDecoder,
  encodeFrame,
  FRAME_BODY_SIZE_MAX,
  type FrameCounters,
} from './frame.ts';

/** `open`: in clear. `sealed`: a record of the session. `reset`: forget the last exchange. */
export type MessageKind = 'open' | 'sealed' | 'reset';

export interface Message {
  readonly direction: 'request' | 'response';
  readonly kind: MessageKind;
  /** 0 to 65,535; a response has that of its request. */
  readonly sequence: number;
  /** At most 16,384 bytes; exactly 8 where the kind is `reset`. */
  readonly payload: Uint8Array;
}

/** Bytes of a payload. */
export const MESSAGE_SIZE_MAX = 16_384;
/** Random bytes in a reset, which its response repeats. */
export const RESET_SIZE = 8;
const MESSAGE_HEADER_SIZE = 5;
/** Bytes of payload in every fragment but the last. */
export const FRAGMENT_SIZE = FRAME_BODY_SIZE_MAX - MESSAGE_HEADER_SIZE;

const FRAGMENTS_MAX = Math.ceil(MESSAGE_SIZE_MAX / FRAGMENT_SIZE);
const RESPONSE_BIT = 0x80;
const codeByKind = { open: 0x01, sealed: 0x02, reset: 0x03 } as const satisfies Record<
  MessageKind,
  number
>;
const kindByCode = new Map<number, MessageKind>([
  [codeByKind.open, 'open'],
  [codeByKind.sealed, 'sealed'],
  [codeByKind.reset, 'reset'],
]);

/**
 * @returns the frames, in the order in which they must be sent
 * @throws RangeError where sequence or size of the payload are out of range
 */
export function encodeMessage({ direction, kind, sequence, payload }: Message): Uint8Array[] {
  if (!Number.isInteger(sequence) || sequence < 0 || sequence > 0xffff)
    throw new RangeError(`a sequence is 0 to 65535, not ${sequence}`);
  if (!isPayloadSize(kind, payload.length))
    throw new RangeError(`${payload.length} is no size of a message of the kind ${kind}`);
  const count = Math.max(1, Math.ceil(payload.length / FRAGMENT_SIZE));
  const frames: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const part = payload.subarray(index * FRAGMENT_SIZE, (index + 1) * FRAGMENT_SIZE);
    const body = new Uint8Array(MESSAGE_HEADER_SIZE + part.length);
    body[0] = codeByKind[kind] | (direction === 'response' ? RESPONSE_BIT : 0);
    body[1] = sequence & 0xff;
    body[2] = sequence >> 8;
    body[3] = index;
    body[4] = count;
    body.set(part, MESSAGE_HEADER_SIZE);
    frames.push(encodeFrame(body));
  }
  return frames;
}

function isPayloadSize(kind: MessageKind, size: number): boolean {
  return kind === 'reset' ? size === RESET_SIZE : size <= MESSAGE_SIZE_MAX;
}

interface Fragment {
  /** What all fragments of a message have in common. */
  readonly code: number;
  readonly kind: MessageKind;
  readonly sequence: number;
  readonly count: number;
  readonly index: number;
  readonly part: Uint8Array;
}

/** Reads the body of a frame; undefined where it is no fragment that {@link encodeMessage} writes. */
function readFragment(body: Uint8Array): Fragment | undefined {
  if (body.length < MESSAGE_HEADER_SIZE) return undefined;
  const code = body[0] as number;
  const kind = kindByCode.get(code & ~RESPONSE_BIT);
  const index = body[3] as number;
  const count = body[4] as number;
  if (kind === undefined || index >= count || count > FRAGMENTS_MAX) return undefined;
  const part = body.subarray(MESSAGE_HEADER_SIZE);
  const isLast = index === count - 1;
  if (!isLast && part.length !== FRAGMENT_SIZE) return undefined;
  if (index > 0 && part.length === 0) return undefined;
  if (isLast && !isPayloadSize(kind, index * FRAGMENT_SIZE + part.length)) return undefined;
  const sequence = (body[1] as number) | ((body[2] as number) << 8);
  return { code, kind, sequence, count, index, part };
}

export interface Assembler {
  /** Takes bytes from the link in any portions. Messages are given out before it returns. */
  push(bytes: Uint8Array): void;
  /** Forgets the frame and the message that have begun. */
  reset(): void;
  readonly frames: FrameCounters;
  /** Frames that were whole and yet led to no message: no fragment, or not the one that was next. */
  readonly droppedFrames: number;
}

/**
 * Puts messages together from bytes. It keeps one message at a time: a fragment that is not the next one drops it, and a
 * first fragment begins anew.
 * @param onMessage gets each message; the payload is the receiver's to keep
 */
export function createAssembler(onMessage: (message: Message) => void): Assembler {
  let begun: Fragment | undefined;
  let parts: Uint8Array[] = [];
  let droppedFrames = 0;

  function forget(): void {
    droppedFrames += parts.length;
    begun = undefined;
    parts = [];
  }

  function isNext(fragment: Fragment): boolean {
    if (begun === undefined) return fragment.index === 0;
    return (
      fragment.code === begun.code &&
      fragment.sequence === begun.sequence &&
      fragment.count === begun.count &&
      fragment.index === parts.length
    );
  }

  function take(body: Uint8Array): void {
    const fragment = readFragment(body);
    if (fragment === undefined || !isNext(fragment)) forget();
    if (fragment === undefined || !isNext(fragment)) {
      droppedFrames += 1;
      return;
    }
    begun = fragment;
    parts.push(fragment.part);
    if (parts.length < fragment.count) return;

    const payload = parts.length === 1 ? fragment.part : joinBytes(...parts);
    begun = undefined;
    parts = [];
    onMessage({
      direction: fragment.code & RESPONSE_BIT ? 'response' : 'request',
      kind: fragment.kind,
      sequence: fragment.sequence,
      payload,
    });
  }

  const decoder = createFrameDecoder(take);
  return {
    push: decoder.push,
    reset() {
      decoder.reset();
      forget();
    },
    frames: decoder,
    get droppedFrames() {
      return droppedFrames;
    },
  };
}
