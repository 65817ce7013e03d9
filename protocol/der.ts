/**
 * The part of DER (X.690) that the meter writes and reads: what it signs for the world's tools, and certificates by which
 * it judges. Everything around that is the host's, who has libraries for it.
 */

import { hexToBytes } from '@noble/hashes/utils.js';
import { ascii, equalBytes, joinBytes } from './bytes.ts';
import { dateOf } from './documents/date.ts';

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Tag of `[number]`: IMPLICIT of a simple type, or constructed. */
export const contextTag = (number: number, isConstructed: boolean): number =>
  0x80 | (isConstructed ? 0x20 : 0) | number;

function lengthBytes(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  if (length < 0x100) return Uint8Array.of(0x81, length);
  return Uint8Array.of(0x82, length >> 8, length & 0xff);
}

/** One element of less than 65,536 bytes: tag, length, content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const joined = joinBytes(...content);
  if (joined.length > 0xffff) throw new RangeError('an element of 65,536 bytes or more');
  return joinBytes(Uint8Array.of(tag), lengthBytes(joined.length), joined);
}

export const sequence = (...content: readonly Uint8Array[]): Uint8Array =>
  element(tags.sequence, ...content);

export const octetString = (content: Uint8Array): Uint8Array => element(tags.octetString, content);

/** @param unused bits at the end that do not count */
export const bitString = (content: Uint8Array, unused = 0): Uint8Array =>
  element(tags.bitString, Uint8Array.of(unused), content);

export const isTrue: Uint8Array = element(tags.boolean, Uint8Array.of(0xff));

/** A number that is not negative, from its big-endian bytes. */
export function unsignedInteger(value: Uint8Array): Uint8Array {
  const start = value.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Uint8Array.of(0) : value.subarray(start);
  const isSigned = (digits[0] as number) >= 0x80;
  return element(tags.integer, ...(isSigned ? [Uint8Array.of(0)] : []), digits);
}

/** SET OF: its elements in the order of their bytes (X.690 11.6). */
export function setOf(...elements: readonly Uint8Array[]): Uint8Array {
  return element(tags.set, ...[...elements].sort(compareBytes));
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const size = Math.min(left.length, right.length);
  for (let at = 0; at < size; at++) {
    const difference = (left[at] as number) - (right[at] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

const oid = (content: string): Uint8Array => element(tags.oid, hexToBytes(content));

/** Object identifiers, whole elements. */
export const oids = {
  commonName: oid('550403'),
  serialNumber: oid('550405'),
  organization: oid('55040a'),
  subjectKeyId: oid('551d0e'),
  keyUsage: oid('551d0f'),
  basicConstraints: oid('551d13'),
  authorityKeyId: oid('551d23'),
  extendedKeyUsage: oid('551d25'),
  clientAuth: oid('2b06010505070302'),
  emailProtection: oid('2b06010505070304'),
  timeStamping: oid('2b06010505070308'),
  ecPublicKey: oid('2a8648ce3d0201'),
  p256: oid('2a8648ce3d030107'),
  ecdsaWithSha256: oid('2a8648ce3d040302'),
  sha256: oid('608648016503040201'),
  tstInfo: oid('2a864886f70d0109100104'),
  contentType: oid('2a864886f70d010903'),
  messageDigest: oid('2a864886f70d010904'),
  signingCertificateV2: oid('2a864886f70d010910022f'),
} as const;

const DAY_MS = 86_400_000;

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');

/** YYYYMMDDhhmmss of an instant after 1970, UTC. */
function digitsOf(timeMs: number): string {
  const seconds = Math.floor((timeMs % DAY_MS) / 1000);
  return `${dateOf(timeMs)}${two(seconds / 3600)}${two((seconds / 60) % 60)}${two(seconds % 60)}`;
}

/** GeneralizedTime of an instant: with milliseconds where there are some, as RFC 3161 2.4.2 wants it. */
export function generalizedTime(timeMs: number): Uint8Array {
  const fraction = String(timeMs % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  const text = `${digitsOf(timeMs)}${fraction === '' ? '' : `.${fraction}`}Z`;
  return element(tags.generalizedTime, ascii(text));
}

/** Date and time of a certificate: UTCTime before 2050, GeneralizedTime from then on (RFC 5280 4.1.2.5). */
export function certificateTime(timeMs: number): Uint8Array {
  const text = `${digitsOf(timeMs)}Z`;
  return text >= '2050'
    ? element(tags.generalizedTime, ascii(text))
    : element(tags.utcTime, ascii(text.slice(2)));
}

/** An element that was read. */
export interface Read {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag and length as well. */
  readonly whole: Uint8Array;
}

/** Thrown inside of {@link readDer} only. */
class NotDer extends Error {}

/** Takes elements one after the other out of the content of another. */
export interface Reader {
  /** @param tag what the next one must have; any where left out */
  next(tag?: number): Read;
  /** The next one where it has this tag. */
  optional(tag: number): Read | undefined;
  readonly isAtEnd: boolean;
  /** That nothing is left. */
  end(): void;
}

/**
 * Reads bytes that came from outside. Only the shortest form of a length is taken, and no length without end.
 * @param read takes what it wants; {@link Reader.end} says that there is no more
 * @returns undefined where it is no DER, or not what `read` asked for
 */
export function readDer<T>(data: Uint8Array, read: (reader: Reader) => T): T | undefined {
  try {
    const reader = readerOf(data);
    const value = read(reader);
    reader.end();
    return value;
  } catch (cause) {
    if (cause instanceof NotDer) return undefined;
    throw cause;
  }
}

/** What a caller of {@link readDer} says where a value is not one it takes. */
export function demand(condition: boolean): asserts condition {
  if (!condition) throw new NotDer();
}

export function readerOf(data: Uint8Array): Reader {
  let at = 0;

  function next(tag?: number): Read {
    const start = at;
    const found = data[at++];
    demand(found !== undefined && (found & 0x1f) !== 0x1f && (tag === undefined || found === tag));
    const size = readLength();
    demand(at + size <= data.length);
    const content = data.subarray(at, at + size);
    at += size;
    return { tag: found, content, whole: data.subarray(start, at) };
  }

  function readLength(): number {
    const first = data[at++];
    demand(first !== undefined);
    if (first < 0x80) return first;
    const many = first & 0x7f;
    demand(many >= 1 && many <= 2 && at + many <= data.length);
    let size = 0;
    for (let i = 0; i < many; i++) size = size * 0x100 + (data[at++] as number);
    demand(size >= (many === 1 ? 0x80 : 0x100));
    return size;
  }

  return {
    next,
    optional: (tag) => (data[at] === tag ? next(tag) : undefined),
    get isAtEnd() {
      return at === data.length;
    },
    end: () => demand(at === data.length),
  };
}

/** Whether an element is this object identifier. */
export const isOid = (read: Read, known: Uint8Array): boolean => equalBytes(read.whole, known);

/** The digits of an INTEGER that is not negative and in its shortest form, without leading zeros. */
export function unsignedOf({ content }: Read): Uint8Array {
  const [first, second] = content;
  demand(first !== undefined && first < 0x80);
  demand(first !== 0 || second === undefined || second >= 0x80);
  return first === 0 && second !== undefined ? content.subarray(1) : content;
}
