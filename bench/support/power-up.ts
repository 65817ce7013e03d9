/** Candidates that switch a meter on: from power to its first answer, and on to a user who is logged in. */

import { openMeter } from '#driver/meter';
import { createMemoryFlash } from '#emulator/flash';
import { SIGN_BASELINE } from './baselines.ts';
import type { Candidate } from './compare.ts';
import { type BoardKind, boardOn, lineTo, userAt } from './wealthy-meter.ts';

const OPERATIONS = 10;

/** Each on a flash of its own; the last of the self-tests has passed before the status is answered. */
export function poweringUp(name: string, contents: Uint8Array, kind: BoardKind): Candidate {
  return {
    name,
    baseline: SIGN_BASELINE,
    operations: OPERATIONS,
    async run(operations) {
      for (let done = 0; done < operations; done++) {
        await using board = boardOn(createMemoryFlash({ contents }), kind);
        await using meter = await openMeter(lineTo(board));
        const { state, fault } = await meter.status();
        if (state !== 'uninitialized') throw new Error(`the meter came up in ${state} (${fault})`);
      }
    },
  };
}

export function loggingIn(name: string, contents: Uint8Array, kind: BoardKind): Candidate {
  return {
    name,
    baseline: SIGN_BASELINE,
    operations: OPERATIONS,
    async run(operations) {
      for (let done = 0; done < operations; done++) {
        await using board = boardOn(createMemoryFlash({ contents }), kind);
        await using _ = await userAt(lineTo(board));
      }
    },
  };
}
