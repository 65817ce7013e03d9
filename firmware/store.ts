/**
 * The store: keys under seal, certificates, licence and rate tables, in two banks of flash (docs/flash.md).
 *
 * A save writes the bank that is not in use, reads it back, and only then the journal names the new generation: that
 * record is the one point where old turns into new, so a cut at any place leaves one of the two, whole.
 */

import * as P from 'micro-packed';
import type { Flash } from '#hw/flash';
import { equalBytes, joinBytes } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import { keyUseNames } from '#protocol/documents/user-key';
import {
  bytes,
  bytes8,
  bytes16,
  flags,
  listOf,
  mills48,
  oneOf,
  u8,
  u16,
  u32,
} from '#protocol/fields';
import { Fault, invariant } from './fault.ts';
import {
  type FlashLayout,
  flashLayout,
  isBlank,
  NOTES_SIZE,
  programFlash,
  readFlash,
} from './flash-layout.ts';

/** What a role needs to come in: the key its host authenticates with, and the vault key under its password. */
const roleAccess = P.struct({
  hostKey: bytes8,
  salt: bytes(16),
  iterations: u32,
  wrappedVaultKey: bytes8,
});
export type RoleAccess = P.UnwrapCoder<typeof roleAccess>;

/** A pair that waits to take the place of another, under the same seal; empty where none does. */
const pendingPair = P.struct({ publicKey: bytes8, sealedKey: bytes8 });

/** Where a key of the user stands: waiting for its certificate, or in use. */
const userKeyStates = ['requested', 'active'] as const;
/** Where it was made: `imported` is known elsewhere too. */
const userKeyOrigins = ['born', 'imported'] as const;

/** A key that the meter keeps for its user (requirements.md B8, D4). */
const userKey = P.struct({
  number: u16,
  state: oneOf(userKeyStates),
  origin: oneOf(userKeyOrigins),
  uses: flags(keyUseNames),
  publicKey: bytes(33),
  /** Under the vault key. */
  sealedKey: bytes8,
  organization: bytes8,
  commonName: bytes8,
  /** Of its X.509 certificate; zeros and nothing before it is active. */
  certificateDigest: bytes(32),
  serial: bytes8,
  validFrom: u32,
  validTo: u32,
});
export type UserKey = P.UnwrapCoder<typeof userKey>;

/** A line of credit (requirements.md E1). */
const creditLine = P.struct({
  certificate: bytes16,
  /** What is left of it, mills. */
  rest: mills48,
  /** Payments so far. */
  payments: u32,
});
export type CreditLine = P.UnwrapCoder<typeof creditLine>;

const contentLayout = P.struct({
  meterId: bytes(8),
  /** 33 bytes, empty before the meter is initialized. */
  authorityKey: bytes8,
  devicePublicKey: bytes(33),
  /** Under a key that only this device can derive: the device authenticates before anybody gave a password. */
  sealedDeviceKey: bytes8,
  indiciumPublicKey: bytes8,
  /** Under the vault key, which a password opens. */
  sealedIndiciumKey: bytes8,
  user: roleAccess,
  cryptoOfficer: roleAccess,
  deviceCertificate: bytes16,
  indiciumCertificate: bytes16,
  licence: bytes16,
  rateTable: bytes16,
  /** Loaded before it is valid. */
  nextRateTable: bytes16,
  /** Proof of a withdrawal; then nothing else is left here. */
  withdrawalReport: bytes16,
  /** Of the authority key, with the hash of the next one; empty before it was told. */
  authorityCertificate: bytes16,
  pendingDevice: pendingPair,
  pendingIndicium: pendingPair,
  /** The other bank holds keys that others took the place of. */
  hasOldKeys: P.bool,
  /** The number that was last given to a key of the user. */
  lastKeyNumber: u16,
  userKeys: listOf(u8, userKey),
  creditLines: listOf(u8, creditLine),
  /** Keys of digital tokens under seal; empty where there are none. */
  sealedTokenKeys: bytes8,
});
export type StoreContent = P.UnwrapCoder<typeof contentLayout>;

const NO_ACCESS: RoleAccess = {
  hostKey: new Uint8Array(0),
  salt: new Uint8Array(16),
  iterations: 0,
  wrappedVaultKey: new Uint8Array(0),
};

/** Where no keys wait. */
export const noPendingKeys = (): Pick<StoreContent, 'pendingDevice' | 'pendingIndicium'> => {
  const none = { publicKey: new Uint8Array(0), sealedKey: new Uint8Array(0) };
  return { pendingDevice: none, pendingIndicium: none };
};

/** What a blank device holds: its own key and nothing else. */
export function bornContent(
  devicePublicKey: Uint8Array,
  sealedDeviceKey: Uint8Array,
): StoreContent {
  const empty = new Uint8Array(0);
  return {
    meterId: new Uint8Array(8),
    authorityKey: empty,
    devicePublicKey,
    sealedDeviceKey,
    indiciumPublicKey: empty,
    sealedIndiciumKey: empty,
    user: NO_ACCESS,
    cryptoOfficer: NO_ACCESS,
    deviceCertificate: empty,
    indiciumCertificate: empty,
    licence: empty,
    rateTable: empty,
    nextRateTable: empty,
    withdrawalReport: empty,
    authorityCertificate: empty,
    ...noPendingKeys(),
    hasOldKeys: false,
    lastKeyNumber: 0,
    userKeys: [],
    creditLines: [],
    sealedTokenKeys: empty,
  };
}

/** What stands in for a store whose keys are destroyed. */
export const destroyedContent = (): StoreContent =>
  bornContent(new Uint8Array(33), new Uint8Array(0));

const MAGIC = new Uint8Array([0x54, 0x53, 0x54, 0x34]); // TST4
/**
 * Versions before, which are still read, by their last character: how many zeros stand for what they had not. 2 had no
 * certificate of the authority key and no keys that wait; 3 had no keys of users, credit and tokens.
 */
const newFieldsOf: Readonly<Record<number, number>> = { 50: 12, 51: 5, 52: 0 };
const HEADER_SIZE = 32;
const header = P.struct({
  magic: bytes(4),
  generation: u8,
  spare: bytes(7),
  size: u32,
  tag: bytes(16),
});

interface Vessel {
  readonly flash: Flash;
  readonly layout: FlashLayout;
  readonly crypto: Crypto;
  /** 32 bytes that never leave the device. */
  readonly key: Uint8Array;
}

export interface Store {
  /** @throws Fault `storeDamaged` where the bank of this generation is not whole */
  load(generation: number): StoreContent;
  /** Whether a bank holds so much. */
  fits(content: StoreContent): boolean;
  /** Writes the next generation to the other bank and gives its number, for the journal to name. */
  save(content: StoreContent, generation: number): number;
  /** Erases the bank that this generation is not in, and proves it. @throws Fault `flashFailed` as {@link destroy} */
  clearOther(generation: number): void;
  /** Erases both banks and proves it. @throws Fault `flashFailed` where a sector keeps what it holds */
  destroy(): void;
  isBlank(): boolean;
}

const bankOf = (vessel: Vessel, generation: number): number =>
  vessel.layout.bankOffsets[generation % 2 === 0 ? 0 : 1];

function tagOf({ crypto, key }: Vessel, generation: number, content: Uint8Array): Uint8Array {
  return crypto.hmac(key, new Uint8Array([generation]), content).slice(0, 16);
}

function load(vessel: Vessel, generation: number): StoreContent {
  const offset = bankOf(vessel, generation);
  const damaged = (): never => {
    throw new Fault('storeDamaged');
  };
  const head = readFlash(vessel.flash, offset, HEADER_SIZE);
  const newFields = newFieldsOf[head[3] ?? 0];
  const isOurs = MAGIC.every((byte, at) => head[at] === byte || at === 3);
  if (head.length < HEADER_SIZE || !isOurs || newFields === undefined) return damaged();
  const { generation: found, size, tag } = header.decode(head);
  if (found !== generation || size > vessel.layout.bankSize - HEADER_SIZE) return damaged();
  const content = readFlash(vessel.flash, offset + HEADER_SIZE, size);
  const expected = tagOf(vessel, generation, content);
  if (expected.some((byte, at) => byte !== tag[at])) return damaged();
  return contentLayout.decode(joinBytes(content, new Uint8Array(newFields)));
}

function eraseBank({ flash, layout }: Vessel, offset: number): void {
  for (let at = offset; at < offset + layout.bankSize; at += flash.sectorSize)
    invariant(flash.erase(at) === 0, 'flashFailed');
}

/** Erases what can be erased: a sector that is worn out keeps no other from it. */
function clearBank({ flash, layout }: Vessel, offset: number): void {
  for (let at = offset; at < offset + layout.bankSize; at += flash.sectorSize) flash.erase(at);
}

function isBankBlank({ flash, layout }: Vessel, offset: number): boolean {
  return isBlank(readFlash(flash, offset, layout.bankSize));
}

function isStoreBlank(vessel: Vessel): boolean {
  return vessel.layout.bankOffsets.every((offset) => isBankBlank(vessel, offset));
}

/** Bytes of content that a bank holds: its end is for notes. The unit of the flash divides it. */
const roomOf = ({ bankSize }: FlashLayout): number => bankSize - NOTES_SIZE - HEADER_SIZE;

function save(vessel: Vessel, content: StoreContent, generation: number): number {
  const { flash, layout } = vessel;
  const next = generation === 255 ? 2 : generation + 1; // 0 means that there is no store
  const body = contentLayout.encode(content);
  const head = header.encode({
    magic: MAGIC,
    generation: next,
    spare: new Uint8Array(7),
    size: body.length,
    tag: tagOf(vessel, next, body),
  });
  const unit = flash.programUnit;
  const image = new Uint8Array(Math.ceil((HEADER_SIZE + body.length) / unit) * unit).fill(0xff);
  invariant(body.length <= roomOf(layout), 'internalFault');
  image.set(head);
  image.set(body, HEADER_SIZE);
  const offset = bankOf(vessel, next);
  eraseBank(vessel, offset);
  invariant(programFlash(flash, offset, image), 'flashFailed');
  const readBack = readFlash(flash, offset, image.length);
  invariant(equalBytes(readBack, image), 'flashFailed'); // what cannot be read comes back empty
  flash.sync();
  return next;
}

/** Erases both banks without any key or journal, for a housing that is opened while those cannot be had. */
export function eraseStore(flash: Flash): void {
  const { bankOffsets, bankSize } = flashLayout(flash);
  for (const offset of bankOffsets)
    for (let at = offset; at < offset + bankSize; at += flash.sectorSize) flash.erase(at);
  flash.sync();
}

export function openStore(
  flash: Flash,
  layout: FlashLayout,
  crypto: Crypto,
  key: Uint8Array,
): Store {
  const vessel: Vessel = { flash, layout, crypto, key };
  return {
    load: (generation) => load(vessel, generation),
    fits: (content) => contentLayout.encode(content).length <= roomOf(layout),
    save: (content, generation) => save(vessel, content, generation),
    clearOther(generation) {
      const other = bankOf(vessel, generation + 1);
      clearBank(vessel, other); // whatever it reads as, see destroy
      flash.sync();
      invariant(isBankBlank(vessel, other), 'flashFailed');
    },
    destroy() {
      // whatever it reads as: bits of an erase that power cut short may read as blank now and not in a moment
      for (const offset of layout.bankOffsets) clearBank(vessel, offset);
      flash.sync();
      invariant(isStoreBlank(vessel), 'flashFailed');
    },
    isBlank: () => isStoreBlank(vessel),
  };
}
