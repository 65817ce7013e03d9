/** The embedded processor: an engine with its own memory and real limits, which runs bytecode only (docs/cpu.md). */

import { BARE_SCOPE } from './bare-scope.ts';
import type { Cpu, Program, RunningImage } from './cpu.ts';
import { callsOf, type HardwareTree, hardwareTree } from './hardware-calls.ts';
import { imageAlgorithms } from './quickjs-algorithms.ts';
import { compileForQuickJs } from './quickjs-compiler.ts';
import { quickJsEngine, type Value } from './quickjs-engine.ts';
import type { QuickJsHeap } from './quickjs-heap.ts';
import { type MachineLimits, type MachineState, QuickJsMachine } from './quickjs-machine.ts';

/**
 * A board of the middle class (docs/cpu.md has what the image takes). Polls come about every 0.7 ms on a PC, so that the
 * watchdog bites after the ten seconds of hw/hardware.ts.
 */
export const DEFAULT_LIMITS: MachineLimits = {
  ramBytes: 4 << 20,
  stackBytes: 64 << 10,
  polls: 15_000,
};

/** Sources compiled at the same time; a test run has a few, a device none. */
const PROGRAMS_MAX = 8;

/** Values of the image that live as long as its machine. */
interface Loaded {
  readonly entry: Value;
  readonly firmware: Value;
  readonly receive: Value;
  readonly tick: Value;
}

/** What is in a snapshot of this processor. */
export interface QuickJsState {
  readonly machine: MachineState;
  readonly loaded: Loaded;
}

/** @param limits what shall be otherwise: 4 MiB of memory, 64 KiB of stack, 15,000 polls of the watchdog in a call */
export function createQuickJsCpu(limits: Partial<MachineLimits> = {}): Cpu {
  const own = { ...DEFAULT_LIMITS, ...limits };
  return {
    name: 'quickjs',
    get bytecodeEngine() {
      return quickJsEngine();
    },
    boot(program, hardware) {
      const bytecode = bytecodeOf(program);
      const tree = hardwareTree(hardware);
      const machine = QuickJsMachine.create(callsOf(tree), own);
      try {
        const loaded = machine.enter((heap) => load(heap, bytecode, tree));
        return running(machine, loaded);
      } catch (cause) {
        machine.kill();
        throw cause;
      }
    },
    restore(snapshot, hardware) {
      if (snapshot.engine !== quickJsEngine())
        throw new Error(`a snapshot of ${snapshot.engine} does not fit ${quickJsEngine()}`);
      const state = snapshot.state as QuickJsState;
      const calls = callsOf(hardwareTree(hardware));
      return running(QuickJsMachine.restore(state.machine, calls, own), state.loaded);
    },
  };
}

const compiled = new Map<string, Uint8Array>();

function bytecodeOf(program: Program): Uint8Array {
  if (program.form === 'bytecode') return program.bytecode;
  const known = compiled.get(program.source);
  if (known !== undefined) return known;
  const bytecode = compileForQuickJs(program.source, { keepsLines: true });
  const [oldest] = compiled.keys();
  if (compiled.size >= PROGRAMS_MAX && oldest !== undefined) compiled.delete(oldest);
  compiled.set(program.source, bytecode);
  return bytecode;
}

let bareScope: Uint8Array | undefined;

function load(heap: QuickJsHeap, bytecode: Uint8Array, tree: HardwareTree): Loaded {
  bareScope ??= compileForQuickJs(BARE_SCOPE);
  heap.run(bareScope);
  const global = heap.global();
  const numbers = new Map(callsOf(tree).map(([path], index) => [path, index + 1]));
  heap.setProperty(global, 'hardware', treeValue(heap, tree, numbers, ''));
  heap.run(bytecode);
  const entry = heap.property(global, 'tessera');
  if (heap.isUndefined(entry)) throw new TypeError('the image left no `tessera` in its scope');
  const powerOn = heap.property(entry, 'powerOn');
  const firmware = heap.call(powerOn, entry, [heap.property(global, 'hardware')]);
  heap.free(powerOn);
  heap.free(global);
  const receive = heap.property(firmware, 'receive');
  return { entry, firmware, receive, tick: heap.property(firmware, 'tick') };
}

/** The hardware as the image sees it. @param numbers of the calls by their path */
function treeValue(
  heap: QuickJsHeap,
  tree: HardwareTree,
  numbers: ReadonlyMap<string, number>,
  path: string,
): Value {
  const object = heap.object();
  for (const [name, part] of Object.entries(tree)) {
    const inner = `${path}${name}`;
    const value =
      typeof part === 'number'
        ? heap.number(part)
        : typeof part === 'function'
          ? heap.hostFunction(numbers.get(inner) as number)
          : treeValue(heap, part, numbers, `${inner}.`);
    heap.setProperty(object, name, value);
  }
  return object;
}

function running(machine: QuickJsMachine, loaded: Loaded): RunningImage {
  const { entry, firmware, receive, tick } = loaded;
  return {
    receive: (port, data) =>
      machine.enter((heap) => {
        const given = [heap.number(port), heap.buffer(new Uint8Array(data))];
        heap.free(heap.call(receive, firmware, given));
      }),
    tick: () => machine.enter((heap) => heap.free(heap.call(tick, firmware, []))),
    get algorithms() {
      return imageAlgorithms(machine, entry);
    },
    machine: {
      get figures() {
        return machine.figures;
      },
      memory: () => machine.memory(),
      snapshot: () => ({
        engine: quickJsEngine(),
        state: { machine: machine.snapshot(), loaded } satisfies QuickJsState,
      }),
    },
    kill: () => machine.kill(),
  };
}
