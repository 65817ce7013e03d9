/** Elements of any length: a message may be longer than what a meter writes. */

import { joinBytes } from '#protocol/bytes';
import { element } from '#protocol/der';

const SHORT_MAX = 0xffff;

export function wideElement(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const size = content.reduce((sum, { length }) => sum + length, 0);
  if (size <= SHORT_MAX) return element(tag, ...content);
  const head = Buffer.alloc(6);
  head[0] = tag;
  head[1] = 0x84;
  head.writeUInt32BE(size, 2);
  // The shortest form: no leading zero in the length (X.690 10.1).
  const isOneLess = size <= 0xffffff;
  const shortest = isOneLess ? Uint8Array.of(tag, 0x83, ...head.subarray(3)) : head;
  return joinBytes(shortest, ...content);
}
