/**
 * The engine QuickJS-ng as WebAssembly, out of the package quickjs-wasi: its functions, and what it asks of its host
 * (runtimes.md 0).
 *
 * The package's own interface starts and restores an engine in promises. A board restarts in the middle of a call, so here
 * the engine is started as WebAssembly allows it, at once.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** A value of the image: the address of a box on the engine's heap, freed by {@link EngineExports.qjs_free_value}. */
export type Value = number & { readonly valueBrand: 'Value' };

/** All memory of the engine; it grows and never shrinks. */
export interface EngineMemory {
  /** Another one after each growth. */
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** Of 300 exports those that are used; sizes and addresses are numbers. */
export interface EngineExports {
  readonly memory: EngineMemory;
  readonly __stack_pointer: { value: number };
  _initialize(): void;
  wasm_malloc(size: number): number;
  wasm_free(address: number): void;
  qjs_init2(intrinsics: number): number;
  qjs_set_memory_limit(size: number): void;
  qjs_set_max_stack_size(size: number): void;
  qjs_set_interrupt_handler(isOn: number): void;
  qjs_compile(
    source: number,
    size: number,
    fileName: number,
    evalFlags: number,
    writeFlags: number,
    sizeOut: number,
  ): number;
  qjs_eval_bytecode(bytecode: number, size: number): Value;
  qjs_get_global(): Value;
  qjs_get_undefined(): Value;
  qjs_get_true(): Value;
  qjs_get_false(): Value;
  qjs_new_number(value: number): Value;
  qjs_new_string(text: number, size: number): Value;
  qjs_new_object(): Value;
  qjs_new_error(): Value;
  qjs_new_array_buffer(bytes: number, size: number): Value;
  qjs_new_uint8_array(bytes: number, size: number): Value;
  qjs_new_host_function(name: number, size: number, parameters: number): Value;
  qjs_dup_value(value: Value): Value;
  qjs_free_value(value: Value): void;
  qjs_get_prop_string(object: Value, name: number): Value;
  qjs_set_prop_string(object: Value, name: number, value: Value): number;
  qjs_get_own_property_names(object: Value): Value;
  qjs_get_prop_uint32(object: Value, index: number): Value;
  qjs_call(called: Value, self: Value, count: number, parameters: number): Value;
  qjs_throw(value: Value): number;
  qjs_get_exception(): Value;
  qjs_is_exception(value: Value): number;
  qjs_is_undefined(value: Value): number;
  qjs_is_bool(value: Value): number;
  qjs_is_number(value: Value): number;
  qjs_is_string(value: Value): number;
  qjs_is_array_buffer(value: Value): number;
  qjs_is_function(value: Value): number;
  qjs_is_object(value: Value): number;
  qjs_get_bool(value: Value): number;
  qjs_get_float64(value: Value): number;
  qjs_get_string_len(value: Value, sizeOut: number): number;
  qjs_free_cstring(text: number): void;
  qjs_get_array_buffer(value: Value, sizeOut: number): number;
  qjs_get_typed_array_buffer(
    value: Value,
    offsetOut: number,
    sizeOut: number,
    elementOut: number,
  ): Value;
  qjs_get_runtime_ptr(): number;
  qjs_get_context_ptr(): number;
  qjs_set_runtime_and_context(runtime: number, context: number): void;
}

/** What the engine calls while it runs. */
export interface EngineHost {
  /** @param name the address of the function's name @returns a value for the engine to free; 0 after qjs_throw */
  call(name: number, count: number, parameters: number): number;
  /** Every 10,000 loops and calls or so, at the very same places in each run. */
  poll(): void;
  /** What it prints before it gives up on a broken invariant of its own. */
  say(text: string): void;
}

/** Where the engine's stack ends: it grows down from here to 0, and all other memory is above. */
export const STACK_REGION = 1 << 20;

let compiled: object | undefined;

function engineModule(): object {
  compiled ??= new WebAssembly.Module(readFileSync(require.resolve('quickjs-wasi/quickjs.wasm')));
  return compiled;
}

let named: string | undefined;

/** The engine with its version: what bytecode is made for. */
export function quickJsEngine(): string {
  named ??= `quickjs-wasi ${require('quickjs-wasi/package.json').version}`;
  return named;
}

/** An engine in memory that was never used: nothing of it has run. */
export function instantiateEngine(host: EngineHost): EngineExports {
  const memory = (): EngineMemory => exports.memory;
  const instance = new WebAssembly.Instance(engineModule(), {
    env: {
      host_call: (name: number, _size: number, _self: number, count: number, parameters: number) =>
        host.call(name, count, parameters),
      host_interrupt() {
        host.poll();
        return 0;
      },
      host_promise_rejection: () => undefined,
      host_module_normalize: () => 0,
      host_module_load: () => 0,
      host_get_timezone_offset: () => 0,
    },
    wasi_snapshot_preview1: wasi(memory, host),
  });
  const exports = instance.exports as unknown as EngineExports;
  return exports;
}

const WASI_OK = 0;
const WASI_BAD_DESCRIPTOR = 8;

/** No clock, no noise, no files: an engine that asked for them would give every board the same. */
function wasi(memory: () => EngineMemory, host: EngineHost): Record<string, unknown> {
  return {
    clock_time_get(_clock: number, _precision: bigint, timeOut: number) {
      new DataView(memory().buffer).setBigUint64(timeOut, 0n, true);
      return WASI_OK;
    },
    random_get(out: number, size: number) {
      new Uint8Array(memory().buffer, out, size).fill(0);
      return WASI_OK;
    },
    fd_write(_descriptor: number, parts: number, count: number, writtenOut: number) {
      const view = new DataView(memory().buffer);
      let written = 0;
      for (let part = 0; part < count; part += 1) {
        const address = view.getUint32(parts + 8 * part, true);
        const size = view.getUint32(parts + 8 * part + 4, true);
        host.say(Buffer.from(memory().buffer, address, size).toString('latin1'));
        written += size;
      }
      view.setUint32(writtenOut, written, true);
      return WASI_OK;
    },
    fd_close: () => WASI_BAD_DESCRIPTOR,
    fd_fdstat_get: () => WASI_BAD_DESCRIPTOR,
    fd_seek: () => WASI_BAD_DESCRIPTOR,
  };
}
