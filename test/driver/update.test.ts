/** Firmware updates from end to end: driver, meter, slots, boot ROM (requirements.md F8, H2; docs/update.md). */

import { expect, test } from 'vitest';
import { updateImage } from '#driver/update';
import { NEW, OLD, release, updatable, updatableParts } from '#test/support/update';

test('an image is loaded, tested, and runs after the restart; money stays', async () => {
  const parts = await updatableParts();
  await using meter = updatable(parts);
  const officer = await meter.loggedIn('cryptoOfficer');
  const before = await officer.status();
  const told: number[] = [];

  const outcome = await updateImage(officer, release(NEW), {
    onProgress: (loaded) => told.push(loaded),
  });

  expect(outcome).toMatchObject({ isInstalled: true, imageVersion: NEW.imageVersion });
  expect(told.at(-1)).toBe(release(NEW).length - 128);
  expect(await officer.updateStatus()).toEqual({
    running: 'a',
    securityVersion: NEW.securityVersion,
    spare: 'blank',
    spareVersion: 0,
  });
  expect((await officer.status()).registers).toEqual(before.registers);
  expect(parts.securityFuse.value).toBe(NEW.securityVersion);
  expect(OLD.securityVersion).toBe(1);
});
