/** From power to a working meter: self-tests, random generator, journal, store, in the order that each needs the last. */

import type { Hardware } from '#hw/hardware';
import { wipe } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import { boardCrypto } from './board-crypto.ts';
import { bornPair } from './born-pair.ts';
import { checkLog } from './condition.ts';
import {
  commit,
  type Device,
  destroyKeys,
  hasEnded,
  logStateOf,
  type RunningImage,
  readDocuments,
  saveStore,
  stamped,
} from './device.ts';
import { createDrbg, type Drbg, RESEED_INTERVAL } from './drbg.ts';
import { createTestedEntropy } from './entropy.ts';
import { Fault, invariant } from './fault.ts';
import { faultMark, NO_MARK, tellNotes } from './fault-note.ts';
import { type FlashLayout, flashLayout } from './flash-layout.ts';
import type { ImageCrypto } from './image-crypto.ts';
import { formatJournal, type Journal, openJournal } from './journal.ts';
import { blankState } from './journal-record.ts';
import { aside, checkConsistent } from './registers.ts';
import { createSecureClock } from './secure-clock.ts';
import { openSecurityLog, type SecurityLog } from './security-log.ts';
import { checkPair, testImageAndAlgorithms } from './self-test.ts';
import { eraseOldKeys } from './services/renewal.ts';
import { SELF_TEST_PERIOD_MS } from './services/self-test.ts';
import { finishWithdrawal } from './services/withdrawal.ts';
import { randomBytes, setRandomSources } from './shims.ts';
import type { StateHolder } from './state-machine.ts';
import {
  bornContent,
  destroyedContent,
  openStore,
  type Store,
  type StoreContent,
} from './store.ts';
import { DEVICE_KEY_LABEL, type DeviceKeys, deriveDeviceKeys, withPrivateKey } from './vault.ts';

const NOTHING = new Uint8Array(0);
/** Samples of half a bit each for 256 bits of seed and 128 of nonce, twice over (SP 800-90A 8.6). */
const SEED_SAMPLES = 1536;
/** 256 bits of seed and 128 of nonce, from a generator that is seeded. */
const BLINDING_SEED_SIZE = 48;

/** Seeds the generator from tested noise and makes it the source of every random byte from here on. */
function startGenerator(hardware: Hardware, crypto: Crypto): void {
  const entropy = createTestedEntropy(hardware.entropy);
  const seed = entropy.read(SEED_SAMPLES);
  const drbg = createDrbg(crypto.hmac, seed, NOTHING);
  wipe(seed);
  const blindingSeed = drbg.generate(BLINDING_SEED_SIZE); // with an engine too, which gives the same bytes then
  const blinding = blindingGenerator(crypto, blindingSeed);
  setRandomSources(
    (size) => {
      if (drbg.reseedCounter > RESEED_INTERVAL) drbg.reseed(entropy.read(SEED_SAMPLES));
      return drbg.generate(size);
    },
    blinding.generate,
    () => {
      drbg.wipe();
      blinding.wipe();
    },
  );
}

/** Made when it is first asked. Never seeded again: the standard allows 2^48 requests. */
function blindingGenerator({ hmac }: Crypto, seed: Uint8Array): Pick<Drbg, 'generate' | 'wipe'> {
  let drbg: Drbg | undefined;
  return {
    generate(size) {
      if (drbg === undefined) {
        drbg = createDrbg(hmac, seed, NOTHING);
        wipe(seed);
      }
      return drbg.generate(size);
    },
    wipe() {
      wipe(seed);
      drbg?.wipe();
    },
  };
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

/** A blank device gets the key that it authenticates with. */
function born(crypto: Crypto, keys: DeviceKeys): StoreContent {
  const { publicKey, sealedKey } = bornPair(crypto, keys.deviceSeal, DEVICE_KEY_LABEL);
  return bornContent(publicKey, sealedKey);
}

/** An opened housing comes before anything that may be wrong with the rest (requirements.md A7). */
function checkHousing(device: Device): void {
  const { lifeCycle } = device.journal.state;
  const isOpened = device.hardware.tamper.isTriggered() !== 0 || lifeCycle === 'tampered';
  if (!isOpened || lifeCycle === 'withdrawn') return;
  destroyKeys(device, 'tampered');
  throw new Fault('tampered');
}

function loadContent(device: Device): void {
  const { journal, store, crypto, keys } = device;
  const { lifeCycle, storeGeneration } = journal.state;
  if (lifeCycle === 'withdrawn') {
    device.content = store.load(storeGeneration);
    device.documents = readDocuments(device.content);
    finishWithdrawal(device); // power may have failed before the proof was there, or before all keys were gone
    return;
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

/** The security log before it was found whole, and of a device whose keys are destroyed. */
const closedLog: SecurityLog = {
  write() {
    throw new Fault('logDamaged');
  },
  free: () => 0,
  chainAt: () => new Uint8Array(0),
  read: (_, from) => ({ from, records: new Uint8Array(0) }),
};

function openLog(device: Device): void {
  const { hardware, crypto, journal } = device;
  const { flash } = hardware;
  const { powerCount } = journal.state;
  device.log = openSecurityLog(flash, flashLayout(flash), crypto, logStateOf(device), powerCount);
}

/**
 * What failed while there was nobody to write it down, into the security log; where it is full, another time. Two saves clear
 * both banks; where power fails before, it is told once more.
 */
function tellFailures(device: Device): void {
  const { hardware, crypto, keys } = device;
  let isTold = true;
  const hasNotes = tellNotes(hardware.flash, crypto, keys.journalTag, (a, b, c) => {
    isTold &&= checkLog(device).ok;
    if (isTold)
      commit(device, 'note', aside(stamped(device), {}), { event: 'selfTestFailed', a, b, c });
  });
  if (!hasNotes || !isTold) return;
  saveStore(device, device.content);
  saveStore(device, device.content);
}

/** Journal and store behind their keys, which are gone again where there is no journal (requirements.md A3). */
function openDevice(
  hardware: Hardware,
  states: StateHolder,
  crypto: ImageCrypto,
  keys: DeviceKeys,
  image: RunningImage,
): Device {
  try {
    const layout = flashLayout(hardware.flash);
    const store = openStore(hardware.flash, layout, crypto, keys.storeTag);
    const journal = startJournal(hardware, layout, crypto, keys, store);
    const content = destroyedContent();
    const { clockFault } = journal.state.locks;
    return {
      hardware,
      crypto,
      keys,
      image,
      journal,
      log: closedLog,
      clock: createSecureClock(hardware.clock, () => journal.state.timeMs, clockFault),
      store,
      states,
      content,
      documents: readDocuments(content),
      access: undefined,
      sessionRole: undefined,
      sessionKey: undefined,
      lastWrongTryMs: 0,
      selfTestFromMs: 0,
      selfTestDueMs: SELF_TEST_PERIOD_MS,
      selfTestNext: 0,
      faultMark: NO_MARK,
      inspectionChallenge: undefined,
      clockChallenge: undefined,
      loading: undefined,
      contentHash: undefined,
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
  const crypto = boardCrypto(hardware, randomBytes);
  const image = testImageAndAlgorithms(crypto, hardware);
  startGenerator(hardware, crypto);
  const deviceSecret = new Uint8Array(hardware.fuses.deviceSecret());
  const keys = deriveDeviceKeys(crypto, deviceSecret);
  wipe(deviceSecret);
  const device = openDevice(hardware, states, crypto, keys, image);
  found(device);
  checkHousing(device);
  checkConsistent(device.journal.state);
  invariant(!device.journal.hasGap, 'registersInconsistent');
  device.journal.pin();
  const { journalTag } = keys;
  device.faultMark = faultMark(crypto, journalTag, device.journal.state.powerCount);
  loadContent(device);
  if (hasEnded(device)) return;
  openLog(device);
  tellFailures(device);
  eraseOldKeys(device); // power may have failed before they were gone
}
