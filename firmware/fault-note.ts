/**
 * What keeps a failed self-test on record while power is off (requirements.md A2, A3; FIPS 140-3 area 10): a note at the end
 * of a bank of the store, which the next power-up that succeeds writes into the security log (docs/flash.md).
 *
 * Nothing is computed once a test has failed, since what failed may be what would compute it: a sound power-up makes the
 * mark that only this device could, and the note carries it. Where the tests of power-up fail there is no mark yet.
 */

import type { Flash } from '#hw/flash';
import { equalBytes, joinBytes } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import { u32 } from '#protocol/fields';
import { statuses } from '#protocol/status';
import type { Fault } from './fault.ts';
import { flashLayout, isBlank, NOTES_SIZE, readFlash } from './flash-layout.ts';

const NOTE_SIZE = 32;

/** Where the mark begins: behind the number of the fault, its detail, and both inverted. */
const MARK_OFFSET = 8;
const MARK_SIZE = 20;

/** Before the self-tests of power-up have passed there is nothing that could not be forged. */
export const NO_MARK = new Uint8Array(MARK_SIZE);

/** What proves a note of this power cycle: its number, and a tag over that. */
export function faultMark(crypto: Crypto, key: Uint8Array, powerCount: number): Uint8Array {
  const number = u32.encode(powerCount);
  return joinBytes(number, crypto.hmac(key, number).slice(0, MARK_SIZE - number.length));
}

/** Which faults are failed self-tests: what else goes wrong is found again, or is in the journal. */
function isSelfTest({ status }: Fault): boolean {
  return status === 'selfTestFailed' || status === 'entropyFailed' || status === 'imageInvalid';
}

/**
 * Each place a note can have, with what is there; none in a bank without a store, so that a blank device stays blank. What
 * cannot be read comes back empty, and is no place.
 */
function* placesOf(flash: Flash) {
  const { bankOffsets, bankSize } = flashLayout(flash);
  for (const bank of bankOffsets) {
    if (isBlank(readFlash(flash, bank, NOTE_SIZE))) continue;
    for (let at = bank + bankSize - NOTES_SIZE; at < bank + bankSize; at += NOTE_SIZE) {
      const content = readFlash(flash, at, NOTE_SIZE);
      if (content.length > 0) yield { at, content };
    }
  }
}

const inverted = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => ~byte);

/** Leaves a note where there is room for one. */
export function noteFault(flash: Flash, fault: Fault, proof: Uint8Array): void {
  if (!isSelfTest(fault)) return;
  const said = u32.encode(statuses[fault.status].code + 0x1_0000 * fault.detail);
  const whole = new Uint8Array(NOTE_SIZE);
  whole.set(joinBytes(said, inverted(said), proof));
  for (const { at, content } of placesOf(flash))
    if (isBlank(content) && flash.program(at, whole.buffer) === 0) {
      flash.sync();
      return;
    }
}

/**
 * Hands on each note.
 * @param tell given the number of the power cycle where the note is proved to be this device's, else 0
 * @returns whether there is anything to be cleared
 */
export function tellNotes(
  flash: Flash,
  crypto: Crypto,
  key: Uint8Array,
  tell: (code: number, detail: number, powerCount: number) => void,
): boolean {
  let isUsed = false;
  for (const { content } of placesOf(flash)) {
    if (isBlank(content)) continue;
    isUsed = true;
    const said = content.slice(0, 4);
    if (!equalBytes(inverted(said), content.slice(4, MARK_OFFSET))) continue;
    const mark = content.slice(MARK_OFFSET, MARK_OFFSET + MARK_SIZE);
    const number = u32.decode(mark.slice(0, 4));
    const isProved = equalBytes(mark, faultMark(crypto, key, number));
    const both = u32.decode(said);
    tell(both & 0xffff, both >>> 16, isProved ? number : 0);
  }
  return isUsed;
}
