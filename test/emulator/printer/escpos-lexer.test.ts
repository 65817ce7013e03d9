/** A stream is cut into the same tokens whichever way it arrives in pieces. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interpret } from '#emulator/printer/escpos-interpreter';
import type { InterpreterState, PrinterEvent } from '#emulator/printer/interpreter-state';
import { readyStatus } from '#emulator/printer/printer-status';
import { start } from './reading.ts';
import { anySplit, anyStream, bytesOf, GS } from './streams.ts';

describe('any stream', () => {
  const readAll = (pieces: readonly Uint8Array[]) => {
    let state = start;
    const events: PrinterEvent[] = [];
    for (const piece of pieces) {
      const step = interpret(state, piece, readyStatus);
      state = step.state;
      events.push(...step.events);
    }
    return { state, events };
  };

  test('gives the same events and the same state however it is split', () => {
    fc.assert(
      fc.property(anySplit, ({ whole, pieces }) => {
        expect(readAll(pieces)).toEqual(readAll([whole]));
      }),
    );
  });

  test('gives the same events byte by byte', () => {
    fc.assert(
      fc.property(anyStream, (stream) => {
        const bytes = [...stream].map((byte) => Uint8Array.of(byte));

        expect(readAll(bytes)).toEqual(readAll([stream]));
      }),
    );
  });

  test('leaves the state it began with as it was', () => {
    const before = structuredClone(start);

    fc.assert(
      fc.property(anyStream, (stream) => {
        const half = readAll([stream.slice(0, stream.length >> 1)]).state;
        const rest = stream.slice(stream.length >> 1);

        const once = interpret(half, rest, readyStatus);
        const again = interpret(half, rest, readyStatus);

        expect(again).toEqual(once);
      }),
    );
    expect(start).toEqual(before);
  });

  test('of garbage is read to its end, and holds no more than one row of dots', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), (garbage) => {
        const { state } = readAll([garbage]);

        expect(state.lexer.offset).toBe(garbage.length);
        expect(heldBytes(state)).toBeLessThanOrEqual(0xffff + 64);
      }),
    );
  });

  test('of the widest and longest picture holds one row of it', () => {
    let state = interpret(start, bytesOf(GS, 'v0', 0, 255, 255, 255, 255), readyStatus).state;
    const piece = new Uint8Array(100_000);

    for (let i = 0; i < 20; i++) state = interpret(state, piece, readyStatus).state;

    expect(heldBytes(state)).toBeLessThanOrEqual(0xffff + 64);
    expect(state.lexer.body?.rows).toBe(0xffff - Math.floor(2_000_000 / 0xffff));
  });
});

function heldBytes({ lexer, line }: InterpreterState): number {
  return lexer.head.length + (lexer.body?.row.length ?? 0) + line.length;
}
