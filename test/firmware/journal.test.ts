/** The journal under power cuts: two outcomes exist, and what was once said stays (requirements.md B3; decisions 5, 6). */

import { describe, expect, test } from 'vitest';
import type { FlashDevice } from '#emulator/flash';
import { PowerLost } from '#emulator/power';
import type { Journal } from '#firmware/journal';
import { RECORD_SIZE } from '#firmware/journal-record';
import {
  lenientFlash,
  opened,
  powerUp,
  RING_OFFSET,
  RING_SECTORS,
  smallFlash,
} from '#test/support/firmware-flash';
import { charge, debitNext, funded, registers } from '#test/support/journal-use';

const SLOTS_PER_SECTOR = Math.floor(4096 / RECORD_SIZE);
const SLOTS = RING_SECTORS * SLOTS_PER_SECTOR;

/** What pieces of one mill, two mills and so on cost together. */
const sum = (pieces: number): number => (pieces * (pieces + 1)) / 2;

const wearOf = ({ wear }: FlashDevice): number => wear.reduce((all, each) => all + each, 0);

function attempt(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof PowerLost) return false;
    throw error;
  }
}

function rebooted(flash: FlashDevice): Journal {
  flash.restorePower();
  return powerUp(flash);
}

test('what was written is there after power-up, round the ring more than twice', () => {
  const flash = smallFlash();
  const journal = powerUp(flash);
  funded(journal);

  for (let piece = 0; piece < 2.5 * SLOTS; piece++) charge(journal);

  expect(registers(powerUp(flash).state)).toBe(registers(journal.state));
  expect(
    Math.max(...flash.wear) - Math.min(...flash.wear.slice(RING_OFFSET / 4096)),
  ).toBeLessThanOrEqual(2);
});

test('a debit and its signature are found by request id while the ring holds them, also after power-up', () => {
  const flash = smallFlash();
  const journal = powerUp(flash);
  funded(journal);
  for (let piece = 0; piece < 20; piece++) charge(journal);

  for (const each of [journal, powerUp(flash)]) {
    const found = each.find(11, 5);

    expect(found?.debit.detail.postage).toBe(11);
    expect(found?.debit.pieceCount).toBe(11);
    expect(found?.signature?.signature).toEqual(new Uint8Array(64).fill(11));
    expect(each.find(11, 6)).toBeUndefined();
    expect(each.find(21, 5)).toBeUndefined();
  }
});

describe('a cut at every byte of every operation of a transaction', () => {
  const places = [
    { pieces: 3, others: 0, where: 'in the middle of a sector', erases: 0 },
    { pieces: 5, others: 0, where: 'its signature in the next sector', erases: 1 },
    { pieces: 5, others: 1, where: 'all of it in the next sector', erases: 1 },
  ] as const;

  test.each(places)('$where: nothing happened, or all of it did', ({ pieces, others, erases }) => {
    const before = smallFlash();
    const journal = powerUp(before);
    funded(journal);
    for (let piece = 0; piece < pieces; piece++) charge(journal);
    for (let other = 0; other < others; other++) journal.append('passwordTry', journal.state);
    const contents = before.contents();
    const outcomes = new Set<string>();
    const uncut = smallFlash(contents);
    const full = powerUp(uncut);
    const worn = wearOf(uncut);
    charge(full);
    expect(wearOf(uncut) - worn).toBe(erases);

    for (let operation = 0; operation < 3; operation++)
      for (let tornBytes = 0; tornBytes <= RECORD_SIZE; tornBytes++) {
        const flash = smallFlash(contents);
        const live = powerUp(flash);
        const start = registers(live.state);
        const whole = `${pieces + 1} pieces, ${sum(pieces + 1)} spent, ${1_000_000 - sum(pieces + 1)} left`;
        flash.losePowerAfter(operation, { tornBytes });

        const isDone = attempt(() => charge(live));
        if (isDone) continue; // fewer operations than that: nothing was cut
        const found = rebooted(flash);
        const outcome = registers(found.state);
        charge(found);
        const next = registers(found.state);

        expect([start, whole]).toContain(outcome);
        outcomes.add(outcome);
        expect(registers(powerUp(flash).state)).toBe(next);
      }

    expect(outcomes.size).toBe(2);
  });

  test('a second cut inside the recovery changes nothing of that', () => {
    const before = smallFlash();
    const journal = powerUp(before);
    funded(journal);
    for (let piece = 0; piece < 8; piece++) charge(journal);
    const contents = before.contents();
    const outcomes = new Set<string>();

    for (let first = 0; first <= 2 * RECORD_SIZE; first += 7)
      for (let second = 0; second <= RECORD_SIZE; second += 9) {
        const flash = lenientFlash(contents); // two programs in a row that changed nothing: one is refused
        const live = powerUp(flash);
        flash.losePowerAfter(first < RECORD_SIZE ? 0 : 1, { tornBytes: first % RECORD_SIZE });
        attempt(() => charge(live));
        flash.restorePower();
        flash.losePowerAfter(0, { tornBytes: second });

        attempt(() => powerUp(flash));
        outcomes.add(registers(rebooted(flash).state));
      }

    expect(outcomes.size).toBe(2);
  });
});

test('a debit that was cut before its signature is found without one, and can be signed then', () => {
  const flash = smallFlash();
  const journal = powerUp(flash);
  funded(journal);
  flash.losePowerAfter(1, { tornBytes: 40 });

  attempt(() => charge(journal));
  const found = rebooted(flash).find(1, 5);

  expect(found?.debit.pieceCount).toBe(1);
  expect(found?.signature).toBeUndefined();
});

test('a record that reads as torn at one power-up and as whole at the next one does not count', () => {
  const flash = smallFlash();
  const journal = powerUp(flash);
  funded(journal);
  const blank = flash.contents();
  charge(journal);
  const whole = flash.contents();
  const at = whole.findIndex((byte, index) => byte !== blank[index]);
  flash.damage(at + RECORD_SIZE - 1, Uint8Array.of((whole[at + RECORD_SIZE - 1] as number) ^ 1));
  flash.damage(at + RECORD_SIZE, new Uint8Array(RECORD_SIZE).fill(0xff));

  const said = registers(powerUp(flash).state);
  flash.damage(at, whole.slice(at, at + RECORD_SIZE));
  const later = powerUp(flash);

  expect(said).toBe('0 pieces, 0 spent, 1000000 left');
  expect(registers(later.state)).toBe(said);
  expect(later.find(1, 5)).toBeUndefined();
});

test('every flipped bit of the newest record gives the state before it, never another one', () => {
  const flash = smallFlash();
  const journal = powerUp(flash);
  funded(journal);
  const blank = flash.contents();
  debitNext(journal);
  journal.sync();
  const whole = flash.contents();
  const at = whole.findIndex((byte, index) => byte !== blank[index]);

  for (let bit = 0; bit < RECORD_SIZE * 8; bit += 5) {
    const flipped = whole.slice();
    flipped[at + (bit >> 3)] = (flipped[at + (bit >> 3)] as number) ^ (1 << (bit & 7));

    expect(registers(powerUp(smallFlash(flipped)).state)).toBe('0 pieces, 0 spent, 1000000 left');
  }
});

test('a state that was lost, with its signature behind it, is a gap: no money is given back', () => {
  const flash = smallFlash();
  const journal = powerUp(flash);
  funded(journal);
  const blank = flash.contents();
  charge(journal);
  const whole = flash.contents();
  const at = whole.findIndex((byte, index) => byte !== blank[index]);
  expect(opened(smallFlash(whole))?.hasGap).toBe(false);

  for (let bit = 0; bit < RECORD_SIZE * 8; bit += 37) {
    const flipped = whole.slice();
    flipped[at + (bit >> 3)] = (flipped[at + (bit >> 3)] as number) ^ (1 << (bit & 7));

    expect(opened(smallFlash(flipped))?.hasGap).toBe(true);
  }
});

test('a ring without a committed state is refused unless it is fresh', () => {
  const flash = smallFlash();
  funded(powerUp(flash));
  const contents = flash.contents();
  for (let at = RING_OFFSET; at < contents.length; at += 7) contents[at] = 0x5a;

  expect(() => powerUp(smallFlash(contents))).toThrow('no committed state');
});
