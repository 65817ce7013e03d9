/**
 * At most once, whatever a hostile host and failing power do: the short form of `npm run prove` (requirements.md B3, B6, B7, G3;
 * docs/proof.md).
 */

import { beforeAll, describe, expect, test } from 'vitest';
import { givens, loadExplorer } from './begin.ts';
import { breaks } from './changes.ts';
import type { Givens } from './givens.ts';
import { longRuns, shortRuns } from './runs.ts';

let beginning: Givens;
beforeAll(async () => {
  beginning = await givens();
});

test.each(Object.entries(shortRuns))(
  'every promise is kept in every state: %s',
  async (_, bounds) => {
    const { explore } = await loadExplorer();

    const explored = await explore(beginning, bounds);

    expect(explored).toMatchObject({ wrong: undefined, isComplete: true, depth: bounds.depth });
    expect(explored.states).toBeGreaterThan(10);
  },
);

/** The others take longer to find; `npm run prove` looks for all of them. */
const soonFound = [
  'the meter does not check the nonce',
  'the meter forgets the refill that is pending',
  'the meter answers before its record is safe',
  'a withdrawal that power cut short is not finished',
  'the provider gives back each time the proof comes',
];

describe('a lock taken off is found', () => {
  test.each(breaks.filter(({ name }) => soonFound.includes(name)))(
    '$name',
    async ({ changes, run }) => {
      const { explore } = await loadExplorer(changes);

      const { wrong } = await explore(beginning, longRuns[run]);

      expect(wrong).toMatch(/\n/);
    },
  );
});
