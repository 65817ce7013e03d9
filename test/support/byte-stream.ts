/** Arbitrary byte streams for properties: cut into portions as a link would, and damaged as a line would. */

import fc from 'fast-check';

/** The same bytes in portions of any size, some empty. */
export function portionsOf(bytes: Uint8Array): fc.Arbitrary<Uint8Array[]> {
  return fc.array(fc.nat(bytes.length), { maxLength: 40 }).map((places) => {
    const cuts = [0, ...places.sort((left, right) => left - right), bytes.length];
    return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
  });
}

export interface Damage {
  readonly how: 'flip' | 'delete' | 'insert' | 'truncate';
  /** Taken modulo the length of what is damaged. */
  readonly place: number;
  readonly bytes: Uint8Array;
}

export const damage: fc.Arbitrary<Damage> = fc.record({
  how: fc.constantFrom('flip', 'delete', 'insert', 'truncate'),
  place: fc.nat(),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
});

export function applyDamage(whole: Uint8Array, { how, place, bytes }: Damage): Uint8Array {
  const at = place % whole.length;
  const [before, after] = [whole.subarray(0, at), whole.subarray(at)];
  switch (how) {
    case 'flip':
      return Uint8Array.of(
        ...before,
        (whole[at] as number) ^ ((bytes[0] as number) || 1),
        ...after.subarray(1),
      );
    case 'delete':
      return Uint8Array.of(...before, ...after.subarray(bytes.length));
    case 'insert':
      return Uint8Array.of(...before, ...bytes, ...after);
    case 'truncate':
      return before.slice();
  }
}

/** Bytes as they occur where frames go wrong: delimiters, codes and lengths more often than by chance. */
export const noise: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.nat(255) },
      { weight: 2, arbitrary: fc.constantFrom(0xaa, 0x00, 0x01, 0x02, 0x03, 0xab, 0x55, 0xff) },
    ),
    { maxLength: 300 },
  )
  .map((values) => Uint8Array.from(values));
