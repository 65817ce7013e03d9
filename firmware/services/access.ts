/** Log in, log out, passwords (requirements.md A4, A5, A6; domain.md R47). */

import { equalBytes, wipe } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import { ok, type Result, refuse } from '#protocol/result';
import { callerNames, type Role } from '#protocol/state';
import { checkLog } from '../condition.ts';
import { commit, type Device, dropAccess, saveStore, stamped } from '../device.ts';
import { twice } from '../double-check.ts';
import { invariant } from '../fault.ts';
import { aside } from '../registers.ts';
import { checkPair, isPublicKey } from '../self-test.ts';
import {
  grantAccess,
  INDICIUM_KEY_LABEL,
  isFitPassword,
  openVault,
  withPrivateKey,
} from '../vault.ts';

/** Wrong passwords of one role in a row before it is locked out. */
const TRIES_MAX = 10;

const triesOf = { user: 'userTries', cryptoOfficer: 'officerTries' } as const;

/** 2^tries - 1 seconds, in powered time: after power-up the whole delay begins again. */
function delayMs(tries: number): number {
  return tries === 0 ? 0 : (2 ** tries - 1) * 1000;
}

const numberOf = (role: Role): number => callerNames.indexOf(role);

/**
 * Tries a password: the try is on flash before the password is looked at, so that no power cut gives one for nothing.
 * @returns the vault key, to be wiped by the caller
 */
function tryPassword(device: Device, role: Role, password: Uint8Array): Result<Uint8Array> {
  const { hardware, crypto, keys, content, journal } = device;
  const counter = triesOf[role];
  const tries = journal.state[counter];
  const allowed = twice(() => checkTry(device, tries));
  if (!allowed.ok) return allowed;

  commit(device, 'passwordTry', aside(stamped(device), { [counter]: allowed.value + 1 }));
  invariant(journal.state[counter] === tries + 1);
  const vaultKey = openVault(crypto, keys, role, content[role], password);
  if (vaultKey === undefined) {
    device.lastWrongTryMs = hardware.clock.ticksMs();
    const entry = { event: 'passwordWrong', a: tries + 1, b: numberOf(role) } as const;
    commit(device, 'note', aside(stamped(device), {}), entry);
    return refuse('passwordWrong', TRIES_MAX - tries - 1);
  }
  proveVault(device, vaultKey); // before the tries are forgotten
  commit(device, 'passwordRight', aside(stamped(device), { [counter]: 0 }));
  return ok(vaultKey);
}

/** Whether a role may try now: then the tries so far. */
function checkTry(device: Device, tries: number): Result<number> {
  if (tries >= TRIES_MAX) return refuse('lockedOut');
  const wait = device.lastWrongTryMs + delayMs(tries) - device.hardware.clock.ticksMs();
  if (tries > 0 && wait > 0) return refuse('passwordDelayed', Math.ceil(wait));
  const room = checkLog(device);
  return room.ok ? ok(tries) : room;
}

/**
 * The vault opens, and holds the key that signs for this meter (A2). Wipes the key of a vault that does not.
 * @throws Fault
 */
function proveVault({ crypto, content }: Device, vaultKey: Uint8Array): void {
  const { sealedIndiciumKey, indiciumPublicKey: publicKey } = content;
  try {
    withPrivateKey(crypto, vaultKey, INDICIUM_KEY_LABEL, sealedIndiciumKey, (privateKey) =>
      checkPair(crypto, { privateKey, publicKey }),
    );
  } catch (cause) {
    wipe(vaultKey);
    throw cause;
  }
}

/** A4: keys enter only here, from the protected store; the signing key is tried before anybody relies on it (A2). */
export function logIn(
  device: Device,
  { password }: RequestOf<'logIn'>,
): Result<ResponseOf<'logIn'>> {
  const role = device.sessionRole;
  invariant(role !== undefined);
  const opened = tryPassword(device, role, password);
  if (!opened.ok) return opened;
  invariant(opened.value.length > 0); // a refusal has no key
  device.access = { role, vaultKey: opened.value };
  return ok({});
}

export function logOut(device: Device): Result<ResponseOf<'logOut'>> {
  dropAccess(device);
  return ok({});
}

export function changePassword(
  device: Device,
  { oldPassword, newPassword }: RequestOf<'changePassword'>,
): Result<ResponseOf<'changePassword'>> {
  const role = device.sessionRole;
  invariant(role !== undefined);
  if (!isFitPassword(newPassword) || equalBytes(oldPassword, newPassword))
    return refuse('passwordUnfit');
  const opened = tryPassword(device, role, oldPassword);
  if (!opened.ok) return opened;
  const { crypto, keys, content } = device;
  const access = grantAccess(crypto, keys, role, content[role].hostKey, newPassword, opened.value);
  wipe(opened.value);
  const entry = { event: 'passwordChanged', b: numberOf(role) } as const;
  saveStore(device, { ...content, [role]: access }, {}, entry);
  return ok({});
}

/** The way out of a lock-out, and of a lost host key: the crypto officer gives the user a new password. */
export function resetUserPassword(
  device: Device,
  { newPassword, userKey }: RequestOf<'resetUserPassword'>,
): Result<ResponseOf<'resetUserPassword'>> {
  const { crypto, keys, content, access } = device;
  invariant(access !== undefined);
  if (!isFitPassword(newPassword)) return refuse('passwordUnfit');
  const room = checkLog(device);
  if (!room.ok) return room;
  if (userKey.length !== 0 && !isPublicKey(crypto, userKey)) return refuse('fieldOutOfRange');
  const hostKey = userKey.length === 0 ? content.user.hostKey : userKey;
  const user = grantAccess(crypto, keys, 'user', hostKey, newPassword, access.vaultKey);
  const entry = { event: 'passwordChanged', b: numberOf('user') } as const;
  saveStore(device, { ...content, user }, { userTries: 0 }, entry);
  return ok({});
}
