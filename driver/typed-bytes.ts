/**
 * Bytes as a person types them (requirements.md D8): lines of eight groups, each with a number and a check, so that a slip
 * is found where it was made. Letters that look like digits are taken for them, as in Crockford's base 32.
 *
 *     1  AG50-VA40-0123-4567-89AB-CDEF-GHJK-MNPQ  RSTV
 */

import { joinBytes } from '#protocol/bytes';
import { crc32 } from '#protocol/crc32';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LINE_SIZE = 20;
const GROUP = 4;
/** Characters of the check of a line: 20 bits. */
const CHECK_SIZE = 4;

/** What was typed is not what was printed; the message says in which line. */
export class TypedBytesError extends Error {
  override readonly name = 'TypedBytesError';
}

/** Lines to be read out or printed. */
export function toTyped(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += LINE_SIZE) {
    const part = bytes.subarray(at, at + LINE_SIZE);
    const number = lines.length + 1;
    const groups = encode(part).match(/.{1,4}/g) ?? [];
    lines.push(`${number}  ${groups.join('-')}  ${checkOf(number, part)}`);
  }
  return lines.join('\n');
}

/**
 * The bytes that lines stand for. Spaces, hyphens and empty lines do not matter.
 * @throws TypedBytesError
 */
export function fromTyped(text: string): Uint8Array {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new TypedBytesError('nothing was typed');
  return joinBytes(...lines.map((line, place) => readLine(line, place + 1)));
}

function readLine(line: string, number: number): Uint8Array {
  const [, told = '', rest = ''] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
  if (Number(told) !== number)
    throw new TypedBytesError(`line ${number} is missing, or does not begin with its number`);
  const typed = rest.toUpperCase().replaceAll(/[\s-]/g, '');
  const digits = typed.replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  const bytes = decode(digits.slice(0, -CHECK_SIZE));
  if (bytes === undefined || checkOf(number, bytes) !== digits.slice(-CHECK_SIZE))
    throw new TypedBytesError(`line ${number} has a slip: compare it group by group`);
  return bytes;
}

/** Over the number too, so that two lines cannot change places. */
function checkOf(number: number, part: Uint8Array): string {
  const sum = crc32(joinBytes(Uint8Array.of(number), part)) >>> 0;
  let check = '';
  for (let place = 0; place < CHECK_SIZE; place++) check += ALPHABET[(sum >>> (5 * place)) & 31];
  return check;
}

function encode(part: Uint8Array): string {
  let text = '';
  let value = 0;
  let bits = 0;
  for (const byte of part) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >>> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET[(value << (5 - bits)) & 31];
}

/** Undefined for a character that is none, and where what fills the last one is not zeros. */
function decode(digits: string): Uint8Array | undefined {
  const bytes: number[] = [];
  let value = 0;
  let bits = 0;
  for (const digit of digits) {
    const number = ALPHABET.indexOf(digit);
    if (number < 0) return undefined;
    value = (value << 5) | number;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >>> bits) & 0xff);
    }
    value &= (1 << bits) - 1;
  }
  return bits < 5 && value === 0 && bytes.length > 0 ? Uint8Array.from(bytes) : undefined;
}

/** Bytes in groups of four hexadecimal digits, to be compared by eye or by voice. */
export const toGroups = (bytes: Uint8Array): string =>
  (
    Buffer.from(bytes)
      .toString('hex')
      .match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? []
  ).join(' ');
