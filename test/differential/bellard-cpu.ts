/**
 * A third processor, to compare with: QuickJS of its first author, out of quickjs-emscripten. It limits the stack and the
 * time; its memory limit does not work (runtimes.md 5), so that it has no place on a board.
 */

import {
  DefaultIntrinsics,
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core';
import { BARE_SCOPE } from '#emulator/cpu/bare-scope';
import { type Cpu, LimitReached, type RunningImage } from '#emulator/cpu/cpu';
import { type HardwareTree, hardwareTree, type Word } from '#emulator/cpu/hardware-calls';
import { PowerLost } from '#emulator/power';
import type { Hardware } from '#hw/hardware';

const STACK_SIZE = 256 * 1024;
/** As many as the board's own (emulator/cpu/quickjs.ts). */
const POLLS_MAX = 15_000;

/** The compiler cannot be left out of a context that takes source: what leads to it is. */
const NO_COMPILER = `
  for (const made of [function () {}, function* () {}, async function () {}, async function* () {}])
    delete Object.getPrototypeOf(made).constructor;
  delete globalThis.Function;
  delete globalThis.eval;`;

export async function createBellardCpu(): Promise<Cpu> {
  const engine = await newQuickJSWASMModuleFromVariant(
    import('@jitl/quickjs-wasmfile-release-sync'),
  );
  return {
    name: 'quickjs-bellard',
    bytecodeEngine: undefined,
    restore: undefined,
    boot(program, hardware) {
      if (program.form !== 'source') throw new TypeError('this engine runs source only');
      return boot(engine, program.source, hardware);
    },
  };
}

/** One context and how it ends. */
class BellardMachine {
  readonly context: QuickJSContext;
  /** Why the image is not to go on; then no hardware call answers. */
  #end: Error | undefined;
  #polls = 0;
  #depth = 0;
  #isKilled = false;

  constructor(engine: QuickJSWASMModule) {
    const runtime = engine.newRuntime({ maxStackSizeBytes: STACK_SIZE });
    runtime.setInterruptHandler(() => {
      this.#polls += 1;
      if (this.#polls > POLLS_MAX)
        this.#end ??= new LimitReached('time', `one call took more than ${POLLS_MAX} polls`);
      return this.#end !== undefined;
    });
    this.context = runtime.newContext({ intrinsics: { ...DefaultIntrinsics, Date: false } });
  }

  /** Lets the image work. @throws what it throws, or what ended it */
  enter<T>(work: () => T): T {
    if (this.#isKilled) throw new Error('the machine was ended');
    this.#polls = 0;
    this.#depth += 1;
    try {
      const result = work();
      if (this.#end !== undefined) throw this.#end;
      return result;
    } catch (cause) {
      throw this.#end ?? cause;
    } finally {
      this.#depth -= 1;
      if (this.#isKilled) this.#dispose();
    }
  }

  /** Performs a hardware call of the image. */
  answer(call: (...given: unknown[]) => Word, given: readonly QuickJSHandle[]): QuickJSHandle {
    const { context } = this;
    if (this.#end !== undefined) throw this.#end;
    try {
      const answer = call(...given.map((value) => this.#word(value)));
      if (answer === undefined) return context.undefined;
      return typeof answer === 'number'
        ? context.newNumber(answer)
        : context.newArrayBuffer(answer);
    } catch (cause) {
      if (cause instanceof PowerLost) this.#end ??= cause;
      throw cause;
    }
  }

  kill(): void {
    if (this.#isKilled) return;
    this.#isKilled = true;
    this.#end ??= new PowerLost();
    if (this.#depth === 0) this.#dispose();
  }

  #word(value: QuickJSHandle): unknown {
    const { context } = this;
    if (context.typeof(value) === 'number') return context.getNumber(value);
    try {
      using bytes = context.getArrayBuffer(value);
      return bytes.value.slice().buffer;
    } catch {
      return undefined; // what is no ArrayBuffer; no hardware call takes it
    }
  }

  #dispose(): void {
    this.context.dispose();
    this.context.runtime.dispose();
  }
}

function boot(engine: QuickJSWASMModule, source: string, board: Hardware): RunningImage {
  const machine = new BellardMachine(engine);
  const { context } = machine;
  /** Values that live as long as the machine. */
  const kept: QuickJSHandle[] = [];
  const keep = (value: QuickJSHandle): QuickJSHandle => {
    kept.push(value);
    return value;
  };

  function run(code: string, name: string): void {
    context.unwrapResult(context.evalCode(code, name)).dispose();
  }

  function call(called: QuickJSHandle, self: QuickJSHandle, ...given: QuickJSHandle[]) {
    const answer = context.callFunction(called, self, ...given);
    for (const value of given) value.dispose();
    return context.unwrapResult(answer);
  }

  function tree(parts: HardwareTree): QuickJSHandle {
    const object = context.newObject();
    for (const [name, part] of Object.entries(parts)) {
      using value =
        typeof part === 'number'
          ? context.newNumber(part)
          : typeof part === 'function'
            ? context.newFunction(name, (...given) => machine.answer(part, given))
            : tree(part);
      context.setProp(object, name, value);
    }
    return object;
  }

  function kill(): void {
    for (const value of kept.splice(0)) value.dispose();
    machine.kill();
  }

  try {
    return machine.enter(() => {
      run(BARE_SCOPE, 'bare-scope.js');
      run(NO_COMPILER, 'no-compiler.js');
      using hardware = tree(hardwareTree(board));
      context.setProp(context.global, 'hardware', hardware);
      run(source, 'firmware.js');
      using entry = context.getProp(context.global, 'tessera');
      if (context.typeof(entry) === 'undefined')
        throw new TypeError('the image left no `tessera` in its scope');
      using powerOn = context.getProp(entry, 'powerOn');
      const firmware = keep(call(powerOn, entry, hardware.dup()));
      const [receive, tick] = ['receive', 'tick'].map((name) =>
        keep(context.getProp(firmware, name)),
      ) as [QuickJSHandle, QuickJSHandle];
      return {
        receive: (port, data) =>
          machine.enter(() =>
            call(
              receive,
              firmware,
              context.newNumber(port),
              context.newArrayBuffer(data),
            ).dispose(),
          ),
        tick: () => machine.enter(() => call(tick, firmware).dispose()),
        algorithms: {},
        machine: undefined,
        kill,
      };
    });
  } catch (cause) {
    kill();
    throw cause;
  }
}
