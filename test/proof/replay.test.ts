/** Nothing that was said is taken for new again (requirements.md F2; docs/proof.md). */

import { expect, test } from 'vitest';
import { importChanged } from '#test/support/changed-code';
import type * as ReplayMatrix from './replay-matrix.ts';
import { replayToRecordLayer } from './replay-matrix.ts';
import { replayToDriver } from './replay-to-driver.ts';
import { replayToMeter } from './replay-to-meter.ts';

test('by the meter: each record at each later point, neighbours exchanged, other sessions, handshakes', async () => {
  expect(await replayToMeter()).toEqual({
    replayed: 92,
    swapped: 7,
    spliced: 8,
    accepted: 0,
    answeredFromRecord: 8,
  });
});

test('by the driver: each answer at each later point, and those of another session', async () => {
  expect(await replayToDriver()).toEqual({
    replayed: 132,
    swapped: 0,
    spliced: 12,
    accepted: 0,
    answeredFromRecord: 0,
  });
});

test('by the record layer, over many epochs', () => {
  expect(replayToRecordLayer()).toEqual({
    replayed: 820,
    swapped: 39,
    spliced: 0,
    accepted: 0,
    answeredFromRecord: 0,
  });
});

test('would be counted: by a record layer without sequence numbers', async () => {
  const changed = await importChanged<typeof ReplayMatrix>('test/proof/replay-matrix.ts', [
    {
      file: 'protocol/record.ts',
      from: 'joinBytes(u32(epoch), u64(sequence))',
      to: 'joinBytes(u32(epoch), u64(0))',
    },
  ]);

  expect(changed.replayToRecordLayer().accepted).toBeGreaterThan(60);
});
