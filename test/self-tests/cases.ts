/**
 * The self-tests of a meter, each with a way to make it fail from outside (requirements.md A2; docs/self-tests.md): one constant
 * of the image is another past the boot ROM, or the hardware is faulty, or the flash holds what it must not.
 */

import { nodeCrypto } from '#driver/node-crypto';
import type { BoardOptions } from '#emulator/board';
import type { ManualClock } from '#emulator/clock';
import type { EngineFault } from '#emulator/engine-fault';
import {
  createBiasedEntropy,
  createSeededEntropy,
  createStuckEntropy,
  deadEntropy,
} from '#emulator/entropy';
import type { FlashDevice } from '#emulator/flash';
import { knownAnswers } from '#firmware/known-answers';
import type { Entropy, Hardware } from '#hw/hardware';
import { encodeRequest } from '#protocol/dispatch';
import { type Bench, initialize, logIn, type ToldFault } from '#test/support/error-state';
import { patchedImage } from '#test/support/image-patch';
import {
  appendState,
  LOG_OFFSET,
  newestState,
  replaceContent,
} from '#test/support/journal-forgery';
import type { Stage } from '#test/support/meter';

export interface SelfTestCase {
  readonly name: string;
  readonly when: 'power-up' | 'on demand' | 'by itself' | 'birth of a key' | 'log-in' | 'at work';
  readonly forcedBy: string;
  readonly fault: ToldFault;
  /** What gives a working meter again: power off and on once the cause is gone, or nothing. */
  readonly recovery: 'power cycle' | 'none';
  readonly stage: Stage;
  /** What the board has: `isOn` whether the failure is there now, `isMended` whether this board never has it. */
  readonly board?: (isOn: () => boolean, isMended: boolean) => Partial<BoardOptions>;
  readonly hardware?: (isOn: () => boolean) => (hardware: Hardware) => Hardware;
  readonly damage?: (flash: FlashDevice) => void;
  /** Done once the meter works and the failure is there; left out where it is there from the first power-up on. */
  readonly act?: (meter: Bench, clock: ManualClock) => void;
}

const KNOWN_ANSWER_PATCHES: Readonly<Record<string, readonly [RegExp | string, string]>> = {
  'SHA-256': ['ba7816bf8f01cfea', 'ff7816bf8f01cfea'],
  'HMAC-SHA-256': ['5bdcc146bf60754e', 'ffdcc146bf60754e'],
  'ECDSA P-256 verify': ['60fed4ba255a9d31', 'fffed4ba255a9d31'],
  'ECDSA P-256 sign': ['9afa9d845ba75166', 'fffa9d845ba75166'],
  'ECDH P-256': ['46fc62106420ff01', 'fffc62106420ff01'],
  'AES-256-GCM seal': ['d23ba473689d1c09', 'ff3ba473689d1c09'],
  'AES-256-GCM open': [/\[47\]\?\?0\)\^1/, '[47]??0)^0'],
  'SP 800-108 counter KDF': ['360a94993747b8b9', 'ff0a94993747b8b9'],
  'PBKDF2-HMAC-SHA-256': ['ae4d0c95af6b46d3', 'ff4d0c95af6b46d3'],
  HMAC_DRBG: ['26a6bdf3ecaaadc2', 'ffa6bdf3ecaaadc2'],
  'P-256 public key': ['ead218590119e887', 'ffd218590119e887'],
};

const DAY_MS = 86_400_000;
const PAIRWISE_CONSISTENCY = 33;
const IMAGE_INTEGRITY = 32;

const knownAnswerCases: SelfTestCase[] = knownAnswers.map(({ name }, place) => ({
  name: `known answer: ${name}`,
  when: 'power-up',
  forcedBy: 'a constant of the image',
  fault: { name: 'selfTestFailed', detail: place + 1 },
  recovery: 'power cycle',
  stage: 'refilled',
  board: (_, isMended) => (isMended ? {} : patchedImage(KNOWN_ANSWER_PATCHES[name])),
}));

/** By the call of the crypto engine that is answered wrongly: the known answer that finds it. */
const ENGINE_CALLS: readonly [EngineFault['call'], number][] = [
  ['hashEnd', 1],
  ['macEnd', 2],
  ['verify', 3],
  ['sign', 4],
  ['agree', 5],
  ['cipherUpdate', 6],
  ['sealEnd', 6],
  ['openEnd', 7],
  ['stretch', 9],
  ['publicKey', 11],
];

const engineCases: SelfTestCase[] = ENGINE_CALLS.flatMap(([call, detail]) => {
  const common = {
    name: `crypto engine: ${call}`,
    forcedBy: 'a wrong answer of the engine',
    fault: { name: 'selfTestFailed', detail },
    recovery: 'power cycle',
    stage: 'refilled',
    board: (isOn: () => boolean): Partial<BoardOptions> => ({
      cryptoEngine: { call, answer: 'wrong', isOn },
    }),
  } as const;
  return [
    { ...common, when: 'power-up' },
    { ...common, when: 'by itself', act: passADay },
  ];
});

/** The self-tests begin by themselves; each tick makes one. */
function passADay({ board }: Bench, clock: ManualClock): void {
  clock.advance(DAY_MS);
  for (let test = 0; test < knownAnswers.length + 2; test++) board.tick();
}

const onDemand = ({ host }: Bench): void => void host.open(encodeRequest('selfTest', {}));

const rotten =
  (isOn: () => boolean) =>
  (hardware: Hardware): Hardware => ({
    ...hardware,
    image: {
      size: hardware.image.size,
      read(offset, length) {
        const bytes = new Uint8Array(hardware.image.read(offset, length)).slice();
        if (isOn() && offset > 0) bytes[0] = (bytes[0] as number) ^ 1;
        return bytes.buffer;
      },
    },
  });

const integrity = {
  name: 'integrity of the image',
  forcedBy: 'a bit of the stored image',
  fault: { name: 'imageInvalid', detail: IMAGE_INTEGRITY },
  recovery: 'power cycle',
  stage: 'refilled',
  hardware: rotten,
} as const;

const integrityCases: SelfTestCase[] = [
  { ...integrity, when: 'power-up' },
  { ...integrity, when: 'on demand', act: onDemand },
  { ...integrity, when: 'by itself', act: passADay },
];

const NOISE: readonly [name: string, broken: () => Entropy, detail: number][] = [
  ['repetition count', () => createStuckEntropy(0x55), 1],
  ['adaptive proportion', () => createBiasedEntropy(2, 5), 2],
  ['presence', () => deadEntropy, 3],
];

const noiseCases: SelfTestCase[] = NOISE.flatMap(([name, broken, detail]) => {
  const source = (isOn: () => boolean): Entropy => {
    const healthy = createSeededEntropy(1);
    const faulty = broken();
    return { read: (size) => (isOn() ? faulty : healthy).read(size) };
  };
  const common = {
    name: `noise: ${name}`,
    fault: { name: 'entropyFailed', detail },
    recovery: 'power cycle',
    stage: 'refilled',
  } as const;
  return [
    {
      ...common,
      when: 'power-up',
      forcedBy: 'the source',
      board: (isOn) => ({ entropy: source(isOn) }),
    },
    {
      ...common,
      when: 'at work',
      forcedBy: 'the source, and a constant of the image: the generator is seeded at each request',
      board: (isOn) => ({
        ...patchedImage([/(\.reseedCounter)>\w+/, '$1>0']),
        entropy: source(isOn),
      }),
      act: ({ host }) => void attempt(() => host.openSession('user')),
    },
  ];
});

/** The n-th answer of the engine to a call is wrong. */
const nthWrong = (call: EngineFault['call'], nth: number): Partial<BoardOptions> => {
  let calls = 0;
  const isOn = (): boolean => {
    calls += 1;
    return calls === nth;
  };
  return { cryptoEngine: { call, answer: 'wrong', isOn } };
};

const inconsistent = { name: 'selfTestFailed', detail: PAIRWISE_CONSISTENCY } as const;
const strange = nodeCrypto.generateKeyPair().publicKey;

const pairCases: SelfTestCase[] = [
  {
    name: 'pairwise consistency: device key',
    when: 'birth of a key',
    forcedBy: 'a wrong answer of the engine',
    fault: inconsistent,
    recovery: 'power cycle',
    stage: 'blank',
    board: (_, isMended) => (isMended ? {} : nthWrong('publicKey', 3)),
  },
  {
    name: 'pairwise consistency: indicium key',
    when: 'birth of a key',
    forcedBy: 'a wrong answer of the engine',
    fault: inconsistent,
    recovery: 'power cycle',
    stage: 'blank',
    board: (_, isMended) => (isMended ? {} : nthWrong('publicKey', 6)),
    act: (meter) => void initialize(meter),
  },
  {
    name: 'pairwise consistency: device key',
    when: 'power-up',
    forcedBy: 'another public key in the store',
    fault: inconsistent,
    recovery: 'none',
    stage: 'refilled',
    damage: (flash) => replaceContent(flash, (all) => ({ ...all, devicePublicKey: strange })),
  },
  {
    name: 'pairwise consistency: indicium key',
    when: 'log-in',
    forcedBy: 'another public key in the store',
    fault: inconsistent,
    recovery: 'power cycle',
    stage: 'refilled',
    damage: (flash) => replaceContent(flash, (all) => ({ ...all, indiciumPublicKey: strange })),
    act: (meter) => void logIn(meter),
  },
];

function flip(flash: FlashDevice, place: number): void {
  const [byte = 0] = flash.contents().slice(place, place + 1);
  flash.damage(place, Uint8Array.of(byte ^ 1));
}

const bankOf = (flash: FlashDevice): number =>
  newestState(flash.contents()).storeGeneration % 2 === 0 ? 0 : 12_288;

/** A flash that takes what it is given and reads as something else where it was programmed. */
const forgetful =
  (isOn: () => boolean) =>
  (hardware: Hardware): Hardware => ({
    ...hardware,
    flash: {
      ...hardware.flash,
      program: (offset, data) => (isOn() ? 0 : hardware.flash.program(offset, data)),
    },
  });

const contradiction = { name: 'registersInconsistent', detail: 0 } as const;

const flashCases: SelfTestCase[] = [
  {
    name: 'registers against each other',
    when: 'power-up',
    forcedBy: 'a state in the journal that does not sum',
    fault: contradiction,
    recovery: 'none',
    stage: 'refilled',
    damage: (flash) => appendState(flash, (last) => ({ ...last, credited: last.credited + 1 })),
  },
  {
    name: 'registers against each other',
    when: 'by itself',
    forcedBy: 'a constant of the image',
    fault: contradiction,
    recovery: 'power cycle',
    stage: 'refilled',
    board: () =>
      patchedImage([
        /:(\w+)\((\w+)\.state\),(\w+\.selfTestNext=)/,
        ':$1({...$2.state,credited:1}),$3',
      ]),
    act: passADay,
  },
  {
    name: 'journal: a state that is there',
    when: 'power-up',
    forcedBy: 'a journal without a tag that is right',
    fault: contradiction,
    recovery: 'none',
    stage: 'refilled',
    damage(flash) {
      const journal = 57_344;
      flash.damage(journal, new Uint8Array(flash.size - journal));
    },
  },
  {
    name: 'store: tag',
    when: 'power-up',
    forcedBy: 'a bit of the store',
    fault: { name: 'storeDamaged', detail: 0 },
    recovery: 'none',
    stage: 'refilled',
    damage: (flash) => flip(flash, bankOf(flash) + 100),
  },
  {
    name: 'store: seal of the indicium key',
    when: 'log-in',
    forcedBy: 'a key under another seal',
    fault: { name: 'storeDamaged', detail: 0 },
    recovery: 'power cycle',
    stage: 'refilled',
    damage: (flash) =>
      replaceContent(flash, (all) => ({
        ...all,
        sealedIndiciumKey: all.sealedIndiciumKey.map((byte, at) => (at === 20 ? byte ^ 1 : byte)),
      })),
    act: (meter) => void logIn(meter),
  },
  {
    name: 'security log: chain',
    when: 'power-up',
    forcedBy: 'a bit of its first record',
    fault: { name: 'logDamaged', detail: 0 },
    recovery: 'none',
    stage: 'refilled',
    damage: (flash) => flip(flash, LOG_OFFSET + 13),
  },
  {
    name: 'flash: what was programmed is read back',
    when: 'at work',
    forcedBy: 'programs that do nothing',
    fault: { name: 'flashFailed', detail: 0 },
    recovery: 'power cycle',
    stage: 'refilled',
    hardware: forgetful,
    act: (meter) => void logIn(meter),
  },
];

/** What a host is told by an exception is no matter here: the meter is asked afterwards. */
function attempt(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

export const selfTestCases: readonly SelfTestCase[] = [
  ...integrityCases,
  ...knownAnswerCases,
  ...engineCases,
  ...noiseCases,
  ...pairCases,
  ...flashCases,
];
