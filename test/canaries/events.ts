/** What ends the life of secrets in a meter, and which of them go on to live (requirements.md A3, A6, A7; docs/self-tests.md). */

import { nodeCrypto } from '#driver/node-crypto';
import {
  signWithdrawalAuthorisation,
  withdrawalRequestDocument,
} from '#protocol/documents/withdrawal';
import { letter } from '#test/support/mail';
import { passwords, providerKeys, type TestMeter } from '#test/support/meter';
import type { SecretKind } from './witness.ts';

export interface CanaryEvent {
  readonly name: string;
  /** What is in use after it, and may be in memory. */
  readonly living: readonly SecretKind[];
  /** The answers of the crypto engine are too short from here on. */
  readonly breaksEngine?: boolean;
  /** Nobody is logged in before it. */
  readonly isStranger?: boolean;
  readonly perform: (meter: TestMeter) => Promise<void>;
}

const text = (password: string): Uint8Array => new TextEncoder().encode(password);
const WORKING: readonly SecretKind[] = ['keys of the device secret', 'generator'];
/** The other side has no answer any more: the meter has stopped, or starts again. */
const SHORT = { timeoutMs: 20 };
const ignore = (): undefined => undefined;

async function logInAndWork(meter: TestMeter) {
  const user = await meter.loggedIn('user');
  await user.createIndicium(letter(1));
  return user;
}

const sessions = new WeakMap<TestMeter, Awaited<ReturnType<typeof logInAndWork>>>();

/** Logged in, a piece made: every key was used. */
export async function atWork(meter: TestMeter): Promise<void> {
  sessions.set(meter, await logInAndWork(meter));
}

function userOf(meter: TestMeter) {
  const user = sessions.get(meter);
  if (user === undefined) throw new Error('nobody is logged in');
  return user;
}

async function withdraw(meter: TestMeter): Promise<void> {
  const officer = await meter.loggedIn('cryptoOfficer');
  const { request } = await officer.withdrawalRequest();
  const read = withdrawalRequestDocument.read(request);
  if (!read.ok) throw new Error('that is no offer');
  const { registers: _, ...terms } = read.value;
  const agreed = { ...terms, verdict: 'agreed' } as const;
  await officer.withdrawalCommit(
    signWithdrawalAuthorisation(nodeCrypto, providerKeys.privateKey, agreed),
  );
}

export const canaryEvents: readonly CanaryEvent[] = [
  {
    name: 'log-out',
    living: [...WORKING, 'keys of sessions'],
    perform: (meter) => userOf(meter).logOut(),
  },
  { name: 'end of the session', living: WORKING, perform: (meter) => userOf(meter).close() },
  {
    name: 'failed log-in',
    living: [...WORKING, 'keys of sessions'],
    isStranger: true,
    async perform(meter) {
      const user = await meter.session('user');
      await user.logIn(text('a wrong password')).catch(ignore);
    },
  },
  {
    name: 'password change',
    living: [...WORKING, 'keys of sessions', 'vault key'],
    async perform(meter) {
      const change = { oldPassword: passwords.user(), newPassword: text('another password') };
      await userOf(meter).changePassword(change);
    },
  },
  {
    name: 'password change refused',
    living: [...WORKING, 'keys of sessions', 'vault key'],
    async perform(meter) {
      const change = { oldPassword: passwords.user(), newPassword: passwords.user() };
      await userOf(meter).changePassword(change).catch(ignore);
    },
  },
  {
    name: 'fault in a service',
    living: [],
    breaksEngine: true,
    async perform(meter) {
      await userOf(meter).createIndicium(letter(2), SHORT).catch(ignore);
    },
  },
  {
    name: 'self-test failure',
    living: [],
    breaksEngine: true,
    async perform({ board, clock }) {
      clock.advance(86_400_000);
      for (let tick = 0; tick < 13; tick++) board.tick();
    },
  },
  {
    name: 'opened housing',
    living: [],
    perform: async ({ board }) => board.tamper.trigger(),
  },
  {
    name: 'opened housing, power off',
    living: [],
    async perform({ board }) {
      board.powerOff();
      board.tamper.trigger();
      board.powerOn();
    },
  },
  { name: 'withdrawal', living: [...WORKING, 'keys of sessions'], perform: withdraw },
  {
    name: 'zeroize',
    living: WORKING,
    async perform(meter) {
      await (await meter.loggedIn('cryptoOfficer')).zeroize(SHORT).catch(ignore);
    },
  },
  {
    name: 'reset',
    living: WORKING,
    async perform({ board }) {
      board.powerOff();
      board.powerOn();
    },
  },
];
