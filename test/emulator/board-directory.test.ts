/** The directory of a board: made whole, kept whole, refused when damaged (requirements.md H1, A6). */

import { cpSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type BoardDirectory, openBoardDirectory } from '#emulator/board-directory';
import { ask, makeTestBoard } from '#test/support/board';
import { temporaryFolder } from '#test/support/temporary-folder';

const geometry = { size: 4096, sectorSize: 1024, programUnit: 16 };

function opened(path: string): BoardDirectory {
  const directory = openBoardDirectory(path, geometry);
  onTestFinished(() => directory[Symbol.dispose]());
  return directory;
}

/** A board that was made and closed again. */
function madeBoard(): string {
  const path = join(temporaryFolder(), 'board');
  openBoardDirectory(path, geometry)[Symbol.dispose]();
  return path;
}

/** What a test board takes of it: its clock stands still. */
function partsOf({ flash, deviceSecret, securityFuse, tamper }: BoardDirectory) {
  return { flash, deviceSecret, securityFuse, tamper };
}

test('a board is made where there is none, blank, with a secret of its own, for its owner only', () => {
  const first = opened(join(temporaryFolder(), 'a'));
  const second = opened(join(temporaryFolder(), 'b'));

  expect(first.flash.contents()).toEqual(new Uint8Array(4096).fill(0xff));
  expect(first.deviceSecret).toHaveLength(32);
  expect(first.deviceSecret).not.toEqual(second.deviceSecret);
  expect(first.tamper.isTriggered).toBe(false);
  expect(statSync(first.path).mode & 0o777).toBe(0o700);
  expect(statSync(join(first.path, 'board.json')).mode & 0o777).toBe(0o600);
});

test('everything is there again: flash, its sizes, secret, tamper contact, security version', () => {
  const path = madeBoard();
  const before = openBoardDirectory(path);
  const secret = before.deviceSecret.slice();
  before.flash.program(0, new Uint8Array(16).buffer);
  before.tamper.trigger();
  before.securityFuse.blow(7);
  before[Symbol.dispose]();

  const after = opened(path);

  expect(after.deviceSecret).toEqual(secret);
  expect(after.flash).toMatchObject(geometry);
  expect(after.flash.contents().slice(0, 17)).toEqual(Uint8Array.of(...new Uint8Array(16), 0xff));
  expect(after.tamper.isTriggered).toBe(true);
  expect(after.securityFuse.value).toBe(7);
});

test('closed, it holds no secret in memory any more and writes nothing', () => {
  const path = madeBoard();
  const directory = openBoardDirectory(path);
  directory[Symbol.dispose]();
  const record = readFileSync(join(path, 'board.json'));

  directory.tamper.trigger();

  expect(directory.deviceSecret).toEqual(new Uint8Array(32));
  expect(readFileSync(join(path, 'board.json'))).toEqual(record);
});

test('a board runs from it, and again from it', () => {
  const path = join(temporaryFolder(), 'board');
  const first = openBoardDirectory(path);
  ask(makeTestBoard(partsOf(first)).board, 'p\x07');
  first[Symbol.dispose]();

  const { board } = makeTestBoard(partsOf(opened(path)));

  expect(ask(board, 'v\x07')).toEqual(['07070707']);
});

test('its clock runs with that of the computer, and stays as far ahead as it was set', () => {
  const path = join(temporaryFolder(), 'board');
  const first = openBoardDirectory(path);
  const hourMs = 3_600_000;
  expect(Math.abs(first.clock.nowMs() - Date.now())).toBeLessThan(hourMs / 2);
  first.clock.set(Date.now() + 5 * hourMs);
  first[Symbol.dispose]();

  const { clock } = opened(path);

  expect(Math.abs(clock.nowMs() - Date.now() - 5 * hourMs)).toBeLessThan(hourMs / 2);
});

test('a directory from before clocks could be set has one that was never set', () => {
  const path = madeBoard();
  const file = join(path, 'board.json');
  const { clockOffsetMs: _, ...older } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify(older));

  expect(Math.abs(opened(path).clock.nowMs() - Date.now())).toBeLessThan(1_800_000);
});

test('one emulator at a time', () => {
  const directory = opened(madeBoard());

  expect(() => openBoardDirectory(directory.path)).toThrow('is in use by another emulator');
});

test('making it can be broken off before the record is there, and goes on', () => {
  const path = madeBoard();
  rmSync(join(path, 'board.json'));

  expect(opened(path).deviceSecret).toHaveLength(32);
});

const change = (text: string, to: string) => (path: string) => {
  const file = join(path, 'board.json');
  const record = readFileSync(file, 'utf8');
  expect(record).toContain(text);
  writeFileSync(file, record.replace(text, to));
};

test.each<[string, (path: string) => void, string]>([
  [
    'a flash that is cut',
    (path) => truncateSync(join(path, 'flash.bin'), 4095),
    'it has 4095 bytes',
  ],
  ['no flash', (path) => rmSync(join(path, 'flash.bin')), 'flash.bin is missing'],
  [
    'no record beside a flash in use',
    (path) => {
      rmSync(join(path, 'board.json'));
      writeFileSync(join(path, 'flash.bin'), new Uint8Array(4096));
    },
    'board.json is missing',
  ],
  ['an empty record', (path) => writeFileSync(join(path, 'board.json'), ''), 'not a record'],
  ['half a record', (path) => truncateSync(join(path, 'board.json'), 60), 'not a record'],
  [
    'a record of something else',
    (path) => writeFileSync(join(path, 'board.json'), '[]'),
    'not a record',
  ],
  ['sizes that do not fit', change('1024', '1000'), 'not a record'],
  ['sizes that are no numbers', change('4096', 'null'), 'not a record'],
  ['a short secret', change('"deviceSecret": "', '"deviceSecret": "0'), 'not a record'],
  ['no tamper contact', change('isTampered', 'wasTampered'), 'not a record'],
  ['an unknown format', change('"format": 1', '"format": 0'), 'not a record'],
  ['a later format', change('"format": 1', '"format": 2'), 'by a newer version'],
])('%s is refused, with the reason, and nothing is changed', (_, damage, reason) => {
  const path = madeBoard();
  damage(path);
  const before = join(temporaryFolder(), 'before');
  cpSync(path, before, { recursive: true });

  expect(() => openBoardDirectory(path, geometry)).toThrow(reason);
  expect(() => openBoardDirectory(path, geometry)).toThrow(reason); // not that it is in use

  for (const name of ['board.json', 'flash.bin'])
    expect(contentOf(path, name)).toEqual(contentOf(before, name));
});

function contentOf(path: string, name: string): Buffer | undefined {
  const file = join(path, name);
  return statSync(file, { throwIfNoEntry: false }) && readFileSync(file);
}

test('a refusal tells no secret', () => {
  const path = madeBoard();
  const secret = /[0-9a-f]{64}/.exec(readFileSync(join(path, 'board.json'), 'utf8'))?.[0] as string;
  change('"format": 1', '"format": -1')(path);

  expect(() => openBoardDirectory(path)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(secret.slice(0, 8)) }),
  );
});
