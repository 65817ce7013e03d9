/**
 * Each self-test forced to fail from outside, on the image as it is but for one constant: nothing leaves the meter but its
 * status and version, until power is cycled (requirements.md A2, A3; FIPS 140-3, ISO 19790 7.10).
 */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { createManualClock } from '#emulator/clock';
import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import {
  createBiasedEntropy,
  createSeededEntropy,
  createStuckEntropy,
  deadEntropy,
} from '#emulator/entropy';
import { createMemoryFlash, type FlashDevice } from '#emulator/flash';
import type { ImageFile } from '#emulator/image-file';
import { findSecrets } from '#emulator/secret-scan';
import { knownAnswers } from '#firmware/known-answers';
import type { Entropy, Hardware } from '#hw/hardware';
import { encodeRequest } from '#protocol/dispatch';
import { TEST_TIME_MS } from '#test/support/board';
import {
  bench,
  expectStopped,
  expectWorking,
  logIn,
  powerCycle,
  type ToldFault,
} from '#test/support/error-state';
import { patchedImage } from '#test/support/image-patch';
import { appendState, newestState, replaceContent } from '#test/support/journal-forgery';
import { FUNDS, flashAt } from '#test/support/meter';

/** Numbers that are told to the host and never reused. */
const IMAGE_INTEGRITY = 32;
const PAIRWISE_CONSISTENCY = 33;

const blank = (): FlashDevice => createMemoryFlash();

/** The image by itself, and with a crypto engine: whatever is tested, on both. */
const boards = [
  ['by itself', false],
  ['with a crypto engine', true],
] as const;

describe.each(boards)('a known answer that is not given, %s', (_board, cryptoEngine) => {
  const wrongHex = (text: string): readonly [string, string] => [text, text.replace(/^../, 'ff')];

  /** By the names of firmware/known-answers.ts: what is changed, so that this test alone fails. */
  const patches: Readonly<Record<string, readonly [RegExp | string, string]>> = {
    'SHA-256': wrongHex('ba7816bf8f01cfea414140de5dae2223'),
    'HMAC-SHA-256': wrongHex('5bdcc146bf60754e6a042426089575c7'),
    'ECDSA P-256 verify': wrongHex('60fed4ba255a9d31c961eb74c6356d68'),
    'ECDSA P-256 sign': wrongHex('9afa9d845ba75166b5c215767b1d6934'),
    'ECDH P-256': wrongHex('46fc62106420ff012e54a434fbdd2d25'),
    'AES-256-GCM seal': wrongHex('d23ba473689d1c09127548c5cd15faf6'),
    'AES-256-GCM open': [/\[47\]\?\?0\)\^1/, '[47]??0)^0'], // the forged tag is not one
    'SP 800-108 counter KDF': wrongHex('360a94993747b8b900b90d1c18c0727d'),
    'PBKDF2-HMAC-SHA-256': wrongHex('ae4d0c95af6b46d32d0adff928f06dd0'),
    HMAC_DRBG: wrongHex('26a6bdf3ecaaadc22ae3cbc9b9f5a61e'),
    'P-256 public key': wrongHex('ead218590119e8876b29146ff89ca617'),
  };

  test('is forced for every one of them', () => {
    expect(Object.keys(patches)).toEqual(knownAnswers.map(({ name }) => name));
  });

  test.each(knownAnswers.map(({ name }, index) => [name, index + 1] as const))(
    '%s',
    async (name, number) => {
      await using meter = bench(blank(), { ...patchedImage(patches[name]), cryptoEngine });

      expectStopped(meter, { name: 'selfTestFailed', detail: number });
      powerCycle(meter);
      expectStopped(meter, { name: 'selfTestFailed', detail: number });
      expect(meter.board.flash.contents().every((byte) => byte === 0xff)).toBe(true);
    },
  );

  test('stops a meter that was asked to test itself, in the middle of its work', async () => {
    const image = patchedImage([
      /(\w+)\("(ba7816bf[0-9a-f]+)"\)/,
      '(globalThis.second?$1("00"):(globalThis.second=1,$1("$2")))',
    ]);
    await using meter = bench(await flashAt('refilled'), { ...image, cryptoEngine });
    expectWorking(meter);
    meter.host.bytesOut();

    const reply = meter.host.open(encodeRequest('selfTest', {}));

    expect(reply).toBeUndefined();
    expectStopped(meter, { name: 'selfTestFailed', detail: 1 });
    powerCycle(meter);
    expectWorking(meter);
  });
});

/** The processor of every board here, with a hand on the hardware of each power cycle. */
function tampering(change: (hardware: Hardware) => Hardware): Cpu {
  const cpu = createNodeVmCpu();
  return { ...cpu, boot: (program, hardware) => cpu.boot(program, change(hardware)) };
}

describe('the image', () => {
  const flipAt = (hardware: Hardware, place: number, isOn: () => boolean): Hardware => ({
    ...hardware,
    image: {
      size: hardware.image.size,
      read(offset, length) {
        const bytes = new Uint8Array(hardware.image.read(offset, length));
        if (isOn() && place >= offset && place < offset + length)
          bytes[place - offset] = (bytes[place - offset] as number) ^ 1;
        return bytes.buffer;
      },
    },
  });
  const integrity = { name: 'imageInvalid', detail: IMAGE_INTEGRITY } as const;

  test.each([0, 4, 70, 128, 9_000, 130_000])(
    'that reads differently at byte %i than the boot ROM read it',
    async (place) => {
      let isFlipped = true;
      const cpu = tampering((hardware) => flipAt(hardware, place, () => isFlipped));
      await using meter = bench(await flashAt('refilled'), { cpu });

      expectStopped(meter, integrity);
      isFlipped = false;
      powerCycle(meter);
      expectWorking(meter);
    },
  );

  /** Signature of the header, and a piece of the body: what is left of them in the memory of the embedded engine. */
  async function leftOfImage(file: ImageFile): Promise<number> {
    const { image } = file;
    await using meter = bench(await flashAt('refilled'), { ...file, cpu: createQuickJsCpu() });
    expectWorking(meter);
    const memory = { memory: meter.board.memory() ?? new Uint8Array(0) };
    const pieces = { header: image.subarray(64, 128), body: image.subarray(9_000, 9_064) };
    return findSecrets(pieces, memory, { bytesMin: 32 }).length;
  }

  test('what was read for the test of integrity is not in memory behind it', async () => {
    const keeping = patchedImage([
      /(\w+)=(\w+)\.slice\(\);return \w+\((\w+)\),\{version:/,
      '$1=$2;globalThis.kept=$3;return {version:',
    ]);

    expect(await leftOfImage(patchedImage())).toBe(0);
    expect(await leftOfImage(keeping)).toBeGreaterThan(0);
  });

  test('that is shorter than it was', async () => {
    const cpu = tampering((hardware) => ({
      ...hardware,
      image: { ...hardware.image, size: hardware.image.size - 1, read: hardware.image.read },
    }));
    await using meter = bench(await flashAt('refilled'), { cpu });

    expectStopped(meter, integrity);
  });

  test('that another key signed than the fuses name', async () => {
    const other = nodeCrypto.generateKeyPair().publicKey.slice().buffer as ArrayBuffer;
    const cpu = tampering((hardware) => ({
      ...hardware,
      fuses: { ...hardware.fuses, imageKey: () => other },
    }));
    await using meter = bench(await flashAt('refilled'), { cpu });

    expectStopped(meter, integrity);
  });

  test('that rots while it runs is found by the self-test on demand', async () => {
    let isFlipped = false;
    const cpu = tampering((hardware) => flipAt(hardware, 5_000, () => isFlipped));
    const clock = createManualClock(TEST_TIME_MS);
    await using meter = bench(await flashAt('refilled'), { cpu, clock });
    expectWorking(meter);
    expect(meter.host.open(encodeRequest('selfTest', {}))).toMatchObject({ status: 'ok' });
    expect(meter.host.open(encodeRequest('selfTest', {}))).toMatchObject({
      status: 'selfTestDelayed',
    });
    meter.host.bytesOut();
    clock.advance(1_000);
    isFlipped = true;

    expect(meter.host.open(encodeRequest('selfTest', {}))).toBeUndefined();

    expectStopped(meter, integrity);
  });
});

describe('noise', () => {
  test.each<[string, Entropy, number]>([
    ['that sticks', createStuckEntropy(0x55), 1],
    ['that leans', createBiasedEntropy(2, 5), 2],
    ['that is not there', deadEntropy, 3],
  ])('%s at power-up', async (_name, entropy, detail) => {
    await using meter = bench(await flashAt('refilled'), { entropy });

    expectStopped(meter, { name: 'entropyFailed', detail });
  });

  test.each<[string, Entropy, number]>([
    ['sticks', createStuckEntropy(0x55), 1],
    ['leans', createBiasedEntropy(2, 5), 2],
    ['is gone', deadEntropy, 3],
  ])('that %s when the generator wants to be seeded again', async (_name, broken, detail) => {
    const healthy = createSeededEntropy(1);
    let isBroken = false;
    const entropy: Entropy = { read: (size) => (isBroken ? broken : healthy).read(size) };
    const image = patchedImage([/(\.reseedCounter)>\w+/, '$1>0']); // at every request
    await using meter = bench(await flashAt('refilled'), { ...image, entropy });
    const { host } = meter;
    for (let session = 0; session < 3; session++) host.openSession('user');
    host.bytesOut();
    isBroken = true;

    expect(() => host.openSession('user')).toThrow('openSession is answered by undefined');

    expectStopped(meter, { name: 'entropyFailed', detail });
    isBroken = false;
    powerCycle(meter);
    expectWorking(meter);
  });
});

const flipped = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte));
const strange = nodeCrypto.generateKeyPair().publicKey;

/** Where the store that is valid begins (docs/flash.md). */
const bankOf = (flash: FlashDevice): number =>
  newestState(flash.contents()).storeGeneration % 2 === 0 ? 0 : 12_288;

describe('what the flash holds', () => {
  test('registers that contradict each other', async () => {
    const flash = await flashAt('refilled');
    appendState(flash, (last) => ({ ...last, credited: last.credited + 1 }));
    await using meter = bench(flash);

    expectStopped(meter, { name: 'registersInconsistent', detail: 0 });
    expect(meter.host.status()).toMatchObject({
      registersValid: false,
      lifeCycle: 'registered',
      registers: { descending: FUNDS, credited: FUNDS + 1 },
    });
  });

  test.each<[string, (flash: FlashDevice) => void]>([
    [
      'a store with one wrong byte',
      (flash) => {
        const place = bankOf(flash) + 100;
        flash.damage(place, flipped(flash.contents().slice(place, place + 1)));
      },
    ],
    [
      'a store of an older generation',
      (flash) =>
        appendState(flash, (last) => ({ ...last, storeGeneration: last.storeGeneration + 2 })),
    ],
    [
      'a licence that cannot be read',
      (flash) => replaceContent(flash, (all) => ({ ...all, licence: all.licence.slice(1) })),
    ],
    [
      'a device key under another seal',
      (flash) =>
        replaceContent(flash, (all) => ({ ...all, sealedDeviceKey: flipped(all.sealedDeviceKey) })),
    ],
  ])('%s', async (_name, damage) => {
    const flash = await flashAt('refilled');
    damage(flash);
    await using meter = bench(flash);

    expectStopped(meter, { name: 'storeDamaged', detail: 0 });
    expect(meter.host.status()).toMatchObject({
      registersValid: true,
      registers: { descending: FUNDS, credited: FUNDS },
    });
    powerCycle(meter);
    expectStopped(meter, { name: 'storeDamaged', detail: 0 });
  });

  test.each<[string, ToldFault, (flash: FlashDevice) => void]>([
    [
      'an indicium key under another seal',
      { name: 'storeDamaged', detail: 0 },
      (flash) =>
        replaceContent(flash, (all) => ({
          ...all,
          sealedIndiciumKey: flipped(all.sealedIndiciumKey),
        })),
    ],
    [
      'an indicium key with another public key',
      { name: 'selfTestFailed', detail: PAIRWISE_CONSISTENCY },
      (flash) => replaceContent(flash, (all) => ({ ...all, indiciumPublicKey: strange })),
    ],
  ])('%s, which is found at log-in', async (_name, fault, damage) => {
    const flash = await flashAt('refilled');
    damage(flash);
    await using meter = bench(flash);

    expect(logIn(meter)).toBeUndefined();

    expectStopped(meter, fault);
  });

  test('a device key with another public key', async () => {
    const flash = await flashAt('refilled');
    replaceContent(flash, (all) => ({ ...all, devicePublicKey: strange }));
    await using meter = bench(flash);

    expectStopped(meter, { name: 'selfTestFailed', detail: PAIRWISE_CONSISTENCY });
  });

  test('sectors that do not erase any more', async () => {
    await using meter = bench(createMemoryFlash({ endurance: 0 }));

    expectStopped(meter, { name: 'flashFailed', detail: 0 });
  });
});

test('the self-test on demand passes on a meter that is sound, and says how many tests there were', async () => {
  await using meter = bench(await flashAt('refilled'));

  const reply = meter.host.open(encodeRequest('selfTest', {}));

  expect(reply).toMatchObject({ status: 'ok', state: 'uninitialized' });
  expect(reply?.payload.slice(4)).toEqual(Uint8Array.of(knownAnswers.length + 2));
});
