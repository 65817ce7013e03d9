/**
 * One embedded processor at work: an engine in memory of its own, with its limits and marks (requirements.md H2, H4).
 *
 * What ends a machine, which is power that fails or a limit, is thrown through the engine's frames right to whoever
 * called: nothing of the image runs any more, not even what it would do finally.
 */

import { PowerLost } from '../power.ts';
import { type CpuFigures, LimitReached } from './cpu.ts';
import type { HardwareCall, Word } from './hardware-calls.ts';
import {
  type EngineExports,
  type EngineMemory,
  instantiateEngine,
  STACK_REGION,
  type Value,
} from './quickjs-engine.ts';
import { ImageError, QuickJsHeap } from './quickjs-heap.ts';

export interface MachineLimits {
  /** Bytes of memory without the stack, in pages of 64 KiB. */
  readonly ramBytes: number;
  /** Bytes of the stack: 8 KiB to 480 KiB. */
  readonly stackBytes: number;
  /** Polls of the watchdog in one call. */
  readonly polls: number;
}

/** The calls of a board by their path (hardware-calls.ts). */
export type MachineCalls = readonly (readonly [path: string, call: HardwareCall])[];

const PAGE_SIZE = 65_536;
const STACK_SIZE_MIN = 8192;
const STACK_SIZE_MAX = 491_520;
/** Below the stack's limit: whoever went past it left marks here, and the engine lets nobody go further. */
const GUARD_SIZE = 16_384;
/** What the stack holds where nothing was ever put on it. */
const PAINT = 0xa5;
const PAINTED_GUARD = Buffer.alloc(GUARD_SIZE, PAINT);
/**
 * How far an image may go past its limit before it is seen: in one piece of work between two polls, or in one block. The
 * engine refuses what is more than that, which the image can catch, so that it never takes this computer's memory.
 */
const OVERSHOOT_SIZE = 1 << 26;
/** The engine calls its host by a name; ours have one character, and 0 would end it. */
const CALLS_MAX = 126;
/** RegExp, JSON, Proxy, Map and Set, typed arrays, Promise (for the syntax), BigInt: no clock, and no compiler for eval. */
const SCOPE = [2, 3, 4, 5, 6, 7, 8].reduce((mask, bit) => mask | (1 << bit), 0);

/** A machine between two calls. Good for the same engine only. */
export interface MachineState {
  readonly memory: Uint8Array;
  readonly stackPointer: number;
  readonly runtime: number;
  readonly context: number;
  readonly staging: number;
  readonly pollsPeak: number;
  /** Paths of the calls that the image holds, in their order. */
  readonly calls: readonly string[];
}

interface Running {
  readonly engine: EngineExports;
  readonly heap: QuickJsHeap;
}

export class QuickJsMachine {
  readonly #calls: MachineCalls;
  readonly #limits: MachineLimits;
  #running: Running | undefined;
  /** Calls into the engine that have not returned. */
  #depth = 0;
  #polls = 0;
  #pollsPeak = 0;
  /** Of a machine that has ended: what it had reached by then. */
  #finalFigures: CpuFigures | undefined;
  /** What the engine said of its own state before it gave up. */
  #lastWords = '';

  private constructor(calls: MachineCalls, limits: MachineLimits) {
    if (calls.length > CALLS_MAX)
      throw new RangeError(`a machine takes ${CALLS_MAX} hardware calls, not ${calls.length}`);
    if (!(limits.stackBytes >= STACK_SIZE_MIN && limits.stackBytes <= STACK_SIZE_MAX))
      throw new RangeError(`a stack has ${STACK_SIZE_MIN} to ${STACK_SIZE_MAX} bytes`);
    this.#calls = calls;
    this.#limits = limits;
  }

  /** A machine in memory that was never used. */
  static create(calls: MachineCalls, limits: MachineLimits): QuickJsMachine {
    const machine = new QuickJsMachine(calls, limits);
    const engine = machine.#instantiate();
    engine._initialize();
    new Uint8Array(engine.memory.buffer, 0, engine.__stack_pointer.value).fill(PAINT);
    if (engine.qjs_init2(SCOPE) !== 0) throw new Error('the engine did not start');
    engine.qjs_set_memory_limit(limits.ramBytes + OVERSHOOT_SIZE);
    engine.qjs_set_max_stack_size(limits.stackBytes + GUARD_SIZE / 2);
    engine.qjs_set_interrupt_handler(1);
    machine.#running = { engine, heap: new QuickJsHeap(engine) };
    return machine;
  }

  /**
   * A machine that goes on where another was.
   * @throws Error where its image holds other calls than this hardware has
   */
  static restore(state: MachineState, calls: MachineCalls, limits: MachineLimits): QuickJsMachine {
    if (state.calls.join() !== pathsOf(calls).join())
      throw new Error('the snapshot was made on hardware with other calls');
    const machine = new QuickJsMachine(calls, limits);
    const engine = machine.#instantiate();
    engine.memory.grow((state.memory.length - engine.memory.buffer.byteLength) / PAGE_SIZE);
    new Uint8Array(engine.memory.buffer).set(state.memory);
    engine.__stack_pointer.value = state.stackPointer;
    engine.qjs_set_runtime_and_context(state.runtime, state.context);
    machine.#pollsPeak = state.pollsPeak;
    machine.#running = { engine, heap: new QuickJsHeap(engine, state.staging) };
    return machine;
  }

  get figures(): CpuFigures {
    if (this.#finalFigures !== undefined) return this.#finalFigures;
    const { engine } = this.#present();
    const { ramBytes, stackBytes, polls } = this.#limits;
    return {
      ram: { peak: ramOf(engine.memory), limit: ramBytes },
      stack: { peak: stackPeak(engine.memory), limit: stackBytes },
      polls: { peak: Math.max(this.#polls, this.#pollsPeak), limit: polls },
    };
  }

  /** A copy of all memory. */
  memory(): Uint8Array {
    return new Uint8Array(this.#present().engine.memory.buffer).slice();
  }

  snapshot(): MachineState {
    const { engine, heap } = this.#present();
    if (this.#depth > 0) throw new Error('a machine has no snapshot while it works');
    return {
      memory: this.memory(),
      stackPointer: engine.__stack_pointer.value,
      runtime: engine.qjs_get_runtime_ptr(),
      context: engine.qjs_get_context_ptr(),
      staging: heap.staging,
      pollsPeak: this.figures.polls.peak,
      calls: pathsOf(this.#calls),
    };
  }

  /** Clears all memory and lets go of it; in the middle of a call too, since the engine is never returned to. */
  kill(): void {
    if (this.#running === undefined) return;
    this.#finalFigures = this.figures;
    const { memory } = this.#running.engine;
    new Uint8Array(memory.buffer).fill(0);
    this.#running = undefined;
  }

  /**
   * Lets the engine work: whatever may run code of the image goes through here.
   * @throws ImageError for what the image throws; LimitReached; PowerLost: after these two the machine is killed
   */
  enter<T>(work: (heap: QuickJsHeap) => T): T {
    const { engine, heap } = this.#present();
    if (this.#depth === 0) {
      this.#pollsPeak = Math.max(this.#polls, this.#pollsPeak);
      this.#polls = 0;
    }
    this.#depth += 1;
    try {
      const result = work(heap);
      this.#checkMarks(engine);
      return result;
    } catch (cause) {
      if (cause instanceof ImageError && !isOutOfMemory(cause)) throw cause;
      this.kill();
      throw this.#ended(cause);
    } finally {
      this.#depth -= 1;
    }
  }

  #present(): Running {
    if (this.#running === undefined) throw new Error('the machine was ended');
    return this.#running;
  }

  #instantiate(): EngineExports {
    const engine = instantiateEngine({
      call: (name, count, parameters) => this.#answer(name, count, parameters),
      poll: () => {
        this.#polls += 1;
        if (this.#polls > this.#limits.polls)
          throw new LimitReached(
            'time',
            `one call took more than ${this.#limits.polls} polls of the watchdog`,
          );
        this.#checkMarks(engine);
      },
      say: (text) => {
        this.#lastWords += text;
      },
    });
    return engine;
  }

  /** Performs a hardware call of the image. */
  #answer(name: number, count: number, parameters: number): number {
    const { engine, heap } = this.#present();
    this.#checkMarks(engine);
    const view = new DataView(engine.memory.buffer);
    const [, call] = this.#calls[view.getUint8(name) - 1] as MachineCalls[number];
    const given = Array.from({ length: count }, (_, place) =>
      heap.readWord(view.getUint32(parameters + 4 * place, true) as Value),
    );
    const outcome = attempt(() => call(...given));
    if (this.#running === undefined) throw new PowerLost();
    if ('failure' in outcome) {
      heap.throwInto(outcome.failure);
      return 0;
    }
    const { answer } = outcome;
    if (answer === undefined) return heap.undefined();
    return typeof answer === 'number' ? heap.number(answer) : heap.buffer(new Uint8Array(answer));
  }

  /** Whether memory or stack went past their limits on the way here, even if the image caught what came of it. */
  #checkMarks({ memory, __stack_pointer }: EngineExports): void {
    const { ramBytes, stackBytes } = this.#limits;
    const ram = ramOf(memory);
    if (ram > ramBytes)
      throw new LimitReached('ram', `memory grew to ${ram} bytes, and it has ${ramBytes}`);
    const floor = STACK_REGION - stackBytes;
    const guard = Buffer.from(memory.buffer, floor - GUARD_SIZE, GUARD_SIZE);
    if (__stack_pointer.value < floor || !guard.equals(PAINTED_GUARD))
      throw new LimitReached('stack', `the stack grew past its ${stackBytes} bytes`);
  }

  /** What a failed call is told as. */
  #ended(cause: unknown): unknown {
    if (cause instanceof PowerLost || cause instanceof LimitReached) return cause;
    if (cause instanceof ImageError)
      return new LimitReached(
        'ram',
        `it asked for much more than its ${this.#limits.ramBytes} bytes`,
      );
    if (cause instanceof RangeError && cause.message.includes('call stack'))
      return new LimitReached(
        'stack',
        'the stack of this process ended before that of the machine',
      );
    if (cause instanceof WebAssembly.RuntimeError)
      return new Error(`the engine gave up: ${this.#lastWords}${cause.message}`, { cause });
    return cause;
  }
}

/** The end of power is the end of the machine; any other failure of a hardware call is told to the image. */
function attempt(call: () => Word): { readonly answer: Word } | { readonly failure: Error } {
  try {
    return { answer: call() };
  } catch (cause) {
    if (cause instanceof PowerLost || !(cause instanceof Error)) throw cause;
    return { failure: cause };
  }
}

/** What the engine throws where even {@link OVERSHOOT_SIZE} does not do. */
const isOutOfMemory = ({ name, message }: ImageError): boolean =>
  name === 'InternalError' && message === 'out of memory';

const pathsOf = (calls: MachineCalls): string[] => calls.map(([path]) => path);

/** All memory but the stack's part of it. */
const ramOf = (memory: EngineMemory): number => memory.buffer.byteLength - STACK_REGION;

function stackPeak(memory: EngineMemory): number {
  const stack = new Uint8Array(memory.buffer, 0, STACK_REGION);
  const deepest = stack.findIndex((byte) => byte !== PAINT);
  return deepest < 0 ? 0 : STACK_REGION - deepest;
}
