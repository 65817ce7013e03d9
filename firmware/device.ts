/** What the services of a working meter share for one power cycle: hardware, keys, journal, store, state, who is there. */

import type { Hardware } from '#hw/hardware';
import { wipe } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import type { CompactCertificate } from '#protocol/documents/compact-certificate';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { dateOf } from '#protocol/documents/date';
import { type Licence, licenceDocument } from '#protocol/documents/licence';
import { type RateTable, rateTableDocument } from '#protocol/documents/rate-table';
import type { Mills } from '#protocol/mills';
import { mills } from '#protocol/mills';
import { ok, type Result, refuse } from '#protocol/result';
import type { CallerName, LifeCycleName, Role } from '#protocol/state';
import { Fault } from './fault.ts';
import type { Journal } from './journal.ts';
import { aside } from './registers.ts';
import type { StateHolder } from './state-machine.ts';
import type { Store, StoreContent } from './store.ts';
import type { DeviceKeys } from './vault.ts';

/** The documents of the store, read once when they change and not at every service. */
export interface Documents {
  readonly indiciumCertificate: CompactCertificate | undefined;
  readonly deviceCertificate: CompactCertificate | undefined;
  readonly licence: Licence | undefined;
  readonly rateTable: RateTable | undefined;
}

export interface RunningImage {
  readonly version: number;
  readonly digest: Uint8Array;
}

/** Who is logged in, with the key that their password opened. */
export interface Access {
  readonly role: Role;
  readonly vaultKey: Uint8Array;
}

export interface Device {
  readonly hardware: Hardware;
  readonly crypto: Crypto;
  readonly keys: DeviceKeys;
  readonly image: RunningImage;
  readonly journal: Journal;
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
    deviceCertificate: stored(content.deviceCertificate, readCompactCertificate),
    indiciumCertificate: stored(content.indiciumCertificate, readCompactCertificate),
    licence: stored(content.licence, licenceDocument.read),
    rateTable: stored(content.rateTable, rateTableDocument.read),
  };
}

/** The secure clock, milliseconds; 0 where it is not trusted. */
export function nowMs(device: Pick<Device, 'hardware'>): number {
  return device.hardware.clock.nowMs();
}

/** Today's date, YYYYMMDD; a refusal where the clock is not trusted (requirements.md A8). */
export function today(device: Device): Result<number> {
  const time = nowMs(device);
  return time === 0 ? refuse('clockNotTrusted') : ok(dateOf(time));
}

/** The state of the journal with the time of now, for a record to come. */
export function stamped(device: Device): Journal['state'] {
  return { ...device.journal.state, timeMs: nowMs(device) };
}

export function descendingMaxOf(device: Pick<Device, 'documents'>): Mills {
  return device.documents.licence?.descendingMax ?? mills(0);
}

/** Saves the store and makes it valid by one journal record, with the life cycle it belongs to. */
export function saveStore(device: Device, content: StoreContent, lifeCycle?: LifeCycleName): void {
  const documents = readDocuments(content);
  const before = stamped(device);
  const storeGeneration = device.store.save(content, before.storeGeneration);
  const changes = { storeGeneration, lifeCycle: lifeCycle ?? before.lifeCycle };
  device.journal.append('store', aside(before, changes));
  device.journal.sync();
  device.content = content;
  device.documents = documents;
}

export function callerOf(device: Device): CallerName {
  return device.access?.role ?? 'nobody';
}

/** Clears the keys from memory (requirements.md A6); the state machine follows where somebody was logged in. */
export function dropAccess(device: Device): void {
  if (device.access === undefined) return;
  wipe(device.access.vaultKey);
  device.access = undefined;
  if (device.states.current === 'idle') device.states.move('logOut');
}

/**
 * Clears from memory what the device secret gave (requirements.md A3). The tag key of the journal stays: a housing that is
 * opened in the error state is still written down.
 */
export function dropDeviceKeys({ keys }: Device): void {
  wipe(keys.deviceSeal, keys.storeTag, keys.passwordPepper);
}

/**
 * Destroys every key for ever and keeps the registers (requirements.md A7; SECURITY.md).
 * @throws Fault `flashFailed` where the flash does not take all of it; whatever it does take is done
 */
export function destroyKeys(device: Device, lifeCycle: 'zeroized' | 'tampered'): void {
  const { journal, store } = device;
  try {
    if (journal.state.lifeCycle !== lifeCycle) {
      journal.append('lifeCycle', aside(stamped(device), { lifeCycle, storeGeneration: 0 }));
      journal.sync();
    }
  } finally {
    store.destroy();
  }
}
