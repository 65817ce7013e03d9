/** The security log on a part that lost or changed something of it: what the authority lacks is missed (domain.md R45, R46). */

import { expect, test } from 'vitest';
import type { FlashDevice } from '#emulator/flash';
import { LOG_OFFSET } from '#test/support/journal-forgery';
import {
  acknowledgeTo,
  chainedRecords,
  counting,
  countOf,
  filled,
  LOG_PLACES,
  note,
  numbers,
  positionAt,
  powerUpKept,
} from '#test/support/log-use';
import { seededRandom } from '#test/support/seeded-random';

const PLACE = 64;
const MANY = 70;
/** The last of them proves the next one, and must be there too. */
const ACKNOWLEDGED = 9;
const BLANK = new Uint8Array(PLACE).fill(0xff);

const place = (number: number): number => LOG_OFFSET + (number - 1) * PLACE;
const record = (flash: FlashDevice, number: number): Uint8Array =>
  flash.contents().slice(place(number), place(number) + PLACE);

/** The log of 70 records, of which the authority has 9. */
function used(): FlashDevice {
  const { kept, flash } = filled(MANY);
  acknowledgeTo(kept, ACKNOWLEDGED);
  return flash;
}

function outcomeOf(flash: FlashDevice): string {
  try {
    powerUpKept(flash);
    return 'opened';
  } catch (fault) {
    return (fault as Error).message;
  }
}

test('whatever record is dropped, zeroed, replaced by the one before, or has one bit changed: it is missed, unless it is older than the last acknowledged one', () => {
  const flash = used();
  const start = flash.snapshot();
  const wrong: string[] = [];
  const noise = seededRandom('bits');

  for (const number of counting(1, MANY)) {
    const whole = record(flash, number);
    const bit = new DataView(noise(2).buffer).getUint16(0) % (PLACE * 8);
    const flipped = whole.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    const changes = [
      ['dropped', BLANK],
      ['zeroed', new Uint8Array(PLACE)],
      ['with one bit changed', flipped],
      ['replaced', record(flash, number === 1 ? 2 : number - 1)],
    ] as const;
    for (const [what, bytes] of changes) {
      flash.damage(place(number), bytes);
      const outcome = outcomeOf(flash);
      if (outcome !== (number < ACKNOWLEDGED ? 'opened' : 'logDamaged'))
        wrong.push(`${number} ${what} (bit ${bit}): ${outcome}`);
      flash.restore(start);
    }
  }

  expect(wrong).toEqual([]);
});

test.each([
  ['the first one, before any was acknowledged', 1, 0],
  ['the first one, where it alone was acknowledged', 1, 1],
  ['the first one behind those that were acknowledged', 10, ACKNOWLEDGED],
  ['one in the middle', 40, ACKNOWLEDGED],
  ['the last one', MANY, ACKNOWLEDGED],
])('every bit of a record is under its chain: of %s', (_name, number, acknowledged) => {
  const { kept, flash } = filled(MANY);
  acknowledgeTo(kept, acknowledged);
  const start = flash.snapshot();
  const whole = record(flash, number);

  for (let bit = 0; bit < PLACE * 8; bit += 7) {
    flash.damage(
      place(number),
      whole.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
    );
    expect([bit, outcomeOf(flash)]).toEqual([bit, 'logDamaged']);
    flash.restore(start);
  }
});

test('records that changed places are told in the order of their chain', () => {
  const flash = used();
  const [left, right] = [record(flash, 20), record(flash, 21)];
  flash.damage(place(20), right);
  flash.damage(place(21), left);

  const kept = powerUpKept(flash);

  expect(numbers(kept, positionAt(kept, ACKNOWLEDGED))).toEqual(counting(10, MANY));
});

test('a tail that is cut off is missed, and so is one that was never there', () => {
  const flash = used();
  for (const number of counting(60, MANY)) flash.damage(place(number), BLANK);
  expect(outcomeOf(flash)).toBe('logDamaged');

  const other = filled(MANY + 1).flash;
  const longer = used();
  longer.damage(place(MANY + 1), record(other, MANY + 1));

  const kept = powerUpKept(longer);
  expect(numbers(kept, positionAt(kept, ACKNOWLEDGED))).toEqual(counting(10, MANY));
});

test('what is acknowledged and lost is passed over, and the rest is told', () => {
  const flash = used();
  flash.damage(place(5), BLANK);

  const kept = powerUpKept(flash);

  const rest = chainedRecords(kept, positionAt(kept, ACKNOWLEDGED));
  expect(rest.map(({ count }) => count)).toEqual(counting(10, MANY));
  const { logCount: count, logHead: head } = kept.journal.state;
  const log = { count, head, acknowledged: ACKNOWLEDGED };
  expect(kept.log.read(log, 1, LOG_PLACES).from).toBe(6);
  expect(kept.log.chainAt(4)).toHaveLength(0);
});

test('noise in a place without a record changes nothing, and is written around', () => {
  const flash = used();
  flash.damage(place(MANY + 2), seededRandom('noise')(PLACE));
  const kept = powerUpKept(flash);
  const since = positionAt(kept, ACKNOWLEDGED);

  note(kept, MANY + 1);

  expect(numbers(powerUpKept(flash), since)).toEqual(counting(10, MANY + 1));
});

test('a place that cannot be read is a record that is lost', () => {
  const flash = used();
  const unreadable = (number: number): FlashDevice =>
    new Proxy(flash, {
      get(target, name) {
        if (name === 'read')
          return (offset: number, length: number) =>
            offset <= place(number) && place(number) < offset + length
              ? new ArrayBuffer(0)
              : target.read(offset, length);
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });

  expect(outcomeOf(unreadable(30))).toBe('logDamaged');
  expect(outcomeOf(unreadable(ACKNOWLEDGED))).toBe('logDamaged');
  expect(outcomeOf(unreadable(ACKNOWLEDGED - 1))).toBe('opened');
  expect(countOf(powerUpKept(unreadable(MANY + 30)))).toBe(MANY);
});
