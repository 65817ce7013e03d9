/** A board: power, restarts, ports, housing, lamp, and what the firmware sees of them (requirements.md H1). */

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createBoard } from '#emulator/board';
import type { Cpu } from '#emulator/cpu/cpu';
import { createNodeVmCpu } from '#emulator/cpu/node-vm';
import { createSeededEntropy, deadEntropy } from '#emulator/entropy';
import { connectMemory } from '#emulator/ports/memory';
import { PowerLost } from '#emulator/power';
import { createTamperContact } from '#emulator/tamper';
import type { CryptoEngine } from '#hw/crypto-engine';
import { ask, makeTestBoard, TEST_TIME_MS } from '#test/support/board';
import { TEST_FIRMWARE, testImage, testImageKey } from '#test/support/test-firmware';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytes = (value: string): Uint8Array => Buffer.from(value, 'latin1');
const hexOf = (value: Uint8Array): string => Buffer.from(value).toString('hex');

describe('what the firmware sees', () => {
  test.each<[string, string, string]>([
    ['its flash', 'f', '262144 4096 16'],
    ['the time of day and since power-up', 'c', `${TEST_TIME_MS} 0`],
    ['an untouched housing', 't', 'tampered 0'],
    ['the secret of the fuses', 'd', '5e'.repeat(32)],
    ['the key of the fuses', 'k', hexOf(testImageKey.publicKey)],
    ['the image it came from', 'i', `${testImage().length} 54535249`],
  ])('%s', (_, request, answer) => {
    const { board } = makeTestBoard();

    expect(ask(board, request)).toEqual([answer]);
  });

  test('a crypto engine, where the board has one; a new one at each start, dead without power', () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const engines: CryptoEngine[] = [];
    const cpu = createNodeVmCpu();
    const watching: Cpu = {
      ...cpu,
      boot(program, hardware) {
        if (hardware.cryptoEngine !== undefined) engines.push(hardware.cryptoEngine);
        return cpu.boot(program, hardware);
      },
    };
    const { board } = makeTestBoard({ cpu: watching });
    expect(ask(board, 'habc')).toEqual([abc]);
    expect(ask(makeTestBoard({ cryptoEngine: false }).board, 'habc')).toEqual(['no engine']);
    engines[0]?.hashBegin();

    board.powerOff();
    board.powerOn();

    expect(() => engines[0]?.hashEnd()).toThrow(PowerLost);
    expect(() => engines[1]?.hashEnd()).toThrow('out of turn');
  });

  test('noise that a seed repeats, and that goes on over restarts', () => {
    const [first] = ask(makeTestBoard({ entropy: createSeededEntropy(7) }).board, 'r');
    const { board } = makeTestBoard({ entropy: createSeededEntropy(7) });

    expect(ask(board, 'r')).toEqual([first]);
    board.powerOff();
    board.powerOn();
    expect(ask(board, 'r')).not.toEqual([first]);
  });

  test('a source of noise that failed', () => {
    const { board } = makeTestBoard({ entropy: deadEntropy });

    expect(ask(board, 'r')).toEqual(['']);
  });

  test('time that passes, on battery too, and ticks that begin anew', () => {
    const { board, clock } = makeTestBoard();
    clock.advance(1_500);
    expect(ask(board, 'c')).toEqual([`${TEST_TIME_MS + 1_500} 1500`]);

    board.powerOff();
    clock.advance(3_600_000);
    board.powerOn();

    expect(ask(board, 'c')).toEqual([`${TEST_TIME_MS + 3_601_500} 0`]);
  });

  test('no time of day once the battery is lost', () => {
    const { board, clock } = makeTestBoard();

    clock.loseTrust();

    expect(ask(board, 'c')).toEqual(['0 0']);
  });
});

describe('ports', () => {
  test('answer on the port they were asked on, in order, after the call', () => {
    const { board } = makeTestBoard();
    const heard: string[] = [];
    board.onSend(0, (sent) => heard.push(`0 ${text(sent)}`));
    board.onSend(5, (sent) => heard.push(`5 ${text(sent)}`));

    board.receive(5, bytes('p\x01'));
    board.receive(0, bytes('ehello'));

    expect(heard).toEqual(['5 before sync', '5 programmed 0', '0 hello']);
  });

  test('what a listener sends comes after what the board still has to deliver', () => {
    const { board } = makeTestBoard();
    const heard: string[] = [];
    board.onSend(0, (sent) => {
      heard.push(text(sent));
      if (heard.length === 1) board.receive(0, bytes('eagain'));
    });

    board.receive(0, bytes('p\x01'));

    expect(heard).toEqual(['before sync', 'programmed 0', 'again']);
  });

  test('a listener that throws keeps nothing from the others and harms no later call', () => {
    const { board } = makeTestBoard();
    const heard: string[] = [];
    const forget = board.onSend(0, () => {
      throw new Error('deaf');
    });
    board.onSend(0, (sent) => heard.push(text(sent)));

    expect(() => board.receive(0, bytes('eone'))).toThrow('deaf');
    forget();
    board.receive(0, bytes('etwo'));

    expect(heard).toEqual(['one', 'two']);
  });

  test('split what is longer than 4096 bytes', () => {
    const { board } = makeTestBoard();

    const answers = ask(board, bytes(`e${'x'.repeat(4095)}e${'y'.repeat(99)}`));

    expect(answers).toEqual(['x'.repeat(4095), 'y'.repeat(99)]);
  });

  test('give the firmware copies: what the sender changes later has no effect', () => {
    const { board } = makeTestBoard();
    const heard: Uint8Array[] = [];
    board.onSend(0, (sent) => {
      heard.push(sent.slice());
      sent.fill(0);
    });
    const request = bytes('eab');

    board.receive(0, request);
    request.fill(0);
    board.receive(0, bytes('ecd'));

    expect(heard.map(text)).toEqual(['ab', 'cd']);
  });

  test('take copies: what the firmware changes after it sent has no effect', () => {
    const { board } = makeTestBoard();

    expect(ask(board, 'q')).toEqual(['one', 'two']);
  });

  test.each([-1, 16, 1.5, Number.NaN])('there is no port %d', (port) => {
    const { board } = makeTestBoard();

    expect(() => board.receive(port, bytes('e'))).toThrow(RangeError);
    expect(() => board.onSend(port, () => undefined)).toThrow(RangeError);
  });

  test('a memory port that is closed is silent both ways', () => {
    const { board } = makeTestBoard();
    const line = connectMemory(board);
    const heard: string[] = [];
    line.onData((sent) => heard.push(text(sent)));

    line.close();
    line.send(bytes('elost'));
    board.receive(0, bytes('eunheard'));

    expect(heard).toEqual([]);
    expect(ask(board, 'n')).toEqual(['receives=2 ticks=0']);
  });
});

describe('power', () => {
  test('is off at first: nothing answers and the lamp is dark', () => {
    const board = createBoard({ image: testImage(), imageKey: testImageKey.publicKey });

    expect(board.isPowered).toBe(false);
    expect(board.indicator).toBe('powerOff');
    expect(ask(board, 'ehello')).toEqual([]);
    board.tick();
  });

  test('switched off and on, the memory is gone and the flash is not', () => {
    const { board } = makeTestBoard();
    ask(board, 'p\x03');

    board.powerOff();
    expect(board.indicator).toBe('powerOff');
    expect(ask(board, 'n')).toEqual([]);
    board.powerOn();
    board.powerOn(); // a second press changes nothing

    expect(board.indicator).toBe('idle');
    expect(ask(board, 'n')).toEqual(['receives=1 ticks=0']);
    expect(ask(board, 'v\x03')).toEqual(['03030303']);
  });

  test('that fails in the middle of a call ends it there; what was sent before is out', () => {
    const { board, flash } = makeTestBoard();
    flash.losePowerAfter(1);
    ask(board, 'p\x01');

    expect(ask(board, 'p\x02')).toEqual([]);

    expect(board.isPowered).toBe(false);
    expect(board.fault).toBeUndefined();
    expect(ask(board, 'ehello')).toEqual([]);
    board.powerOn();
    expect(ask(board, 'v\x01')).toEqual(['01010101']);
    expect(ask(board, 'v\x02')).toEqual(['ffffffff']);
  });

  test('that fails while the firmware starts', () => {
    const erasing = TEST_FIRMWARE.replace('hardware.indicator.show(4);', 'hw.flash.erase(0);');
    const { board, flash } = makeTestBoard({ image: testImage(erasing) });
    board.powerOff();
    flash.losePowerAfter(0);

    board.powerOn();

    expect(board.isPowered).toBe(false);
    board.powerOn();
    expect(ask(board, 'ehello')).toEqual(['hello']);
  });

  test('switched off by the source of noise in the middle of a call: every later call throws', () => {
    const noise = createSeededEntropy(1);
    const armed = { isArmed: false };
    const { board, flash } = makeTestBoard({
      image: testImage(
        TEST_FIRMWARE.replace(
          'r: (port) => say',
          `r: (port) => { try { hw.entropy.read(8); } catch {} hw.flash.erase(0); },
         q: (port) => say`,
        ),
      ),
      entropy: {
        read(length) {
          if (armed.isArmed) board.powerOff();
          return noise.read(length);
        },
      },
    });
    armed.isArmed = true;

    ask(board, 'r');

    expect(flash.counters.erases).toBe(0);
    expect(board.isPowered).toBe(false);
    expect(board.fault).toBeUndefined();
  });

  test('switched off while the image loads, nothing runs, though the image did not notice', () => {
    const silent = `hardware.entropy.read(1);
      globalThis.tessera = { powerOn: () => ({ receive() {}, tick() {} }), algorithms: {} };`;
    const board = createBoard({
      image: testImage(silent),
      imageKey: testImageKey.publicKey,
      entropy: {
        read(length) {
          board.powerOff();
          return new ArrayBuffer(length);
        },
      },
    });

    board.powerOn();

    expect(board.isPowered).toBe(false);
    expect(board.algorithms).toBeUndefined();
  });

  test('switched off by a listener, nothing more is delivered', () => {
    const { board } = makeTestBoard();
    const heard: string[] = [];
    board.onSend(0, (sent) => {
      heard.push(text(sent));
      board.powerOff();
    });

    board.receive(0, bytes('p\x01'));

    expect(heard).toEqual(['before sync']);
    expect(board.isPowered).toBe(false);
  });
});

describe('the housing', () => {
  test('opened while power is on, tells the firmware at once', () => {
    const { board } = makeTestBoard();

    board.tamper.trigger();
    board.tamper.trigger();

    expect(board.indicator).toBe('error');
    expect(ask(board, 'n')).toEqual(['receives=1 ticks=1']);
  });

  test('stays triggered over power cycles until the maker rearms it', () => {
    const tamper = createTamperContact();
    const { board } = makeTestBoard({ tamper });
    board.powerOff();

    tamper.trigger();
    board.powerOn();
    expect(ask(board, 't')).toEqual(['tampered 1']);

    tamper.rearm();
    expect(ask(board, 't')).toEqual(['tampered 0']);
  });
});

test('the lamp shows what the firmware says', () => {
  const { board } = makeTestBoard();

  ask(board, 's\x05');

  expect(board.indicator).toBe('user');
});

test('ticks by itself when asked, until told to stop', () => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { board } = makeTestBoard();

  const stop = board.startTicking();
  vi.advanceTimersByTime(2_000);
  stop();
  vi.advanceTimersByTime(2_000);

  expect(ask(board, 'n')).toEqual(['receives=1 ticks=4']);
});

test('disposed of, a board is off, does not tick', async () => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { board } = makeTestBoard();
  board.startTicking();
  expect(vi.getTimerCount()).toBe(1);

  await board[Symbol.asyncDispose]();

  expect(board.isPowered).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
