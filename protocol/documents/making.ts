/** The proof of a new meter: that the two keys it shows were born in one device with one number (requirements.md C3). */

import { ascii, joinBytes } from '../bytes.ts';
import type { Crypto } from '../crypto.ts';

/** Keys are 33 bytes, the meter id 8. */
export interface BornKeys {
  readonly meterId: Uint8Array;
  readonly deviceKey: Uint8Array;
  readonly indiciumKey: Uint8Array;
}

/** What the device key signs when the keys are born. */
export function makingStatement({ meterId, deviceKey, indiciumKey }: BornKeys): Uint8Array {
  return joinBytes(ascii('TMK1'), meterId, deviceKey, indiciumKey);
}

/** Whether the device key signed that these keys belong together. @param proof 64 bytes r ‖ s */
export function verifyMakingProof(crypto: Crypto, keys: BornKeys, proof: Uint8Array): boolean {
  return crypto.verify(keys.deviceKey, makingStatement(keys), proof);
}
