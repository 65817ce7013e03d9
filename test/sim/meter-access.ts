/** How the programs of a desk come to their meter: a line, a session, a log-in; and how they leave it. */

import { RefusedError } from '#driver/errors';
import { logIn } from '#driver/log-in';
import { type Meter, openMeter } from '#driver/meter';
import type { Role } from '#protocol/state';
import type { Desk, Passwords } from './desk.ts';
import type { World } from './world.ts';

/** firmware/services/access.ts: wrong passwords in a row. */
const TRIES_MAX = 10;
/** A person waits as long as it takes. */
const WAIT_MS_MAX = 3_600_000;

/** Fresh bytes each time: whoever gets them wipes them. */
export const passwordBytes = (password: string): Uint8Array => new TextEncoder().encode(password);

/** Opens a connection without a session. */
export function anonymous(desk: Desk): Promise<Meter> {
  const { host } = desk.computer;
  return openMeter(() => host.step(() => desk.line.open(host)), { crypto: host.crypto });
}

/** A session with nobody logged in. */
export function session(world: World, desk: Desk, role: Role): Promise<Meter> {
  const { host } = desk.computer;
  const { meterId, stage } = desk;
  const authorityKey = world.template.keys.authority.publicKey;
  return openMeter(() => host.step(() => desk.line.open(host)), {
    crypto: host.crypto,
    identity: desk.identities[role],
    role,
    trust: stage === 'blank' ? 'unmade' : { authorityKey, meterId },
  });
}

/** The meter with somebody logged in: the connection that is open already, or a new one. */
export async function loggedIn(world: World, desk: Desk, role: Role): Promise<Meter> {
  const { host } = desk.computer;
  if (desk.open?.role === role && desk.open.host === host && desk.open.meter.isOpen)
    return desk.open.meter;
  await leave(desk);
  const meter = await session(world, desk, role);
  desk.open = { host, meter, role };
  await enter(meter, desk.passwords[role]);
  return meter;
}

async function enter(meter: Meter, passwords: Passwords): Promise<void> {
  const { current, other } = passwords;
  passwords.current = await tryPasswords(meter, other === undefined ? [current] : [current, other]);
  passwords.other = undefined;
}

/** Logs in with the first of some passwords that is right. @returns it */
export async function tryPasswords(meter: Meter, passwords: readonly string[]): Promise<string> {
  const [password = '', ...others] = passwords;
  try {
    await logIn(meter, passwordBytes(password), { waitMsMax: WAIT_MS_MAX });
    return password;
  } catch (error) {
    const isWrong = error instanceof RefusedError && error.status === 'passwordWrong';
    if (!isWrong || others.length === 0) throw error;
    return tryPasswords(meter, others);
  }
}

/** Closes the connection, if one is open. */
export async function leave(desk: Desk): Promise<void> {
  const { open, computer } = desk;
  desk.open = undefined;
  if (open?.host === computer.host) await open.meter.close();
}

/** Where the user is locked out, the crypto officer gives the user a password again. */
export async function resetUser(world: World, desk: Desk): Promise<void> {
  const tries = desk.device.witness.state?.userTries ?? 0;
  if (tries < TRIES_MAX) return;
  const meter = await loggedIn(world, desk, 'cryptoOfficer');
  const { user } = desk.passwords;
  await meter.resetUserPassword({
    newPassword: passwordBytes(user.current),
    userKey: new Uint8Array(),
  });
  user.other = undefined;
}
