/** Changes to an input, each drawn by chance: bits, numbers, blocks, words of a dictionary, parts of another input. */

import type { Random } from '#test/sim/random';
import { littleEndian, replaced, type Substitution, substituted } from './operands.ts';

export interface MutationContext {
  readonly random: Random;
  readonly sizeMax: number;
  /** Magic values, tags, names: what the code of the target has as literals. */
  readonly dictionary: readonly Uint8Array[];
  /** Learnt from the comparisons that the input met. */
  readonly substitutions: readonly Substitution[];
  /** Another input of the corpus. */
  readonly other: Uint8Array;
}

type Mutator = (input: Uint8Array, context: MutationContext) => Uint8Array;

/** Most changes to one input; most inputs get few. */
const STACK_LOG2_MAX = 4;
const BLOCK_SIZE_MAX = 64;
const ADDEND_MAX = 35;
const WIDTHS = [1, 2, 3, 4, 6] as const;
/** Borders of what fits into some bits. */
const INTERESTING = [0, 1, 0x10, 0x40, 0x7f, 0x80, 0xfe, 0xff, 0x7fff, 0x8000, 0xffff];

export function mutated(input: Uint8Array, context: MutationContext): Uint8Array {
  const { random, sizeMax } = context;
  let result = input;
  for (let left = 2 ** random.below(STACK_LOG2_MAX + 1); left > 0; left--) {
    const next = random.pick(mutators)(result, context);
    if (next.length <= sizeMax) result = next;
  }
  return result;
}

function block(input: Uint8Array, random: Random): { readonly at: number; readonly size: number } {
  const size = 1 + random.below(Math.min(BLOCK_SIZE_MAX, input.length));
  return { at: random.below(input.length - size + 1), size };
}

/** Does nothing to an empty input. */
const onBytes =
  (mutator: Mutator): Mutator =>
  (input, context) =>
    input.length === 0 ? input : mutator(input, context);

function withNumber(
  input: Uint8Array,
  random: Random,
  change: (value: number) => number,
): Uint8Array {
  const width = random.pick(WIDTHS);
  if (input.length < width) return input;
  const at = random.below(input.length - width + 1);
  const isLittle = random.below(2) === 0;
  const field = input.subarray(at, at + width);
  const ordered = isLittle ? field : field.toReversed();
  const value = ordered.reduceRight((sum, byte) => sum * 256 + byte, 0);
  const range = 256 ** width;
  const bytes = littleEndian((change(value) + range) % range, width);
  return replaced(input, at, width, isLittle ? bytes : bytes.toReversed());
}

const flipBit = onBytes((input, { random }) => {
  const result = input.slice();
  const at = random.below(result.length);
  result[at] = (result[at] as number) ^ (1 << random.below(8));
  return result;
});

const anyByte = onBytes((input, { random }) => {
  const result = input.slice();
  result[random.below(result.length)] = random.below(256);
  return result;
});

const add: Mutator = (input, { random }) =>
  withNumber(input, random, (value) =>
    random.below(2) === 0
      ? value + 1 + random.below(ADDEND_MAX)
      : value - 1 - random.below(ADDEND_MAX),
  );

const interesting: Mutator = (input, { random }) =>
  withNumber(input, random, () => random.pick(INTERESTING));

/** A number that might be a length: of what is left, or of all. */
const lengthField: Mutator = (input, { random }) =>
  withNumber(input, random, () => random.below(input.length + 2));

const remove = onBytes((input, { random }) => {
  const { at, size } = block(input, random);
  return replaced(input, at, size, new Uint8Array(0));
});

const duplicate = onBytes((input, { random }) => {
  const { at, size } = block(input, random);
  return replaced(input, random.below(input.length + 1), 0, input.slice(at, at + size));
});

const overwrite = onBytes((input, { random }) => {
  const { at, size } = block(input, random);
  return replaced(input, random.below(input.length - size + 1), size, input.slice(at, at + size));
});

const insertNoise: Mutator = (input, { random }) =>
  replaced(input, random.below(input.length + 1), 0, random.bytes(1 + random.below(8)));

const truncate = onBytes((input, { random }) => input.slice(0, random.below(input.length)));

const word: Mutator = (input, { random, dictionary }) => {
  if (dictionary.length === 0) return input;
  const bytes = random.pick(dictionary);
  const at = random.below(input.length + 1);
  const isInsert = random.below(2) === 0 || at + bytes.length > input.length;
  return replaced(input, at, isInsert ? 0 : bytes.length, bytes);
};

const compared: Mutator = (input, { random, substitutions }) => {
  if (substitutions.length === 0) return input;
  const [first] = substituted(input, random.pick(substitutions), random);
  return first ?? input;
};

const splice: Mutator = (input, { random, other }) => {
  if (other.length === 0) return input;
  const from = random.below(other.length);
  if (random.below(2) === 0)
    return replaced(
      input,
      random.below(input.length + 1),
      0,
      other.slice(from, from + BLOCK_SIZE_MAX),
    );
  const kept = input.subarray(0, random.below(input.length + 1));
  return replaced(kept, kept.length, 0, other.subarray(from));
};

const mutators: readonly Mutator[] = [
  flipBit,
  flipBit,
  anyByte,
  add,
  add,
  interesting,
  lengthField,
  remove,
  duplicate,
  overwrite,
  insertNoise,
  truncate,
  word,
  word,
  compared,
  compared,
  compared,
  splice,
];
