/** Log-in and passwords in the table of cuts: tries are counted, and of two passwords exactly one opens. */

import { RefusedError } from '#driver/errors';
import { passwords } from '#test/support/meter';
import type { Host } from '../meter/host.ts';
import type { CutCommand } from './act.ts';
import { officer, user } from './service.ts';

const WRONG = (): Uint8Array => new TextEncoder().encode('a wrong password');
const NEXT = (): Uint8Array => new TextEncoder().encode('the next password');

export const rightPassword: CutCommand = {
  name: 'logIn',
  from: 'refilled',
  async begin(host) {
    host.powerOn();
    const meter = await host.session('user');
    return {
      async perform() {
        await meter.logIn(passwords.user());
        return '';
      },
      async again(later) {
        const { status, wasDelayed } = await later.tryPassword('user', passwords.user());
        if (status !== 'ok') throw new Error(`the right password is answered by ${status}`);
        return { said: '', found: wasDelayed ? 'rolledBack' : 'completed' };
      },
    };
  },
};

const TRIES_BEFORE = 2;
const triesLeft = (left: number): string => `${left} tries left`;

export const wrongPassword: CutCommand = {
  name: 'logIn wrong',
  from: 'refilled',
  isCounted: true,
  async begin(host) {
    host.powerOn();
    for (let tries = 0; tries < TRIES_BEFORE; tries += 1) await host.tryPassword('user', WRONG());
    const meter = await host.session('user');
    host.clock.advance(10_000); // the delay is over
    return {
      async perform() {
        try {
          await meter.logIn(WRONG());
        } catch (error) {
          if (error instanceof RefusedError && error.status === 'passwordWrong')
            return triesLeft(error.detail);
          throw error;
        }
        throw new Error('the wrong password opens');
      },
      async again(later, answers) {
        const { status, triesLeft: left } = await later.tryPassword('user', WRONG());
        const said = triesLeft(left);
        if (status === 'passwordWrong' && answers.includes(triesLeft(left + 1)))
          return { said, found: 'completed' };
        if (status === 'passwordWrong' && answers.includes(said))
          return { said, found: 'rolledBack' };
        throw new Error(`it says ${status}, ${said}, where it was ${answers.join(' or ')}`);
      },
    };
  },
};

/** Whether the next password opens, or still the one before; the wrong one of them costs a try. */
async function opens(host: Host, password: Uint8Array): Promise<boolean> {
  return (await host.tryPassword('user', password)).status === 'ok';
}

export const changePassword: CutCommand = {
  name: 'changePassword',
  from: 'refilled',
  async begin(host) {
    host.powerOn();
    const meter = await user(host);
    const change = () => ({ oldPassword: passwords.user(), newPassword: NEXT() });
    return {
      async perform() {
        await meter.changePassword(change());
        return '';
      },
      async again(later) {
        if (!(await opens(later, passwords.user()))) {
          if (!(await opens(later, NEXT()))) throw new Error('neither password opens');
          return { said: '', found: 'completed' };
        }
        await (await user(later)).changePassword(change());
        if (!(await opens(later, NEXT()))) throw new Error('the new password does not open');
        return { said: '', found: 'rolledBack' };
      },
    };
  },
};

/** More wrong tries than a role has. */
const TRIES_TO_LOCK_OUT = 10;

export const resetUserPassword: CutCommand = {
  name: 'resetUserPassword',
  from: 'refilled',
  async begin(host) {
    host.powerOn();
    for (let tries = 0; tries < TRIES_TO_LOCK_OUT; tries += 1)
      await host.tryPassword('user', WRONG());
    const meter = await officer(host);
    const reset = () => ({ newPassword: NEXT(), userKey: new Uint8Array(0) });
    return {
      async perform() {
        await meter.resetUserPassword(reset());
        return '';
      },
      async again(later) {
        if (await opens(later, NEXT())) return { said: '', found: 'completed' };
        await (await officer(later)).resetUserPassword(reset());
        if (!(await opens(later, NEXT()))) throw new Error('the user is still locked out');
        return { said: '', found: 'rolledBack' };
      },
    };
  },
};
