/**
 * The request of a meter for certificates of another device key and another indicium key (requirements.md F8, G8), 146 bytes:
 * signed by the device key that it holds, whose certificate it names, so that it counts once that key has had its day.
 */

import { u32 } from '../fields.ts';
import { meterId, publicKey } from './document-fields.ts';
import { signedDocument } from './signed-document.ts';

export interface KeyRenewal {
  readonly meterId: Uint8Array;
  /** Serial of the certificate of the device key that signs. */
  readonly deviceSerial: number;
  /** The two keys that were born in the meter. */
  readonly deviceKey: Uint8Array;
  readonly indiciumKey: Uint8Array;
}

export const keyRenewalDocument = signedDocument<KeyRenewal>('TKR1', {
  meterId,
  deviceSerial: u32,
  deviceKey: publicKey,
  indiciumKey: publicKey,
});
