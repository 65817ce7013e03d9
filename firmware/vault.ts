/**
 * The key hierarchy: what protects what, and where it lives (requirements.md A4, A6; SECURITY.md).
 *
 * The device secret (fuses) gives the tag keys of journal and store, and the key that seals the device key. A password
 * and the device secret together give a role's key, which wraps the vault key; the vault key seals the indicium key.
 * Private keys are unsealed for one use and wiped after it.
 */

import { ascii, joinBytes, wipe } from '#protocol/bytes';
import { type Crypto, GCM_NONCE_SIZE, GCM_TAG_SIZE } from '#protocol/crypto';
import { expandKey } from '#protocol/kdf';
import { callerNames, type Role } from '#protocol/state';
import { Fault } from './fault.ts';
import type { ImageCrypto } from './image-crypto.ts';
import type { RoleAccess } from './store.ts';

/** SP 800-132 asks for 1,000 at least; the device secret and the count of tries carry the strength (domain.md R47). */
const PASSWORD_ITERATIONS = 1000;
const PASSWORD_SIZE_MIN = 8;
const PASSWORD_SIZE_MAX = 64;

/** A secret of 32 bytes under seal: nonce, ciphertext, tag. */
export const SEALED_KEY_SIZE = GCM_NONCE_SIZE + 32 + GCM_TAG_SIZE;

const NO_CONTEXT = new Uint8Array(0);

/** What the device secret gives, for one power cycle. */
export interface DeviceKeys {
  readonly journalTag: Uint8Array;
  readonly storeTag: Uint8Array;
  readonly deviceSeal: Uint8Array;
  readonly passwordPepper: Uint8Array;
}

export function deriveDeviceKeys(crypto: Crypto, deviceSecret: Uint8Array): DeviceKeys {
  const derive = (label: string): Uint8Array =>
    expandKey(crypto, deviceSecret, label, NO_CONTEXT, 32);
  return {
    journalTag: derive('tessera journal tag'),
    storeTag: derive('tessera store tag'),
    deviceSeal: derive('tessera device key seal'),
    passwordPepper: derive('tessera password pepper'),
  };
}

/** Seals a secret: nonce ‖ ciphertext ‖ tag. The label says what it is, so that no sealed thing passes for another. */
export function sealSecret(
  crypto: Crypto,
  key: Uint8Array,
  label: string,
  secret: Uint8Array,
): Uint8Array {
  const nonce = crypto.randomBytes(GCM_NONCE_SIZE);
  return joinBytes(nonce, crypto.seal(key, nonce, ascii(label), secret));
}

/** The secret; undefined where the key is not the one it was sealed with, or the bytes were changed. */
function unsealSecret(
  crypto: Crypto,
  key: Uint8Array,
  label: string,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const nonce = sealed.subarray(0, GCM_NONCE_SIZE);
  return crypto.open(key, nonce, ascii(label), sealed.subarray(GCM_NONCE_SIZE));
}

/**
 * Unseals a private key for one use and wipes it whatever happens.
 * @throws Fault `storeDamaged` where the seal does not open: the store was changed
 */
export function withPrivateKey<T>(
  crypto: Crypto,
  sealKey: Uint8Array,
  label: string,
  sealed: Uint8Array,
  use: (privateKey: Uint8Array) => T,
): T {
  const privateKey = unsealSecret(crypto, sealKey, label, sealed);
  if (privateKey === undefined) throw new Fault('storeDamaged');
  try {
    return use(privateKey);
  } finally {
    wipe(privateKey);
  }
}

export const DEVICE_KEY_LABEL = 'device key';
export const INDICIUM_KEY_LABEL = 'indicium key';

export function isFitPassword(password: Uint8Array): boolean {
  return password.length >= PASSWORD_SIZE_MIN && password.length <= PASSWORD_SIZE_MAX;
}

/** The key that a role's password stands for on this device only. */
function passwordKey(
  crypto: ImageCrypto,
  keys: DeviceKeys,
  role: Role,
  password: Uint8Array,
  { salt, iterations }: Pick<RoleAccess, 'salt' | 'iterations'>,
): Uint8Array {
  const stretched = crypto.stretchPassword(password, salt, iterations);
  const key = crypto.hmac(keys.passwordPepper, Uint8Array.of(callerNames.indexOf(role)), stretched);
  wipe(stretched);
  return key;
}

const wrapLabel = (role: Role): string => `vault key of ${role}`;

/** Gives a role access: the vault key under its new password. */
export function grantAccess(
  crypto: ImageCrypto,
  keys: DeviceKeys,
  role: Role,
  hostKey: Uint8Array,
  password: Uint8Array,
  vaultKey: Uint8Array,
): RoleAccess {
  const salted = { salt: crypto.randomBytes(16), iterations: PASSWORD_ITERATIONS };
  const key = passwordKey(crypto, keys, role, password, salted);
  const wrappedVaultKey = sealSecret(crypto, key, wrapLabel(role), vaultKey);
  wipe(key);
  return { hostKey, ...salted, wrappedVaultKey };
}

/** The vault key; undefined where the password is wrong. Takes the same time either way. */
export function openVault(
  crypto: ImageCrypto,
  keys: DeviceKeys,
  role: Role,
  access: RoleAccess,
  password: Uint8Array,
): Uint8Array | undefined {
  const key = passwordKey(crypto, keys, role, password, access);
  const vaultKey = unsealSecret(crypto, key, wrapLabel(role), access.wrappedVaultKey);
  wipe(key);
  return vaultKey;
}
