/** What a board does when its firmware restarts, loops or breaks (requirements.md H1; hw/hardware.ts). */

import { describe, expect, test } from 'vitest';
import { ask, makeTestBoard, TEST_TIME_MS } from '#test/support/board';
import { testImage } from '#test/support/test-firmware';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytes = (value: string): Uint8Array => Buffer.from(value, 'latin1');

describe('a restart', () => {
  test('follows at once when the firmware asks for it, and its last words are out', () => {
    const { board, clock } = makeTestBoard();
    clock.advance(5);

    expect(ask(board, 'z')).toEqual(['resetting']);

    expect(board.isPowered).toBe(true);
    expect(ask(board, 'n')).toEqual(['receives=1 ticks=0']);
    expect(ask(board, 'c')).toEqual([`${TEST_TIME_MS + 5} 0`]);
  });

  test('cannot be caught: the old firmware reaches no hardware any more', () => {
    const { board } = makeTestBoard();

    expect(ask(board, 'Z')).toEqual([]);

    expect(board.fault).toBeUndefined();
    expect(ask(board, 'n')).toEqual(['receives=1 ticks=0']);
  });

  test('a hundred times, each from within the last one, costs no depth', () => {
    const { board } = makeTestBoard();
    let restarts = 0;
    board.onSend(0, (sent) => {
      if (text(sent) === 'resetting' && ++restarts < 100) board.receive(0, bytes('z'));
    });

    board.receive(0, bytes('z'));

    expect(restarts).toBe(100);
    expect(board.fault).toBeUndefined();
  });

  test('for ever is given up', () => {
    const { board } = makeTestBoard({
      image: testImage('globalThis.tessera = { powerOn: (hardware) => hardware.reset() };'),
    });

    expect(board.fault?.kind).toBe('restartLoop');
    expect(board.indicator).toBe('error');
  });

  test.each([
    [{}, 10_000],
    [{ watchdogMs: 700 }, 700],
  ])('is the end of a firmware that does not feed the watchdog: %j', (options, periodMs) => {
    const { board, clock } = makeTestBoard(options);
    ask(board, 'w');
    clock.advance(periodMs);
    board.tick();
    expect(ask(board, 'n')).toEqual(['receives=2 ticks=1']);

    clock.advance(1);
    board.tick();

    expect(ask(board, 'n')).toEqual(['receives=1 ticks=0']);
  });

  test('does not come over a firmware that feeds it, however much time passed', () => {
    const { board, clock } = makeTestBoard();

    clock.advance(86_400_000);
    board.tick();

    expect(ask(board, 'n')).toEqual(['receives=1 ticks=1']);
  });
});

describe('a defect of the firmware', () => {
  test.each<[string, string, string]>([
    ['an error', 'b', 'a defect'],
    ['a state that there is not', 's\x09', '9 is the number of no state'],
    ['more bytes than a port takes', 'o', 'at most 4096 bytes'],
  ])('%s leaves it dead and says why', (_, request, message) => {
    const faults: string[] = [];
    const { board } = makeTestBoard({ onFault: (fault) => faults.push(fault.message) });

    ask(board, request);

    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(message);
    expect(board.fault?.kind).toBe('crashed');
    expect(board.indicator).toBe('error');
    expect(ask(board, 'ehello')).toEqual([]);

    board.powerOff();
    expect(board.fault).toBeUndefined();
    board.powerOn();
    expect(ask(board, 'ehello')).toEqual(['hello']);
  });

  test('an image that leaves no firmware', () => {
    const { board } = makeTestBoard({ image: testImage('1 + 1') });

    expect(board.fault?.message).toContain('left no `tessera`');
  });
});
