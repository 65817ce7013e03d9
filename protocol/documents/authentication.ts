/** The answer to a challenge, by which the holder of a key proves to be there (requirements.md D6). */

import { bytes8, u48 } from '../fields.ts';
import { checked, meterId, publicKey } from './document-fields.ts';
import { signedDocument } from './signed-document.ts';
import { keyNumber } from './user-key.ts';

const CHALLENGE_SIZE_MIN = 16;
const CHALLENGE_SIZE_MAX = 64;

/** Long enough that nobody draws it twice. */
export const isChallenge = ({ length }: Uint8Array): boolean =>
  length >= CHALLENGE_SIZE_MIN && length <= CHALLENGE_SIZE_MAX;

export interface AuthenticationFields {
  readonly meterId: Uint8Array;
  readonly number: number;
  readonly publicKey: Uint8Array;
  /** Of whoever wants the proof. */
  readonly challenge: Uint8Array;
  /** Secure clock, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}

/** Signed by a key that may authenticate, which signs nothing else that begins so. */
export const authenticationDocument = signedDocument<AuthenticationFields>('TAU1', {
  meterId,
  number: keyNumber,
  publicKey,
  challenge: checked(bytes8, 'a challenge', isChallenge),
  timeMs: u48,
});
