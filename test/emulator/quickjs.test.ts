/** What the embedded processor adds to the contract: limits, marks, snapshots, bytecode, and an end (docs/cpu.md). */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { createManualClock } from '#emulator/clock';
import type { LimitName } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import { quickJsEngine } from '#emulator/cpu/quickjs-engine';
import { createSeededEntropy } from '#emulator/entropy';
import { createMemoryFlash } from '#emulator/flash';
import { loadImage } from '#emulator/image-file';
import { PowerLost } from '#emulator/power';
import { findSecret } from '#emulator/secret-scan';
import type { Hardware } from '#hw/hardware';
import { encodeRequest } from '#protocol/dispatch';
import { clientHello } from '#protocol/handshake';
import { nobleCrypto } from '#protocol/noble-crypto';
import { ask, makeBoard, makeTestBoard, TEST_TIME_MS } from '#test/support/board';
import type { Algorithms } from '#test/support/image-algorithms';
import { hostKeys } from '#test/support/meter';
import { rawHost } from '#test/support/raw-host';
import { TEST_FIRMWARE, testBytecodeImage, testImage } from '#test/support/test-firmware';

const cpu = createQuickJsCpu();

/** A firmware whose `receive` is this; it sends what `say` is given. */
const receiving = (body: string): string => `
  globalThis.tessera = { algorithms: {}, powerOn: (hw) => ({
    receive(port, data) {
      const say = (text) =>
        hw.ports.send(port, Uint8Array.from(String(text), (letter) => letter.charCodeAt(0)).buffer);
      ${body}
    },
    tick() {},
  }) };`;

describe('a limit that is passed ends the image where it is, whatever it catches', () => {
  test.each<[LimitName, string, string]>([
    ['ram', 'small objects', 'const kept = []; for (;;) kept.push({ kept });'],
    ['ram', 'text', 'const kept = []; for (;;) kept.push("x".repeat(1000) + kept.length);'],
    ['ram', 'one block', 'new Uint8Array(8 << 20);'],
    [
      'ram',
      'blocks that are soon free',
      'for (let turn = 0; turn < 3; turn++) new Uint8Array(5 << 20);',
    ],
    ['stack', 'a function that calls itself', 'const deeper = () => deeper() + 1; deeper();'],
    ['stack', 'a function that the engine calls', 'const by = () => [2, 1].sort(by); by();'],
    ['stack', 'nested text', 'JSON.parse("[".repeat(100_000));'],
    ['time', 'a loop', 'for (;;);'],
    ['time', 'a loop on its way out', 'try { throw 1 } finally { for (;;); }'],
    ['time', 'a search', '/^(a+)+$/.test("a".repeat(40) + "b");'],
  ])('%s: %s', (limit, _, body) => {
    const caught = `try { ${body} } catch {} say('after'); for (;;);`;
    const hurried = createQuickJsCpu({ polls: 300 });
    const { board } = makeTestBoard({ cpu: hurried, image: testImage(receiving(caught)) });

    const said = ask(board, 'x');

    expect(said).toEqual([]);
    expect(board.fault).toMatchObject({ kind: 'limitReached', limit });
    expect(board.fault?.message).toMatch(/^The firmware was stopped: .*\d/);
    expect(board.indicator).toBe('error');
  });
});

describe('limits', () => {
  test('a block as large as a computer is refused to the image, which has not grown by it', () => {
    const body = 'try { new Uint8Array(1 << 30); } catch (error) { say(error); }';
    const { board } = makeTestBoard({ cpu, image: testImage(receiving(body)) });

    expect(ask(board, 'x')).toEqual(['InternalError: out of memory']);
    expect(board.fault).toBeUndefined();
  });

  test('and is a limit that was reached where nobody caught it', () => {
    const image = testImage(receiving('new Uint8Array(1 << 30);'));
    const { board } = makeTestBoard({ cpu, image });

    ask(board, 'x');

    expect(board.fault).toMatchObject({ kind: 'limitReached', limit: 'ram' });
  });

  test.each([
    ['while it loads', 'for (;;);'],
    ['when it is powered on', 'globalThis.tessera = { powerOn() { for (;;); } };'],
    [
      'at a tick',
      'globalThis.tessera = { powerOn: () => ({ receive() {}, tick() { for (;;); } }) };',
    ],
  ])('an endless loop %s is a fault, not the end of this process', (_, body) => {
    const { board } = makeTestBoard({
      cpu: createQuickJsCpu({ polls: 50 }),
      image: testImage(body),
    });
    board.tick();

    expect(board.fault).toMatchObject({ kind: 'limitReached', limit: 'time' });
    expect(board.fault?.message).toContain('50 polls');
  });

  test('count for each call anew', () => {
    const work = 'for (let turn = 0; turn < 400_000; turn++);';
    const { board } = makeTestBoard({
      cpu: createQuickJsCpu({ polls: 120 }),
      image: testImage(receiving(`${work} say('done');`)),
    });

    expect([ask(board, 'x'), ask(board, 'x'), ask(board, 'x')]).toEqual([
      ['done'],
      ['done'],
      ['done'],
    ]);
    expect(board.cpuFigures?.polls.peak).toBeGreaterThan(60);
  });

  test('the marks tell what an image took, and the same at each run', () => {
    const figures = (body: string) => {
      const { board } = makeTestBoard({ cpu, image: testImage(receiving(body)) });
      ask(board, 'x');
      return board.cpuFigures;
    };
    const idle = figures('');
    const deep = figures('const deeper = (n) => (n === 0 ? 0 : 1 + deeper(n - 1)); deeper(100);');
    const wide = figures('new Uint8Array(1 << 20);');

    expect(deep?.stack.peak).toBeGreaterThan((idle?.stack.peak ?? 0) + 100 * 100);
    expect(deep?.stack.peak).toBeLessThan(deep?.stack.limit ?? 0);
    expect(wide?.ram.peak).toBeGreaterThanOrEqual((idle?.ram.peak ?? 0) + (1 << 20));
    expect(idle).toMatchObject({ ram: { limit: 4 << 20 }, stack: { limit: 64 << 10 } });
    expect(figures('new Uint8Array(1 << 20);')).toEqual(wide);
  });

  test('a board that is off, and one on a processor without limits, have no marks', () => {
    const { board } = makeTestBoard({ cpu });
    board.powerOff();

    expect([board.cpuFigures, board.memory()]).toEqual([undefined, undefined]);
    expect(makeTestBoard().board.cpuFigures).toBeUndefined();
  });

  test.each([0, 8_191, 491_521, Number.NaN])('there is no stack of %d bytes', (stackBytes) => {
    const boot = () =>
      createQuickJsCpu({ stackBytes }).boot({ form: 'source', source: '' }, {} as Hardware);

    expect(boot).toThrow(RangeError);
  });
});

describe('a snapshot', () => {
  /** A board whose every part can be set back. */
  function forkable(
    image = testImage(
      receiving('globalThis.count = (globalThis.count ?? 0) + data.byteLength; say(count);'),
    ),
  ) {
    const clock = createManualClock(TEST_TIME_MS);
    return makeTestBoard({ cpu, image, clock, flash: createMemoryFlash() });
  }

  test('is where the image goes on from, as often as one likes', () => {
    const { board } = forkable();
    ask(board, 'abc');
    const snapshot = board.snapshot();
    const first = [ask(board, 'x'), ask(board, 'yy')];

    board.restore(snapshot);
    const second = [ask(board, 'x'), ask(board, 'yy')];

    expect(first).toEqual([['4'], ['6']]);
    expect(second).toEqual(first);
  });

  test("runs on another board, on that one's hardware", () => {
    const { board } = forkable(testImage());
    ask(board, 'n');
    const other = forkable(testImage());
    other.clock.advance(5_000);

    other.board.restore(board.snapshot());

    expect(ask(other.board, 'n')).toEqual(['receives=2 ticks=0']);
    expect(ask(other.board, 'p\x03')).toEqual(['before sync', 'programmed 0']);
    expect(other.flash.counters.programs).toBe(1);
  });

  test('keeps lamp, ticks and watchdog, and brings a board back that was off or dead', () => {
    const { board, clock } = forkable(testImage());
    ask(board, 's\x05');
    clock.advance(3_000);
    const snapshot = board.snapshot();
    ask(board, 'b');
    clock.advance(60_000);

    board.restore(snapshot);

    expect(board.fault).toBeUndefined();
    expect(board.isPowered).toBe(true);
    expect(board.indicator).toBe('user');
    expect(ask(board, 'c')).toEqual([`${TEST_TIME_MS + 63_000} 3000`]);
  });

  test('of the real image, with flash and noise as they were, makes the same session twice', () => {
    const flash = createMemoryFlash();
    let noise = createSeededEntropy(5);
    const { board } = makeBoard({ cpu, flash, entropy: { read: (length) => noise.read(length) } });
    const host = rawHost(board);
    const { message1 } = clientHello(nodeCrypto, {
      ...hostKeys.cryptoOfficer,
      role: 'cryptoOfficer',
    });
    const frames = host.frames('open', encodeRequest('openSession', { message1 }));
    host.close();
    const kept = { board: board.snapshot(), flash: flash.snapshot() };
    const answered = (seed: number) => {
      noise = createSeededEntropy(seed);
      const sent: string[] = [];
      const end = board.onSend(0, (bytes) => sent.push(Buffer.from(bytes).toString('hex')));
      for (const frame of frames) board.receive(0, frame);
      end();
      return { sent, memory: Buffer.from(board.memory() ?? []), flash: flash.digest() };
    };
    const first = answered(6);

    board.restore(kept.board);
    flash.restore(kept.flash);
    const second = answered(6);

    expect(first.sent.join('').length).toBeGreaterThan(200);
    expect(second.sent).toEqual(first.sent);
    expect(second.memory.equals(first.memory)).toBe(true);
    expect(second.flash).toBe(first.flash);
  });

  test('is refused where it does not fit', () => {
    const { board } = forkable(testImage());
    const snapshot = board.snapshot();
    const restoredOn = (options: Parameters<typeof makeTestBoard>[0]) => () =>
      makeTestBoard(options).board.restore(snapshot);
    const older = { ...snapshot, cpu: { ...snapshot.cpu, engine: 'quickjs-wasi 0.0.1' } };

    expect(restoredOn({ cpu, image: testImage(`${TEST_FIRMWARE};`) })).toThrow('another image');
    expect(restoredOn({ cpu: createNodeVmCpu() })).toThrow('node-vm cannot go on');
    expect(() => board.restore(older)).toThrow('a snapshot of quickjs-wasi 0.0.1 does not fit');
    expect(() => cpu.restore?.(snapshot.cpu, { reset: () => 0 } as unknown as Hardware)).toThrow(
      'other calls',
    );
    expect(() => makeTestBoard().board.snapshot()).toThrow('No image runs on this board');
  });

  test('is not taken while the image works', () => {
    const taken: unknown[] = [];
    const { board } = makeTestBoard({
      cpu,
      entropy: {
        read(length) {
          if (length === 8)
            try {
              board.snapshot();
            } catch (error) {
              taken.push(error);
            }
          return new ArrayBuffer(length);
        },
      },
    });

    ask(board, 'r');

    expect(taken).toEqual([new Error('a machine has no snapshot while it works')]);
  });
});

describe('bytecode', () => {
  test('runs without its source', () => {
    const { board } = makeTestBoard({ cpu, image: testBytecodeImage() });

    expect(ask(board, 'ehello')).toEqual(['hello']);
  });

  test('of the real image comes up, and holds the digest of its own form', () => {
    const [source, bytecode] = (['source', 'bytecode'] as const).map(
      (form) => makeBoard({ cpu, ...loadImage(form) }).board,
    );

    expect([source?.indicator, bytecode?.indicator]).toEqual(['uninitialized', 'uninitialized']);
    for (const board of [source, bytecode])
      expect(board?.cpuFigures?.ram.peak).toBeLessThanOrEqual(2.5 * 1024 * 1024); // 2.1 MiB was seen
  });

  test.each<[string, Parameters<typeof makeTestBoard>[0], string]>([
    [
      'of another engine',
      { cpu, image: testBytecodeImage(TEST_FIRMWARE, { engine: 'quickjs-wasi 3.6.1' }) },
      `It is bytecode of quickjs-wasi 3.6.1, and this processor is ${quickJsEngine()}.`,
    ],
    [
      'on a processor that runs source',
      { image: testBytecodeImage() },
      `It is bytecode of ${quickJsEngine()}, and this processor runs source only.`,
    ],
  ])('%s is refused before anything of it runs', (_, options, reason) => {
    const { board } = makeTestBoard(options);

    expect(board.fault).toEqual({
      kind: 'imageRefused',
      message: `The image was refused. ${reason}`,
    });
  });

  test('that was changed after it was signed is refused', () => {
    const image = testBytecodeImage();
    image[image.length - 1] = (image.at(-1) as number) ^ 1;

    expect(makeTestBoard({ cpu, image }).board.fault?.kind).toBe('imageRefused');
  });

  test('that is none is a fault, though it is signed', () => {
    const image = testBytecodeImage(TEST_FIRMWARE, { bytecode: Uint8Array.of(1, 2, 3) });

    expect(makeTestBoard({ cpu, image }).board.fault?.kind).toBe('crashed');
  });
});

test('a machine that was killed holds no memory, whoever still holds it', () => {
  const script = fileURLToPath(new URL('../support/killed-machines.ts', import.meta.url));
  const told = execFileSync(process.execPath, ['--expose-gc', script], { encoding: 'utf8' });
  const { alive, killed } = JSON.parse(told) as Record<'alive' | 'killed', number>;

  expect(alive).toBeGreaterThan(20 * (2 << 20));
  expect(killed).toBeLessThan(alive / 4);
});

test('a machine that is killed within a hardware call is not gone back into', () => {
  const done: string[] = [];
  const hardware = {
    halt: () => running.kill(),
    after: () => void done.push('after'),
  } as unknown as Hardware;
  const body = 'try { hw.halt(); } finally { hw.after(); }';
  const running = cpu.boot({ form: 'source', source: receiving(body) }, hardware);

  expect(() => running.receive(0, new ArrayBuffer(1))).toThrow(PowerLost);

  expect(done).toEqual([]);
});

test('what crossed in a hardware call is left in no place but where the image keeps it', () => {
  const bytes = nodeCrypto.randomBytes(32);
  const left = (ends: string): number => {
    const { board } = makeTestBoard({
      cpu,
      deviceSecret: bytes,
      image: testImage(receiving(`const secret = hw.fuses.deviceSecret(); ${ends}`)),
    });
    ask(board, 'x');
    return findSecret(bytes, { memory: board.memory() ?? '' }).length;
  };

  expect(left('globalThis.kept = secret;')).toBe(1);
  expect(left('new Uint8Array(secret).fill(0);')).toBe(0);
});

test('nothing can be asked of a machine that was killed', () => {
  const { board } = makeTestBoard({ cpu });
  const { algorithms } = board;
  board.powerOff();

  expect(() => algorithms?.['double']?.(...([1] as never[]))).toThrow('the machine was ended');
});

test('the algorithms of the image can be used on it from outside', () => {
  const { board } = makeBoard({ cpu });
  const image = board.algorithms as unknown as Algorithms;
  const noble = nobleCrypto(nodeCrypto.randomBytes);
  const { privateKey, publicKey } = nodeCrypto.generateKeyPair();
  const message = nodeCrypto.randomBytes(100);

  const signature = image.sign(privateKey, message);

  expect(signature).toEqual(noble.sign(privateKey, message));
  expect(image.verify(publicKey, message, signature)).toBe(true);
  expect(image.verify(publicKey, message.subarray(1), signature)).toBe(false);
  expect(image.agree(privateKey, new Uint8Array(33))).toBeUndefined();
  const pair = image.generateKeyPair();
  expect(image.publicKeyOf(pair.privateKey)).toEqual(pair.publicKey);
  const seed = [message, message.subarray(0, 16), new Uint8Array(0)] as const;
  const drbg = image.createDrbg(image.hmac, ...seed);
  expect(drbg.generate(40)).toEqual(image.createDrbg(image.hmac, ...seed).generate(40));
  expect(drbg.generate(40)).not.toEqual(image.createDrbg(image.hmac, ...seed).generate(40));
});
