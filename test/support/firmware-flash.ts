/** A journal on strict flash, as the firmware opens it, for tests of the firmware's parts in this process. */

import { createMemoryFlash, type FlashDevice } from '#emulator/flash';
import { strictFlash } from '#emulator/flash-strict';
import { flashLayout } from '#firmware/flash-layout';
import { formatJournal, type Journal, openJournal } from '#firmware/journal';
import { blankState } from '#firmware/journal-record';
import { nobleCrypto } from '#protocol/noble-crypto';
import { seededRandom } from './seeded-random.ts';

export const crypto = nobleCrypto(seededRandom('journal'));
const TAG_KEY = new Uint8Array(32).fill(3);

/** Two banks of the store, three sectors of the security log, and a ring of four: small, so that tests go round it often. */
const SMALL_SECTORS = 13;
export const RING_SECTORS = 4;
/** Where the ring of the small flash begins. */
export const RING_OFFSET = (SMALL_SECTORS - RING_SECTORS) * 4096;

export function lenientFlash(contents?: Uint8Array): FlashDevice {
  const geometry = { size: SMALL_SECTORS * 4096, sectorSize: 4096, programUnit: 16 };
  return createMemoryFlash(contents === undefined ? { geometry } : { geometry, contents });
}

/** The same, but a program that the chip would refuse throws: the firmware must not ask for one. */
export function smallFlash(contents?: Uint8Array): FlashDevice {
  return strictFlash(lenientFlash(contents));
}

/** The journal as it is found, before it is pinned. */
export const opened = (flash: FlashDevice): Journal | undefined =>
  openJournal(flash, flashLayout(flash), crypto, TAG_KEY);

/** What power-up does: the journal that is there, or a new one on a fresh ring. @throws Error where neither */
export function powerUp(flash: FlashDevice): Journal {
  const layout = flashLayout(flash);
  const journal =
    openJournal(flash, layout, crypto, TAG_KEY) ??
    formatJournal(flash, layout, crypto, TAG_KEY, blankState());
  if (journal === undefined) throw new Error('the ring holds no committed state');
  journal.pin();
  return journal;
}
