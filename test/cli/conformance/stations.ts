/** Meters in this process as the conformance kit sees them, whose time passes when a check waits. */

import { createStation, type Station } from '#cli/conformance/station';
import { memoryLink } from '#driver/link/memory';
import { nodeCrypto } from '#driver/node-crypto';
import type { Cpu } from '#emulator/cpu/cpu';
import type { FlashDevice } from '#emulator/flash';
import { strictFlash } from '#emulator/flash-strict';
import type { ImageFile } from '#emulator/image-file';
import { connectMemory } from '#emulator/ports/memory';
import type { Entropy } from '#hw/hardware';
import type { Crypto } from '#protocol/crypto';
import { makeBoard, type TestBoard } from '#test/support/board';
import { authorityKeys, flashAt, hostKeys, passwords, type Stage } from '#test/support/meter';

export interface KitMeter extends AsyncDisposable, TestBoard {
  readonly station: Station;
}

/** Answers come before the call returns, so this is waited for only where none comes at all. */
const TIMEOUT_MS = 100;

export interface KitMeterOptions extends Partial<ImageFile> {
  readonly cpu?: Cpu;
  readonly entropy?: Entropy;
  readonly cryptoEngine?: boolean;
  /** Of a blank device; the usual part unless given. */
  readonly flash?: FlashDevice;
}

/** A blank device, or the test meter at a stage, with its key files. */
export async function kitMeter(
  stage: Stage,
  { crypto = nodeCrypto, flash, ...options }: KitMeterOptions & { readonly crypto?: Crypto } = {},
): Promise<KitMeter> {
  const test = makeBoard({
    ...options,
    flash: flash === undefined ? await flashAt(stage) : strictFlash(flash),
  });
  const { board, clock } = test;
  const { user, cryptoOfficer } = hostKeys;
  const station = createStation({
    address: 'memory:',
    openLink: () => Promise.resolve(memoryLink(connectMemory(board))),
    crypto,
    timeoutMs: TIMEOUT_MS,
    pause(timeMs) {
      clock.advance(Math.ceil(timeMs));
      board.tick();
      return Promise.resolve();
    },
    power: { off: () => board.powerOff(), on: () => board.powerOn() },
    ...(stage !== 'blank' && {
      access: {
        user: { identity: user, password: passwords.user },
        cryptoOfficer: { identity: cryptoOfficer, password: passwords.cryptoOfficer },
      },
      authorityKey: authorityKeys.publicKey,
    }),
  });
  return { ...test, station, [Symbol.asyncDispose]: () => board[Symbol.asyncDispose]() };
}
