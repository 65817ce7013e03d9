/**
 * From the source of an image to bytecode, as a tool chain does it before a board gets it: in an engine of its own, since
 * that of a board has no compiler (runtimes.md 6).
 */

import { type EngineExports, instantiateEngine } from './quickjs-engine.ts';
import { QuickJsHeap } from './quickjs-heap.ts';

const encoder = new TextEncoder();
const ALL_INTRINSICS = 0xffffffff;
/** Without the text of the functions; without lines and names either. */
const STRIP_SOURCE = 1 << 4;
const STRIP_DEBUG = 1 << 5;

export interface CompileOptions {
  /** Keeps names and lines for what the image throws; it takes a sixth more bytes. */
  readonly keepsLines?: boolean;
}

/**
 * The same source gives the same bytes.
 * @throws ImageError for source with a mistake in its syntax
 */
export function compileForQuickJs(
  source: string,
  { keepsLines = false }: CompileOptions = {},
): Uint8Array {
  const engine = instantiateEngine({
    call: () => 0,
    poll: () => undefined,
    say: () => undefined,
  });
  engine._initialize();
  if (engine.qjs_init2(ALL_INTRINSICS) !== 0) throw new Error('the engine did not start');
  const flags = keepsLines ? STRIP_SOURCE : STRIP_SOURCE | STRIP_DEBUG;
  return compiled(engine, encoder.encode(`${source}\0`), flags);
}

function compiled(engine: EngineExports, text: Uint8Array, flags: number): Uint8Array {
  const place = (bytes: Uint8Array): number => {
    const address = engine.wasm_malloc(bytes.length);
    new Uint8Array(engine.memory.buffer).set(bytes, address);
    return address;
  };
  const source = place(text);
  const name = place(encoder.encode('firmware.js\0'));
  const sizeOut = place(new Uint8Array(4));
  const bytecode = engine.qjs_compile(source, text.length - 1, name, 0, flags, sizeOut);
  if (bytecode === 0) throw new QuickJsHeap(engine).thrown();
  const size = new DataView(engine.memory.buffer).getUint32(sizeOut, true);
  return new Uint8Array(engine.memory.buffer, bytecode, size).slice();
}
