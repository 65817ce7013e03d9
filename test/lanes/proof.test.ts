/**
 * The short form of `npm run prove`: every query of the channel, and some models without a defence, decided by SPASS (docs/proof.md;
 * reliability.md section 3).
 */

import { describe, expect, test } from 'vitest';
import { decideQuery, queryNamed } from '#test/proof/deciding';
import { pma1 } from '#test/proof/model/pma1';
import { queries } from '#test/proof/queries';
import { reachable } from '#test/proof/reachable';
import { sourceQueries } from '#test/proof/source-exchange';
import { decide } from '#test/proof/spass';
import { weakenedModels } from '#test/proof/weakened';

/** Several at a time, on a machine that may be busy with others. */
const patient = { timeout: 300_000 };

test.concurrent.each(queries)('$name: $says', patient, async (query) => {
  expect(await decideQuery(query, pma1)).toBe('holds');
});

test.concurrent.each(reachable())('the model is not empty: $name', patient, async ({ problem }) => {
  expect(await decide(problem)).toBe('fails');
});

test.concurrent.each(sourceQueries)(
  'of the exchange of the source, $name: $expected',
  patient,
  async ({ problem, expected }) => {
    expect(await decide(problem)).toBe(expected);
  },
);

describe('without a defence a query turns false', () => {
  const caught = weakenedModels.filter(({ breaks }) => breaks.length > 0);

  test.concurrent.each(caught)('$name', patient, async ({ pma, breaks: [broken] }) => {
    expect(await decideQuery(queryNamed(broken as string), pma)).toBe('fails');
  });

  test('so does each of them, in one model or another', () => {
    const noticing = new Set(caught.flatMap(({ breaks }) => breaks));

    expect(queries.filter(({ name }) => !noticing.has(name))).toEqual([]);
    expect(caught.length).toBeGreaterThanOrEqual(8);
  });
});
