/**
 * The heap of an engine seen from outside: values of the image made, read and called. What is asked for here may run code of
 * the image, so a machine does it inside {@link QuickJsMachine.enter} only.
 */

import type { EngineExports, Value } from './quickjs-engine.ts';

/** What the image threw and did not catch, with its own stack. */
export class ImageError extends Error {
  override readonly name: string;

  constructor(name: string, message: string, stack: string) {
    super(message);
    this.name = name;
    this.stack = `${name}: ${message}\n${stack}`;
  }
}

/** Bytes that cross without a block of their own: one hardware call has no more (hw/hardware.ts). */
const STAGING_SIZE = 4096;
/** Behind them: sizes and offsets that the engine tells. */
const OUT_SIZE = 12;
/** Stands for what is no number and no ArrayBuffer; no hardware call takes it. */
const NO_WORD = Symbol('neither number nor ArrayBuffer');

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Owns a staging area in the engine's memory. Every value it gives belongs to who asked, until it is freed. */
export class QuickJsHeap {
  readonly #engine: EngineExports;
  /** The address of the staging area. */
  readonly staging: number;
  readonly #out: number;

  /** @param staging where an earlier heap of the same memory had its area; a new one where left out */
  constructor(engine: EngineExports, staging = engine.wasm_malloc(STAGING_SIZE + OUT_SIZE)) {
    this.#engine = engine;
    this.staging = staging;
    this.#out = staging + STAGING_SIZE;
  }

  free(value: Value): void {
    this.#engine.qjs_free_value(value);
  }

  duplicate(value: Value): Value {
    return this.#engine.qjs_dup_value(value);
  }

  undefined(): Value {
    return this.#engine.qjs_get_undefined();
  }

  boolean(value: boolean): Value {
    return value ? this.#engine.qjs_get_true() : this.#engine.qjs_get_false();
  }

  number(value: number): Value {
    return this.#engine.qjs_new_number(value);
  }

  string(text: string): Value {
    const utf8 = encoder.encode(text);
    return this.#checked(
      this.#lending(utf8, (address) => this.#engine.qjs_new_string(address, utf8.length)),
    );
  }

  /** An ArrayBuffer. */
  buffer(bytes: Uint8Array): Value {
    return this.#checked(
      this.#lending(bytes, (address) => this.#engine.qjs_new_array_buffer(address, bytes.length)),
    );
  }

  /** A Uint8Array. */
  bytes(bytes: Uint8Array): Value {
    return this.#checked(
      this.#lending(bytes, (address) => this.#engine.qjs_new_uint8_array(address, bytes.length)),
    );
  }

  object(): Value {
    return this.#engine.qjs_new_object();
  }

  /** @param number 1 to 126, by which the engine calls its host */
  hostFunction(number: number): Value {
    const name = Uint8Array.of(number);
    return this.#lending(name, (address) => this.#engine.qjs_new_host_function(address, 1, 0));
  }

  global(): Value {
    return this.#engine.qjs_get_global();
  }

  /** @throws ImageError as all that follow */
  property(object: Value, name: string): Value {
    return this.#checked(this.#peek(object, name));
  }

  /** Frees the value. */
  setProperty(object: Value, name: string, value: Value): void {
    const status = this.#named(name, (address) =>
      this.#engine.qjs_set_prop_string(object, address, value),
    );
    this.free(value);
    if (status < 0) throw this.thrown();
  }

  /** The names of an object's own properties that are enumerable. */
  names(object: Value): string[] {
    const list = this.#checked(this.#engine.qjs_get_own_property_names(object));
    const length = this.property(list, 'length');
    const names = Array.from({ length: this.readNumber(length) }, (_, index) => {
      const name = this.#checked(this.#engine.qjs_get_prop_uint32(list, index));
      const text = this.readString(name);
      this.free(name);
      return text;
    });
    this.free(length);
    this.free(list);
    return names;
  }

  /** Frees the parameters. */
  call(called: Value, self: Value, parameters: readonly Value[]): Value {
    // Not in the staging area: hardware calls in the middle of this one need that.
    const places = this.#engine.wasm_malloc(4 * Math.max(1, parameters.length));
    new Uint32Array(this.#engine.memory.buffer, places, parameters.length).set(parameters);
    const answer = this.#engine.qjs_call(called, self, parameters.length, places);
    this.#engine.wasm_free(places);
    for (const parameter of parameters) this.free(parameter);
    return this.#checked(answer);
  }

  run(bytecode: Uint8Array): void {
    const result = this.#lending(bytecode, (address) =>
      this.#engine.qjs_eval_bytecode(address, bytecode.length),
    );
    this.free(this.#checked(result));
  }

  /** A number, a copy of an ArrayBuffer, or something that is no word of the hardware. */
  readWord(value: Value): unknown {
    if (this.#engine.qjs_is_number(value)) return this.readNumber(value);
    if (!this.#engine.qjs_is_array_buffer(value)) return NO_WORD;
    return this.#readBuffer(value)?.buffer ?? NO_WORD;
  }

  isUndefined(value: Value): boolean {
    return this.#engine.qjs_is_undefined(value) !== 0;
  }

  isObject(value: Value): boolean {
    return this.#engine.qjs_is_object(value) !== 0;
  }

  isFunction(value: Value): boolean {
    return this.#engine.qjs_is_function(value) !== 0;
  }

  /** A boolean, number or string; undefined for anything else. */
  readPrimitive(value: Value): boolean | number | string | undefined {
    if (this.#engine.qjs_is_number(value)) return this.readNumber(value);
    if (this.#engine.qjs_is_string(value)) return this.readString(value);
    return this.#engine.qjs_is_bool(value) ? this.#engine.qjs_get_bool(value) !== 0 : undefined;
  }

  readNumber(value: Value): number {
    return this.#engine.qjs_get_float64(value);
  }

  readString(value: Value): string {
    const address = this.#engine.qjs_get_string_len(value, this.#out);
    if (address === 0) return '';
    const text = decoder.decode(this.#copy(address, this.#outWord(0)));
    this.#engine.qjs_free_cstring(address);
    return text;
  }

  /** A copy of a Uint8Array; undefined for anything else. */
  readBytes(value: Value): Uint8Array | undefined {
    const engine = this.#engine;
    const out = this.#out;
    const buffer = engine.qjs_get_typed_array_buffer(value, out, out + 4, out + 8);
    if (engine.qjs_is_exception(buffer)) {
      this.free(engine.qjs_get_exception());
      return undefined;
    }
    const [offset, size, elementSize] = [this.#outWord(0), this.#outWord(1), this.#outWord(2)];
    const whole = this.#readBuffer(buffer);
    this.free(buffer);
    return elementSize === 1 ? whole?.slice(offset, offset + size) : undefined;
  }

  /** Makes the image see an error in place of the answer to a hardware call. */
  throwInto({ name, message }: Error): void {
    const error = this.#engine.qjs_new_error();
    this.setProperty(error, 'name', this.string(name));
    this.setProperty(error, 'message', this.string(message));
    this.#engine.qjs_throw(error);
    this.free(error);
  }

  /** Takes what the engine holds as thrown. */
  thrown(): ImageError {
    const cause = this.#engine.qjs_get_exception();
    const isObject = this.#engine.qjs_is_object(cause) !== 0;
    const error = isObject
      ? new ImageError(
          this.#textAt(cause, 'name') || 'Error',
          this.#textAt(cause, 'message'),
          this.#textAt(cause, 'stack'),
        )
      : new ImageError('Thrown', this.readString(cause), '');
    this.free(cause);
    return error;
  }

  #outWord(place: number): number {
    return new DataView(this.#engine.memory.buffer).getUint32(this.#out + 4 * place, true);
  }

  #copy(address: number, size: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#engine.memory.buffer, address, size).slice();
  }

  /** Undefined where it is detached. */
  #readBuffer(value: Value): Uint8Array<ArrayBuffer> | undefined {
    const address = this.#engine.qjs_get_array_buffer(value, this.#out);
    if (address !== 0) return this.#copy(address, this.#outWord(0));
    this.free(this.#engine.qjs_get_exception());
    return undefined;
  }

  /**
   * Lends the engine bytes for one call and leaves none of them behind: they may be a secret. Where the call throws, the
   * machine has ended and its memory with it.
   */
  #lending<T>(bytes: Uint8Array, use: (address: number) => T): T {
    const engine = this.#engine;
    const isSmall = bytes.length <= STAGING_SIZE;
    const address = isSmall ? this.staging : engine.wasm_malloc(bytes.length);
    if (address === 0) throw new RangeError(`the engine has no room for ${bytes.length} bytes`);
    new Uint8Array(engine.memory.buffer).set(bytes, address);
    const result = use(address);
    new Uint8Array(engine.memory.buffer, address, bytes.length).fill(0);
    if (!isSmall) engine.wasm_free(address);
    return result;
  }

  #named<T>(name: string, use: (address: number) => T): T {
    return this.#lending(encoder.encode(`${name}\0`), use);
  }

  #peek(object: Value, name: string): Value {
    return this.#named(name, (address) => this.#engine.qjs_get_prop_string(object, address));
  }

  #checked(value: Value): Value {
    if (!this.#engine.qjs_is_exception(value)) return value;
    this.free(value);
    throw this.thrown();
  }

  /** Empty where it is no string. */
  #textAt(object: Value, name: string): string {
    const value = this.#peek(object, name);
    const text = this.#engine.qjs_is_string(value) ? this.readString(value) : '';
    this.free(value);
    return text;
  }
}
