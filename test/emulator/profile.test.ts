/** Board profiles: read strictly, held to by the emulator, and told how much of them was used (docs/profiles.md). */

import { describe, expect, test } from 'vitest';
import { checksOf } from '#cli/conformance/checks';
import { runChecks } from '#cli/conformance/run';
import { startEmulator } from '#emulator/emulator';
import { createMemoryFlash } from '#emulator/flash';
import { loadProfile, parseProfile, profileNames } from '#emulator/profile';
import { flashBounds } from '#hw/flash';
import { kitMeter } from '#test/cli/conformance/stations';
import { temporaryFolder } from '#test/support/temporary-folder';

const right = {
  about: 'for a test',
  cpu: 'quickjs',
  ramBytes: 4 << 20,
  stackBytes: 65_536,
  polls: 15_000,
  cryptoEngine: true,
  flash: { sectorSize: 4096, sectors: 64, programUnit: 16 },
  watchdogMs: 10_000,
  serialBaud: 115_200,
};
const profileOf = (changes: object) =>
  parseProfile(JSON.stringify({ ...right, ...changes }), 'mine');

test.each(profileNames())('%s, which comes with the program, is a profile', (name) => {
  expect(loadProfile(name)).toMatchObject({ name, about: expect.stringMatching(/^A .*\.$/) });
});

test.each<[what: string, text: string]>([
  ['it is no JSON object', '[]'],
  ['it is no JSON object', '{'],
  ...(
    [
      ['colour is nothing that a profile has', { colour: 'red' }],
      ['about must be a text', { about: undefined }],
      ['cpu must be node-vm or quickjs', { cpu: 'z80' }],
      ['cryptoEngine must be true or false', { cryptoEngine: 1 }],
      ['ramBytes must be a whole number from 65536 to', { ramBytes: 64 }],
      ['polls must be a whole number', { polls: undefined }],
      ['stackBytes must be a whole number from 8192 to 491520', { stackBytes: 2 ** 20 }],
      ['are limits of quickjs, and its cpu is node-vm', { cpu: 'node-vm' }],
      ['serialBaud must be a whole number from 50', { serialBaud: 9600.5 }],
      ['watchdogMs must be a whole number', { watchdogMs: '10000' }],
      ['entropyBytesPerSecond must be a whole number from 1', { entropyBytesPerSecond: 0 }],
      ['flash must have sectorSize, sectors and programUnit', { flash: 4096 }],
      ['flash.size is nothing that a profile has', { flash: { ...right.flash, size: 1 } }],
      [
        'flash.sectorSize must be a whole number from 512',
        { flash: { ...right.flash, sectorSize: 256 } },
      ],
      [
        'flash.programUnit must be a whole number from 1 to 64',
        { flash: { ...right.flash, programUnit: 128 } },
      ],
      [
        'flash.sectorSize 4096 is no multiple of flash.programUnit 48',
        { flash: { ...right.flash, programUnit: 48 } },
      ],
      [
        'flash.programUnit must divide that',
        { flash: { ...right.flash, sectorSize: 6000, programUnit: 12 } },
      ],
    ] as const
  ).map(([what, changes]): [string, string] => [what, JSON.stringify({ ...right, ...changes })]),
])('refused: %s', (what, text) => {
  expect(() => parseProfile(text, 'mine')).toThrow(/^The board profile mine: /);
  expect(() => parseProfile(text, 'mine')).toThrow(what);
});

test('a name that is none tells which there are', () => {
  expect(() => loadProfile('toaster')).toThrow(
    'There is no board profile toaster: there are desk, stm32h7-like, with-engine, or name a file',
  );
  expect(() => loadProfile('/none/of.json')).toThrow('cannot be read');
});

describe('a meter on a profile', () => {
  test('comes up within it, and its marks are told', async () => {
    await using emulator = await startEmulator({ profile: loadProfile('with-engine') });

    const marks = emulator.marks();

    expect(marks).toMatchObject({
      ramBytes: { limit: 3 << 20 },
      stackBytes: { limit: 24_576 },
      polls: { limit: 15_000 },
      starts: 1,
    });
    expect(marks.ramBytes?.peak).toBeGreaterThan(1 << 20);
    expect(marks.longestStartMs).toBeGreaterThan(0);
    expect(marks.entropyBytesInCall).toBe(marks.entropyBytes);
    expect(marks.flashPrograms).toBeGreaterThan(0);
  });

  test('keeps its marks over a restart, and counts it', async () => {
    await using emulator = await startEmulator({ profile: loadProfile('with-engine') });
    const before = emulator.marks();

    emulator.board.powerOff();
    emulator.board.powerOn();

    const after = emulator.marks();
    expect(after.starts).toBe(2);
    expect(after.ramBytes?.peak).toBeGreaterThanOrEqual(before.ramBytes?.peak ?? 0);
    expect(after.entropyBytes).toBeGreaterThan(before.entropyBytes);
  });

  test.each<[string, object, string]>([
    ['memory', { ramBytes: 1 << 20 }, 'memory grew to'],
    ['stack', { stackBytes: 10_000 }, 'the stack grew past its 10000 bytes'],
    ['time', { polls: 5 }, 'one call took more than 5 polls'],
  ])('does not come up where it has too little %s', async (_, changes, what) => {
    await expect(startEmulator({ profile: profileOf(changes) })).rejects.toThrow(what);
  });

  test('does not come up where it has too few sectors', async () => {
    const profile = profileOf({ flash: { ...right.flash, sectors: 11 } });

    await expect(startEmulator({ profile })).rejects.toThrow(
      'error state on a blank flash of 11 sectors of 4096 bytes, programmed by 16: the firmware needs more sectors than the profile mine has',
    );
  });

  test('is another board than one with another flash', async () => {
    const directory = temporaryFolder();
    await using first = await startEmulator({ directory, profile: profileOf({}) });
    await first[Symbol.asyncDispose]();

    const other = profileOf({ flash: { ...right.flash, sectors: 32 } });

    await expect(startEmulator({ directory, profile: other })).rejects.toThrow(
      'has 64 sectors of 4096 bytes, programmed by 16, and the profile mine has 32 sectors',
    );
  });
});

/** That the bounds of hw/flash.ts are those of the firmware. */
describe('a whole life', () => {
  const lifeOn = async (sectorSize: number, sectors: number, programUnit: number) => {
    const geometry = { size: sectorSize * sectors, sectorSize, programUnit };
    await using meter = await kitMeter('blank', { flash: createMemoryFlash({ geometry }) });
    const results = await runChecks(meter.station, checksOf('life'));
    return results.filter(({ outcome }) => outcome !== 'passed').length;
  };

  test.each([
    ['the largest unit', 4096, 64, flashBounds.programUnitMax],
    ['the largest sectors', flashBounds.sectorSizeMax, 8, 32],
    ['the smallest sectors', flashBounds.sectorSizeMin, 128, 1],
  ])('passes on flash with %s', async (_, sectorSize, sectors, programUnit) => {
    expect(await lifeOn(sectorSize, sectors, programUnit)).toBe(0);
  });

  test('does not with a larger unit', async () => {
    expect(await lifeOn(4096, 64, 2 * flashBounds.programUnitMax)).toBeGreaterThan(0);
  });
});
