/** Flash in a file: what outlives a process, and who may open it (requirements.md H3). */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openFlashFile } from '#emulator/flash-file';
import { flashStatus } from '#hw/flash';
import { temporaryFolder } from '#test/support/temporary-folder';
import { repositoryRoot } from '#tools/sources';

const geometry = { size: 256, sectorSize: 64, programUnit: 16 };
const unit = (value: number): ArrayBuffer => new Uint8Array(16).fill(value).buffer;

test('the file holds the bytes of the flash and nothing else, for its owner only', () => {
  const path = join(temporaryFolder(), 'flash.bin');
  const flash = openFlashFile(path, { geometry });

  flash.program(16, unit(0x42));
  flash.sync();
  flash.close();

  const expected = Buffer.alloc(256, 0xff).fill(0x42, 16, 32);
  expect(readFileSync(path)).toEqual(expected);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a flash that is opened again takes no program where there is one', () => {
  const path = join(temporaryFolder(), 'flash.bin');
  const first = openFlashFile(path, { geometry });
  first.program(16, unit(0x42));
  first.close();

  const again = openFlashFile(path, { geometry });
  onTestFinished(() => again.close());

  expect(again.program(16, unit(0x00))).toBe(flashStatus.refused);
  expect(again.program(32, unit(0x00))).toBe(flashStatus.ok);
});

test('a file that is open is refused, and free again once it is closed', () => {
  const path = join(temporaryFolder(), 'flash.bin');
  const first = openFlashFile(path, { geometry });

  expect(() => openFlashFile(path, { geometry })).toThrow(`${path} is in use by another emulator.`);

  first.close();
  openFlashFile(path, { geometry }).close();
});

test('a file of another size is refused and left as it is', () => {
  const path = join(temporaryFolder(), 'flash.bin');
  openFlashFile(path, { geometry }).close();
  truncateSync(path, 255);

  for (let attempt = 0; attempt < 2; attempt += 1)
    expect(() => openFlashFile(path, { geometry })).toThrow('it has 255 bytes, not 256');

  expect(statSync(path).size).toBe(255);
});

test('a folder that does not exist is an error, and no lock stays behind', () => {
  const path = join(temporaryFolder(), 'none', 'flash.bin');

  expect(() => openFlashFile(path, { geometry })).toThrow();
  expect(existsSync(path)).toBe(false);
});

test('a process that is killed keeps neither the lock nor what it programmed', async () => {
  const path = join(temporaryFolder(), 'flash.bin');
  const holder = spawn(
    process.execPath,
    ['--input-type=module', '-e', HOLDER, path, JSON.stringify(geometry)],
    { cwd: repositoryRoot, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await once(holder.stdout, 'data');
  expect(() => openFlashFile(path, { geometry })).toThrow('is in use by another emulator');

  holder.kill('SIGKILL');
  await once(holder, 'exit');

  const flash = openFlashFile(path, { geometry });
  onTestFinished(() => flash.close());
  expect(new Uint8Array(flash.read(0, 16))).toEqual(new Uint8Array(16).fill(0x24));
});

/** Programs one unit, says so, and waits. */
const HOLDER = `
const { openFlashFile } = await import('#emulator/flash-file');
const [path, geometry] = process.argv.slice(1);
globalThis.flash = openFlashFile(path, { geometry: JSON.parse(geometry) }); // else it may be collected, lock and all
flash.program(0, new Uint8Array(16).fill(0x24).buffer);
process.stdout.write('ready');
process.stdin.resume();
`;
