/** All checks of the conformance kit, and the order in which a level runs them (docs/conformance.md). */

import type { Check, Level } from './check.ts';
import { answerChecks } from './checks/answers.ts';
import { linkChecks } from './checks/link.ts';
import { makingChecks } from './checks/making.ts';
import { endChecks, oversightChecks } from './checks/oversight.ts';
import { pieceChecks } from './checks/pieces.ts';
import { sessionChecks } from './checks/sessions.ts';

const read: readonly Check[] = [
  ...answerChecks.slice(0, 1), // how the meter was, before anything else
  ...linkChecks,
  ...answerChecks.slice(1),
];
const use: readonly Check[] = [...sessionChecks, ...pieceChecks];

const plans: Readonly<Record<Level, readonly Check[]>> = {
  read,
  use: [...read, ...use],
  life: [...makingChecks, ...read, ...use, ...oversightChecks, ...endChecks],
};

export const checksOf = (level: Level): readonly Check[] => plans[level];
