/**
 * The algorithms of an image on a machine, as if they were functions of ours: for whoever runs test vectors against the
 * image on the embedded processor. Bytes, numbers, texts, booleans and functions of the image cross, and objects of these.
 */

import type { ImageEntry } from '#hw/hardware';
import type { Value } from './quickjs-engine.ts';
import type { QuickJsHeap } from './quickjs-heap.ts';
import type { QuickJsMachine } from './quickjs-machine.ts';

type Algorithm = (...given: readonly unknown[]) => unknown;

/** @param entry what the image left in its scope as `tessera` */
export function imageAlgorithms(machine: QuickJsMachine, entry: Value): ImageEntry['algorithms'] {
  /** Which value of the image a function of ours stands for. They live as long as the machine. */
  const originals = new WeakMap<Algorithm, Value>();

  function algorithm(original: Value, self: Value): Algorithm {
    const proxy: Algorithm = (...given) =>
      machine.enter((heap) => {
        const parameters = given.map((value) => inner(heap, value));
        const answer = heap.call(original, self, parameters);
        const outside = outer(heap, answer, original);
        if (outside.isCopy) heap.free(answer);
        return outside.value;
      });
    originals.set(proxy, original);
    return proxy;
  }

  function inner(heap: QuickJsHeap, value: unknown): Value {
    if (value === undefined) return heap.undefined();
    if (typeof value === 'number') return heap.number(value);
    if (typeof value === 'boolean') return heap.boolean(value);
    if (typeof value === 'string') return heap.string(value);
    if (value instanceof Uint8Array) return heap.bytes(value);
    const original = typeof value === 'function' ? originals.get(value as Algorithm) : undefined;
    if (original === undefined) throw new TypeError(`no image takes this ${typeof value}`);
    return heap.duplicate(original);
  }

  /** @param self what a function is called on; a value that is no copy stays in use */
  function outer(
    heap: QuickJsHeap,
    value: Value,
    self: Value,
  ): { readonly value: unknown; readonly isCopy: boolean } {
    if (heap.isFunction(value)) return { value: algorithm(value, self), isCopy: false };
    if (!heap.isObject(value)) return { value: heap.readPrimitive(value), isCopy: true };
    const bytes = heap.readBytes(value);
    if (bytes !== undefined) return { value: bytes, isCopy: true };
    const entries = heap
      .names(value)
      .map((name) => [name, outer(heap, heap.property(value, name), value).value]);
    return { value: Object.fromEntries(entries), isCopy: false };
  }

  return machine.enter(
    (heap) => outer(heap, heap.property(entry, 'algorithms'), entry).value,
  ) as ImageEntry['algorithms'];
}
