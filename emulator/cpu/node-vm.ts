/** The fast processor: a clean context of node:vm, never Node's own realm (runtimes.md 2, trap 2). */

import vm from 'node:vm';
import type { Firmware, Hardware, ImageEntry } from '#hw/hardware';
import { BARE_SCOPE } from './bare-scope.ts';
import type { Cpu, RunningImage } from './cpu.ts';
import { hardwareTree } from './hardware-calls.ts';

/** Images compiled at the same time; a test run has a few, a device one. */
const SCRIPTS_MAX = 8;

const BARE = new vm.Script(BARE_SCOPE, { filename: 'bare-scope.js' });

/** What the image's global scope holds after it was evaluated. */
interface ImageScope {
  hardware: Hardware;
  readonly tessera?: ImageEntry;
}

/**
 * No limits of memory or time, no snapshots: an endless loop in the image hangs the process (a time-out of node:vm costs two
 * milliseconds in every call, docs/cpu.md). Not a wall against a hostile image either (node:vm is none); the boot ROM
 * runs signed images only.
 */
export function createNodeVmCpu(): Cpu {
  return {
    name: 'node-vm',
    bytecodeEngine: undefined,
    restore: undefined,
    boot(program, board) {
      if (program.form !== 'source') throw new TypeError('node-vm runs source only');
      const script = compiled(program.source);
      const hardware = hardwareTree(board) as unknown as Hardware;
      const scope = bareContext();
      scope.hardware = hardware;
      script.runInContext(scope as unknown as vm.Context);
      const entry = scope.tessera;
      if (entry === undefined) throw new TypeError('the image left no `tessera` in its scope');
      return running(entry, entry.powerOn(hardware));
    },
  };
}

/** Holds the image for as long as it runs; the collector takes its context once nothing holds it. */
function running(entry: ImageEntry, firmware: Firmware): RunningImage {
  let held: { readonly entry: ImageEntry; readonly firmware: Firmware } | undefined;
  held = { entry, firmware };
  const alive = () => {
    if (held === undefined) throw new Error('the image was ended');
    return held;
  };
  return {
    receive: (port, data) => alive().firmware.receive(port, data),
    tick: () => alive().firmware.tick(),
    get algorithms() {
      return alive().entry.algorithms;
    },
    machine: undefined,
    kill() {
      held = undefined;
    },
  };
}

/** Shared by all processors: what one has compiled, the next one only evaluates. */
const scripts = new Map<string, vm.Script>();

function compiled(source: string): vm.Script {
  const known = scripts.get(source);
  if (known !== undefined) return known;
  const script = new vm.Script(source, { filename: 'firmware.js' });
  const [oldest] = scripts.keys();
  if (scripts.size >= SCRIPTS_MAX && oldest !== undefined) scripts.delete(oldest);
  scripts.set(source, script);
  return script;
}

function bareContext(): ImageScope {
  // An ordinary global object: without the interceptors of a contextified one, built-ins are found at full speed.
  const scope = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
    codeGeneration: { strings: false, wasm: false },
  });
  BARE.runInContext(scope);
  return scope as unknown as ImageScope;
}
