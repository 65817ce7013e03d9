/** How often each sector of a part can be erased, and how it fails after that (reliability.md 2; docs/flash-model.md). */

import { seeded, seedOf } from './seeded.ts';

/**
 * The erase behind the last one that a sector stands fails for good, in one of these ways:
 * - `programFails`: it erases; every program after it answers `programFailed` and leaves some of the bits programmed.
 * - `eraseFails`: it and every later one answers `eraseFailed` and changes nothing.
 * - `readFails`: it erases; every read that touches the sector after it gives an empty buffer.
 * - `programDoesNothing`: it erases; every program after it answers `ok` and changes nothing.
 * - `eraseDoesNothing`: it and every later one answers `ok` and changes nothing; a program after it can only clear bits
 *   of what is still there, and answers `ok` too.
 */
export const wearFailures = [
  'programFails',
  'eraseFails',
  'readFails',
  'programDoesNothing',
  'eraseDoesNothing',
] as const;
export type WearFailure = (typeof wearFailures)[number];

export interface WearOptions {
  /** Erases that a sector stands. Default: any number. */
  readonly endurance?: number;
  /** Each sector stands up to so many more, by the seed. Default 0. */
  readonly enduranceSpread?: number;
  /** How a sector fails then; `any`: each in a way that the seed decides. Default `eraseFails`. */
  readonly wearFailure?: WearFailure | 'any';
}

/** What a sector stands, and how it ends. */
export interface SectorLife {
  readonly endurance: number;
  readonly failure: WearFailure;
}

/** One life for each sector. @throws RangeError where the options are not whole numbers from 0 */
export function sectorLives(sectors: number, seed: number, options: WearOptions): SectorLife[] {
  const {
    endurance = Number.POSITIVE_INFINITY,
    enduranceSpread = 0,
    wearFailure = 'eraseFails',
  } = options;
  const isSound = (value: number): boolean =>
    (Number.isSafeInteger(value) || value === Number.POSITIVE_INFINITY) && value >= 0;
  if (!isSound(endurance) || !Number.isSafeInteger(enduranceSpread) || enduranceSpread < 0)
    throw new RangeError(`no sector stands ${endurance} to ${enduranceSpread} more erases`);
  const random = seeded(seedOf(seed, 0x11fe));
  return Array.from({ length: sectors }, () => {
    const extra = random.below(enduranceSpread + 1);
    const kind = wearFailures[random.below(wearFailures.length)] as WearFailure;
    return {
      endurance: endurance + extra,
      failure: wearFailure === 'any' ? kind : wearFailure,
    };
  });
}
