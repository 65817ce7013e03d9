/**
 * A processor that runs the firmware of this bundle, whatever the image says, beside a crypto engine whose seals can be
 * broken: then records of a session are what they hold, and every signature is right.
 */

import type { Cpu } from '#emulator/cpu/cpu';
import { hardwareTree } from '#emulator/cpu/hardware-calls';
import { powerOn } from '#firmware/power-on';
import type { CryptoEngine } from '#hw/crypto-engine';
import type { Hardware } from '#hw/hardware';
import { ascii, equalBytes } from '#protocol/bytes';
import { GCM_TAG_SIZE } from '#protocol/crypto';

export interface UnsealedCpu {
  readonly cpu: Cpu;
  /** Whether records pass as they are, the tag in zeros. */
  areRecordsOpen: boolean;
  /** Whether every signature is right. */
  areSignaturesRight: boolean;
  /** Programs and erases of the flash so far. */
  readonly writes: number;
}

/** What the record layer authenticates beside each record (protocol/record.ts): by it its seals are known. */
const OF_RECORDS = ascii('PMA1 record');
/** RFC 6979 A.2.5 (firmware/known-answers.ts). */
const KEY_OF_KNOWN_ANSWERS = Uint8Array.from(
  Buffer.from('0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6', 'hex'),
);
/** Known answers take few rounds; of a password many are spared. */
const ROUNDS_MAX = 16;
const DOMAIN_OF_SPARED = ascii('spared');

export function unsealedCpu(): UnsealedCpu {
  let writes = 0;
  const self = {
    areRecordsOpen: false,
    areSignaturesRight: false,
    get writes() {
      return writes;
    },
  };

  function counted(flash: Hardware['flash']): Hardware['flash'] {
    return {
      ...flash,
      program(...given) {
        writes += 1;
        return flash.program(...given);
      },
      erase(...given) {
        writes += 1;
        return flash.erase(...given);
      },
    };
  }

  const cpu: Cpu = {
    name: 'unsealed',
    bytecodeEngine: undefined,
    restore: undefined,
    boot(_, board) {
      const hardware = hardwareTree(board) as unknown as Hardware;
      const { cryptoEngine: engine, flash } = hardware;
      if (engine === undefined) throw new Error('the board has no crypto engine');
      const firmware = powerOn({
        ...hardware,
        flash: counted(flash),
        cryptoEngine: unsealed(engine, self),
      });
      return {
        receive: firmware.receive,
        tick: firmware.tick,
        algorithms: {},
        machine: undefined,
        kill: () => undefined,
      };
    },
  };
  return Object.assign(self, { cpu });
}

type Seals = Pick<UnsealedCpu, 'areRecordsOpen' | 'areSignaturesRight'>;

function unsealed(engine: CryptoEngine, seals: Seals): CryptoEngine {
  /** The record under way is not sealed. */
  let isOpen = false;
  const begin = (): void => {
    isOpen = false;
  };
  return {
    ...engine,
    sealBegin(key, nonce) {
      begin();
      engine.sealBegin(key, nonce);
    },
    openBegin(key, nonce) {
      begin();
      engine.openBegin(key, nonce);
    },
    cipherAssociated(data) {
      isOpen = seals.areRecordsOpen && equalBytes(new Uint8Array(data), OF_RECORDS);
      engine.cipherAssociated(data);
    },
    cipherUpdate: (data) => (isOpen ? data.slice() : engine.cipherUpdate(data)),
    sealEnd: () => (isOpen ? new ArrayBuffer(GCM_TAG_SIZE) : engine.sealEnd()),
    openEnd: (tag) => (isOpen ? 1 : engine.openEnd(tag)),
    stretch: (password, salt, iterations) =>
      iterations <= ROUNDS_MAX
        ? engine.stretch(password, salt, iterations)
        : digestOf(engine, DOMAIN_OF_SPARED, new Uint8Array(salt), new Uint8Array(password)),
    verify(publicKey, signature) {
      const isRight = engine.verify(publicKey, signature);
      // the self-tests, which the meter repeats by itself, would find this out
      const isKnownAnswer = equalBytes(new Uint8Array(publicKey), KEY_OF_KNOWN_ANSWERS);
      return seals.areSignaturesRight && !isKnownAnswer ? 1 : isRight;
    },
  };
}

function digestOf(engine: CryptoEngine, ...parts: readonly Uint8Array[]): ArrayBuffer {
  engine.hashBegin();
  for (const part of parts) engine.hashUpdate(part.slice().buffer);
  return engine.hashEnd();
}
