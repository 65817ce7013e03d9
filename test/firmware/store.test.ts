/** The store: old or new, never something between (requirements.md A4, A6; architecture.md decision 5). */

import { expect, test } from 'vitest';
import type { FlashDevice } from '#emulator/flash';
import { PowerLost } from '#emulator/power';
import { flashLayout } from '#firmware/flash-layout';
import { bornContent, openStore, type Store, type StoreContent } from '#firmware/store';
import { crypto, smallFlash } from '#test/support/firmware-flash';

const key = new Uint8Array(32).fill(4);

const open = (flash: FlashDevice): Store => openStore(flash, flashLayout(flash), crypto, key);

const content = (fill: number): StoreContent => ({
  ...bornContent(new Uint8Array(33).fill(fill), new Uint8Array(60).fill(fill)),
  licence: new Uint8Array(200).fill(fill),
});

test('what was saved is loaded by its generation, and the one before it is still there', () => {
  const flash = smallFlash();
  const first = open(flash).save(content(1), 0);
  const second = open(flash).save(content(2), first);

  expect(open(flash).load(second)).toEqual(content(2));
  expect(open(flash).load(first)).toEqual(content(1));
});

test('generations go round without ever being 0, which means that there is no store', () => {
  const store = open(smallFlash());
  let generation = 0;

  for (let save = 0; save < 600; save++) {
    generation = store.save(content(save & 0xff), generation);

    expect(generation).toBeGreaterThan(0);
    expect(generation).toBeLessThan(256);
    expect(store.load(generation)).toEqual(content(save & 0xff));
  }
});

test('a save cut at any byte of any operation leaves the generation before it whole', () => {
  const flash = smallFlash();
  const generation = open(flash).save(content(1), open(flash).save(content(9), 0));
  const contents = flash.contents();
  let cuts = 0;

  for (let operation = 0; operation < 20; operation++)
    for (const tornBytes of [0, 1, 15, 16, 17, 100, 255, 4095]) {
      const torn = smallFlash(contents);
      torn.losePowerAfter(operation, { tornBytes });
      try {
        open(torn).save(content(2), generation);
      } catch (error) {
        expect(error).toBeInstanceOf(PowerLost);
        cuts += 1;
      }
      torn.restorePower();

      expect(open(torn).load(generation)).toEqual(content(1));
    }

  expect(cuts).toBeGreaterThan(30);
});

test('every flipped bit is found', () => {
  const flash = smallFlash();
  const generation = open(flash).save(content(1), 0);
  const contents = flash.contents();
  const start = contents.findIndex((byte) => byte !== 0xff);
  const end = contents.findLastIndex((byte) => byte !== 0xff);
  const HEADER_SPARE = [5, 12] as const; // bytes of the header that nothing depends on

  for (let at = start; at <= end; at++) {
    const place = at - start;
    if (place >= HEADER_SPARE[0] && place < HEADER_SPARE[1]) continue;
    const flipped = contents.slice();
    flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));

    expect(() => open(smallFlash(flipped)).load(generation), `byte ${place}`).toThrow(
      'storeDamaged',
    );
  }
});

test('a bank of another device is refused', () => {
  const flash = smallFlash();
  const generation = open(flash).save(content(1), 0);
  const other = openStore(flash, flashLayout(flash), crypto, new Uint8Array(32).fill(5));

  expect(() => other.load(generation)).toThrow('storeDamaged');
});

test('after destroy, nothing but ones is left', () => {
  const flash = smallFlash();
  const store = open(flash);
  const generation = store.save(content(2), store.save(content(1), 0));

  store.destroy();

  expect(store.isBlank()).toBe(true);
  expect(flash.contents().every((byte) => byte === 0xff)).toBe(true);
  expect(() => store.load(generation)).toThrow('storeDamaged');
});

test('a destruction that power cut short is finished, also where bits of it read differently each time', () => {
  for (let seed = 0; seed < 24; seed += 1) {
    const flash = smallFlash();
    const store = open(flash);
    store.save(content(1), store.save(content(2), 0));
    flash.losePowerAfter(seed % 3, { tear: 'weak', tornBytes: 40 + seed, seed });
    expect(() => store.destroy()).toThrow(PowerLost);
    flash.restorePower();
    flash.reseed(seed);

    store.destroy();

    expect([flash.weakBits, store.isBlank()]).toEqual([[], true]);
  }
});
