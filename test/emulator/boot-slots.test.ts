/** Which image a board starts, by what its slots hold (requirements.md H2; docs/update.md). */

import { describe, expect, test } from 'vitest';
import { updateImage } from '#driver/update';
import { checkImage } from '#emulator/boot-rom';
import { chosenOf, confirmImage, imagesOn } from '#emulator/boot-slots';
import type { FlashDevice } from '#emulator/flash';
import { memoryImageSlots } from '#emulator/image-slots';
import { type SlotContent, slotWith } from '#test/support/slots';
import { TEST_FIRMWARE, testImage, testImageKey } from '#test/support/test-firmware';
import { brokenRelease, NEW, OLD, release, updatable, updatableParts } from '#test/support/update';

const small = (imageVersion: number, securityVersion = 1, body = TEST_FIRMWARE): Uint8Array =>
  release({ imageVersion, securityVersion }, { body: new TextEncoder().encode(body) });
const FIXED = testImage(); // 0x010203
const fixedVersion = 0x01_02_03;
const later = (content: Partial<SlotContent> = {}): FlashDevice =>
  slotWith({ image: small(fixedVersion + 1), ...content });
const latest = (content: Partial<SlotContent> = {}): FlashDevice =>
  slotWith({ image: small(fixedVersion + 2), ...content });

function started(a: FlashDevice | undefined, b: FlashDevice | undefined, securityVersion = 1) {
  const slots = memoryImageSlots({ ...(a && { 1: a }), ...(b && { 2: b }) });
  const images = imagesOn(FIXED, slots, (image) =>
    checkImage(testImageKey.publicKey, securityVersion, image),
  );
  return chosenOf(images)?.place;
}

function flipped(image: Uint8Array, at: number): Uint8Array {
  return image.map((byte, place) => (place === at ? byte ^ 1 : byte));
}

const { length } = small(fixedVersion + 1);
const stranger = release(NEW, {
  key: { privateKey: new Uint8Array(32).fill(9), publicKey: testImageKey.publicKey },
});

test.each<[what: string, a: FlashDevice | undefined, b: FlashDevice | undefined, place: number]>([
  ['nothing was ever loaded', undefined, undefined, 0],
  ['a blank slot', slotWith({}), undefined, 0],
  ['a later image in a', later(), undefined, 1],
  ['a later image in b', undefined, later(), 2],
  ['two later images', later(), latest(), 2],
  ['two later images, the other way round', latest(), later(), 1],
  ['an older image', slotWith({ image: small(fixedVersion - 1) }), undefined, 0],
  ['the same version: the fixed one stays', slotWith({ image: small(fixedVersion) }), undefined, 0],
  ['one version twice: that which is confirmed', later(), later({ confirmed: 1 }), 2],
  ['no commit', later({ commit: 'blank' }), undefined, 0],
  ['a commit that was cut', later({ commit: 'torn' }), undefined, 0],
  ['the commit of another image', later({ commit: 'zeros' }), undefined, 0],
  ['a commit that is lost, but confirmed', later({ commit: 'torn', confirmed: 1 }), undefined, 1],
  ['tried once', later({ tried: 1 }), undefined, 1],
  ['tried twice', later({ tried: 2 }), undefined, 1],
  ['tried three times and never confirmed', later({ tried: 3 }), undefined, 0],
  ['tried three times and confirmed', later({ tried: 3, confirmed: 2 }), undefined, 1],
  ['the latest tried in vain', latest({ tried: 3 }), later(), 2],
  ['both tried in vain', latest({ tried: 3 }), later({ tried: 3 }), 0],
  ['a flipped bit of the header', later({ damagedAt: 60 }), undefined, 0],
  ['a flipped bit of the signature', later({ damagedAt: 100 }), undefined, 0],
  ['a flipped bit of the body', later({ damagedAt: 128 }), undefined, 0],
  ['a flipped bit at the end', later({ damagedAt: length - 1 }), undefined, 0],
  ['a damaged latest one', latest({ damagedAt: 500 }), later(), 2],
  ['an image of another key', slotWith({ image: stranger }), undefined, 0],
  [
    'one that is cut short',
    slotWith({ image: small(fixedVersion + 1).slice(0, -40) }),
    undefined,
    0,
  ],
  [
    'a size beyond the slot',
    slotWith({ image: flipped(small(fixedVersion + 1), 16) }),
    undefined,
    0,
  ],
  [
    'bytecode where source runs',
    slotWith({ image: release(NEW, { form: 'bytecode' }) }),
    undefined,
    0,
  ],
])('%s', (_, a, b, place) => {
  expect(started(a, b)).toBe(place);
});

describe('the security version', () => {
  const raised = (version: number, tried = 0): FlashDevice =>
    slotWith({ image: small(fixedVersion + 1, version), tried });

  test.each<[what: string, a: FlashDevice, fuse: number, place: number | undefined]>([
    ['above the fuse', raised(3), 2, 1],
    ['that of the fuse', raised(2), 2, 1],
    ['below the fuse, as that of the fixed image: nothing may run', raised(1), 2, undefined],
    ['above the fuse, tried in vain: once more, since nothing else may run', raised(3, 3), 2, 1],
  ])('%s', (_, a, fuse, place) => {
    expect(started(a, undefined, fuse)).toBe(place);
  });
});

test('each start of an image on trial is noted, until none is left', () => {
  const slot = later();

  expect([1, 2, 3, 4, 5].map(() => started(slot, undefined))).toEqual([1, 1, 1, 0, 0]);
});

test('a commit that was cut is erased, so that it never reads right later', () => {
  const slot = later({ commit: 'torn' });

  started(slot, undefined);

  expect(slot.contents().every((byte, at) => at >= 4096 || byte === 0xff)).toBe(true);
});

test('a confirmation is there twice, whichever of its programs is cut, and says so once', () => {
  for (const tear of ['prefix', 'weak', 'phantom'] as const)
    for (let cut = 0; cut < 3; cut++) {
      const slot = later();
      const slots = memoryImageSlots({ 1: slot });
      const image = () => {
        const check = (bytes: Uint8Array) => checkImage(testImageKey.publicKey, 1, bytes);
        const [first] = imagesOn(FIXED, slots, check).images;
        if (first?.place !== 1) throw new Error('the slot does not count');
        return first;
      };
      slot.losePowerAfter(cut, { tear });
      if (cut < 2) expect(() => confirmImage(image())).toThrow();
      slot.restorePower();
      slot.losePowerAfter(1_000);

      expect(confirmImage(image())).toBe(0);
      const before = slot.counters.programs;
      expect(confirmImage(image())).toBe(0);
      expect(image().isConfirmed).toBe(true);
      expect(slot.counters.programs - before).toBeLessThanOrEqual(1);
    }
});

describe('a new image that', () => {
  const failsItself =
    'const real = tessera.powerOn; tessera.powerOn = (hw) => real({ ...hw, entropy: { read: () => new ArrayBuffer(64) } });';
  test.each<[what: string, code: string]>([
    ['crashes while it loads', 'throw new Error("no");'],
    ['crashes when it is powered on', 'tessera.powerOn = () => { throw new Error("no"); };'],
    ['fails its self-tests', failsItself],
    ['leaves nothing in its scope', 'delete globalThis.tessera;'],
  ])('%s is tried three times; then the old one runs, with all its money', async (_, code) => {
    const parts = await updatableParts();
    await using meter = updatable(parts);
    const officer = await meter.loggedIn('cryptoOfficer');
    const { registers } = await officer.status();

    const outcome = await updateImage(officer, brokenRelease(NEW, code));

    expect(outcome).toMatchObject({ isInstalled: false, imageVersion: OLD.imageVersion });
    expect((await officer.status()).registers).toEqual(registers);
    expect(parts.securityFuse.value).toBe(OLD.securityVersion);
    expect(parts.imageSlots.open(1).contents().subarray(144, 192)).toEqual(new Uint8Array(48));
    const again = await meter.loggedIn('cryptoOfficer');
    expect(await updateImage(again, release(NEW))).toMatchObject({ isInstalled: true });
    expect((await again.status()).registers).toEqual(registers);
  });
});

test('an image that is confirmed and crashes stays: the board is dead, not back', async () => {
  const parts = await updatableParts();
  await using meter = updatable(parts);
  const officer = await meter.loggedIn('cryptoOfficer');
  const trap =
    'const real = tessera.powerOn; tessera.powerOn = (hw) => ({ ...real(hw), tick() { throw new Error("no"); } });';
  await updateImage(officer, brokenRelease(NEW, trap));

  meter.board.tick();

  expect(meter.board.fault).toMatchObject({ kind: 'crashed' });
});

test('two updates go to the two slots, and the second lets nothing older run', async () => {
  const parts = await updatableParts();
  await using meter = updatable(parts);
  const next = { imageVersion: NEW.imageVersion + 1, securityVersion: NEW.securityVersion };

  await updateImage(await meter.loggedIn('cryptoOfficer'), release(NEW));
  const officer = await meter.loggedIn('cryptoOfficer');
  await updateImage(officer, release(next));

  expect(await officer.updateStatus()).toMatchObject({
    running: 'b',
    spare: 'loaded',
    spareVersion: NEW.imageVersion,
  });
  parts.imageSlots.open(2).damage(4096, new Uint8Array(64));
  meter.board.powerOff();
  meter.board.powerOn();
  expect(await (await meter.anonymous()).version()).toMatchObject({
    imageVersion: NEW.imageVersion,
  });
  parts.imageSlots.open(1).damage(4096, new Uint8Array(64));
  meter.board.powerOff();
  meter.board.powerOn();
  expect(meter.board.fault?.message).toContain('security version is 1, below 2');
});
