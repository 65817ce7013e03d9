/** Flashes that share one sync of the disk: what was released is on disk, and nothing else is promised (G4). */

import { copyFileSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type FlashBank, openFlashBank } from '#emulator/flash-bank';
import { flashStatus } from '#hw/flash';
import { temporaryFolder } from '#test/support/temporary-folder';

const geometry = { size: 4096, sectorSize: 1024, programUnit: 16 };
const unit = (value: number): ArrayBuffer => new Uint8Array(16).fill(value).buffer;
const released = (bank: FlashBank): Promise<void> =>
  new Promise((resolve) => {
    bank.release(resolve);
  });

test('what was released is there again, in each flash its own', async () => {
  const folder = temporaryFolder();
  const bank = openFlashBank(folder);
  const [one, two] = ['one', 'two'].map((name) => bank.open(name, { geometry }));

  one?.program(16, unit(0x11));
  two?.program(32, unit(0x22));
  await released(bank);
  await bank[Symbol.asyncDispose]();

  await using again = openFlashBank(folder);
  const read = (name: string, at: number) =>
    new Uint8Array(again.open(name, { geometry }).read(at, 1))[0];
  expect([read('one', 16), read('two', 32)]).toEqual([0x11, 0x22]);
});

test('many that wait at once share one sync, each is told in its turn', async () => {
  await using bank = openFlashBank(temporaryFolder());
  const flash = bank.open('meter', { geometry });
  const told: number[] = [];

  const waiting = Array.from({ length: 50 }, async (_, index) => {
    flash.program(index * 16, unit(index));
    await released(bank);
    told.push(index);
  });
  await Promise.all(waiting);

  expect(told).toEqual([...told].sort((a, b) => a - b));
  expect(bank.counters.syncs).toBe(1);
});

test('nothing is told before the disk has it', async () => {
  const folder = temporaryFolder();
  await using bank = openFlashBank(folder);
  const flash = bank.open('meter', { geometry });
  const sizes: number[] = [];
  const size = () => readFileSync(join(folder, 'bank.log')).length;

  flash.program(0, unit(0));
  bank.release(() => sizes.push(size()));

  expect([size(), sizes.length]).toEqual([0, 0]);
  await released(bank);
  expect(sizes).toHaveLength(1);
  expect(sizes[0]).toBeGreaterThan(16);
});

test('a log that a crash cut anywhere gives every flash as it was after some change, none half', async () => {
  const folder = temporaryFolder();
  const bank = openFlashBank(folder);
  const flash = bank.open('meter', { geometry });
  const states = [flash.contents()];
  for (let at = 0; at < 30; at += 1) {
    expect(flash.program(at * 16, unit(at * 8))).toBe(flashStatus.ok);
    states.push(flash.contents());
  }
  expect(flash.erase(0)).toBe(flashStatus.ok);
  states.push(flash.contents());
  await released(bank);

  const { length } = readFileSync(join(folder, 'bank.log'));
  let last = 0;
  for (let size = 0; size <= length; size += 97) {
    const crashed = temporaryFolder();
    mkdirSync(crashed, { recursive: true });
    copyFileSync(join(folder, 'meter.bin'), join(crashed, 'meter.bin'));
    copyFileSync(join(folder, 'bank.log'), join(crashed, 'bank.log'));
    truncateSync(join(crashed, 'bank.log'), size);

    await using opened = openFlashBank(crashed);
    const found = Buffer.from(opened.open('meter', { geometry }).contents());

    const state = states.findIndex((each) => found.equals(each));
    expect(state, `log cut at ${size} of ${length}`).toBeGreaterThanOrEqual(last);
    last = state;
  }
  await bank[Symbol.asyncDispose]();
});

test('one process and one user at a time', async () => {
  const folder = temporaryFolder();
  await using bank = openFlashBank(folder);
  bank.open('meter', { geometry });

  expect(() => openFlashBank(folder)).toThrow('in use');
  expect(() => bank.open('meter', { geometry })).toThrow('open already');
  expect(() => bank.open('../meter', { geometry })).toThrow(RangeError);
});
