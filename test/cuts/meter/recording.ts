/**
 * Everything that a running image does to its flash and says on its ports, in order, with a picture of the flash before
 * each: whatever led to a cut is run once, and each cut of it is made from a picture.
 */

import type { Cpu } from '#emulator/cpu/cpu';
import type { FlashDevice, FlashOperation, FlashSnapshot } from '#emulator/flash';
import { flashStatus } from '#hw/flash';
import type { Hardware } from '#hw/hardware';

/** A program or an erase that the chip began. */
export interface RecordedOperation extends FlashOperation {
  /** What was to be programmed; empty for an erase. */
  readonly data: ArrayBuffer;
  readonly before: FlashSnapshot;
  /** The flash as it was at the last sync. */
  readonly synced: FlashSnapshot;
  /** How many portions of bytes had left on a port. */
  readonly portionsSaid: number;
  /** Whether the meter was coming up. */
  readonly isBooting: boolean;
  /** What the clock of the board showed. */
  readonly nowMs: number;
}

/** The flash when bytes left on a port. */
export interface RecordedPortion {
  readonly now: FlashSnapshot;
  readonly synced: FlashSnapshot;
  readonly nowMs: number;
}

export interface Recording {
  readonly operations: readonly RecordedOperation[];
  readonly portions: readonly RecordedPortion[];
}

export interface Recorder {
  /** Runs what another one runs, and sees what it does. */
  readonly cpu: Cpu;
  /** Notes all that happens until the action has come to its end. */
  record(action: () => Promise<void>): Promise<Recording>;
}

export function createRecorder(cpu: Cpu, flash: FlashDevice): Recorder {
  let operations: RecordedOperation[] = [];
  let portions: RecordedPortion[] = [];
  let synced = flash.snapshot();
  let isRecording = false;
  let isBooting = false;

  function operate(
    { nowMs }: Hardware['clock'],
    operation: FlashOperation,
    data: ArrayBuffer,
    perform: () => ReturnType<Hardware['flash']['erase']>,
  ) {
    if (!isRecording) return perform();
    const before = flash.snapshot();
    const status = perform();
    if (status !== flashStatus.refused)
      operations.push({
        ...operation,
        ...{ data, before, synced, isBooting, nowMs: nowMs() },
        portionsSaid: portions.length,
      });
    return status;
  }

  function watched(hardware: Hardware): Hardware {
    const { flash: part, ports, clock } = hardware;
    return {
      ...hardware,
      flash: {
        ...part,
        program: (offset, data) =>
          operate(clock, { op: 'program', offset, length: data.byteLength }, data.slice(0), () =>
            part.program(offset, data),
          ),
        erase: (offset) =>
          operate(clock, { op: 'erase', offset, length: part.sectorSize }, new ArrayBuffer(0), () =>
            part.erase(offset),
          ),
        sync() {
          part.sync();
          if (isRecording) synced = flash.snapshot();
        },
      },
      ports: {
        send(port, data) {
          ports.send(port, data);
          if (isRecording) portions.push({ now: flash.snapshot(), synced, nowMs: clock.nowMs() });
        },
      },
    };
  }

  return {
    cpu: {
      ...cpu,
      boot(program, hardware) {
        isBooting = true;
        try {
          return cpu.boot(program, watched(hardware));
        } finally {
          isBooting = false;
        }
      },
    },
    async record(action) {
      [operations, portions, synced, isRecording] = [[], [], flash.snapshot(), true];
      await action().finally(() => {
        isRecording = false;
      });
      return { operations, portions };
    },
  };
}
