/**
 * A processor that evaluates an image once and powers it on again and again: a new context for each of a million boots
 * would cost more than all that is judged. What an image keeps between two power-ups is its random source, which each
 * power-up replaces, and tables that are the same in every context; warm-processor.test.ts compares it with a cold one.
 */

import vm from 'node:vm';
import type { Cpu } from '#emulator/cpu/cpu';
import { hardwareTree } from '#emulator/cpu/hardware-calls';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import type { Hardware, ImageEntry } from '#hw/hardware';
import { noiseOf } from './noise.ts';
import { type Recall, recallingEngine } from './recall.ts';

interface Realm {
  readonly source: string;
  readonly entry: ImageEntry;
}

export function createWarmProcessor(recall: Recall): Cpu {
  let realm: Realm | undefined;
  return {
    ...createNodeVmCpu(),
    boot(program, board) {
      if (program.form !== 'source') throw new TypeError('only source is evaluated here');
      const { source } = program;
      const { cryptoEngine } = board;
      const engine = cryptoEngine && recallingEngine(cryptoEngine, recall);
      const hardware = hardwareTree({ ...board, cryptoEngine: engine }) as unknown as Hardware;
      if (realm?.source !== source) realm = { source, entry: evaluated(source, hardware) };
      const { entry } = realm;
      const firmware = entry.powerOn(hardware);
      return {
        receive: (port, data) => firmware.receive(port, data),
        tick: () => firmware.tick(),
        get algorithms() {
          return entry.algorithms;
        },
        machine: undefined,
        kill: () => undefined,
      };
    },
  };
}

/** What is drawn while it is evaluated comes from elsewhere: the noise of a board is the same at its first boot and later. */
function evaluated(source: string, hardware: Hardware): ImageEntry {
  const scope = vm.createContext(vm.constants.DONT_CONTEXTIFY) as unknown as {
    hardware: Hardware;
    tessera?: ImageEntry;
  };
  scope.hardware = { ...hardware, entropy: noiseOf(0) };
  new vm.Script(source).runInContext(scope as unknown as vm.Context);
  if (scope.tessera === undefined) throw new TypeError('the image left no `tessera` in its scope');
  return scope.tessera;
}
