/** Contact: whatever a meter needs of its offices is done in one go: orders, clock, refill, licence, rates, inspection. */

import { ServerRefusedError } from '#cli/server/http-client';
import { contact as driverContact } from '#driver/contact/contact';
import { RefusedError } from '#driver/errors';
import { enqueue } from '../attempt.ts';
import type { Desk } from '../desk.ts';
import type { Action } from '../happening.ts';
import { leave, loggedIn } from '../meter-access.ts';
import { clockRefusals, refillRefusals } from '../refusals.ts';
import { must } from '../violation.ts';
import type { World } from '../world.ts';
import { note, overheardOffice } from './refill.ts';
import { judgeChecks } from './report.ts';

/** What a step of it may end with, while the others go on. */
const stepRefusals: readonly unknown[] = [...refillRefusals, ...clockRefusals];

export const contact: Action = {
  weight: 6,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const role = random.chance(0.8) ? 'user' : 'cryptoOfficer';
    enqueue(world, desk, {
      name: 'contact',
      mayBeRefused: ['logFull'],
      run: async () => {
        if (desk.stage === 'registered') await meet(world, desk, role);
      },
    });
  },
};

export async function meet(
  world: World,
  desk: Desk,
  role: 'user' | 'cryptoOfficer',
): Promise<void> {
  const { authority, provider } = desk.computer;
  const meter = await loggedIn(world, desk, role);
  const offices = { authority, provider: { ...provider, ...overheardOffice(world, desk) } };
  const { results, failures } = await driverContact(meter, offices, {
    steps: role === 'user' ? stepsOfUser : stepsOfOfficer,
  });
  world.tally.count('contact');
  if (results.clock !== undefined) desk.hadWrongClock = false;
  if (results.clock?.outcome === 'set') world.tally.count('clockSetting');
  note(world, desk, results.refill);
  if (results.inspection !== undefined) {
    world.tally.count('inspection');
    judgeChecks(world, desk, results.inspection.checks);
  }
  for (const [step, error] of failures) {
    const isRefused = error instanceof RefusedError && stepRefusals.includes(error.status);
    const isExpected = isRefused || (desk.isCloned && error instanceof ServerRefusedError);
    must(
      isExpected || !world.isHealed,
      'refusal',
      () => `the step ${step} of a contact of ${desk.name} fails: ${error.message}`,
    );
  }
  await leave(desk);
}

const stepsOfUser = ['orders', 'clock', 'refill', 'rates', 'inspection'] as const;
const stepsOfOfficer = ['orders', 'clock', 'licence', 'rates', 'inspection'] as const;
