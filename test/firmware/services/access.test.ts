/** Passwords, roles, log-in and log-out through the driver, on the real image (requirements.md A4-A6; domain.md R47). */

import { expect, test } from 'vitest';
import { memoryLink } from '#driver/link/memory';
import type { Meter } from '#driver/meter';
import { openMeter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { connectMemory } from '#emulator/ports/memory';
import {
  authorityKeys,
  hostKeys,
  meterAt,
  meterId,
  passwords,
  type TestMeter,
} from '#test/support/meter';
import { historyOf } from '#test/support/security-log';

const wrong = (): Uint8Array => new TextEncoder().encode('not the password');

/** Lets the delay pass that the meter asks for. */
async function wrongTry({ clock }: TestMeter, user: Meter): Promise<number> {
  clock.advance(600_000);
  const error: unknown = await user.logIn(wrong()).catch((cause: unknown) => cause);
  expect(error).toMatchObject({ status: 'passwordWrong' });
  return (error as { detail: number }).detail;
}

test('the right password leads to idle, log-out back to uninitialized', async () => {
  await using meter = await meterAt('made');
  const user = await meter.session('user');

  await user.logIn(passwords.user());
  expect(await user.status()).toMatchObject({ state: 'idle', caller: 'user' });
  await user.logOut();

  expect(await user.status()).toMatchObject({ state: 'uninitialized', caller: 'nobody' });
});

test('a wrong password stays outside, is counted, and delays the next try, twice as long each time', async () => {
  await using meter = await meterAt('made');
  const user = await meter.session('user');

  for (const [tries, delayMs] of [
    [9, 1_000],
    [8, 3_000],
    [7, 7_000],
  ] as const) {
    await expect(user.logIn(wrong())).rejects.toMatchObject({
      status: 'passwordWrong',
      detail: tries,
    });
    await expect(user.logIn(passwords.user())).rejects.toMatchObject({
      status: 'passwordDelayed',
      detail: delayMs,
    });
    meter.clock.advance(delayMs);
  }

  await user.logIn(passwords.user());
  expect(await user.status()).toMatchObject({ state: 'idle' });
});

test('the right password sets the count back', async () => {
  await using meter = await meterAt('made');
  const user = await meter.session('user');
  await wrongTry(meter, user);
  meter.clock.advance(10_000);
  await user.logIn(passwords.user());
  await user.logOut();

  expect(await wrongTry(meter, user)).toBe(9);
});

test('switching off and on gives no try for nothing: the count stays and the delay begins again', async () => {
  await using meter = await meterAt('made');
  const user = await meter.session('user');
  await wrongTry(meter, user);
  await wrongTry(meter, user);
  meter.board.powerOff();
  meter.board.powerOn();

  const again = await meter.session('user');
  await expect(again.logIn(passwords.user())).rejects.toMatchObject({ status: 'passwordDelayed' });

  expect(await wrongTry(meter, again)).toBe(7);
});

test('power cut in the middle of a try: the try was counted', async () => {
  for (const tornBytes of [0, 256]) {
    await using meter = await meterAt('made');
    const user = await meter.session('user');
    meter.flash.losePowerAfter(tornBytes === 0 ? 1 : 0, { tornBytes });
    await expect(user.logIn(passwords.user(), { timeoutMs: 20 })).rejects.toBeDefined();
    meter.board.powerOff();
    meter.flash.restorePower();
    meter.board.powerOn();

    expect(await wrongTry(meter, await meter.session('user'))).toBe(8);
  }
});

test('wrong passwords and new ones are written down, each with its role; right ones are not', async () => {
  await using meter = await meterAt('made');
  const user = await meter.session('user');
  await wrongTry(meter, user);
  await wrongTry(meter, user);
  meter.clock.advance(600_000);
  await user.logIn(passwords.user());
  const newPassword = new Uint8Array(12).fill(0x61);
  await user.changePassword({ oldPassword: passwords.user(), newPassword });
  const officer = await meter.loggedIn('cryptoOfficer');
  const userKey = new Uint8Array(0);
  await officer.resetUserPassword({ newPassword: passwords.user(), userKey });

  const history = await historyOf(officer);

  expect(history.map(({ event, a, b }) => [event, a, b])).toEqual([
    ['made', 7, 0],
    ['passwordWrong', 1, 1],
    ['passwordWrong', 2, 1],
    ['passwordChanged', 0, 1],
    ['passwordChanged', 0, 1],
  ]);
});

test('after the last try the user is locked out, the officer gives a new password', async () => {
  await using meter = await meterAt('made');
  const user = await meter.session('user');
  for (let left = 9; left >= 0; left--) expect(await wrongTry(meter, user)).toBe(left);
  meter.clock.advance(10_000_000);
  await expect(user.logIn(passwords.user())).rejects.toMatchObject({ status: 'lockedOut' });

  const officer = await meter.loggedIn('cryptoOfficer');
  const next = new TextEncoder().encode('a new password');
  await officer.resetUserPassword({ newPassword: next.slice(), userKey: new Uint8Array(0) });

  const free = await meter.session('user');
  await free.logIn(next.slice());
  expect(await free.status()).toMatchObject({ caller: 'user' });
});

test('the officer can give the user role to another host', async () => {
  await using meter = await meterAt('made');
  const other = nodeCrypto.generateKeyPair();
  const officer = await meter.loggedIn('cryptoOfficer');
  const next = new TextEncoder().encode('a new password');
  await officer.resetUserPassword({ newPassword: next.slice(), userKey: other.publicKey });

  await expect(meter.session('user')).rejects.toMatchObject({ status: 'authenticationFailed' });
  await using user = await openMeter(memoryLink(connectMemory(meter.board)), {
    identity: other,
    trust: { authorityKey: authorityKeys.publicKey, meterId },
  });
  await user.logIn(next.slice());

  expect(await user.status()).toMatchObject({ caller: 'user' });
});

test.each(['user', 'cryptoOfficer'] as const)('%s changes the password', async (role) => {
  await using meter = await meterAt('made');
  const changed = new TextEncoder().encode('changed password');
  const before = await meter.loggedIn(role);
  await before.changePassword({ oldPassword: passwords[role](), newPassword: changed.slice() });
  await before.logOut();

  await expect(before.logIn(passwords[role]())).rejects.toMatchObject({ status: 'passwordWrong' });
  meter.clock.advance(1_000);
  await before.logIn(changed.slice());

  expect(await before.status()).toMatchObject({ caller: role });
});

test.each([
  ['too short', '1234567'],
  ['too long', 'x'.repeat(65)],
  ['the same', 'password of user'],
])('a new password that is %s is refused', async (_name, text) => {
  await using meter = await meterAt('made');
  const user = await meter.loggedIn('user');
  const newPassword = new TextEncoder().encode(text);

  await expect(
    user.changePassword({ oldPassword: passwords.user(), newPassword }),
  ).rejects.toMatchObject({ status: 'passwordUnfit' });
});

test('a changed password needs the old one, and a wrong old one counts as a try', async () => {
  await using meter = await meterAt('made');
  const user = await meter.loggedIn('user');

  await expect(
    user.changePassword({
      oldPassword: wrong(),
      newPassword: new TextEncoder().encode('new one 1'),
    }),
  ).rejects.toMatchObject({ status: 'passwordWrong', detail: 9 });
});

test('a host key that the meter does not know opens no session', async () => {
  await using meter = await meterAt('made');
  const stranger = nodeCrypto.generateKeyPair();
  const trust = { authorityKey: authorityKeys.publicKey, meterId };

  await expect(
    openMeter(memoryLink(connectMemory(meter.board)), { identity: stranger, trust }),
  ).rejects.toMatchObject({ status: 'authenticationFailed' });
});

test('the key of one role opens no session for the other', async () => {
  await using meter = await meterAt('made');
  const trust = { authorityKey: authorityKeys.publicKey, meterId };

  await expect(
    openMeter(memoryLink(connectMemory(meter.board)), {
      identity: hostKeys.user,
      role: 'cryptoOfficer',
      trust,
    }),
  ).rejects.toMatchObject({ status: 'authenticationFailed' });
});

test('a new session ends the one before it and logs out whoever was there', async () => {
  await using meter = await meterAt('made');
  const first = await meter.loggedIn('user');

  const second = await meter.session('cryptoOfficer');

  expect(await second.status()).toMatchObject({ state: 'uninitialized', caller: 'nobody' });
  await expect(first.registers()).rejects.toMatchObject({ status: 'sessionEnded' });
});

test('a handshake that is not finished leaves the session of another host alone', async () => {
  await using meter = await meterAt('made');
  const user = await meter.loggedIn('user');
  const stranger = nodeCrypto.generateKeyPair();
  const trust = { authorityKey: authorityKeys.publicKey, meterId };
  await openMeter(memoryLink(connectMemory(meter.board, 1)), { identity: stranger, trust }).catch(
    () => undefined,
  );

  expect(await user.registers()).toMatchObject({ ascending: 0 });
});

test('a session stays on the port it was opened on', async () => {
  await using meter = await meterAt('made');
  await meter.loggedIn('user');
  await using elsewhere = await openMeter(memoryLink(connectMemory(meter.board, 1)));

  await expect(elsewhere.registers()).rejects.toMatchObject({ status: 'sessionRequired' });
});
