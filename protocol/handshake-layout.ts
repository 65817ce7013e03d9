/** The three messages of the handshake as layouts; docs/channel.md section 2 is the specification. */

import * as P from 'micro-packed';
import { ascii, joinBytes } from './bytes.ts';
import { DIGEST_SIZE, KEM_CIPHERTEXT_SIZE, PUBLIC_KEY_SIZE, SIGNATURE_SIZE } from './crypto.ts';
import { METER_ID_SIZE } from './documents/meter-id.ts';
import { bytes, bytes8, bytes16, oneOf, u8 } from './fields.ts';
import { callerNames } from './state.ts';

/**
 * `classic`: P-256, SHA-256, AES-256-GCM. `hybrid`: the same, with ML-KEM-768 beside the ephemeral keys, for what must stay
 * secret from a quantum computer that comes later.
 */
export const suites = { classic: 1, hybrid: 2 } as const;
export type SuiteName = keyof typeof suites;

export const NONCE_SIZE = 16;

const magic = (number: number) => P.magicBytes(joinBytes(ascii('PMA1'), Uint8Array.of(number)));

export const helloLayout = P.struct({
  magic: magic(1),
  /** The highest version the client speaks. */
  version: u8,
  /** Every suite the client speaks, one byte each. */
  suites: bytes8,
  role: oneOf(callerNames),
  clientKey: bytes(PUBLIC_KEY_SIZE),
  ephemeralKey: bytes(PUBLIC_KEY_SIZE),
  nonce: bytes(NONCE_SIZE),
  /** What a suite of the offer needs besides, where it needs anything. */
  shares: P.array(null, P.struct({ suite: u8, key: bytes16 })),
});

function answerLayouts(ciphertextSize: number) {
  const core = P.struct({
    magic: magic(2),
    /** What the server chose. */
    version: u8,
    suite: u8,
    meterId: bytes(METER_ID_SIZE),
    serverKey: bytes(PUBLIC_KEY_SIZE),
    ephemeralKey: bytes(PUBLIC_KEY_SIZE),
    certificate: bytes16,
    ciphertext: bytes(ciphertextSize),
  });
  const whole = P.struct({ core, signature: bytes(SIGNATURE_SIZE), mac: bytes(DIGEST_SIZE) });
  return { core, whole };
}

const classicAnswer = answerLayouts(0);
const hybridAnswer = answerLayouts(KEM_CIPHERTEXT_SIZE);

/** The second message and its core, for a suite; for none as for the classic one, so that it can be read and refused. */
export const answerOf = (suite: number | undefined): typeof classicAnswer =>
  suite === suites.hybrid ? hybridAnswer : classicAnswer;

/** Where the suite stands in the second message. */
export const SUITE_OFFSET = 6;

export const confirmationLayout = P.struct({
  magic: magic(3),
  signature: bytes(SIGNATURE_SIZE),
  mac: bytes(DIGEST_SIZE),
});
