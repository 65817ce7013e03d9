/**
 * A processor for thousands of short lives: as `emulator/cpu/node-vm.ts`, but an image that was evaluated is powered on
 * again and again, by one meter at a time. All that a power cycle knows is made by `powerOn`; what stays are functions
 * that the engine has compiled, which a fresh global scope would have to run cold.
 */

import vm from 'node:vm';
import { BARE_SCOPE } from '#emulator/cpu/bare-scope';
import type { Cpu, RunningImage } from '#emulator/cpu/cpu';
import { hardwareTree } from '#emulator/cpu/hardware-calls';
import type { Hardware, ImageEntry } from '#hw/hardware';

interface ImageScope {
  hardware: Hardware | undefined;
  readonly tessera: ImageEntry;
}

/** @returns a processor for all boards of this thread */
export function createWarmCpu(): Cpu {
  /** By source; nobody runs them now. */
  const idle = new Map<string, ImageScope[]>();

  return {
    name: 'node-vm, warm',
    bytecodeEngine: undefined,
    restore: undefined,
    boot(program, board) {
      if (program.form !== 'source') throw new TypeError('this processor runs source only');
      const { source } = program;
      const scopes = idle.get(source) ?? [];
      idle.set(source, scopes);
      const scope = scopes.pop() ?? evaluate(source);
      const hardware = hardwareTree(board) as unknown as Hardware;
      scope.hardware = hardware;
      try {
        return running(scope, hardware, () => scopes.push(scope));
      } catch (cause) {
        scopes.push(scope);
        throw cause;
      }
    },
  };
}

function running(scope: ImageScope, hardware: Hardware, onEnd: () => void): RunningImage {
  const firmware = scope.tessera.powerOn(hardware);
  let isAlive = true;
  function alive<T>(value: T): T {
    if (!isAlive) throw new Error('the image was ended');
    return value;
  }
  return {
    receive: (port, data) => alive(firmware).receive(port, data),
    tick: () => alive(firmware).tick(),
    get algorithms() {
      return alive(scope).tessera.algorithms;
    },
    machine: undefined,
    kill() {
      if (isAlive) onEnd();
      isAlive = false;
    },
  };
}

function evaluate(source: string): ImageScope {
  const scope = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
    codeGeneration: { strings: false, wasm: false },
  });
  new vm.Script(BARE_SCOPE, { filename: 'bare-scope.js' }).runInContext(scope);
  new vm.Script(source, { filename: 'firmware.js' }).runInContext(scope);
  return scope as unknown as ImageScope;
}
