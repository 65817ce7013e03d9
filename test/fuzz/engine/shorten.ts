/** Makes an input that shows something shorter and plainer, as long as it shows the same. */

/** Tries in all. */
const TRIES_MAX = 2_000;

export async function shortened(
  input: Uint8Array,
  isSame: (input: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let best = input;
  let tries = TRIES_MAX;
  for (let size = 2 ** Math.floor(Math.log2(Math.max(1, input.length))); size >= 1; size /= 2)
    for (let at = 0; at < best.length && tries > 0; tries--) {
      const shorter = Uint8Array.of(...best.subarray(0, at), ...best.subarray(at + size));
      if (await isSame(shorter)) best = shorter;
      else at += size;
    }
  for (let at = 0; at < best.length && tries > 0; at++, tries--) {
    if (best[at] === 0) continue;
    const plainer = best.slice();
    plainer[at] = 0;
    if (await isSame(plainer)) best = plainer;
  }
  return best;
}
