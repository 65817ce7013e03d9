/** An inspection: the authority asks, the meter signs a report and gives its log, the authority judges and acknowledges. */

import { inspect as driverInspect } from '#driver/contact/inspection';
import { enqueue } from '../attempt.ts';
import type { Desk } from '../desk.ts';
import type { Action } from '../happening.ts';
import { loggedIn } from '../meter-access.ts';
import { must } from '../violation.ts';
import type { World } from '../world.ts';

/** authority/report-checks.ts: how far a clock may be off. */
const CLOCK_TOLERANCE_MS = 10 * 60 * 1000;
/** A report may be under way for so long. */
const MARGIN_MS = 60 * 1000;

export const report: Action = {
  weight: 5,
  begin(world, random) {
    const desk = random.pick(world.desks);
    enqueue(world, desk, {
      name: 'report',
      mayBeRefused: ['logFull'],
      run: async () => {
        if (desk.stage === 'registered') await inspect(world, desk);
      },
    });
  },
};

export async function inspect(world: World, desk: Desk): Promise<void> {
  const meter = await loggedIn(world, desk, 'user');
  const { checks } = await driverInspect(meter, desk.computer.authority);
  world.tally.count('inspection');
  judgeChecks(world, desk, checks);
}

/** @throws Violation where an honest meter is suspected */
export function judgeChecks(
  world: World,
  desk: Desk,
  checks: readonly { readonly name: string; readonly outcome: string }[],
): void {
  const failed = checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name);
  const offMs = Math.abs(desk.device.clockAheadMs - world.authority.clockAheadMs);
  const isClockWrong = offMs > CLOCK_TOLERANCE_MS - MARGIN_MS || desk.hadWrongClock;
  const unfair = failed.filter((name) => !(name === 'clock' && isClockWrong) && name !== 'locks');
  must(
    desk.isCloned || unfair.length === 0,
    'refusal',
    () => `the report of ${desk.name} fails ${unfair.join(', ')}`,
  );
}
