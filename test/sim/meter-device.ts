/** A meter in a simulated world: the signed image on a board whose flash is watched, with a clock that can be wrong. */

import { type Board, createBoard } from '#emulator/board';
import type { Cpu } from '#emulator/cpu/cpu';

import { createMemoryFlash, type PowerCut } from '#emulator/flash';
import type { ImageFile } from '#emulator/image-file';
import { flashLayout } from '#firmware/flash-layout';
import type { StateRecord } from '#firmware/journal-record';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import type { Trace } from './trace.ts';
import { Violation } from './violation.ts';
import type { VirtualTime } from './virtual-time.ts';
import { createWarmCpu } from './warm-cpu.ts';
import { type Debit, type Witness, watchFlash } from './witness.ts';

/** What is in the housing when nobody has power: all that makes one device another. */
export interface Housing {
  readonly deviceSecret: Uint8Array;
  /** Undefined for a blank part. */
  readonly contents: Uint8Array | undefined;
  readonly state: StateRecord | undefined;
}

export interface MeterDevice extends AsyncDisposable {
  readonly name: string;
  readonly witness: Witness;
  readonly isOn: boolean;
  /** By how much the clock of the meter is ahead, milliseconds. */
  clockAheadMs: number;
  receive(bytes: Uint8Array): void;
  switchOn(): void;
  /** Pulls the plug between two calls. */
  switchOff(): void;
  /** Cuts power inside a flash operation to come; somebody switches the meter on again after a time. */
  cutPower(operations: number, cut: PowerCut, backAfterMs: number): void;
  /** No cut is planned any more. */
  spare(): void;
  /** The housing as an attacker would copy it. */
  copy(): Housing;
}

export interface MeterDeviceOptions {
  readonly name: string;
  readonly housing: Housing;
  readonly image: ImageFile;
  readonly random: Random;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly alarm: (violation: Violation) => void;
  readonly onDebit: (debit: Debit) => void;
  readonly onSend: (bytes: Uint8Array) => void;
}

/** One for all boards of the thread. */
const cpu = createWarmCpu();
/** More operations than any world performs. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** The processor, with a look at the moment in which the firmware hands out bytes. */
function watchedCpu(onSend: () => void): Cpu {
  return {
    ...cpu,
    boot: (program, hardware) =>
      cpu.boot(program, {
        ...hardware,
        ports: {
          send(port, data) {
            onSend();
            hardware.ports.send(port, data);
          },
        },
      }),
  };
}

export function createMeterDevice(options: MeterDeviceOptions): MeterDevice {
  const { name, housing, image, random, time, trace, faults, alarm } = options;
  const { contents, deviceSecret, state: initial } = housing;
  const seed = random.seed();
  const part = createMemoryFlash(contents === undefined ? { seed } : { seed, contents });
  const { journalOffset } = flashLayout(part);
  const witness = watchFlash(part, journalOffset, {
    name,
    alarm,
    initial,
    onDebit: options.onDebit,
  });
  let clockAheadMs = 0;
  let backAfterMs = 1_000;
  const board: Board = createBoard({
    ...image,
    deviceSecret,
    flash: witness.flash,
    cpu: watchedCpu(witness.answered),
    clock: {
      nowMs: () => time.nowMs + clockAheadMs,
      monotonicMs: () => time.nowMs,
      set(timeMs) {
        clockAheadMs = timeMs - time.nowMs;
      },
    },
    entropy: { read: (length) => random.bytes(length).buffer as ArrayBuffer },
    onFault: ({ kind, message }) => alarm(new Violation('crash', `${name}: ${kind}: ${message}`)),
  });
  board.onSend(0, options.onSend);
  let isWanted = false;

  /** Somebody sees that the lamp is dark. */
  function lookAfter(): void {
    if (!isWanted || board.isPowered) return;
    faults.count('meterPowerCut');
    trace.note(`${name} lost power`);
    witness.lostPower();
    isWanted = false;
    time.after(backAfterMs, self.switchOn);
  }

  const self: MeterDevice = {
    name,
    witness,
    get isOn() {
      return board.isPowered;
    },
    get clockAheadMs() {
      return clockAheadMs;
    },
    set clockAheadMs(aheadMs) {
      clockAheadMs = aheadMs;
    },
    receive(bytes) {
      board.receive(0, bytes);
      lookAfter();
    },
    switchOn() {
      if (board.isPowered) return;
      isWanted = true;
      trace.note(`${name} on`);
      board.powerOn();
      trace.note(`${name} shows ${board.indicator}`);
      if (board.indicator === 'error')
        alarm(new Violation('crash', `${name} comes up in the error state`));
      lookAfter();
    },
    switchOff() {
      if (!board.isPowered) return;
      isWanted = false;
      trace.note(`${name} off`);
      board.powerOff();
      witness.lostPower();
    },
    cutPower(operations, cut, ms) {
      backAfterMs = ms;
      part.losePowerAfter(operations, cut);
    },
    spare: () => part.losePowerAfter(NEVER),
    copy: () => ({ deviceSecret, contents: part.contents(), state: witness.state }),
    [Symbol.asyncDispose]: () => board[Symbol.asyncDispose](),
  };
  return self;
}
