/** A debit that power cut short, and a pin behind it that was cut too: however both read later, nothing is signed for nothing. */

import { describe, expect, test } from 'vitest';
import type { FlashDevice } from '#emulator/flash';
import { PowerLost } from '#emulator/power';
import type { Journal } from '#firmware/journal';
import { RECORD_SIZE } from '#firmware/journal-record';
import { lenientFlash, powerUp, RING_OFFSET } from '#test/support/firmware-flash';
import { charge, debitNext, funded, registers } from '#test/support/journal-use';

const PIECES = 3;

interface Torn {
  readonly flash: FlashDevice;
  readonly journal: Journal;
  /** Turns the last bit of both records round: what was whole is torn, and the other way. */
  flip(): void;
}

/** A meter that came up with the debit of piece 4 torn, and the pin behind it whole; that pin was cut itself. */
function torn(): Torn {
  const flash = lenientFlash();
  const live = powerUp(flash);
  funded(live);
  for (let piece = 0; piece < PIECES; piece++) charge(live);
  cut(flash, () => debitNext(live));
  const debit = lastByteOf(flash);
  turn(flash, debit);
  cut(flash, () => powerUp(flash));
  const pin = lastByteOf(flash);
  const journal = powerUp(flash);
  return { flash, journal, flip: () => turn(flash, debit, pin) };
}

/** Power fails right behind the next program. */
function cut(flash: FlashDevice, action: () => void): void {
  flash.losePowerAfter(0, { tornBytes: RECORD_SIZE });
  expect(action).toThrow(PowerLost);
  flash.restorePower();
}

/** Where the last record ends that is not blank, in a ring that was not gone round. */
function lastByteOf(flash: FlashDevice): number {
  const used = flash.contents().findLastIndex((byte) => byte !== 0xff);
  return RING_OFFSET + RECORD_SIZE * (Math.floor((used - RING_OFFSET) / RECORD_SIZE) + 1) - 1;
}

function turn(flash: FlashDevice, ...places: number[]): void {
  for (const at of places) flash.damage(at, Uint8Array.of((flash.contents()[at] as number) ^ 1));
}

describe('a debit that was torn when power came on, and reads as whole later', () => {
  test('is not found', () => {
    const { flash, journal, flip } = torn();
    const told = registers(journal.state);

    flip();

    expect(told).toBe('3 pieces, 6 spent, 999994 left');
    expect(journal.find(PIECES + 1, 5)).toBeUndefined();
    expect(journal.findPiece(PIECES + 1)).toBeUndefined();
    expect(registers(powerUp(flash).state)).toBe(told);
    expect(powerUp(flash).find(PIECES + 1, 5)).toBeUndefined();
  });

  test('is not found where another request has made the piece of its number', () => {
    const { flash, journal, flip } = torn();
    debitNext(journal, 6);

    flip();

    for (const each of [journal, powerUp(flash)]) {
      expect(each.find(PIECES + 1, 5)).toBeUndefined();
      expect(each.find(PIECES + 1, 6)).toBeDefined();
      expect(each.findPiece(PIECES + 1)?.requestId).toMatchObject({ nonce: 6 });
    }
  });

  test('does not take the place of the same request that was charged since', () => {
    const { flash, journal, flip } = torn();
    const { sequence } = journal.state;
    debitNext(journal);

    flip();

    for (const each of [journal, powerUp(flash)])
      expect(each.find(PIECES + 1, 5)?.debit.sequence).toBeGreaterThan(sequence);
  });
});
