/** Faults on request do to the bytes of a line exactly what was asked for. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pace, passLine, soundLine } from '#emulator/printer/printer-fault';

const pieces = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 12 });

describe('a line', () => {
  test('that is sound passes everything', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(passLine(soundLine, bytes)).toEqual({ faults: soundLine, bytes, isCut: false });
      }),
    );
  });

  test('loses exactly the bytes it was told to, however they come', () => {
    fc.assert(
      fc.property(pieces, fc.nat(40), fc.nat(10), (stream, loseAfter, loseCount) => {
        let faults = { ...soundLine, loseAfter, loseCount };
        const passed: number[] = [];

        for (const piece of stream) {
          const step = passLine(faults, piece);
          faults = step.faults;
          passed.push(...step.bytes);
        }

        const whole = stream.flatMap((piece) => [...piece]);
        const expected = [...whole.slice(0, loseAfter), ...whole.slice(loseAfter + loseCount)];
        expect(passed).toEqual(expected);
      }),
    );
  });

  test('is cut once, after exactly the bytes it was told', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 40 }), (stream, cutAfter) => {
        let faults = { ...soundLine, cutAfter };
        let before = 0;
        let cuts = 0;

        for (const piece of stream) {
          const step = passLine(faults, piece);
          faults = step.faults;
          if (cuts === 0) before += step.bytes.length;
          if (step.isCut) cuts += 1;
        }

        const whole = stream.reduce((sum, piece) => sum + piece.length, 0);
        expect(before).toBe(Math.min(whole, cutAfter));
        expect(cuts).toBe(whole >= cutAfter ? 1 : 0);
      }),
    );
  });
});

test.each([
  { bytesPerSecond: undefined, sliceSize: 4096, pauseMs: 0 },
  { bytesPerSecond: 960, sliceSize: 48, pauseMs: 50 },
  { bytesPerSecond: 11_520, sliceSize: 576, pauseMs: 50 },
  { bytesPerSecond: 4, sliceSize: 1, pauseMs: 250 },
  { bytesPerSecond: 8_192_000, sliceSize: 4096, pauseMs: 0.5 },
])('a line of $bytesPerSecond bytes a second takes $sliceSize and waits $pauseMs ms', (row) => {
  const { bytesPerSecond, ...expected } = row;

  expect(pace(bytesPerSecond)).toEqual(expected);
});
