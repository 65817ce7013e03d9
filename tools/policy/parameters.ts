/**
 * The keys and other sensitive security parameters of a meter, as data (requirements.md A4, A6; FIPS 140-3 area 9). The
 * names that the code has for each are here too, so that a test sees one that is in the code and not in the policy.
 */

/** `critical`: a secret. `public`: may be read, may not be changed. */
export type ParameterKind = 'critical' | 'public';

/** Where a parameter lives while it lives. */
export const places = ['fuses', 'flash', 'memory'] as const;
export type Place = (typeof places)[number];

export interface Parameter {
  readonly kind: ParameterKind;
  readonly what: string;
  /** Generated, established, derived or entered: where it comes from. */
  readonly origin: string;
  readonly place: Place;
  /** What it stands under there: a parameter of this table, or nothing. */
  readonly under: readonly string[];
  readonly destroyed: string;
  /** Labels of derivation and seal, and fields of the store, that are this parameter in the code. */
  readonly code: readonly string[];
}

const NEVER_STORED = 'wiped behind its use';
const POWER = 'loss of power';

export const parameters = {
  deviceSecret: {
    kind: 'critical',
    what: '32 bytes, the root of all others',
    origin: 'put into the fuses at manufacture',
    place: 'fuses',
    under: [],
    destroyed:
      'with the device; its copy in memory is wiped at power-up once the next four are derived',
    code: [],
  },
  journalTagKey: {
    kind: 'critical',
    what: 'HMAC key, 256 bits: tags of the journal',
    origin: 'derived from the device secret at power-up',
    place: 'memory',
    under: ['deviceSecret'],
    destroyed: `error state, ${POWER}`,
    code: ['tessera journal tag'],
  },
  storeTagKey: {
    kind: 'critical',
    what: 'HMAC key, 256 bits: tags of the store',
    origin: 'derived from the device secret at power-up',
    place: 'memory',
    under: ['deviceSecret'],
    destroyed: `error state, ${POWER}`,
    code: ['tessera store tag'],
  },
  deviceSealKey: {
    kind: 'critical',
    what: 'AES key, 256 bits: seals the device key',
    origin: 'derived from the device secret at power-up',
    place: 'memory',
    under: ['deviceSecret'],
    destroyed: `error state, ${POWER}`,
    code: ['tessera device key seal'],
  },
  passwordPepper: {
    kind: 'critical',
    what: 'HMAC key, 256 bits: binds passwords to this device',
    origin: 'derived from the device secret at power-up',
    place: 'memory',
    under: ['deviceSecret'],
    destroyed: `error state, ${POWER}`,
    code: ['tessera password pepper'],
  },
  deviceKey: {
    kind: 'critical',
    what: 'private key on P-256: handshake, refill request, inspection report, withdrawal',
    origin: 'generated in the device at its first power-up; another at a renewal',
    place: 'flash',
    under: ['deviceSealKey'],
    destroyed:
      'another in its place; zeroize, opened housing, end of a withdrawal; in clear behind each use',
    code: ['device key', 'sealedDeviceKey', 'pendingDevice'],
  },
  vaultKey: {
    kind: 'critical',
    what: 'AES key, 256 bits: seals the indicium key',
    origin: 'generated in the device when it is made',
    place: 'flash',
    under: ['userPasswordKey', 'officerPasswordKey'],
    destroyed:
      'zeroize, opened housing, end of a withdrawal; in memory at log-out, end of session, error state',
    code: ['vault key of ', 'user', 'cryptoOfficer'],
  },
  indiciumKey: {
    kind: 'critical',
    what: 'private key on P-256: indicia',
    origin: 'generated in the device when it is made; another at a renewal',
    place: 'flash',
    under: ['vaultKey'],
    destroyed:
      'another in its place; zeroize, opened housing, end of a withdrawal; in clear behind each use',
    code: ['indicium key', 'sealedIndiciumKey', 'pendingIndicium'],
  },
  userKeys: {
    kind: 'critical',
    what: 'private keys on P-256 of the user: postmarks, signatures and what else their certificates allow',
    origin:
      'generated in the device on request, or entered inside a session where the licence allows it',
    place: 'flash',
    under: ['vaultKey'],
    destroyed: 'revocation; zeroize, opened housing, end of a withdrawal; in clear behind each use',
    code: ['user key ', 'userKeys'],
  },
  heldKeys: {
    kind: 'critical',
    what: 'private keys on P-256 of others, to whom the user issued certificates as their agent',
    origin: 'generated in the device on request; leave it encrypted to the receiver alone',
    place: 'flash',
    under: ['vaultKey'],
    destroyed:
      'other records in their place in the journal; with the vault key; in clear behind each use',
    code: ['key for another '],
  },
  transportSeed: {
    kind: 'critical',
    what: '256 bits, of which the key for a content and the private key that wraps it are derived',
    origin: 'generated in the device for each',
    place: 'flash',
    under: ['vaultKey'],
    destroyed:
      'other records in its place in the journal; with the vault key; in clear behind each use',
    code: ['seed of a key ', 'tessera key transport'],
  },
  contentKeys: {
    kind: 'critical',
    what: 'AES keys, for contents and for the private keys of others',
    origin: 'derived from a seed, or entered wrapped for a key of the user',
    place: 'memory',
    under: ['transportSeed', 'wrappingKeys'],
    destroyed: `${NEVER_STORED}; told inside a session to whoever encrypts or decrypts`,
    code: [],
  },
  wrappingKeys: {
    kind: 'critical',
    what: 'AES keys that wrap a key for a content, and the shared secret behind each',
    origin: 'established with a receiver or a sender (ECDH, KDF of X9.63)',
    place: 'memory',
    under: ['userKeys', 'transportSeed'],
    destroyed: NEVER_STORED,
    code: [],
  },
  passwordDerivedKey: {
    kind: 'critical',
    what: 'AES key, 256 bits, that the host made of a password: encrypts the private key of another',
    origin: 'entered inside a session',
    place: 'memory',
    under: [],
    destroyed: NEVER_STORED,
    code: [],
  },
  tokenKeys: {
    kind: 'critical',
    what: 'two HMAC keys, 256 bits, of the post and of the vendor: digital tokens',
    origin: 'of the authority, entered under a key that is agreed with an ephemeral one',
    place: 'flash',
    under: ['vaultKey'],
    destroyed:
      'others in their place; zeroize, opened housing, end of a withdrawal; in clear behind each use',
    code: ['token keys', 'sealedTokenKeys'],
  },
  password: {
    kind: 'critical',
    what: '8 to 64 bytes for each role',
    origin: 'entered inside a session',
    place: 'memory',
    under: [],
    destroyed: `${NEVER_STORED}; only what it unwraps is stored`,
    code: [],
  },
  userPasswordKey: {
    kind: 'critical',
    what: 'AES key, 256 bits: wraps the vault key for the user',
    origin: 'derived from password, salt and pepper (PBKDF2, HMAC)',
    place: 'memory',
    under: ['password', 'passwordPepper'],
    destroyed: NEVER_STORED,
    code: [],
  },
  officerPasswordKey: {
    kind: 'critical',
    what: 'AES key, 256 bits: wraps the vault key for the crypto officer',
    origin: 'derived from password, salt and pepper (PBKDF2, HMAC)',
    place: 'memory',
    under: ['password', 'passwordPepper'],
    destroyed: NEVER_STORED,
    code: [],
  },
  entropyInput: {
    kind: 'critical',
    what: '1,536 samples of noise, half a bit each',
    origin: 'read from the noise of the board, health tests on',
    place: 'memory',
    under: [],
    destroyed: 'wiped when the generator is seeded',
    code: [],
  },
  generatorState: {
    kind: 'critical',
    what: 'Key and V of HMAC_DRBG, 256 bits each; one more for the blinding of noble',
    origin: 'from the entropy input at power-up and every 10,000 requests',
    place: 'memory',
    under: ['entropyInput'],
    destroyed: `error state, ${POWER}`,
    code: [],
  },
  ephemeralKey: {
    kind: 'critical',
    what: 'private key on P-256 of one handshake, or of one key that is wrapped',
    origin: 'generated at the first message; of a wrapped key derived from a seed',
    place: 'memory',
    under: [],
    destroyed: NEVER_STORED,
    code: [],
  },
  sharedSecret: {
    kind: 'critical',
    what: 'ECDH shared secret of one handshake, and the key-derivation key from it',
    origin: 'established with the host (SP 800-56A, SP 800-56C)',
    place: 'memory',
    under: ['ephemeralKey'],
    destroyed: NEVER_STORED,
    code: [],
  },
  confirmKeys: {
    kind: 'critical',
    what: 'HMAC keys, 256 bits: each side proves that it has the secret',
    origin: 'derived from the shared secret',
    place: 'memory',
    under: ['sharedSecret'],
    destroyed: 'wiped when the handshake is over, however it ends',
    code: ['PMA1 confirm A', 'PMA1 confirm B'],
  },
  sessionKeys: {
    kind: 'critical',
    what: 'AES key and a secret for the next one, 256 bits each, for each direction',
    origin: 'derived from the shared secret; replaced every 2^20 records',
    place: 'memory',
    under: ['sharedSecret'],
    destroyed: 'end of session, error state',
    code: [
      'PMA1 key A',
      'PMA1 key B',
      'PMA1 rekey A',
      'PMA1 rekey B',
      'PMA1 rekey',
      'PMA1 rekey time',
    ],
  },
  imageKey: {
    kind: 'public',
    what: 'key on P-256 that verifies images',
    origin: 'put into the fuses at manufacture',
    place: 'fuses',
    under: [],
    destroyed: 'with the device',
    code: [],
  },
  authorityKey: {
    kind: 'public',
    what: 'key on P-256 that verifies what the authority signs',
    origin:
      'entered when the meter is made; the next one signed by the one before, its hash told before',
    place: 'flash',
    under: ['storeTagKey'],
    destroyed: 'another in its place; zeroize, opened housing, end of a withdrawal',
    code: ['authorityKey', 'authorityCertificate'],
  },
  providerKey: {
    kind: 'public',
    what: 'key on P-256 that verifies what the provider signs',
    origin: 'entered with the licence, signed by the authority',
    place: 'flash',
    under: ['storeTagKey', 'authorityKey'],
    destroyed: 'zeroize, opened housing, end of a withdrawal',
    code: ['licence'],
  },
  ownPublicKeys: {
    kind: 'public',
    what: 'keys on P-256 and certificates of device key and indicium key',
    origin: 'generated with their private keys; certificates are entered, signed by the authority',
    place: 'flash',
    under: ['storeTagKey'],
    destroyed: 'zeroize, opened housing, end of a withdrawal',
    code: [
      'devicePublicKey',
      'indiciumPublicKey',
      'deviceCertificate',
      'indiciumCertificate',
      'pendingDevice',
      'pendingIndicium',
    ],
  },
  hostKeys: {
    kind: 'public',
    what: 'key on P-256 of the host of each role, salt and iterations of its password',
    origin:
      'entered when the meter is made; later by whoever is logged in, of the user by the crypto officer too',
    place: 'flash',
    under: ['storeTagKey'],
    destroyed: 'zeroize, opened housing, end of a withdrawal',
    code: ['user', 'cryptoOfficer'],
  },
} as const satisfies Readonly<Record<string, Parameter>>;

export type ParameterName = keyof typeof parameters;

export const parameterNames = Object.keys(parameters) as readonly ParameterName[];

export const parameterOf = (name: ParameterName): Parameter => parameters[name];

/** Fields of the store that are no security parameters: what they say is signed by somebody, or is a number. */
export const otherStoreFields = [
  'meterId',
  'rateTable',
  'nextRateTable',
  'withdrawalReport',
  'hasOldKeys',
  'lastKeyNumber',
  'creditLines',
] as const;
