/** A signature with a weak bit, and a second cut before it was written down again: signed or not, it stays so. */

import { describe, expect, test } from 'vitest';
import type { FlashDevice } from '#emulator/flash';
import { PowerLost } from '#emulator/power';
import type { Journal } from '#firmware/journal';
import { RECORD_SIZE } from '#firmware/journal-record';
import { aside } from '#firmware/registers';
import { lenientFlash, powerUp } from '#test/support/firmware-flash';
import { debitNext, funded } from '#test/support/journal-use';

/** What a power-up finds of the only piece, asked more than once: a weak bit reads differently each time. */
function found(flash: FlashDevice): string[] {
  const journal = powerUp(flash);
  return Array.from({ length: 8 }, () => {
    const piece = journal.find(1, 5);
    return piece === undefined ? 'nothing' : piece.signature === undefined ? 'unsigned' : 'signed';
  });
}

function cut(action: () => void): void {
  expect(action).toThrow(PowerLost);
}

function sign(journal: Journal, byte: number): void {
  journal.appendSignature({
    requestId: { counter: 1, nonce: 5 },
    signature: new Uint8Array(64).fill(byte),
    certificateSerial: 1,
    originZip: 2,
    softwareId: new Uint8Array(6),
    keyId: new Uint8Array(8),
  });
}

/** The journal right before the signature: of a piece that was charged just now, or before a log-in. */
const pieces = {
  'at once': (journal: Journal) => void debitNext(journal),
  late(journal: Journal) {
    debitNext(journal);
    journal.append('passwordRight', aside(journal.state, { userTries: 0 }));
  },
} as const;

/** How far the recovery comes before power fails again: operations, and places in the next one. */
const recoveries = (['at once', 'late'] as const).flatMap((when) =>
  [0, 1].flatMap((operations) =>
    [0, 70, RECORD_SIZE - 1].map((tornBytes) => ({ when, operations, tornBytes })),
  ),
);

describe.each(recoveries)('signed $when, cut again in $operations at $tornBytes', (second) => {
  test('a weak signature is found at every later power-up, or at none', () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 40; seed += 1) {
      const flash = lenientFlash(); // a pin that was cut before its first byte is not seen
      const journal = powerUp(flash);
      funded(journal);
      pieces[second.when](journal);
      flash.losePowerAfter(0, { tear: 'weak', seed, tornBytes: (seed * 7) % RECORD_SIZE });
      cut(() => sign(journal, 1));
      flash.restorePower();
      flash.reseed(seed);
      flash.losePowerAfter(second.operations, { tornBytes: second.tornBytes });
      try {
        powerUp(flash);
      } catch (error) {
        expect(error).toBeInstanceOf(PowerLost);
      }
      flash.restorePower();
      flash.losePowerAfter(Number.MAX_SAFE_INTEGER);

      const [first, ...later] = Array.from({ length: 6 }, () => found(flash));

      expect(later).toEqual(later.map(() => first));
      expect(new Set(first).size).toBe(1);
      outcomes.add(first?.[0] ?? '');
    }
    expect([...outcomes].sort()).toEqual(['signed', 'unsigned']);
  });
});

test('a debit whose signature is denied takes a new one, which stays', () => {
  for (let seed = 0; seed < 40; seed += 1) {
    const flash = lenientFlash();
    const journal = powerUp(flash);
    funded(journal);
    debitNext(journal);
    flash.losePowerAfter(0, { tear: 'weak', seed, tornBytes: 100 });
    cut(() => sign(journal, 1));
    flash.restorePower();
    const next = powerUp(flash);
    const isSigned = next.find(1, 5)?.signature !== undefined;
    if (!isSigned) sign(next, 2);

    for (let boot = 0; boot < 6; boot += 1)
      expect(powerUp(flash).find(1, 5)?.signature?.signature[0]).toBe(isSigned ? 1 : 2);
  }
});
