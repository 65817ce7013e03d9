/** What `npm run desk` measures, in small. */

import { expect, test } from 'vitest';
import { temporaryFolder } from '#test/support/temporary-folder';
import { runDesk } from './run.ts';

test('hostile lists reach a printer as dots only, and lists and jobs are complete', async () => {
  const counts = { rows: 3_000, pieces: 60, hostile: 150, seeds: 1, seed: 7 };

  const result = await runDesk(temporaryFolder(), counts, () => undefined);

  expect(result.violations).toEqual([]);
  expect(result.hostileTaken).toBeGreaterThan(150);
  expect(result.hostileTaken).toBeLessThan(result.hostileRows);
  expect(result.hostileLabels).toBe(20);
});
