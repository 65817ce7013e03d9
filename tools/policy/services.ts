/** What each service does to each security parameter, and by which path it is reached, as data (FIPS 140-3 area 4). */

import { type CommandName, commandOf } from '#protocol/command';
import type { ParameterName } from './parameters.ts';

/**
 * `G` generated or derived · `W` entered or stored · `R` read out · `E` executed, which is used · `Z` destroyed. The
 * copy in clear of a private key is wiped behind each use; that is not said again for each service.
 */
export type Access = Readonly<Partial<Record<ParameterName, string>>>;

/** Every state record of the journal has a tag, and a repeated one a digest. */
const RECORDED: Access = { journalTagKey: 'E' };
const STORED: Access = { journalTagKey: 'E', storeTagKey: 'E' };
const SIGNED_BY_DEVICE: Access = { deviceSealKey: 'E', deviceKey: 'E', generatorState: 'E' };
const SIGNED_INDICIUM: Access = { vaultKey: 'E', indiciumKey: 'E', generatorState: 'E' };
const USED_KEY: Access = { vaultKey: 'E', userKeys: 'E', generatorState: 'E' };
const FROM_AUTHORITY: Access = { authorityKey: 'E' };
const FROM_PROVIDER: Access = { providerKey: 'E' };
const PASSWORD_TRIED: Access = { password: 'WEZ', passwordPepper: 'E', hostKeys: 'E' };
const SESSION_ENDED: Access = { sessionKeys: 'Z', vaultKey: 'Z' };
const ALL_DESTROYED: Access = {
  deviceKey: 'Z',
  indiciumKey: 'Z',
  userKeys: 'Z',
  tokenKeys: 'Z',
  vaultKey: 'Z',
  sessionKeys: 'Z',
  generatorState: 'Z',
  storeTagKey: 'Z',
  deviceSealKey: 'Z',
  passwordPepper: 'Z',
  authorityKey: 'Z',
  providerKey: 'Z',
  ownPublicKeys: 'Z',
  hostKeys: 'Z',
};

/** A command that is left out does not compile. Keys of the session are added to whatever is sealed. */
const own: Readonly<Record<CommandName, Access>> = {
  status: {},
  condition: {},
  version: {},
  selfTest: { imageKey: 'E' },
  certificates: { ownPublicKeys: 'R' },
  openSession: {
    ...SIGNED_BY_DEVICE,
    ownPublicKeys: 'R',
    hostKeys: 'E',
    ephemeralKey: 'GEZ',
    sharedSecret: 'GEZ',
    confirmKeys: 'GE',
    sessionKeys: 'G',
  },
  confirmSession: { confirmKeys: 'EZ', hostKeys: 'E', ...SESSION_ENDED },
  closeSession: SESSION_ENDED,
  logIn: {
    ...RECORDED,
    ...PASSWORD_TRIED,
    userPasswordKey: 'GEZ',
    officerPasswordKey: 'GEZ',
    vaultKey: 'E',
    indiciumKey: 'E',
    generatorState: 'E',
    ownPublicKeys: 'E',
  },
  logOut: { vaultKey: 'Z' },
  changePassword: {
    ...STORED,
    ...PASSWORD_TRIED,
    indiciumKey: 'E',
    hostKeys: 'EW',
    userPasswordKey: 'GEZ',
    officerPasswordKey: 'GEZ',
    vaultKey: 'W',
    generatorState: 'E',
  },
  resetUserPassword: {
    ...STORED,
    password: 'WEZ',
    passwordPepper: 'E',
    hostKeys: 'W',
    userPasswordKey: 'GEZ',
    vaultKey: 'W',
    generatorState: 'E',
  },
  initialize: {
    ...STORED,
    ...SIGNED_BY_DEVICE,
    password: 'WEZ',
    passwordPepper: 'E',
    userPasswordKey: 'GEZ',
    officerPasswordKey: 'GEZ',
    vaultKey: 'GEWZ',
    indiciumKey: 'GEWZ',
    authorityKey: 'W',
    hostKeys: 'W',
    ownPublicKeys: 'GR',
  },
  installCertificates: { ...STORED, ...FROM_AUTHORITY, ownPublicKeys: 'EW' },
  register: { ...STORED, ...FROM_AUTHORITY, providerKey: 'W' },
  installRateTable: { ...STORED, ...FROM_AUTHORITY },
  rateTables: {},
  licence: { providerKey: 'R' },
  registers: {},
  refillRequest: { ...RECORDED, ...SIGNED_BY_DEVICE },
  refillCommit: { ...RECORDED, ...FROM_PROVIDER },
  createIndicium: { ...RECORDED, ...SIGNED_INDICIUM, ownPublicKeys: 'R' },
  /** Signs where power failed before the first one was signed. */
  reprintIndicium: { ...RECORDED, ...SIGNED_INDICIUM, ownPublicKeys: 'R' },
  testPrint: { ...RECORDED, ownPublicKeys: 'R' },
  resetBatch: RECORDED,
  inspectionReport: { ...SIGNED_BY_DEVICE, ownPublicKeys: 'R' },
  acknowledgeInspection: { ...RECORDED, ...FROM_AUTHORITY },
  readLog: {},
  applyLockOrder: { ...RECORDED, ...FROM_AUTHORITY },
  challengeClock: { generatorState: 'E' },
  setClock: { ...RECORDED, ...FROM_AUTHORITY, ...FROM_PROVIDER },
  installAuthorityKey: { ...STORED, authorityKey: 'EW' },
  authorityKey: { authorityKey: 'R' },
  changeHostKey: { ...STORED, hostKeys: 'W' },
  /** Signs by the device key that counts; the keys that wait are generated once. */
  renewKeys: {
    ...STORED,
    generatorState: 'E',
    deviceSealKey: 'E',
    deviceKey: 'GEW',
    vaultKey: 'E',
    indiciumKey: 'GEW',
    ownPublicKeys: 'GR',
  },
  installRenewedKeys: {
    ...STORED,
    ...FROM_AUTHORITY,
    ...SESSION_ENDED,
    deviceKey: 'Z',
    indiciumKey: 'Z',
    ownPublicKeys: 'EW',
  },
  hashContent: {},
  postmark: { ...RECORDED, ...USED_KEY },
  validatePostmark: { ...RECORDED, ...FROM_AUTHORITY },
  requestKey: {
    ...STORED,
    ...SIGNED_BY_DEVICE,
    vaultKey: 'E',
    userKeys: 'GEW',
    ownPublicKeys: 'GR',
  },
  installKey: { ...STORED, ...FROM_AUTHORITY, ownPublicKeys: 'E' },
  userKeys: { ownPublicKeys: 'R' },
  requestRevocation: { ...SIGNED_BY_DEVICE, ownPublicKeys: 'R' },
  revokeKey: {
    ...STORED,
    ...SIGNED_BY_DEVICE,
    ...FROM_AUTHORITY,
    userKeys: 'Z',
    ownPublicKeys: 'RZ',
  },
  importKey: { ...STORED, ...SIGNED_BY_DEVICE, vaultKey: 'E', userKeys: 'EW', ownPublicKeys: 'GR' },
  dropKey: { ...STORED, userKeys: 'Z', ownPublicKeys: 'Z' },
  agentCertificate: {
    ...RECORDED,
    ...USED_KEY,
    heldKeys: 'GER', // encrypted
    transportSeed: 'GE',
    ephemeralKey: 'GEZ',
    contentKeys: 'GEZ',
    passwordDerivedKey: 'WEZ',
    wrappingKeys: 'GEZ',
  },
  signContent: { ...RECORDED, ...USED_KEY },
  verifySignature: { ...RECORDED, ...FROM_AUTHORITY },
  encryptKey: {
    ...RECORDED,
    vaultKey: 'E',
    generatorState: 'E',
    transportSeed: 'GE',
    ephemeralKey: 'GEZ',
    contentKeys: 'GR',
    wrappingKeys: 'GEZ',
  },
  decryptKey: { ...RECORDED, ...USED_KEY, contentKeys: 'WR', wrappingKeys: 'GEZ' },
  authenticate: { ...RECORDED, ...USED_KEY },
  installCredit: { ...STORED, ...USED_KEY, ...FROM_AUTHORITY },
  pay: { ...STORED, ...USED_KEY },
  credits: {},
  createTicket: { ...RECORDED, ...USED_KEY },
  requestTokenKeys: { ...SIGNED_BY_DEVICE, ephemeralKey: 'G' },
  installTokenKeys: {
    ...STORED,
    ...FROM_AUTHORITY,
    ephemeralKey: 'EZ',
    vaultKey: 'E',
    tokenKeys: 'WZ',
    generatorState: 'E',
  },
  createLiteIndicium: { ...RECORDED, vaultKey: 'E', tokenKeys: 'E' },
  withdrawalRequest: { ...RECORDED, ...SIGNED_BY_DEVICE },
  withdrawalCommit: {
    ...ALL_DESTROYED,
    ...STORED,
    ...FROM_PROVIDER,
    deviceSealKey: 'EZ',
    deviceKey: 'EZ',
    providerKey: 'EZ',
    storeTagKey: 'EZ',
    generatorState: 'EZ',
  },
  withdrawalReport: {},
  updateBegin: { imageKey: 'E' },
  updateWrite: {},
  /** The restart behind it ends whatever is in memory. */
  updateFinish: { ...RECORDED, imageKey: 'E' },
  updateStatus: {},
  zeroize: { ...ALL_DESTROYED, ...RECORDED },
};

/** What a service does to parameters; whatever is sealed uses the keys of its session. */
export function accessOf(name: CommandName): Access {
  const access = own[name];
  if (commandOf(name).channel === 'open') return access;
  return { ...access, sessionKeys: `E${access.sessionKeys ?? ''}` };
}

/** Whether there is a parameter that is gone once the service was performed. */
export const destroys = (name: CommandName): boolean =>
  Object.values(accessOf(name)).some((letters) => letters.includes('Z'));

const MEMORY = 'test/firmware/secrets-in-memory.test.ts';
const PRIVATE_KEYS_GONE = `${MEMORY} › with a crypto engine no private key is anywhere, and no key of a session once it has ended`;
const PASSWORDS_GONE = `${MEMORY} › passwords and the secret of the fuses are nowhere, crypto engine: %s`;
const KEYS_ON_THE_WAY_GONE = `${MEMORY} › of keys on their way to others nothing is left, crypto engine: %s`;
const NEW_PASSWORDS_GONE = `${MEMORY} › a password that was changed or set is nowhere, nor is the one before it`;

/** For each service that destroys: the test that looks whether it did. */
export const destructionTests: Readonly<Partial<Record<CommandName, readonly string[]>>> = {
  installTokenKeys: [
    'test/firmware/services/tokens.test.ts › keys of tokens that others took the place of are nowhere in flash, sealed or in clear',
  ],
  openSession: [
    'test/protocol/handshake.test.ts › of the algorithms are wiped behind them: shared secret and ephemeral key',
    PRIVATE_KEYS_GONE,
  ],
  confirmSession: [
    'test/protocol/handshake.test.ts › of a confirmed handshake: what led to the keys is wiped, the keys are not',
    'test/firmware/services/access.test.ts › a new session ends the one before it and logs out whoever was there',
  ],
  closeSession: [
    PRIVATE_KEYS_GONE,
    'test/protocol/record.test.ts › leaves no key when it is wiped',
  ],
  logIn: [PASSWORDS_GONE],
  logOut: [
    'test/firmware/services/access.test.ts › the right password leads to idle, log-out back to uninitialized',
  ],
  changePassword: [NEW_PASSWORDS_GONE],
  resetUserPassword: [NEW_PASSWORDS_GONE],
  initialize: [PASSWORDS_GONE, PRIVATE_KEYS_GONE],
  installRenewedKeys: [
    'test/firmware/services/renewal.test.ts › leaves the old keys nowhere in flash, sealed or in clear',
    'test/firmware/services/renewal.test.ts › ends the session that asked for it',
  ],
  revokeKey: [
    'test/firmware/services/revocation.test.ts › a key that was revoked is nowhere in flash, sealed or in clear',
  ],
  dropKey: [
    'test/firmware/services/revocation.test.ts › a key that was dropped is nowhere in flash, sealed or in clear',
  ],
  agentCertificate: [KEYS_ON_THE_WAY_GONE],
  encryptKey: [KEYS_ON_THE_WAY_GONE],
  decryptKey: [KEYS_ON_THE_WAY_GONE],
  withdrawalCommit: [
    'test/firmware/services/withdrawal.test.ts › leaves no key in flash, sealed or in clear',
    'test/firmware/services/withdrawal.test.ts › ends all sessions, and none can be opened any more',
  ],
  zeroize: [
    'test/firmware/services/zeroize.test.ts › after it, no key is anywhere in flash, sealed or in clear',
    'test/firmware/secrets-in-memory.test.ts › without a crypto engine nothing is left of any private key once the meter is zeroized',
    'test/firmware/services/zeroize.test.ts › the session that asked for it is over',
  ],
};
