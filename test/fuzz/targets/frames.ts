/**
 * Bytes on the line. A stream is written by a script that the input is: good frames, noise, damage, portions of any size.
 * What the decoder gives out is compared with a reading that shares nothing with it.
 */

import { crc32 } from 'node:zlib';
import {
  createFrameDecoder,
  encodeFrame,
  FRAME_BODY_SIZE_MAX,
  FRAME_DELIMITER,
  FRAME_SIZE_MAX,
} from '#protocol/frame';
import {
  createAssembler,
  encodeMessage,
  FRAGMENT_SIZE,
  MESSAGE_SIZE_MAX,
  type Message,
} from '#protocol/message';
import { createResponder } from '#protocol/responder';
import { hold, type Target } from '../target.ts';
import { createReader, type Reader } from './reader.ts';

const STREAM_SIZE_MAX = 2_500;

interface Stream {
  readonly bytes: Uint8Array;
  /** The bodies of the frames that nobody touched, in order. */
  readonly whole: readonly Uint8Array[];
}

const isSame = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0;

function body(reader: Reader): Uint8Array {
  const size = 1 + reader.u8();
  if (size <= 64) return padded(reader.bytes(size), size);
  const isLong = size > 250;
  return new Uint8Array(isLong ? 1 + (reader.u16() % FRAME_BODY_SIZE_MAX) : size).fill(reader.u8());
}

function padded(bytes: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size);
  result.set(bytes.subarray(0, size));
  return result;
}

function damaged(frame: Uint8Array, reader: Reader): Uint8Array {
  const at = reader.u16() % frame.length;
  const byte = reader.u8();
  switch (reader.u8() % 3) {
    case 0:
      return frame.map((old, place) => (place === at ? old ^ byte : old));
    case 1:
      return frame.slice(0, at);
    default:
      return Uint8Array.of(...frame.subarray(0, at), byte, ...frame.subarray(at));
  }
}

/** One part of a stream; `whole` where it is a frame that nobody touched. */
function part(reader: Reader): { bytes: Uint8Array; body?: Uint8Array } {
  const content = (): Uint8Array => body(reader);
  switch (reader.u8() % 5) {
    case 0: {
      const sent = content();
      return { bytes: encodeFrame(sent), body: sent };
    }
    case 1:
      return { bytes: reader.bytes(1 + reader.u8()) };
    case 2:
      return { bytes: damaged(encodeFrame(content()), reader) };
    case 3: {
      // a frame within a frame, which somebody damages
      const inner = encodeFrame(padded(reader.bytes(reader.u8() % 32), 1 + (reader.u8() % 32)));
      const outer = encodeFrame(Uint8Array.of(...reader.bytes(reader.u8() % 8), ...inner));
      return { bytes: damaged(outer, reader) };
    }
    default:
      return { bytes: Uint8Array.of(FRAME_DELIMITER, reader.u8(), reader.u8()) };
  }
}

function streamOf(reader: Reader): Stream {
  const parts: Uint8Array[] = [];
  const whole: Uint8Array[] = [];
  let at = 0;
  while (!reader.isAtEnd && at < STREAM_SIZE_MAX) {
    const next = part(reader);
    if (next.body !== undefined) whole.push(next.body);
    parts.push(next.bytes);
    at += next.bytes.length;
  }
  return { bytes: Buffer.concat(parts), whole };
}

/** What a stream holds: of each delimiter the bytes to the next one, where they are exactly a frame, perhaps with noise behind. */
function bodiesIn(stream: Uint8Array): Uint8Array[] {
  const bodies: Uint8Array[] = [];
  for (let at = stream.indexOf(FRAME_DELIMITER); at >= 0; ) {
    const next = stream.indexOf(FRAME_DELIMITER, at + 1);
    const candidate = stream.subarray(at + 1, next < 0 ? stream.length : next);
    const found = bodyIn(candidate);
    if (found !== undefined) bodies.push(found);
    at = next;
  }
  return bodies;
}

/** By the text of docs/link.md, in the plainest way. */
function bodyIn(candidate: Uint8Array): Uint8Array | undefined {
  if (candidate.length < 2) return undefined;
  const length = (candidate[0] as number) + 256 * (candidate[1] as number);
  if (length + 3 > FRAME_SIZE_MAX || candidate.length < 2 + length) return undefined;
  const groups = Array.from(candidate.subarray(2, 2 + length), (byte) => byte ^ FRAME_DELIMITER);
  const isPadded = (length - 1) % 256 === FRAME_DELIMITER && groups.at(-1) === 0xff;
  return unstuffed(isPadded ? groups.slice(0, -1) : groups) ?? unstuffed(groups);
}

function unstuffed(groups: readonly number[]): Uint8Array | undefined {
  const data: number[] = [];
  for (let at = 0; at < groups.length; ) {
    const code = groups[at] as number;
    if (code === 0 || at + code > groups.length) return undefined;
    data.push(...groups.slice(at + 1, at + code));
    at += code;
    if (code !== 0xff && at < groups.length) data.push(0);
  }
  if (data.length < 5 || data.length - 4 > FRAME_BODY_SIZE_MAX) return undefined;
  const content = Uint8Array.from(data.slice(0, -4));
  const check = Buffer.from(data.slice(-4)).readUInt32LE();
  if (check !== crc32(content)) return undefined;
  // a second form of the same content is none
  const [, , , ...canonical] = encodeFrame(content);
  const own = canonical.map((byte) => byte ^ FRAME_DELIMITER);
  return own.slice(0, groups.length).every((byte, place) => byte === groups[place])
    ? content
    : undefined;
}

/** In portions whose sizes come from the input, too. */
function pushAll(push: (bytes: Uint8Array) => void, bytes: Uint8Array, sizes: Reader): void {
  for (let at = 0; at < bytes.length; ) {
    const size = sizes.isAtEnd ? bytes.length : 1 + sizes.u8();
    push(bytes.subarray(at, at + size));
    at += size;
  }
}

function takeStream(input: Uint8Array): void {
  const split = (input[0] ?? 0) % 32;
  const stream = streamOf(createReader(input.subarray(1 + split)));
  const bodies: Uint8Array[] = [];
  const decoder = createFrameDecoder((given) => bodies.push(given));
  pushAll(decoder.push, stream.bytes, createReader(input.subarray(1, 1 + split)));

  const expected = bodiesIn(stream.bytes);
  hold(bodies.length === expected.length, 'as many frames are accepted as are there');
  hold(
    bodies.every((given, place) => isSame(given, expected[place] as Uint8Array)),
    'each frame gives the body that is in it',
  );
  let from = 0;
  for (const sent of stream.whole) {
    from = 1 + bodies.findIndex((given, place) => place >= from && isSame(given, sent));
    hold(from > 0, 'no frame that nobody touched is lost');
  }
  for (const given of bodies) {
    const again: Uint8Array[] = [];
    createFrameDecoder((one) => again.push(one)).push(encodeFrame(given));
    hold(again.length === 1 && isSame(again[0] as Uint8Array, given), 'a body is written back');
  }
}

/** In a script: a frame of four bytes that nobody touches. */
const GOOD = [0, 3, 1, 0, 170, 4];

const frames: Target = {
  name: 'frames',
  scope: ['protocol/frame.ts'],
  sizeMax: 600,
  share: 0.5,
  seeds: () => [
    Uint8Array.of(0, ...GOOD, ...GOOD),
    Uint8Array.of(2, 0, 3, ...GOOD, ...[1, 4, 9, 9, 170, 9, 9], ...GOOD), // noise between two
    Uint8Array.of(0, ...GOOD, ...[2, 5, 1, 2, 3, 4, 5, 6, 6, 0, 8, 0], ...GOOD), // a changed one
    Uint8Array.of(0, ...[2, 5, 1, 2, 3, 4, 5, 6, 9, 0, 0, 1], ...GOOD), // one that is cut
    Uint8Array.of(0, ...[2, 5, 1, 2, 3, 4, 5, 6, 7, 0, 170, 2], ...GOOD), // one with a delimiter put in
    Uint8Array.of(0, ...[3, 4, 1, 2, 3, 4, 4, 2, 7, 7, 5, 0, 170, 2], ...GOOD), // one within another
    Uint8Array.of(0, 0, 253, 1, 9, 4, 170, 2, 0, 253, 250, 3, ...GOOD), // long ones
    Uint8Array.of(1, 7, 4, 3, 0, ...GOOD, 4, 171, 0),
  ],
  run: takeStream,
};

const FULL = new Uint8Array(FRAGMENT_SIZE + 16);

/** Bodies of frames below the check sum: each behind its length. */
function bodiesOf(reader: Reader): Uint8Array[] {
  const bodies: Uint8Array[] = [];
  while (!reader.isAtEnd && bodies.length < 40) {
    const size = reader.u8();
    const head = reader.bytes(5);
    const isFull = size >= 0xf0;
    const content = isFull ? FULL.subarray(0, FRAGMENT_SIZE + size - 0xf8) : reader.bytes(size);
    bodies.push(Uint8Array.of(...head, ...content));
  }
  return bodies.filter(({ length }) => length > 0 && length <= FRAME_BODY_SIZE_MAX);
}

function takeMessages(input: Uint8Array): void {
  const bodies = bodiesOf(createReader(input));
  const messages: Message[] = [];
  let last = 0;
  const assembler = createAssembler((message) => {
    messages.push(message);
    const sent = encodeMessage(message);
    const since = bodies.slice(last - sent.length, last).map(encodeFrame);
    hold(
      since.length === sent.length &&
        since.every((frame, at) => isSame(frame, sent[at] as Uint8Array)),
      'a message is exactly the frames that came last',
    );
    hold(message.payload.length <= MESSAGE_SIZE_MAX, 'no message is too long');
  });
  for (const content of bodies) {
    last += 1;
    assembler.push(encodeFrame(content));
  }
  hold(assembler.frames.accepted === bodies.length, 'every frame is accepted');

  let answers = 0;
  const responder = createResponder({
    send: () => {
      answers += 1;
    },
    handle: (kind, payload) => ({ kind, payload: payload.slice(0, 4) }),
  });
  for (const content of bodies) responder.receive(encodeFrame(content));
  const requests = messages.filter(({ direction }) => direction === 'request');
  hold(answers === requests.length, 'each request is answered in one frame, and nothing else is');
}

const message = (kind: Message['kind'], payload: Uint8Array): Uint8Array => {
  const bytes: number[] = [];
  for (const frame of encodeMessage({ direction: 'request', kind, sequence: 7, payload })) {
    createFrameDecoder((content) => {
      const size = content.length - 5;
      bytes.push(size === FRAGMENT_SIZE ? 0xf8 : size, ...content.subarray(0, 5));
      if (size !== FRAGMENT_SIZE) bytes.push(...content.subarray(5));
    }).push(frame);
  }
  return Uint8Array.from(bytes);
};

const messages: Target = {
  name: 'messages',
  scope: ['protocol/message.ts', 'protocol/responder.ts'],
  sizeMax: 600,
  share: 0.5,
  seeds: () => [
    message('open', Uint8Array.of(1)),
    message('reset', new Uint8Array(8)),
    message('sealed', new Uint8Array(FRAGMENT_SIZE + 3)),
    message('open', new Uint8Array(2 * FRAGMENT_SIZE + 3)),
    Uint8Array.of(
      ...message('open', new Uint8Array(2 * FRAGMENT_SIZE)),
      ...message('open', Uint8Array.of(4)),
    ),
  ],
  run: takeMessages,
};

export const frameTargets: readonly Target[] = [frames, messages];
