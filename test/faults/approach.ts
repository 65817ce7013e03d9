/** How an attack begins: who is there, and in which state the meter is. */

import { nodeCrypto } from '#driver/node-crypto';
import type { FlashDevice } from '#emulator/flash';
import { type CommandName, commands } from '#protocol/command';
import { encodeRequest } from '#protocol/dispatch';
import { issueLockOrder } from '#protocol/documents/orders';
import type { Role } from '#protocol/state';
import { TEST_TIME_MS } from '#test/support/board';
import { letter } from '#test/support/mail';
import { authorityKeys, flashAfter, flashAt, meterId, passwords } from '#test/support/meter';
import type { RawHost } from '#test/support/raw-host';

/** Keys that no meter was ever told of. */
export const forged = nodeCrypto.generateKeyPair();

export const refilled = (): Promise<FlashDevice> => flashAt('refilled');

export const locked = flashAfter('refilled', async (meter) => {
  await (await meter.anonymous()).applyLockOrder(order('lock', 5));
});

export function order(
  action: 'lock' | 'unlock',
  sequence: number,
  issuer = authorityKeys,
): Uint8Array {
  const fields = { meterId, sequence, action, reason: 'ordered', timeMs: TEST_TIME_MS } as const;
  return issueLockOrder(nodeCrypto, issuer, fields);
}

export const inSession = (role: Role) => (host: RawHost) => host.openSession(role);

function loggedIn(role: Role): (host: RawHost) => void {
  return (host) => {
    host.openSession(role);
    const reply = host.sealed(encodeRequest('logIn', { password: passwords[role]() }));
    if (reply?.status !== 'ok') throw new Error(`the log-in is answered by ${reply?.status}`);
  };
}

export const user = loggedIn('user');
export const officer = loggedIn('cryptoOfficer');

export const indicium = (counter: number, changes: Parameters<typeof letter>[1] = {}): Uint8Array =>
  encodeRequest('createIndicium', letter(counter, changes));

/** A request of a command that takes nothing. */
export const empty = (name: CommandName): Uint8Array => Uint8Array.of(commands[name].code);
