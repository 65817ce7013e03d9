/** `tessera meter update` over TCP, and what is found on the disk by the next start of the meter (requirements.md F8, H2, H4). */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openMeter } from '#driver/meter';
import { startEmulator } from '#emulator/emulator';
import { cli, cliDone, type MeterAtHand, openWorld, type World } from '#test/support/cli';
import { testImageKey } from '#test/support/test-firmware';
import { brokenRelease, NEW, OLD, release } from '#test/support/update';

const imageKey = testImageKey.publicKey;
let world: World;
let directory: string;
let meter: MeterAtHand;
beforeAll(async () => {
  world = await openWorld();
  directory = join(world.folder, 'board');
  meter = await world.refilledMeter({ directory, image: release(OLD), imageKey });
});
afterAll(() => world[Symbol.asyncDispose]());

function fileWith(name: string, content: Uint8Array): string {
  const file = join(world.folder, name);
  writeFileSync(file, content);
  return file;
}

const update = (file: string) =>
  cli(
    ...['meter', 'update', file, '--home', meter.home],
    ...['--password-file', world.passwordFiles.cryptoOfficer],
  );
const registersNow = async () => (await cliDone('meter', 'registers', ...meter.asUser)).said;

test('what is no image is refused, and nothing is made on the disk', async () => {
  const { exitCode, error } = await update(fileWith('text', Buffer.from('no image')));

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ error: 'documentMalformed' });
  expect(existsSync(join(directory, 'slot-a.bin'))).toBe(false);
});

test('a file that is not there is told by its name', async () => {
  const { exitCode, error } = await update(join(world.folder, 'absent'));

  expect(exitCode).not.toBe(0);
  expect(JSON.stringify(error)).toContain('absent');
});

test('an image that does not come up ends with exit code 1 at the old one', async () => {
  const before = await registersNow();

  const { exitCode, figures } = await update(
    fileWith('broken', brokenRelease(NEW, 'throw new Error("no");')),
  );

  expect(exitCode).toBe(1);
  expect(figures('fellBack')).toMatchObject({ imageVersion: OLD.imageVersion });
  expect(await registersNow()).toEqual(before);
});

test('the meter runs the new image, with its money', async () => {
  const before = await registersNow();

  const { exitCode, figures, said } = await update(fileWith('new', release(NEW)));

  expect(exitCode).toBe(0);
  expect(figures('updated')).toMatchObject({
    imageVersionBefore: OLD.imageVersion,
    imageVersion: NEW.imageVersion,
  });
  expect(said.filter(({ event }) => event === 'loaded').length).toBeGreaterThan(8);
  expect(await registersNow()).toEqual(before);
});

test('the same image a second time is refused with a status of its own', async () => {
  const { exitCode, error } = await update(fileWith('again', release(NEW)));

  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ error: 'imageInstalled' });
});

/** What an emulator runs that is started on the directory with this image. */
async function runs(image: Uint8Array): Promise<number> {
  await using emulator = await startEmulator({ directory, image, imageKey, tcpPort: 0 });
  await using anonymous = await openMeter(emulator.addresses.tcp as string);
  return (await anonymous.version()).imageVersion;
}

test('the next start finds what was loaded, unless the image that it is given is as late', async () => {
  await meter.emulator[Symbol.asyncDispose]();
  const later = NEW.imageVersion + 1;

  expect(await runs(release(OLD))).toBe(NEW.imageVersion);
  expect(await runs(release({ ...NEW, imageVersion: later }))).toBe(later);
});
