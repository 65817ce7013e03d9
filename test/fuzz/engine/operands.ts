/**
 * What a comparison says about the input: where one side of it stands in the input, the other side is put there
 * (Aschermann et al., "REDQUEEN: Fuzzing with Input-to-State Correspondence", NDSS 2019).
 */

import type { Random } from '#test/sim/random';
import type { Comparison, Operand } from './probe.ts';

/** Bytes to put where others are; of another size too, where they are text. */
export interface Substitution {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** What one comparison suggests. */
export interface Hints {
  readonly substitutions: readonly Substitution[];
  /** Sizes that the whole input might have. */
  readonly sizes: readonly number[];
}

/** A size that is compared may have been that of the input without a header or a signature of so many bytes. */
const APART_MAX = 80;
const WIDTHS = [1, 2, 3, 4, 6, 8] as const;
/** What is computed from a field is often no further from it than the size of a header. */
const COMPUTED_MAX = 16;
/** Comparisons of one run that are looked at. */
const COMPARISONS_MAX = 400;
/** Places at which one substitution is tried. */
const PLACES_MAX = 16;

/** @param input that was compared */
export function hintsOf(comparisons: readonly Comparison[], input: Uint8Array): Hints {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.length);
  const substitutions = new Map<string, Substitution>();
  const sizes = new Set<number>();
  for (const { left, right, isOrder } of distinct(comparisons))
    for (const [from, to] of [
      [left, right],
      [right, left],
    ] as const) {
      const { forms, apart } = formsIn(bytes, from);
      for (const wanted of neighbours(to, isOrder)) {
        const others = forms.length === 0 ? [] : formsOf(moved(wanted, apart));
        for (const { form, kind } of forms) {
          const other = others.find((one) => one.kind === kind);
          if (other !== undefined)
            substitutions.set(`${kind} ${from} ${wanted}`, { from: form, to: other.form });
        }
        const grown = otherSize(from, wanted, input.length);
        if (grown !== undefined) sizes.add(grown);
      }
    }
  return { substitutions: [...substitutions.values()], sizes: [...sizes] };
}

/** How a value stands in the input, or one near to it from which it was computed: a length, and the size of its field. */
function formsIn(
  bytes: Buffer,
  value: Operand,
): { readonly forms: readonly Form[]; readonly apart: number } {
  const standing = (one: Operand): Form[] =>
    formsOf(one).filter(({ form }) => form.length > 0 && bytes.includes(form));
  const forms = standing(value);
  const isComputed = forms.length === 0 && typeof value === 'number' && value > 0xff;
  const apart = isComputed ? apartOf(bytes, value) : 0;
  return apart === 0 ? { forms, apart } : { forms: standing(moved(value, apart)), apart };
}

/** How far the nearest number of two bytes in the input is from a value; 0 where none is near. */
function apartOf(bytes: Buffer, value: number): number {
  let nearest = COMPUTED_MAX + 1;
  for (let at = 0; at + 1 < bytes.length; at++) {
    const [one, other] = [bytes[at] as number, bytes[at + 1] as number];
    for (const word of [one + 256 * other, 256 * one + other])
      if (Math.abs(word - value) < Math.abs(nearest)) nearest = word - value;
  }
  return Math.abs(nearest) <= COMPUTED_MAX ? nearest : 0;
}

const moved = (value: Operand, apart: number): Operand =>
  typeof value === 'number' ? value + apart : value;

function distinct(comparisons: readonly Comparison[]): Comparison[] {
  const known = new Map<string, Comparison>();
  for (const one of comparisons) known.set(`${one.left} ${one.right}`, one);
  return [...known.values()].slice(0, COMPARISONS_MAX);
}

/** Of what is larger or smaller the border decides. */
const neighbours = (value: Operand, isOrder: boolean): Operand[] =>
  isOrder && typeof value === 'number' ? [value, value + 1, value - 1] : [value];

/** One way in which a value can stand in an input. */
interface Form {
  readonly kind: string;
  readonly form: Buffer;
}

/** As text, as decimal digits, as a number of some bytes in either order. */
function formsOf(value: Operand): Form[] {
  if (typeof value === 'string') return [{ kind: 'text', form: Buffer.from(value) }];
  if (!Number.isSafeInteger(value)) return [];
  const forms: Form[] = [{ kind: 'decimal', form: Buffer.from(String(value)) }];
  for (const width of WIDTHS) {
    if (value < 0 || value >= 256 ** width) continue;
    const little = Buffer.from(littleEndian(value, width));
    forms.push({ kind: `little ${width}`, form: little });
    if (width > 1) forms.push({ kind: `big ${width}`, form: Buffer.from(little.toReversed()) });
  }
  return forms;
}

/** @param value 0 to 2^53 - 1 */
export function littleEndian(value: number, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  for (let at = 0, rest = value; at < width; at++, rest = Math.floor(rest / 256))
    bytes[at] = rest % 256;
  return bytes;
}

/** Where one side is near the size of the input, the input that makes both sides equal. */
function otherSize(from: Operand, to: Operand, size: number): number | undefined {
  if (typeof from !== 'number' || typeof to !== 'number') return undefined;
  const grown = size + to - from;
  const isNear = from <= size && from >= size - APART_MAX && from > 0;
  return isNear && Number.isSafeInteger(grown) && grown >= 0 ? grown : undefined;
}

/** The input with one substitution made, for each of some places where it can be. */
export function* substituted(
  input: Uint8Array,
  { from, to }: Substitution,
  random: Random,
): Generator<Uint8Array> {
  const places = placesOf(input, from);
  for (let count = Math.min(places.length, PLACES_MAX); count > 0; count--) {
    const [at] = places.splice(random.below(places.length), 1);
    if (at !== undefined) yield replaced(input, at, from.length, to);
  }
}

function placesOf(input: Uint8Array, what: Uint8Array): number[] {
  const places: number[] = [];
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.length);
  for (let at = bytes.indexOf(what); at >= 0; at = bytes.indexOf(what, at + 1)) places.push(at);
  return places;
}

/** Other bytes in place of `size` of them. */
export function replaced(
  input: Uint8Array,
  at: number,
  size: number,
  bytes: Uint8Array,
): Uint8Array {
  const result = new Uint8Array(input.length - size + bytes.length);
  result.set(input.subarray(0, at));
  result.set(bytes, at);
  result.set(input.subarray(at + size), at + bytes.length);
  return result;
}

/** The input at another size: cut, or with zeros behind. */
export function resized(input: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size);
  result.set(input.subarray(0, size));
  return result;
}
