/** Firmware updates from end to end: driver, meter, slots, boot ROM (requirements.md F8, H2; docs/update.md). */

import { expect, test } from 'vitest';
import { updateImage } from '#driver/update';
import { IMAGE_HEADER_SIZE, type ImageHeader, verifyImage } from '#protocol/documents/image-header';
import { nobleCrypto } from '#protocol/noble-crypto';
import { seededRandom } from '#test/support/seeded-random';
import { testImageKey } from '#test/support/test-firmware';
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

test('a meter that fell back to an earlier version of the same code says so', async () => {
  const image = release(NEW);
  const { bodyDigest } = verified(image);
  const fallenBack = {
    updateBegin: async () => ({ have: image.length - IMAGE_HEADER_SIZE }),
    updateWrite: async () => undefined,
    updateFinish: async () => undefined,
    reconnect: async () => undefined,
    version: async () => ({
      protocolVersion: 2,
      imageVersion: OLD.imageVersion,
      imageDigest: bodyDigest,
    }),
  };

  const { isInstalled, imageVersion } = await updateImage(fallenBack, image);

  expect([isInstalled, imageVersion]).toEqual([false, OLD.imageVersion]);
});

function verified(image: Uint8Array): ImageHeader {
  const read = verifyImage(nobleCrypto(seededRandom('any')), testImageKey.publicKey, image);
  if (!read.ok) throw new Error(read.status);
  return read.value.header;
}
