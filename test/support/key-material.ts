/** The keys of a made meter, as its flash holds them and in clear: to prove that they are nowhere they must not be. */

import { pbkdf2Sync } from 'node:crypto';
import { nodeCrypto } from '#driver/node-crypto';
import type { FlashDevice } from '#emulator/flash';
import type { ImageCrypto } from '#firmware/image-crypto';
import { DEVICE_KEY_LABEL, INDICIUM_KEY_LABEL, openVault, withPrivateKey } from '#firmware/vault';
import { GCM_NONCE_SIZE } from '#protocol/crypto';
import { deviceKeys, storedContent } from './journal-forgery.ts';
import { passwords } from './meter.ts';

type Named = readonly (readonly [name: string, bytes: Uint8Array])[];

const imageCrypto: ImageCrypto = {
  ...nodeCrypto,
  stretchPassword: (...given) => Uint8Array.from(pbkdf2Sync(...given, 32, 'sha256')),
};

export interface KeyMaterial {
  /** What is in flash as long as the meter has keys. */
  readonly sealed: Named;
  /** What is never in flash. */
  readonly clear: Named;
}

export function keyMaterialOf(flash: FlashDevice): KeyMaterial {
  const content = storedContent(flash);
  const { sealedDeviceKey, sealedIndiciumKey, user, cryptoOfficer } = content;
  const vaultKey = opened(
    openVault(imageCrypto, deviceKeys, 'user', user, passwords.user()),
    'the vault',
  );
  const unseal = (key: Uint8Array, label: string, sealed: Uint8Array): Uint8Array =>
    withPrivateKey(nodeCrypto, key, label, sealed, (privateKey) => privateKey.slice());
  const ciphertext = (sealed: Uint8Array): Uint8Array => sealed.slice(GCM_NONCE_SIZE); // a nonce is no secret, and a
  // board whose noise is the same at every boot may give it to somebody else
  return {
    sealed: [
      ['device key', ciphertext(sealedDeviceKey)],
      ['indicium key', ciphertext(sealedIndiciumKey)],
      ['vault key of the user', ciphertext(user.wrappedVaultKey)],
      ['vault key of the crypto officer', ciphertext(cryptoOfficer.wrappedVaultKey)],
    ],
    clear: [
      ['device key', unseal(deviceKeys.deviceSeal, DEVICE_KEY_LABEL, sealedDeviceKey)],
      ['indicium key', unseal(vaultKey, INDICIUM_KEY_LABEL, sealedIndiciumKey)],
      ['vault key', vaultKey],
      ['device seal', deviceKeys.deviceSeal],
      ['password of the user', passwords.user()],
      ['password of the crypto officer', passwords.cryptoOfficer()],
    ],
  };
}

function opened(secret: Uint8Array | undefined, what: string): Uint8Array {
  if (secret === undefined) throw new Error(`${what} does not open`);
  return secret;
}

/** Those of which eight bytes in a row are found in the contents of a flash. */
export function found(contents: Uint8Array, secrets: Named): string[] {
  const haystack = Buffer.from(contents);
  return secrets
    .filter(([, bytes]) =>
      Array.from({ length: bytes.length - 7 }, (_, at) => bytes.slice(at, at + 8)).some(
        (piece) => haystack.indexOf(piece) >= 0,
      ),
    )
    .map(([name]) => name);
}
