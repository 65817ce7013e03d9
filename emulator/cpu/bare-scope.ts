/**
 * What engines put into every global scope but an image does without, because it would make the image depend on more
 * than its hardware (architecture.md, decision 1) or is not there on every engine. An image that needs one of them shall
 * fail on every processor, not on the board.
 */

/** Clocks, randomness, output, other threads, the host's idea of a language, and what waits or is told of the collector. */
export const absentGlobals = [
  'Atomics',
  'DOMException',
  'Date',
  'FinalizationRegistry',
  'Intl',
  'Promise',
  'SharedArrayBuffer',
  'WeakRef',
  'WebAssembly',
  'atob',
  'btoa',
  'console',
  'performance',
  'queueMicrotask',
] as const;

/** Runs in a new scope before the image does. */
export const BARE_SCOPE = `
  for (const name of ${JSON.stringify(absentGlobals)}) delete globalThis[name];
  delete Math.random;`;
