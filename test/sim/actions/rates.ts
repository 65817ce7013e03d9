/** The authority publishes new rates, for today or ahead, and the crypto officers install the ones of today. */

import { defaultRates } from '#authority/default-rates';
import { addDays, dateOf } from '#protocol/documents/date';
import { enqueue } from '../attempt.ts';
import type { Action } from '../happening.ts';
import { operate } from '../operator.ts';
import { lockRefusals } from '../refusals.ts';
import { installRates } from './make.ts';

const DAYS_VALID = 365;
/** Meters load such a table before its first day. */
const DAYS_AHEAD_MAX = 2;

export const publishRates: Action = {
  weight: 1,
  begin(world, random) {
    const validFrom = addDays(dateOf(world.time.nowMs), random.between(0, DAYS_AHEAD_MAX));
    const table = { validFrom, validTo: addDays(validFrom, DAYS_VALID), rates: defaultRates };
    operate(world, 'publish rates', undefined, () =>
      world.operator.authority.publishRateTable(table),
    );
  },
};

export const takeRates: Action = {
  weight: 1,
  begin(world, random) {
    const desk = random.pick(world.desks);
    enqueue(world, desk, {
      name: 'take rates',
      mayBeRefused: lockRefusals,
      run: async () => {
        if (desk.stage === 'registered') await installRates(world, desk);
      },
    });
  },
};
