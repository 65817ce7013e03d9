/**
 * Writes into the journal and the store of a board what only its own firmware could: with the keys that the device secret
 * gives, which a test knows and nobody else does. And reads both without asking the firmware.
 */

import { createHmac } from 'node:crypto';
import { nodeCrypto } from '#driver/node-crypto';
import type { FlashDevice } from '#emulator/flash';
import { flashLayout } from '#firmware/flash-layout';
import { type Journal, openJournal } from '#firmware/journal';
import { RECORD_SIZE, type StateRecord, stateRecord } from '#firmware/journal-record';
import { openStore, type Store, type StoreContent } from '#firmware/store';
import { type DeviceKeys, deriveDeviceKeys } from '#firmware/vault';
import { mills } from '#protocol/mills';

/** The secret of every board of test/support/board.ts. */
export const deviceKeys: DeviceKeys = deriveDeviceKeys(nodeCrypto, new Uint8Array(32).fill(0x5e));

function journalOf(flash: FlashDevice): Journal {
  const journal = openJournal(flash, flashLayout(flash), nodeCrypto, deviceKeys.journalTag);
  if (journal === undefined) throw new Error('the ring holds no committed state');
  return journal;
}

/** Appends a committed record that says what the firmware would not. Amounts are numbers here: they may be wrong. */
export function appendState(
  flash: FlashDevice,
  change: (last: StateRecord) => Omit<StateRecord, 'credited'> & { readonly credited: number },
): void {
  const journal = journalOf(flash);
  const next = change(journal.state);
  journal.append('store', { ...next, credited: mills(next.credited) });
  journal.sync();
}

const storeOf = (flash: FlashDevice): Store =>
  openStore(flash, flashLayout(flash), nodeCrypto, deviceKeys.storeTag);

/** What the store of a meter holds now. */
export function storedContent(flash: FlashDevice): StoreContent {
  return storeOf(flash).load(newestState(flash.contents()).storeGeneration);
}

/** Saves another content, properly tagged and named by the journal. */
export function replaceContent(
  flash: FlashDevice,
  change: (content: StoreContent) => StoreContent,
): void {
  const journal = journalOf(flash);
  const generation = storeOf(flash).save(
    change(storeOf(flash).load(journal.state.storeGeneration)),
    journal.state.storeGeneration,
  );
  journal.append('store', { ...journal.state, storeGeneration: generation });
  journal.sync();
}

const SECTOR_SIZE = 4096;
const BODY_SIZE = 240;
/** Two banks of three sectors. */
export const LOG_OFFSET = 24_576;

/** Where the journal begins in flash of this size, as docs/flash.md says. */
function journalOffset(size: number): number {
  const logSectors = Math.min(8, Math.max(3, Math.floor(size / SECTOR_SIZE / 8)));
  return LOG_OFFSET + logSectors * SECTOR_SIZE;
}

/** Every state whose tag is right, by its sequence: read from the bytes alone, as docs/flash.md describes them. */
export function committedStates(contents: Uint8Array): StateRecord[] {
  const states: StateRecord[] = [];
  for (let sector = journalOffset(contents.length); sector < contents.length; sector += SECTOR_SIZE)
    for (let at = sector; at + RECORD_SIZE <= sector + SECTOR_SIZE; at += RECORD_SIZE) {
      const body = contents.subarray(at, at + BODY_SIZE);
      const tag = createHmac('sha256', deviceKeys.journalTag).update(body).digest();
      if (tag.compare(contents, at + BODY_SIZE, at + RECORD_SIZE, 0, 16) !== 0) continue;
      if (body[0] !== 0) states.push(stateRecord.decode(body.slice()));
    }
  return states.sort((left, right) => left.sequence - right.sequence);
}

/** The newest of them. @throws Error where there is none */
export function newestState(contents: Uint8Array): StateRecord {
  const newest = committedStates(contents).at(-1);
  if (newest === undefined) throw new Error('the ring holds no committed state');
  return newest;
}
