/** In which encoding a file is written: by its mark, by what UTF-8 never looks like, else by what is likely. */

import { analyse } from 'chardet';
import { TableError } from './table.ts';

/** Bytes of a file that decide. */
export const SAMPLE_SIZE = 65_536;

const marks = [
  { bytes: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { bytes: [0xff, 0xfe], encoding: 'utf-16le' },
  { bytes: [0xfe, 0xff], encoding: 'utf-16be' },
] as const;

/** What a guess is read as: the standard of encodings takes these for Windows' superset of them, as browsers do. */
const FALLBACK = 'windows-1252';
/** Every other byte of European text in UTF-16 is zero. */
const ZERO_SHARE_MIN = 0.2;

/**
 * The encoding of a file by its beginning, as TextDecoder names it.
 * @throws TableError for bytes that are no text
 */
export function detectEncoding(sample: Uint8Array): string {
  const mark = marks.find(({ bytes }) => bytes.every((byte, at) => sample[at] === byte));
  if (mark !== undefined) return mark.encoding;
  const wide = wideEncoding(sample);
  if (wide !== undefined) return wide;
  if (isUtf8(sample)) return 'utf-8';
  if (sample.includes(0))
    throw new TableError('The file holds zero bytes and is no text', 'Save it as CSV in UTF-8.');
  return guessed(sample);
}

/** @throws TableError where nothing decodes it by that name */
export function checkedEncoding(name: string): string {
  try {
    return new TextDecoder(name).encoding;
  } catch (cause) {
    const advice = 'Take utf-8, utf-16le, windows-1252, windows-1251, shift_jis, gb18030 …';
    throw new TableError(`There is no encoding ${name}`, advice, cause);
  }
}

function wideEncoding(sample: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const zeros = [0, 0];
  for (const [at, byte] of sample.entries())
    if (byte === 0) zeros[at % 2] = (zeros[at % 2] as number) + 1;
  const [even = 0, odd = 0] = zeros.map((count) => count / (sample.length / 2));
  if (odd > ZERO_SHARE_MIN && odd > 10 * even) return 'utf-16le';
  return even > ZERO_SHARE_MIN && even > 10 * odd ? 'utf-16be' : undefined;
}

/** A sample may end within a character. */
function isUtf8(sample: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(sample, {
      stream: sample.length === SAMPLE_SIZE,
    });
    return true;
  } catch {
    return false;
  }
}

/** The likeliest one that can be decoded. Statistics of a few letters say little: then it is what most of Europe uses. */
function guessed(sample: Uint8Array): string {
  for (const { name, confidence } of analyse(sample)) {
    if (confidence < CONFIDENCE_MIN) break;
    const encoding = decodable(name);
    if (encoding !== undefined && encoding !== 'utf-8') return encoding;
  }
  return FALLBACK;
}

const CONFIDENCE_MIN = 30;

function decodable(name: string): string | undefined {
  try {
    return new TextDecoder(name).encoding;
  } catch {
    return undefined; // the statistics know encodings that Node does not
  }
}
