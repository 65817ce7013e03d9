/** Somebody at the desk tries a wrong password; the next one who knows it waits until the meter listens again. */

import { RefusedError } from '#driver/errors';
import { enqueue } from '../attempt.ts';
import type { Fault } from '../happening.ts';
import { leave, passwordBytes, session } from '../meter-access.ts';
import { must, Violation } from '../violation.ts';

export const wrongPassword: Fault = {
  isFault: true,
  weight: 2,
  begin(world, random) {
    const desk = random.pick(world.desks);
    enqueue(world, desk, {
      name: 'wrong password',
      async run() {
        if (desk.stage !== 'registered') return;
        await leave(desk);
        const meter = await session(world, desk, 'user');
        desk.open = { host: desk.computer.host, meter, role: 'user' };
        const { witness } = desk.device;
        const before = witness.state?.userTries ?? 0;
        try {
          await meter.logIn(passwordBytes('not the password'));
        } catch (error) {
          if (error instanceof RefusedError && error.status === 'passwordWrong') {
            world.faults.count('wrongPassword');
            must(
              witness.state?.userTries === before + 1,
              'memory',
              () => `${desk.name} does not count the tries of a password`,
            );
          }
          throw error;
        }
        throw new Violation('fraud', `${desk.name} let somebody in with a wrong password`);
      },
    });
  },
};
