/** The fast processor gives an image its hardware and the language, nothing of Node (runtimes.md 2, trap 2). */

import { expect, test } from 'vitest';
import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import type { Hardware } from '#hw/hardware';
import { ask, makeTestBoard } from '#test/support/board';

const noHardware = {} as Hardware;

/** What an expression is worth inside an image. */
function evaluated(expression: string, cpu: Cpu = createNodeVmCpu()): unknown {
  const source = `
    globalThis.tessera = { powerOn: () => ({}), algorithms: { evaluate: () => ${expression} } };`;
  return cpu.boot({ form: 'source', source }, noHardware).algorithms['evaluate']?.();
}

test('an image has the language and its hardware', () => {
  const { board } = makeTestBoard();

  const names = ask(board, 'g')[0]?.split(' ').sort();

  expect(names).toEqual([
    'decodeURI',
    'decodeURIComponent',
    'encodeURI',
    'encodeURIComponent',
    'escape',
    'eval',
    'globalThis',
    'hardware',
    'isFinite',
    'isNaN',
    'parseFloat',
    'parseInt',
    'tessera',
    'undefined',
    'unescape',
  ]);
});

test.each([
  'process',
  'require',
  'Buffer',
  'console',
  'crypto',
  'setTimeout',
  'TextEncoder',
  'Date',
  'Intl',
  'WebAssembly',
  'SharedArrayBuffer',
  'WeakRef',
])('an image has no %s', (name) => {
  expect(evaluated(`typeof ${name}`)).toBe('undefined');
});

test('an image has no randomness of its own and makes no code from text', () => {
  expect(evaluated('typeof Math.random')).toBe('undefined');
  expect(() => evaluated('eval("1 + 1")')).toThrow('Code generation from strings disallowed');
  expect(() => evaluated('new Function("return 1")()')).toThrow('Code generation from strings');
});

test('an image runs in its own realm, and each start in a new one', () => {
  const cpu = createNodeVmCpu();

  expect(evaluated('new Uint8Array(1) instanceof Uint8Array', cpu)).toBe(true);
  expect(evaluated('[]', cpu)).not.toBeInstanceOf(Array);
  expect(evaluated('globalThis.left = 1', cpu)).toBe(1);
  expect(evaluated('typeof globalThis.left', cpu)).toBe('undefined');
});

test('whoever holds the image can use its algorithms', () => {
  const { board } = makeTestBoard();

  expect(board.algorithms?.['double']?.(...([21] as never[]))).toBe(42);
  board.powerOff();
  expect(board.algorithms).toBeUndefined();
});
