/** From power to a working meter: self-tests, random generator, journal, store, in the order that each needs the last. */

import type { Hardware } from '#hw/hardware';
import { wipe } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import { nobleCrypto } from '#protocol/noble-crypto';
import { type Device, destroyKeys, type RunningImage, readDocuments, saveStore } from './device.ts';
import { createDrbg, RESEED_INTERVAL } from './drbg.ts';
import { createTestedEntropy } from './entropy.ts';
import { Fault, invariant } from './fault.ts';
import { type FlashLayout, flashLayout } from './flash-layout.ts';
import { formatJournal, type Journal, openJournal } from './journal.ts';
import { blankState, checkConsistent } from './registers.ts';
import { checkPair, testImageAndAlgorithms } from './self-test.ts';
import { randomBytes, setRandomSource } from './shims.ts';
import type { StateHolder } from './state-machine.ts';
import { bornContent, openStore, type Store, type StoreContent } from './store.ts';
import {
  DEVICE_KEY_LABEL,
  type DeviceKeys,
  deriveDeviceKeys,
  sealSecret,
  withPrivateKey,
} from './vault.ts';

/** Samples of half a bit each for 256 bits of seed and 128 of nonce, twice over (SP 800-90A 8.6). */
const SEED_SAMPLES = 1536;

/** Seeds the generator from tested noise and makes it the source of every random byte from here on. */
function startGenerator(hardware: Hardware, crypto: Crypto): void {
  const entropy = createTestedEntropy(hardware.entropy);
  const seed = entropy.read(SEED_SAMPLES);
  const drbg = createDrbg(crypto.hmac, seed, new Uint8Array(0));
  wipe(seed);
  setRandomSource((size) => {
    if (drbg.reseedCounter > RESEED_INTERVAL) drbg.reseed(entropy.read(SEED_SAMPLES));
    return drbg.generate(size);
  });
}

function startJournal(
  hardware: Hardware,
  layout: FlashLayout,
  crypto: Crypto,
  keys: DeviceKeys,
  store: Store,
): Journal {
  const { flash } = hardware;
  const journal = openJournal(flash, layout, crypto, keys.journalTag);
  if (journal !== undefined) return journal;
  const first = store.isBlank()
    ? formatJournal(flash, layout, crypto, keys.journalTag, blankState())
    : undefined;
  if (first === undefined) throw new Fault('registersInconsistent');
  return first;
}

/** A blank device gets the key that it authenticates with for all its life. */
function born(crypto: Crypto, keys: DeviceKeys): StoreContent {
  const pair = crypto.generateKeyPair();
  checkPair(crypto, pair);
  const sealed = sealSecret(crypto, keys.deviceSeal, DEVICE_KEY_LABEL, pair.privateKey);
  wipe(pair.privateKey);
  return bornContent(pair.publicKey, sealed);
}

/** What stands in for a store whose keys are destroyed. */
const destroyedContent = (): StoreContent => bornContent(new Uint8Array(33), new Uint8Array(0));

function loadContent(device: Device): void {
  const { journal, store, crypto, keys, hardware } = device;
  const { lifeCycle, storeGeneration } = journal.state;
  if (hardware.tamper.isTriggered() !== 0 || lifeCycle === 'tampered') {
    destroyKeys(device, 'tampered');
    throw new Fault('tampered');
  }
  if (lifeCycle === 'zeroized') {
    destroyKeys(device, 'zeroized'); // power may have failed before all of it was gone
    return;
  }
  if (storeGeneration === 0) {
    saveStore(device, born(crypto, keys));
    return;
  }
  device.content = store.load(storeGeneration);
  device.documents = readDocuments(device.content);
  const { devicePublicKey, sealedDeviceKey } = device.content;
  withPrivateKey(crypto, keys.deviceSeal, DEVICE_KEY_LABEL, sealedDeviceKey, (privateKey) =>
    checkPair(crypto, { privateKey, publicKey: devicePublicKey }),
  );
}

/** Journal and store behind their keys, which are gone again where there is no journal (requirements.md A3). */
function openDevice(
  hardware: Hardware,
  states: StateHolder,
  crypto: Crypto,
  keys: DeviceKeys,
  image: RunningImage,
): Device {
  try {
    const layout = flashLayout(hardware.flash);
    const store = openStore(hardware.flash, layout, crypto, keys.storeTag);
    const journal = startJournal(hardware, layout, crypto, keys, store);
    const content = destroyedContent();
    return {
      hardware,
      crypto,
      keys,
      image,
      journal,
      store,
      states,
      content,
      documents: readDocuments(content),
      access: undefined,
      sessionRole: undefined,
      sessionKey: undefined,
      lastWrongTryMs: 0,
      selfTestFromMs: 0,
      isClosing: false,
      isRestarting: false,
    };
  } catch (cause) {
    wipe(...Object.values(keys));
    throw cause;
  }
}

/**
 * Brings the meter up.
 * @param found takes the device as soon as its journal is there, so that the registers stay readable whatever fails after
 * @throws Fault for every self-test that fails
 */
export function bringUp(
  hardware: Hardware,
  states: StateHolder,
  found: (device: Device) => void,
): void {
  const crypto = nobleCrypto(randomBytes);
  const imageKey = new Uint8Array(hardware.fuses.imageKey());
  const image = testImageAndAlgorithms(crypto, hardware.image, imageKey);
  startGenerator(hardware, crypto);
  const deviceSecret = new Uint8Array(hardware.fuses.deviceSecret());
  const keys = deriveDeviceKeys(crypto, deviceSecret);
  wipe(deviceSecret);
  const device = openDevice(hardware, states, crypto, keys, image);
  found(device);
  checkConsistent(device.journal.state);
  invariant(!device.journal.hasGap, 'registersInconsistent');
  device.journal.pin();
  loadContent(device);
}
