/** The self-tests of a meter, as data (requirements.md A2; FIPS 140-3 area 10): when each runs, and of what. */

import type { StatusName } from '#protocol/status';

/** `power-up`: before operation, again on demand, and some again while power stays on · `condition`: whenever there is something to be tested. */
export type Occasion = 'power-up' | 'condition';

export interface SelfTest {
  readonly name: string;
  readonly occasion: Occasion;
  readonly when: string;
  readonly fault: StatusName;
  /** What the status tells as detail of the fault; undefined where it is 0. */
  readonly detail?: string;
}

/** Known answers are tests of firmware/known-answers.ts: each power-up and each demand runs all of them, by number. */
export const selfTests: readonly SelfTest[] = [
  {
    name: 'known answers of the algorithms',
    occasion: 'power-up',
    when: 'power-up, before any other use, on demand, and a day after the last time; those that check the image come first',
    fault: 'selfTestFailed',
    detail: '1 to 11, the number of the algorithm',
  },
  {
    name: 'signature over the image, digest of its body',
    occasion: 'power-up',
    when: 'power-up, behind the algorithms it needs, on demand, and a day after the last time; the boot ROM has checked it before',
    fault: 'imageInvalid',
    detail: '32',
  },
  {
    name: 'registers contradict each other, or a state is missing',
    occasion: 'power-up',
    when: 'power-up, on demand, and a day after the last time',
    fault: 'registersInconsistent',
  },
  {
    name: 'tags of journal and store, layouts of documents',
    occasion: 'power-up',
    when: 'power-up',
    fault: 'storeDamaged',
  },
  {
    name: 'chain of the security log',
    occasion: 'power-up',
    when: 'power-up',
    fault: 'logDamaged',
  },
  {
    name: 'repetition count and adaptive proportion of noise (SP 800-90B)',
    occasion: 'condition',
    when: 'on every sample that is read, at power-up and for each seed',
    fault: 'entropyFailed',
    detail: '1 repetition, 2 proportion, 3 no noise',
  },
  {
    name: 'pairwise consistency of a signing key',
    occasion: 'condition',
    when: 'birth of device key and indicium key; power-up for the device key, log-in for the indicium key',
    fault: 'selfTestFailed',
    detail: '33',
  },
  {
    name: 'each signature verifies',
    occasion: 'condition',
    when: 'each signature by device key or indicium key, before it leaves',
    fault: 'selfTestFailed',
    detail: '34',
  },
  {
    name: 'known answers of AES key wrap, AES-CBC and the KDF of X9.63',
    occasion: 'condition',
    when: 'each key that is wrapped, unwrapped or encrypted under a password, before it',
    fault: 'selfTestFailed',
    detail: '36 to 38, the number of the algorithm',
  },
  {
    name: 'validation of a public key',
    occasion: 'condition',
    when: 'each agreement, and each key that is entered',
    fault: 'authenticationFailed',
  },
  {
    name: 'firmware load test: signature and digest of an image, as its slot reads back',
    occasion: 'condition',
    when: 'each image that is loaded, twice, before it is committed',
    fault: 'imageDamaged',
  },
  {
    name: 'what flash was told to keep is read back',
    occasion: 'condition',
    when: 'each save of the store, each record, each erasure',
    fault: 'flashFailed',
  },
];

/** By each algorithm that the image can call: the known answers that test it. */
export const algorithmTests = {
  randomBytes: ['HMAC_DRBG'],
  sha256: ['SHA-256'],
  hmac: ['HMAC-SHA-256', 'SP 800-108 counter KDF'],
  seal: ['AES-256-GCM seal'],
  open: ['AES-256-GCM open'],
  generateKeyPair: ['HMAC_DRBG', 'P-256 public key'],
  publicKeyOf: ['P-256 public key'],
  sign: ['ECDSA P-256 sign'],
  verify: ['ECDSA P-256 verify'],
  agree: ['ECDH P-256'],
  stretchPassword: ['PBKDF2-HMAC-SHA-256'],
} as const;
