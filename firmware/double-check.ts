/**
 * What one fault must not decide is judged twice (docs/faults.md). A fault in either judgement, in the comparison, or in what
 * follows leaves two answers that differ, or a refusal where a value is wanted: both end in the error state.
 */

import type { Result } from '#protocol/result';
import { invariant } from './fault.ts';

/**
 * @param judge gives the same answer each time, and changes nothing
 * @param isSame compares what would be done, where it is more than to go on
 */
export function twice<T>(
  judge: () => Result<T>,
  isSame: (first: T, second: T) => boolean = () => true,
): Result<T> {
  const first = judge();
  const second = judge();
  invariant(first.ok === second.ok);
  if (first.ok && second.ok) invariant(isSame(first.value, second.value));
  return second;
}
