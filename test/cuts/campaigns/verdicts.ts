/** What was judged already: an image that is equal to one before it behaves as that one did. */

import type { FlashDevice } from '#emulator/flash';
import type { Outcome } from '../commands/act.ts';
import type { CutPoint } from '../judging/cut-points.ts';
import type { Verdict } from '../judging/judge.ts';

/** What a verdict depends on; undefined for an image with weak bits, which reads differently each time. */
export function keyOf(
  flash: FlashDevice,
  { isHeard, hasSpoken }: Pick<CutPoint, 'isHeard' | 'hasSpoken'>,
): string | undefined {
  return flash.weakBits.length > 0 ? undefined : `${flash.digest()} ${isHeard} ${hasSpoken}`;
}

export interface Verdicts {
  recall(key: string | undefined): Outcome | undefined;
  keep(key: string | undefined, verdict: Verdict): void;
}

export function createVerdicts(): Verdicts {
  const known = new Map<string, Outcome>();
  return {
    recall: (key) => (key === undefined ? undefined : known.get(key)),
    keep(key, { outcome, violations }) {
      if (key !== undefined && violations.length === 0) known.set(key, outcome);
    },
  };
}
