/** What the services of a working meter share for one power cycle: hardware, keys, journal, store, state, who is there. */

import type { Hardware } from '#hw/hardware';
import type { ImageStore } from '#hw/image-store';
import { wipe } from '#protocol/bytes';
import type { Crypto, KeyPair } from '#protocol/crypto';
import { type AuthorityKey, authorityKeyDocument } from '#protocol/documents/authority-key';
import type { CompactCertificate } from '#protocol/documents/compact-certificate';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { dateOf } from '#protocol/documents/date';
import type { BodyForm } from '#protocol/documents/image-header';
import { type Licence, licenceDocument } from '#protocol/documents/licence';
import { type RateTable, rateTableDocument } from '#protocol/documents/rate-table';
import { ok, type Result, refuse } from '#protocol/result';
import type { CallerName, Role } from '#protocol/state';
import type { ContentHash } from './content-hash.ts';
import { Fault } from './fault.ts';
import type { ImageCrypto } from './image-crypto.ts';
import type { Journal } from './journal.ts';
import type { MeterState, StateRecordType } from './journal-record.ts';
import { aside } from './registers.ts';
import type { SecureClock } from './secure-clock.ts';
import type { LogEntry, LogState, SecurityLog } from './security-log.ts';
import { provedSigning } from './self-test.ts';
import type { StateHolder } from './state-machine.ts';
import type { Store, StoreContent } from './store.ts';
import { DEVICE_KEY_LABEL, type DeviceKeys, withPrivateKey } from './vault.ts';

/** The documents of the store, read once when they change and not at every service. */
export interface Documents {
  /** With the hash of the next key; undefined before it was told. */
  readonly authority: AuthorityKey | undefined;
  readonly indiciumCertificate: CompactCertificate | undefined;
  readonly deviceCertificate: CompactCertificate | undefined;
  readonly licence: Licence | undefined;
  readonly rateTable: RateTable | undefined;
  /** Loaded before it is valid. */
  readonly nextRateTable: RateTable | undefined;
}

export interface RunningImage {
  readonly version: number;
  readonly securityVersion: number;
  readonly bodyForm: BodyForm;
  readonly digest: Uint8Array;
}

/** Another image on its way into the spare slot. */
export interface Loading {
  readonly imageStore: ImageStore;
  readonly header: Uint8Array;
  readonly bodySize: number;
  /** How much of the body is there. */
  next: number;
  /** Begun before and interrupted: its label may have been cut. */
  readonly isResumed: boolean;
}

/** Who is logged in, with the key that their password opened. */
export interface Access {
  readonly role: Role;
  readonly vaultKey: Uint8Array;
}

export interface Device {
  readonly hardware: Hardware;
  readonly crypto: ImageCrypto;
  readonly keys: DeviceKeys;
  readonly image: RunningImage;
  readonly journal: Journal;
  log: SecurityLog;
  readonly clock: SecureClock;
  readonly store: Store;
  readonly states: StateHolder;
  content: StoreContent;
  documents: Documents;
  access: Access | undefined;
  /** The role the session in use was opened for; undefined outside a session. */
  sessionRole: Role | undefined;
  /** The key of the host at the other end of the session in use. */
  sessionKey: Uint8Array | undefined;
  /** When the last wrong password came, in milliseconds since power-up; 0 before. */
  lastWrongTryMs: number;
  /** From when on the self-tests may be asked for again, in milliseconds since power-up. */
  selfTestFromMs: number;
  /** When they begin by themselves, and with which they go on then. */
  selfTestDueMs: number;
  selfTestNext: number;
  /** What proves a note of a self-test that fails in this power cycle. */
  faultMark: Uint8Array;
  /** What a report was last made over; an acknowledgement must hold it. */
  inspectionChallenge: Uint8Array | undefined;
  /** What a clock setting must hold, and until when, in milliseconds since power-up. */
  clockChallenge: { readonly bytes: Uint8Array; readonly untilMs: number } | undefined;
  /** Undefined while no image is being loaded. */
  loading: Loading | undefined;
  /** A content that is being hashed in parts; its digest once it was asked for. */
  contentHash: { readonly hash: ContentHash; size: number; digest?: Uint8Array } | undefined;
  /** The key that the keys of digital tokens were asked for with. */
  tokenExchange: KeyPair | undefined;
  /** A service ended the session; it closes once its answer is sealed. */
  isClosing: boolean;
  /** A service needs the memory gone; the board restarts once its answer is out. */
  isRestarting: boolean;
}

/** A document of the store was checked when it was taken, so that one which cannot be read now was changed since. */
function stored<T>(bytes: Uint8Array, read: (bytes: Uint8Array) => Result<T>): T | undefined {
  if (bytes.length === 0) return undefined;
  const document = read(bytes);
  if (!document.ok) throw new Fault('storeDamaged');
  return document.value;
}

export function readDocuments(content: StoreContent): Documents {
  return {
    authority: stored(content.authorityCertificate, authorityKeyDocument.read),
    deviceCertificate: stored(content.deviceCertificate, readCompactCertificate),
    indiciumCertificate: stored(content.indiciumCertificate, readCompactCertificate),
    licence: stored(content.licence, licenceDocument.read),
    rateTable: stored(content.rateTable, rateTableDocument.read),
    nextRateTable: stored(content.nextRateTable, rateTableDocument.read),
  };
}

/** The secure clock, milliseconds; 0 where it is not trusted. */
export function nowMs({ clock }: Pick<Device, 'clock'>): number {
  return clock.nowMs();
}

/** Today's date, YYYYMMDD; a refusal where the clock is not trusted (requirements.md A8). */
export function today(device: Device): Result<number> {
  const time = nowMs(device);
  return time === 0 ? refuse('clockNotTrusted') : ok(dateOf(time));
}

/** The state of the journal with the time of now, for a record to come; the last trusted time where there is none now. */
export function stamped(device: Device): Journal['state'] {
  const { state } = device.journal;
  return { ...state, timeMs: Math.max(state.timeMs, nowMs(device)) };
}

/** Where the security log stands. */
export function logStateOf({ journal: { state } }: Pick<Device, 'journal'>): LogState {
  return { count: state.logCount, head: state.logHead, acknowledged: state.logAcknowledged };
}

/**
 * Makes a new state the truth, and writes down in the security log what led to it, both or neither.
 * @throws Fault `flashFailed`
 */
export function commit(
  device: Device,
  type: StateRecordType,
  next: MeterState,
  entry?: LogEntry,
): void {
  if (entry === undefined) device.journal.append(type, next);
  else {
    const { count, head } = device.log.write(logStateOf(device), entry, nowMs(device));
    device.journal.append(type, { ...next, logCount: count, logHead: head });
  }
  device.journal.sync();
}

/** Whether its keys are destroyed: it tells what it was, and keeps no security log any more. */
export function hasEnded({ journal: { state } }: Pick<Device, 'journal'>): boolean {
  switch (state.lifeCycle) {
    case 'zeroized':
    case 'tampered':
    case 'withdrawn':
      return true;
    case 'blank':
    case 'keyed':
    case 'made':
    case 'registered':
    case 'withdrawing':
      return false;
  }
}

/** The rate tables by the day that it is: the one loaded ahead takes the place of the other on its first day (B4). */
export function rateTablesOf(device: Device): {
  readonly current: RateTable | undefined;
  readonly next: RateTable | undefined;
} {
  const { rateTable, nextRateTable } = device.documents;
  const time = nowMs(device);
  const isNextValid =
    nextRateTable !== undefined && time !== 0 && dateOf(time) >= nextRateTable.validFrom;
  if (isNextValid) return { current: nextRateTable, next: undefined };
  return { current: rateTable, next: nextRateTable };
}

/** R30: the rate table of today. */
export function tableOf(device: Device): Result<RateTable> {
  const date = today(device);
  if (!date.ok) return date;
  const { current } = rateTablesOf(device);
  if (current === undefined || date.value < current.validFrom || date.value > current.validTo)
    return refuse('rateTableMissing');
  return ok(current);
}

/** Saves the store and makes it valid by one journal record, with what else of the state goes with it. */
export function saveStore(
  device: Device,
  content: StoreContent,
  changes: Partial<MeterState> = {},
  entry?: LogEntry,
): void {
  const documents = readDocuments(content);
  const before = stamped(device);
  const storeGeneration = device.store.save(content, before.storeGeneration);
  commit(device, 'store', aside(before, { ...changes, storeGeneration }), entry);
  device.content = content;
  device.documents = documents;
}

export function callerOf(device: Device): CallerName {
  return device.access?.role ?? 'nobody';
}

/** Clears the keys from memory (requirements.md A6); the state machine follows where somebody was logged in. */
export function dropAccess(device: Device): void {
  device.loading = undefined;
  device.contentHash = undefined;
  dropTokenExchange(device);
  if (device.access === undefined) return;
  wipe(device.access.vaultKey);
  device.access = undefined;
  if (device.states.current === 'idle') device.states.move('logOut');
}

/** The answer to an earlier request for keys of digital tokens is worth nothing then. */
export function dropTokenExchange(device: Device): void {
  if (device.tokenExchange !== undefined) wipe(device.tokenExchange.privateKey);
  device.tokenExchange = undefined;
}

/** Lends the device key, with algorithms that judge what it signs; it is wiped afterwards. */
export function withDeviceKey<T>(
  { crypto, keys, content }: Device,
  use: (privateKey: Uint8Array, crypto: Crypto) => T,
): T {
  const { sealedDeviceKey, devicePublicKey } = content;
  return withPrivateKey(crypto, keys.deviceSeal, DEVICE_KEY_LABEL, sealedDeviceKey, (key) =>
    use(key, provedSigning(crypto, devicePublicKey)),
  );
}

/**
 * Clears from memory what the device secret gave (requirements.md A3). A housing that is opened after that is written down at
 * the next power-up; its keys are erased at once.
 */
export function dropDeviceKeys(device: Device): void {
  dropTokenExchange(device);
  wipe(...Object.values(device.keys));
}

/**
 * Destroys every key for ever and keeps the registers (requirements.md A7; SECURITY.md).
 * @throws Fault `flashFailed` where the flash does not take all of it; whatever it does take is done
 */
export function destroyKeys(device: Device, lifeCycle: 'zeroized' | 'tampered'): void {
  const { journal, store } = device;
  try {
    if (journal.state.lifeCycle !== lifeCycle)
      commit(device, 'lifeCycle', aside(stamped(device), { lifeCycle, storeGeneration: 0 }));
  } finally {
    store.destroy();
  }
}
