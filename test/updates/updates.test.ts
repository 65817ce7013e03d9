/** Power cut in an update: old image or new one, money as before, and the update can be done again (requirements.md F8, H2; docs/update.md). */

import { beforeAll, expect, test } from 'vitest';
import { IMAGE_HEADER_SIZE } from '#protocol/documents/image-header';
import { defectiveImage, type Edit } from '#test/cuts/defects';
import { OLD, release } from '#test/support/update';
import { type Rehearsal, rehearse } from './rehearsal.ts';
import { type SweepOptions, sweep } from './sweep.ts';

let whole: Rehearsal;
beforeAll(async () => {
  whole = await rehearse();
});

const ends: SweepOptions = {
  tears: ['prefix'],
  ends: 3,
  every: 10_000,
  seed: 1,
  thoroughEvery: 5,
  hasDouble: false,
};

test('an even sample of all operations, in each way to tear', async () => {
  const tally = await sweep(whole, { ...ends, tears: ['bitSubset'], ends: 1, every: 150 });
  const commit = await sweep(whole, { ...ends, tears: ['prefix', 'weak'] });

  expect([...tally.violations, ...commit.violations]).toEqual([]);
  expect(tally.old).toBeGreaterThan(3);
  expect(commit.new).toBeGreaterThan(4);
});

test('a second cut in the recovery from a first one behind the commit', async () => {
  const tally = await sweep(whole, { ...ends, tears: ['phantom'], ends: 2, hasDouble: true });

  expect(tally.violations).toEqual([]);
  expect(tally.doubleCuts).toBeGreaterThan(4);
});

/** What the cuts must find: the image that is updated has a defect. */
test.each<[what: string, at: Partial<SweepOptions>, finds: RegExp, edit: Edit]>([
  [
    'goes on behind a sector that was cut',
    { tears: ['suffix'], ends: 0, every: 300 },
    /refused afterwards: imageDamaged/,
    [
      'firmware/image-slot.ts',
      'return (sector - 1) * sectorSize;',
      'return Math.min(bodySize, sector * sectorSize);',
    ],
  ],
  [
    'commits on a label that may be spent',
    { tears: ['phantom'], ends: 3 },
    /refused afterwards: slotFailed/,
    [
      'firmware/services/update.ts',
      'if (isResumed && !announce(spare, header))',
      'if (!isResumed && !announce(spare, header))',
    ],
  ],
])('an image that %s is found', async (_, at, finds, edit) => {
  const { image } = await defectiveImage(edit);
  const defective = await rehearse(release(OLD, { body: image.slice(IMAGE_HEADER_SIZE) }));

  const { violations } = await sweep(defective, { ...ends, thoroughEvery: 1, ...at });

  expect(violations).toContainEqual(expect.stringMatching(finds));
});
