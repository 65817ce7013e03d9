/** Terms of a licence as the rules of money take them: without limits, unless told otherwise. */

import type { Terms } from '#firmware/registers';
import { DESCENDING_MAX } from '#protocol/documents/licence';
import { mills } from '#protocol/mills';

export const terms = (changes: Partial<Terms> = {}): Terms => ({
  accountKind: 'separate',
  descendingMax: mills(DESCENDING_MAX),
  certificateDescendingMax: mills(DESCENDING_MAX),
  refillMin: mills(1),
  refillMax: mills(DESCENDING_MAX),
  refillMultiple: mills(0),
  spoilageCap: 100,
  dayAmountMax: mills(0),
  dayPiecesMax: 0,
  ...changes,
});
