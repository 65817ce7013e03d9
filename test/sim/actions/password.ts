/** A new password for the user or the crypto officer; where the answer is lost, both are tried next time. */

import { RefusedError } from '#driver/errors';
import type { Role } from '#protocol/state';
import { enqueue } from '../attempt.ts';
import type { Desk } from '../desk.ts';
import type { Action } from '../happening.ts';
import { loggedIn, passwordBytes } from '../meter-access.ts';
import type { World } from '../world.ts';

export const changePassword: Action = {
  weight: 2,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const role: Role = random.chance(0.8) ? 'user' : 'cryptoOfficer';
    const next = `a new password ${random.seed()}`;
    enqueue(world, desk, {
      name: 'change password',
      run: async () => {
        if (desk.stage === 'registered') await change(world, desk, role, next);
      },
    });
  },
};

async function change(world: World, desk: Desk, role: Role, next: string): Promise<void> {
  const meter = await loggedIn(world, desk, role);
  const passwords = desk.passwords[role];
  passwords.other = next;
  try {
    await meter.changePassword({
      oldPassword: passwordBytes(passwords.current),
      newPassword: passwordBytes(next),
    });
  } catch (error) {
    if (error instanceof RefusedError) passwords.other = undefined;
    throw error;
  }
  passwords.current = next;
  passwords.other = undefined;
  world.tally.count('passwordChange');
}
