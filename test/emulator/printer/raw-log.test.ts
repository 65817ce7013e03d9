/** The log keeps the bytes of each page, and says where it had no room. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRawLog } from '#emulator/printer/raw-log';

const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 8 }), { maxLength: 20 });

test('a log with room gives back the stream, page by page', () => {
  fc.assert(
    fc.property(pieces, fc.array(fc.nat(30)), (stream, pageSizes) => {
      const log = createRawLog(1000);
      const taken: number[] = [];
      let position = 0;
      let end = 0;
      let page = 0;

      for (const piece of stream) {
        log.append(piece);
        position += piece.length;
        end = Math.min(position, end + (pageSizes[page++] ?? 1));
        const { raw, isRawTruncated } = log.takeUntil(end);
        taken.push(...raw);
        expect(isRawTruncated).toBe(false);
      }
      taken.push(...log.takeUntil(position).raw);

      expect(taken).toEqual(stream.flatMap((piece) => [...piece]));
    }),
  );
});

test('a full log says which pages lack something, and keeps whole ones again', () => {
  const log = createRawLog(4);
  log.append(Uint8Array.of(1, 2, 3));
  log.append(Uint8Array.of(4, 5, 6));

  const complete = log.takeUntil(2);
  const beginsInTheGap = log.takeUntil(6);
  log.append(Uint8Array.of(7, 8));
  const wholeAgain = log.takeUntil(8);

  expect(complete).toEqual({ raw: Uint8Array.of(1, 2), isRawTruncated: false });
  expect(beginsInTheGap).toEqual({ raw: new Uint8Array(0), isRawTruncated: true });
  expect(wholeAgain).toEqual({ raw: Uint8Array.of(7, 8), isRawTruncated: false });
});

test('a page that begins in a gap keeps what comes after it', () => {
  const log = createRawLog(4);
  log.append(Uint8Array.of(1, 2, 3, 4, 5, 6));
  log.takeUntil(2);

  log.append(Uint8Array.of(7, 8));
  const page = log.takeUntil(8);

  expect(page).toEqual({ raw: Uint8Array.of(7, 8), isRawTruncated: true });
});

test('a page longer than the log lacks its end', () => {
  const log = createRawLog(4);
  log.append(Uint8Array.of(1, 2, 3, 4, 5, 6));

  const page = log.takeUntil(6);

  expect(page).toEqual({ raw: Uint8Array.of(1, 2, 3, 4), isRawTruncated: true });
});
