/** What was tried against the journal and found a hole once: failing flash, ghosts, and pins that outlive a signature (requirements.md B3). */

import { expect, test } from 'vitest';
import type { FlashDevice } from '#emulator/flash';
import { PowerLost } from '#emulator/power';
import { RECORD_SIZE } from '#firmware/journal-record';
import {
  lenientFlash,
  powerUp,
  RING_OFFSET,
  RING_SECTORS,
  smallFlash,
} from '#test/support/firmware-flash';
import { charge, debitNext, funded, registers } from '#test/support/journal-use';

const SLOTS_PER_SECTOR = Math.floor(4096 / RECORD_SIZE);

/** The same part with some of its calls replaced. */
function altered(flash: FlashDevice, calls: Partial<FlashDevice>): FlashDevice {
  return new Proxy(flash, {
    get(target, name) {
      const call: unknown = Reflect.get(name in calls ? calls : target, name);
      return typeof call === 'function' && !(name in calls) ? call.bind(target) : call;
    },
  });
}

function used(): FlashDevice {
  const flash = smallFlash();
  const journal = powerUp(flash);
  funded(journal);
  for (let piece = 0; piece < 9; piece++) charge(journal);
  return flash;
}

test('however often power comes on, a debit is never found without the signature that it had', () => {
  const flash = used();
  let wasFound = 0;

  for (let boot = 0; boot < 3 * RING_SECTORS * SLOTS_PER_SECTOR; boot++) {
    const found = powerUp(flash).find(9, 5);
    if (found === undefined) break;
    wasFound += 1;

    expect(found.signature?.signature).toEqual(new Uint8Array(64).fill(9));
  }

  expect(wasFound).toBeGreaterThan(SLOTS_PER_SECTOR);
  expect(powerUp(flash).find(9, 5)).toBeUndefined();
});

test('a debit without a signature is found as long as the ring holds anything of it', () => {
  const flash = used();
  debitNext(powerUp(flash));

  for (let boot = 0; boot < 3 * RING_SECTORS * SLOTS_PER_SECTOR; boot++)
    expect(powerUp(flash).find(10, 5)).toMatchObject({ debit: { ascending: 55 } });
});

test('the sector of the newest state is not erased where all others fail', () => {
  const flash = used();
  const journal = powerUp(flash);
  const before = registers(journal.state);
  const newest = RING_OFFSET + Math.floor((lastSlotOf(flash) - RING_OFFSET) / 4096) * 4096;
  let isErased = false;
  const worn = altered(flash, {
    erase(offset) {
      isErased ||= offset === newest;
      return offset === newest ? flash.erase(offset) : 2;
    },
  });
  const failing = powerUp(worn);

  expect(() => {
    for (let piece = 0; piece < SLOTS_PER_SECTOR; piece++) charge(failing);
  }).toThrow('flashFailed');

  const said = registers(failing.state);
  expect(said).not.toBe(before);
  expect(isErased).toBe(false);
  expect(registers(powerUp(flash).state)).toBe(said);
});

/** Where the ring ends that is in use. */
function lastSlotOf(flash: FlashDevice): number {
  return flash.contents().findLastIndex((byte, at) => at >= RING_OFFSET && byte !== 0xff);
}

test('a record that a slot took without keeping it is written to the next one', () => {
  const flash = used();
  let isDeaf = false;
  const deaf = altered(flash, {
    program(offset, data) {
      if (!isDeaf) return flash.program(offset, data);
      isDeaf = false;
      return 0;
    },
  });
  const journal = powerUp(deaf);

  isDeaf = true;
  charge(journal);

  const said = registers(journal.state);
  expect(isDeaf).toBe(false);
  expect(registers(powerUp(flash).state)).toBe(said);
});

test('a slot that cannot be read hides no other', () => {
  const flash = used();
  const journal = powerUp(flash);
  const said = registers(journal.state);
  const bad = RING_OFFSET + 3 * RECORD_SIZE;
  const touches = (offset: number, length: number) => offset <= bad && bad < offset + length;
  const damaged = altered(flash, {
    read: (offset, length) =>
      touches(offset, length) ? new ArrayBuffer(0) : flash.read(offset, length),
  });

  expect(registers(powerUp(damaged).state)).toBe(said);
});

/** Slots behind which a pin comes into the first sector, which is scanned before the torn one in the last. */
test.each([1, 2, 3])(
  'a ghost %i slots before the end of the ring is not found by its request id',
  (left) => {
    const flash = lenientFlash();
    let slot = -1;
    const watched = altered(flash, {
      program(offset, data) {
        slot = (offset - RING_OFFSET) / RECORD_SIZE;
        return flash.program(offset, data);
      },
    });
    const journal = powerUp(watched);
    funded(journal);
    const place = (): number => {
      const sector = Math.floor((slot * RECORD_SIZE) / 4096);
      return sector * SLOTS_PER_SECTOR + Math.round(slot - (sector * 4096) / RECORD_SIZE);
    };
    while (place() < RING_SECTORS * SLOTS_PER_SECTOR - left - 1) {
      journal.append('passwordTry', journal.state);
    }
    const before = registers(journal.state);
    flash.losePowerAfter(0, { tornBytes: RECORD_SIZE });
    expect(() => debitNext(journal, 666)).toThrow(PowerLost);
    const contents = flash.contents();
    const ghost = RING_OFFSET + slot * RECORD_SIZE;
    const last = contents[ghost + RECORD_SIZE - 1] as number;
    flash.damage(ghost + RECORD_SIZE - 1, Uint8Array.of(last ^ 1)); // reads as torn
    flash.restorePower();
    flash.losePowerAfter(left === 3 ? 0 : 1, { tornBytes: 40 });
    expect(() => powerUp(watched)).toThrow(PowerLost);
    flash.restorePower();
    const next = powerUp(watched);
    expect(registers(next.state)).toBe(before);
    debitNext(next, 1);
    const said = registers(next.state);

    flash.damage(ghost + RECORD_SIZE - 1, Uint8Array.of(last)); // reads as whole
    const later = powerUp(watched);

    expect(later.find(1, 666)).toBeUndefined();
    expect(registers(later.state)).toBe(said);
  },
);

test('what the ring does not hold any more is forgotten: it is not even looked for', () => {
  let reads = 0;
  const flash = smallFlash();
  const counted = altered(flash, {
    read(offset, length) {
      reads += 1;
      return flash.read(offset, length);
    },
  });
  const journal = powerUp(counted);
  funded(journal);
  for (let piece = 0; piece < 2 * RING_SECTORS * SLOTS_PER_SECTOR; piece++) charge(journal);
  reads = 0;

  for (let piece = 1; piece < RING_SECTORS * SLOTS_PER_SECTOR; piece++)
    expect(journal.find(piece, 5)).toBeUndefined();

  expect(reads).toBe(0);
});

test('a pin that stood on a torn record, and was cut itself, does not win later', () => {
  const flash = lenientFlash();
  const journal = powerUp(flash);
  funded(journal);
  for (let piece = 0; piece < 3; piece++) charge(journal);
  const told = registers(journal.state);
  const places: number[] = [];
  const watched = altered(flash, {
    program(offset, data) {
      places.push(offset + RECORD_SIZE - 1);
      return flash.program(offset, data);
    },
  });
  const live = powerUp(watched);
  places.length = 0;
  flash.losePowerAfter(0, { tornBytes: RECORD_SIZE });
  expect(() => debitNext(live)).toThrow(PowerLost);
  flash.restorePower();
  flash.losePowerAfter(0, { tornBytes: RECORD_SIZE });
  expect(() => powerUp(watched)).toThrow(PowerLost);
  flash.restorePower();
  const flip = (): void => {
    for (const at of places) flash.damage(at, Uint8Array.of((flash.contents()[at] as number) ^ 1));
  };
  flip(); // both read as torn
  expect(registers(powerUp(flash).state)).toBe(told);

  flip(); // both read as whole

  expect(registers(powerUp(flash).state)).toBe(told);
});
