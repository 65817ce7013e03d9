/** The fast processor: a clean context of node:vm, never Node's own realm (runtimes.md 2, trap 2). */

import vm from 'node:vm';
import type { Hardware, ImageEntry } from '#hw/hardware';
import type { Cpu } from './cpu.ts';

/** Images compiled at the same time; a test run has a few, a device one. */
const SCRIPTS_MAX = 8;

/**
 * What V8 puts into every context but a small engine has not, or what would make an image depend on more than its
 * hardware (architecture.md, decision 1). An image that needs one of them shall fail here, not on the board.
 */
const BARE = new vm.Script(
  `for (const name of ['console', 'Date', 'Intl', 'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'WeakRef',
     'FinalizationRegistry']) delete globalThis[name];
   delete Math.random;`,
  { filename: 'bare-context.js' },
);

/** What the image's global scope holds after it was evaluated. */
interface ImageScope {
  hardware: Hardware;
  readonly tessera?: ImageEntry;
}

/**
 * No limits of memory or time, no snapshots: an endless loop in the image hangs the process. Not a wall against a
 * hostile image either (node:vm is none); the boot ROM runs signed images only.
 */
export function createNodeVmCpu(): Cpu {
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

  return {
    boot(source, hardware) {
      const script = compiled(source);
      const scope = bareContext();
      scope.hardware = hardware;
      script.runInContext(scope as unknown as vm.Context);
      const entry = scope.tessera;
      if (entry === undefined) throw new TypeError('the image left no `tessera` in its scope');
      const firmware = entry.powerOn(hardware);
      return {
        receive: (port, data) => firmware.receive(port, data),
        tick: () => firmware.tick(),
        algorithms: entry.algorithms,
        kill: () => undefined, // the collector takes the context when nothing holds the firmware any more
      };
    },
  };
}

function bareContext(): ImageScope {
  // An ordinary global object: without the interceptors of a contextified one, built-ins are found at full speed.
  const scope = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
    codeGeneration: { strings: false, wasm: false },
  });
  BARE.runInContext(scope);
  return scope as unknown as ImageScope;
}
