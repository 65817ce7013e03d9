/** A decoder with a planted defect, which no change by chance meets: behind a magic of four bytes and two lengths. */

import { hold, type Target } from './target.ts';

/** Made when it runs, so that it stands nowhere as a literal that a dictionary could have. */
const MAGIC = 0x7e55e7a1;

function decodeToy(input: Uint8Array): number {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  if (input.length < 16 || view.getUint32(4, true) !== MAGIC) return 0;
  const outer = view.getUint16(8, true);
  if (outer !== input.length - 10) return 1;
  const inner = view.getUint16(10, true);
  if (inner + 2 !== outer) return 2;
  return view.getUint16(12) === 0xbeef ? 3 : 2;
}

export const toy: Target = {
  name: 'toy',
  scope: ['test/fuzz/toy.ts'],
  sizeMax: 64,
  share: 1,
  seeds: () => [new Uint8Array(20).fill(7)],
  run(input) {
    hold(decodeToy(input) !== 3, 'the planted defect is reached');
  },
};
