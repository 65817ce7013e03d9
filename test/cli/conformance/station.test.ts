/** A meter that is gone for a moment, as one that restarts on USB is, is looked for again (docs/conformance.md). */

import { expect, test } from 'vitest';
import { createStation, type Station } from '#cli/conformance/station';
import { LinkError } from '#driver/errors';
import { memoryLink } from '#driver/link/memory';
import { nodeCrypto } from '#driver/node-crypto';
import { connectMemory } from '#emulator/ports/memory';
import { type KitMeter, kitMeter } from './stations.ts';

/** @param gone at which openings there is no meter, the first one being 0 */
function stationOf({ board }: KitMeter, gone: (opening: number) => boolean): Station {
  let opening = 0;
  return createStation({
    address: 'memory:',
    async openLink() {
      const isGone = gone(opening);
      opening += 1;
      if (!isGone) return memoryLink(connectMemory(board));
      throw new LinkError({
        stage: 'open',
        address: 'memory:',
        what: 'there is no meter',
        advice: 'Plug it in.',
      });
    },
    crypto: nodeCrypto,
    timeoutMs: 1_000,
    pause: () => Promise.resolve(),
  });
}

test('a meter that was there and comes back is found', async () => {
  await using meter = await kitMeter('blank');
  const station = stationOf(meter, (opening) => opening === 1 || opening === 2);

  expect(await station.status()).toMatchObject({ lifeCycle: 'blank' });
  expect(await station.status()).toMatchObject({ lifeCycle: 'blank' });
});

test('one that never was there is told at once, one that does not come back after a time-out', async () => {
  await using meter = await kitMeter('blank');
  let openings = 0;
  const never = stationOf(meter, () => ++openings > 0);
  const lost = stationOf(meter, (opening) => opening > 0);
  await lost.status();

  await expect(never.status()).rejects.toThrow('there is no meter');
  expect(openings).toBe(1);
  await expect(lost.status()).rejects.toThrow('there is no meter');
});
