/** The hardware of a board for one power cycle: dead for ever once power is gone (hw/hardware.ts). */

import type { CryptoEngine } from '#hw/crypto-engine';
import type { Flash } from '#hw/flash';
import type { Entropy, Hardware } from '#hw/hardware';
import type { ImageStore } from '#hw/image-store';
import { type StateName, stateNames } from '#protocol/state';
import { type BootImage, confirmImage } from './boot-slots.ts';
import type { ClockSource } from './clock.ts';
import { createCryptoEngine } from './crypto-engine.ts';
import { type EngineFault, withFault } from './engine-fault.ts';
import type { FlashDevice, FlashGeometry } from './flash.ts';
import type { ImageSlots } from './image-slots.ts';
import { PowerLost } from './power.ts';
import type { SecurityFuse } from './security-fuse.ts';
import type { TamperContact } from './tamper.ts';

/** hw/hardware.ts: limits of one call. */
const READ_SIZE_MAX = 4096;
export const PORT_BYTES_MAX = 4096;
/** Ports are 0 to 15. */
export const PORT_COUNT = 16;

/** The parts of a board that outlive its power. */
export interface BoardParts {
  readonly flash: FlashDevice;
  readonly clock: ClockSource;
  readonly entropy: Entropy;
  readonly tamper: TamperContact;
  readonly deviceSecret: Uint8Array;
  readonly imageKey: Uint8Array;
  /** Header and body of what its maker put on it. */
  readonly image: Uint8Array;
  readonly imageSlots: ImageSlots | undefined;
  readonly securityFuse: SecurityFuse;
  /** Whether there is one, or what is wrong with it. */
  readonly cryptoEngine: boolean | EngineFault;
}

/** Where the calls of the firmware lead that the outside sees. */
export interface BoardLines {
  send(port: number, bytes: Uint8Array): void;
  show(state: StateName): void;
}

/** How long ago, in milliseconds, power came on and the watchdog was fed. */
export interface CycleTimes {
  readonly ticksMs: number;
  readonly unfedMs: number;
}

/** What ended a power cycle: the switch, the firmware, or a flash whose power was cut. */
export type CycleEnd = 'switchedOff' | 'reset' | 'powerFailed';

export class PowerCycle {
  readonly hardware: Hardware;
  readonly #parts: BoardParts;
  readonly #lines: BoardLines;
  readonly #running: BootImage;
  readonly #startMs: number;
  #fedMs: number;
  #end: CycleEnd | undefined;

  /**
   * @param running the image that the boot ROM chose
   * @param times of a cycle that this one goes on with; a new one where left out
   */
  constructor(
    parts: BoardParts,
    lines: BoardLines,
    running: BootImage,
    { ticksMs, unfedMs }: CycleTimes = { ticksMs: 0, unfedMs: 0 },
  ) {
    this.#parts = parts;
    this.#lines = lines;
    this.#running = running;
    const nowMs = parts.clock.monotonicMs();
    this.#startMs = nowMs - ticksMs;
    this.#fedMs = nowMs - unfedMs;
    this.hardware = this.#createHardware();
  }

  /** Undefined while power is on. */
  get endedBy(): CycleEnd | undefined {
    return this.#end;
  }

  /** Milliseconds since the watchdog was fed, or since power-up. */
  get unfedMs(): number {
    return this.#parts.clock.monotonicMs() - this.#fedMs;
  }

  get times(): CycleTimes {
    return { ticksMs: this.#parts.clock.monotonicMs() - this.#startMs, unfedMs: this.unfedMs };
  }

  /** From now on every hardware call throws. The first cause stays. */
  end(cause: CycleEnd): void {
    this.#end ??= cause;
  }

  /** Performs a hardware call where there is power. */
  #powered<T>(call: () => T): T {
    if (this.#end !== undefined) throw new PowerLost();
    return call();
  }

  /** Performs a call on a flash; its power is the power of the whole board. */
  #onFlash<T>(call: () => T): T {
    return this.#powered(() => {
      try {
        return call();
      } catch (error) {
        if (error instanceof PowerLost) this.end('powerFailed');
        throw error;
      }
    });
  }

  #createHardware(): Hardware {
    const { flash, clock, entropy, tamper } = this.#parts;
    const { image } = this.#running;
    const lines = this.#lines;
    return {
      flash: this.#flashCalls(flash, () => flash),
      entropy: { read: (length) => this.#powered(() => entropy.read(length)) },
      clock: {
        nowMs: () => this.#powered(() => clock.nowMs()),
        ticksMs: () => this.#powered(() => clock.monotonicMs() - this.#startMs),
        set: (timeMs) => this.#powered(() => clock.set(timeMs)),
      },
      tamper: { isTriggered: () => this.#powered(() => (tamper.isTriggered ? 1 : 0)) },
      indicator: { show: (state) => this.#powered(() => lines.show(stateOf(state))) },
      watchdog: {
        feed: () =>
          this.#powered(() => {
            this.#fedMs = clock.monotonicMs();
          }),
      },
      fuses: {
        deviceSecret: () => this.#powered(() => copyOf(this.#parts.deviceSecret)),
        imageKey: () => this.#powered(() => copyOf(this.#parts.imageKey)),
      },
      image: {
        size: image.length,
        read: (offset, length) => this.#powered(() => readImage(image, offset, length)),
      },
      cryptoEngine: this.#createCryptoEngine(),
      imageStore: this.#createImageStore(),
      ports: {
        send: (port, data) => this.#powered(() => lines.send(port, bytesToSend(port, data))),
      },
      reset: () =>
        this.#powered(() => {
          this.end('reset');
          throw new PowerLost('the board was reset');
        }),
    };
  }

  /** @param chip opened at the first call */
  #flashCalls({ size, sectorSize, programUnit }: FlashGeometry, chip: () => FlashDevice): Flash {
    return {
      size,
      sectorSize,
      programUnit,
      read: (offset, length) => this.#onFlash(() => chip().read(offset, length)),
      program: (offset, data) => this.#onFlash(() => chip().program(offset, data)),
      erase: (offset) => this.#onFlash(() => chip().erase(offset)),
      sync: () => this.#onFlash(() => chip().sync()),
    };
  }

  /** The slot that runs is not among the calls: the hardware protects it. */
  #createImageStore(): ImageStore | undefined {
    const { imageSlots, securityFuse } = this.#parts;
    if (imageSlots === undefined) return undefined;
    const running = this.#running;
    const spare = running.place === 1 ? 2 : 1;
    return {
      running: running.place,
      isOnTrial: running.isConfirmed ? 0 : 1,
      spare: this.#flashCalls(imageSlots.geometry, () => imageSlots.open(spare)),
      confirm: () =>
        this.#onFlash(() => {
          const status = confirmImage(running);
          if (running.isConfirmed) securityFuse.blow(running.check.header.securityVersion);
          return status;
        }),
    };
  }

  #createCryptoEngine(): CryptoEngine | undefined {
    const { cryptoEngine } = this.#parts;
    if (cryptoEngine === false) return undefined;
    const whole = createCryptoEngine();
    const engine = cryptoEngine === true ? whole : withFault(whole, cryptoEngine);
    type Call = (...given: unknown[]) => unknown;
    const calls = Object.entries<Call>(engine as unknown as Record<string, Call>);
    return Object.fromEntries(
      calls.map(([name, call]) => [
        name,
        (...given: unknown[]) => this.#powered(() => call(...given)),
      ]),
    ) as unknown as CryptoEngine;
  }
}

function stateOf(number: number): StateName {
  const name = stateNames[number];
  if (name === undefined) throw new RangeError(`${number} is the number of no state`);
  return name;
}

function bytesToSend(port: number, data: ArrayBuffer): Uint8Array {
  checkPort(port);
  if (data.byteLength > PORT_BYTES_MAX)
    throw new RangeError(`a port takes at most ${PORT_BYTES_MAX} bytes, not ${data.byteLength}`);
  return new Uint8Array(data).slice();
}

/** @throws RangeError where the board has no such port */
export function checkPort(port: number): void {
  if (!Number.isInteger(port) || port < 0 || port >= PORT_COUNT)
    throw new RangeError(`a board has the ports 0 to ${PORT_COUNT - 1}, not ${port}`);
}

function readImage(image: Uint8Array, offset: number, length: number): ArrayBuffer {
  const isWithin =
    Number.isInteger(offset) &&
    Number.isInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    length <= READ_SIZE_MAX &&
    offset + length <= image.length;
  if (!isWithin) throw new RangeError(`no ${length} bytes of the image can be read at ${offset}`);
  return copyOf(image.subarray(offset, offset + length));
}

function copyOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
