/** What every processor is to an image, whichever engine it has: the contract of emulator/cpu/cpu.ts. */

import { describe, expect, test } from 'vitest';
import { absentGlobals } from '#emulator/cpu/bare-scope';
import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import type { Hardware } from '#hw/hardware';
import { createBellardCpu } from '#test/differential/bellard-cpu';
import { ask, makeTestBoard, TEST_TIME_MS } from '#test/support/board';
import {
  TEST_FIRMWARE,
  testBytecodeImage,
  testImage,
  testImageKey,
} from '#test/support/test-firmware';

const cpus: [name: string, cpu: Cpu, image: (body?: string) => Uint8Array][] = [
  ['node-vm', createNodeVmCpu(), testImage],
  ['quickjs from source', createQuickJsCpu(), testImage],
  ['quickjs from bytecode', createQuickJsCpu(), testBytecodeImage],
  ['quickjs-bellard', await createBellardCpu(), testImage],
];
const bytes = (value: string): Uint8Array => Buffer.from(value, 'latin1');
const hexOf = (value: Uint8Array): string => Buffer.from(value).toString('hex');

const sourceOf = (source: string) => ({ form: 'source', source }) as const;

/** A firmware that says what an expression is worth; `hw` is its hardware, `told` what it tells of an error. */
const evaluating = (expression: string): string => `
  const hw = globalThis.hardware;
  const buffer = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer;
  const told = (action) => { try { return String(action()); } catch (error) { return error.name + ': ' + error.message; } };
  globalThis.tessera = {
    powerOn: () => ({ receive(port) { hw.ports.send(port, buffer(String(${expression}))); }, tick() {} }),
    algorithms: {},
  };`;

describe.each(cpus)('%s', (_, cpu, image) => {
  const start = (body = TEST_FIRMWARE) => makeTestBoard({ cpu, image: image(body) });
  const evaluated = (expression: string): string => {
    const { board } = start(evaluating(expression));
    const [answer] = ask(board, 'x');
    return answer ?? `nothing: ${board.fault?.message}`;
  };

  test.each<[string, string, string]>([
    ['numbers of the hardware', 'f', '262144 4096 16'],
    ['numbers that calls answer', 'c', `${TEST_TIME_MS} 0`],
    ['bytes that calls answer', 'd', '5e'.repeat(32)],
    ['what it is made of', 'k', hexOf(testImageKey.publicKey)],
    ['bytes that went in', 'ehello', 'hello'],
    ['no bytes', 'e', ''],
    ['a crypto engine', 'habc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ])('gives an image %s', (_case, request, answer) => {
    expect(ask(start().board, request)).toEqual([answer]);
  });

  test('carries every byte both ways, up to the 4096 of a call', () => {
    const all = Buffer.from(Array.from({ length: 4095 }, (_value, at) => at & 0xff));

    const answers = ask(start().board, Buffer.concat([bytes('e'), all]));

    expect(answers).toEqual([all.toString('latin1')]);
  });

  test('carries numbers as they are', () => {
    const numbers = [0, -1, 2 ** 53 - 1, 0.5, -(2 ** 31), 2 ** 32];
    const given: number[] = [];
    const echo = (value: number): number => {
      given.push(value);
      return value;
    };
    const body = `globalThis.tessera = { algorithms: {}, powerOn: ({ echo }) => ({
      receive() { if (![${numbers}].every((value) => Object.is(echo(value), value))) throw new Error('other'); }, tick() {} }) };`;

    const running = cpu.boot(sourceOf(body), { echo } as unknown as Hardware);
    running.receive(0, new ArrayBuffer(0));
    running.kill();

    expect(given).toEqual(numbers);
  });

  test('passes every part on that a board has, and none that it has not', () => {
    const heard: string[] = [];
    const hardware = {
      engine: {
        size: 7,
        join: (left: ArrayBuffer, right: ArrayBuffer) =>
          new Uint8Array([...new Uint8Array(left), ...new Uint8Array(right)]).buffer,
        tell: (text: ArrayBuffer) => void heard.push(Buffer.from(text).toString()),
        deeper: { still: () => 42 },
      },
      absent: undefined,
    };
    const body = `globalThis.tessera = { algorithms: {}, powerOn({ engine, absent }) {
      const text = (value) => Uint8Array.from(value, (letter) => letter.charCodeAt(0)).buffer;
      engine.tell(engine.join(text('ab'), text('cd')));
      engine.tell(text([engine.size, engine.deeper.still(), typeof absent].join(' ')));
      return { receive() {}, tick() {} };
    } };`;

    cpu.boot(sourceOf(body), hardware as unknown as Hardware).kill();

    expect(heard).toEqual(['abcd', '7 42 undefined']);
  });

  test.each([
    ['a text', `hw.flash.read('0', 4)`],
    ['nothing', 'hw.flash.read(undefined, 4)'],
    ['a typed array in place of its buffer', 'hw.ports.send(0, new Uint8Array(1))'],
    ['an object', 'hw.ports.send(0, {})'],
    ['a BigInt', 'hw.entropy.read(4n)'],
  ])('lets no image hand %s to the hardware', (_case, call) => {
    expect(evaluated(`told(() => ${call})`)).toMatch(
      /^TypeError: .* numbers and ArrayBuffers only/,
    );
  });

  test('hands no other hardware to an image', () => {
    const boot = (hardware: unknown) => cpu.boot(sourceOf(TEST_FIRMWARE), hardware as Hardware);

    expect(() => boot({ name: 'text' })).toThrow(/name is a string, which no engine gets/);
  });

  test('shows an image what it asked wrongly, and goes on', () => {
    const wrong = 'told(() => hw.ports.send(99, new ArrayBuffer(1)))';

    expect(evaluated(`${wrong} + ' ' + hw.flash.size`)).toMatch(/^RangeError: .* ports .* 262144$/);
  });

  test.each([
    ['eval', 'eval("1")'],
    ['the constructor of functions', '(() => 1).constructor("return 1")()'],
    ['the constructor of generators', '(function* () {}).constructor("yield 1")().next()'],
    ['Date', 'Date.now()'],
    ['console', 'console.log(1)'],
    ['Math.random', 'Math.random()'],
    ['performance', 'performance.now()'],
    ['timers', 'setTimeout(() => 1, 1)'],
    ['promises', 'Promise.resolve(1)'],
    ['crypto', 'crypto.getRandomValues(new Uint8Array(1))'],
    ['TextEncoder', 'new TextEncoder()'],
    ['weak references', 'new WeakRef({})'],
    ['Intl', 'new Intl.Collator()'],
    ['shared memory', 'new SharedArrayBuffer(1)'],
    ['process', 'process.exit()'],
    ['require', 'require("fs")'],
  ])('ends an image that uses %s', (_case, use) => {
    const { board } = start(evaluating(use));

    expect(ask(board, 'x')).toEqual([]);
    expect(board.fault?.kind).toBe('crashed');
  });

  test('has nothing in its scope that only some engines have', () => {
    const present = `${JSON.stringify(absentGlobals)}.filter((name) => name in globalThis)`;

    expect(evaluated(present)).toBe('');
  });

  test.each([
    ['loads', 'throw new RangeError("no bundle")', 'no bundle'],
    ['has no entry', '1', 'the image left no `tessera` in its scope'],
    [
      'is powered on',
      'globalThis.tessera = { powerOn() { throw new Error("no power") } }',
      'no power',
    ],
  ])('an image that fails while it %s is a fault', (_case, body, message) => {
    const { board } = start(body);

    expect(board.fault?.kind).toBe('crashed');
    expect(board.fault?.message).toContain(message);
  });

  test('source that does not parse is a fault', () => {
    const { board } = makeTestBoard({ cpu, image: testImage('const const') });

    expect(board.fault?.kind).toBe('crashed');
    expect(board.fault?.cause).toMatchObject({ name: 'SyntaxError' });
  });

  test('an image that throws later is a fault with its words', () => {
    const { board } = start();

    expect(ask(board, 'b')).toEqual([]);
    expect(board.fault).toMatchObject({
      kind: 'crashed',
      message: 'The firmware crashed: a defect',
    });
  });

  test('nothing can be asked of an image that was ended', () => {
    const image =
      'globalThis.tessera = { algorithms: {}, powerOn: () => ({ receive() {}, tick() {} }) };';
    const running = cpu.boot(sourceOf(image), {} as Hardware);
    running.tick();

    running.kill();
    running.kill();

    expect(() => running.tick()).toThrow(/was ended/);
    expect(() => running.receive(0, new ArrayBuffer(1))).toThrow(/was ended/);
  });

  test('every start begins with empty memory', () => {
    const { board } = start(evaluating('globalThis.count = (globalThis.count ?? 0) + 1'));
    expect([ask(board, 'x'), ask(board, 'x')]).toEqual([['1'], ['2']]);

    board.powerOff();
    board.powerOn();

    expect(ask(board, 'x')).toEqual(['1']);
  });

  test.each(['z', 'Z'])('a reset is the end of a call, whatever is caught: %s', (request) => {
    const { board } = start();
    ask(board, 'n');

    expect(ask(board, request)).not.toContain('not dead');

    expect(board.fault).toBeUndefined();
    expect(ask(board, 'n')).toEqual(['receives=1 ticks=0']);
  });

  test('a power cut within a hardware call ends the call there: nothing more is said or done', () => {
    const { board, flash } = start();
    flash.losePowerAfter(0);

    expect(ask(board, 'p\x01')).toEqual([]);

    expect(board.isPowered).toBe(false);
    const left = flash.contents();
    board.tick();
    expect(flash.contents()).toEqual(left);
    board.powerOn();
    expect(ask(board, 'p\x02')).toEqual(['before sync', 'programmed 0']);
  });

  test('a switch within a hardware call ends the call there', () => {
    const { board, flash } = makeTestBoard({
      cpu,
      image: image(),
      entropy: {
        read: (length) => {
          if (length === 8) board.powerOff();
          return new ArrayBuffer(length);
        },
      },
    });

    expect(ask(board, 'r')).toEqual([]);

    expect(board.isPowered).toBe(false);
    expect(flash.counters.programs).toBe(0);
    board.powerOn();
    expect(ask(board, 'ehere')).toEqual(['here']);
  });
});
