/** Every command of the printer ends where the manuals say, so that what follows is read in step. */

import { describe, expect, test } from 'vitest';
import { read } from './reading.ts';
import { bytesOf, DLE, ESC, FS, GS } from './streams.ts';

describe('the reader stays in step behind', () => {
  test.each([
    { name: 'DLE ENQ', bytes: bytesOf(DLE, 5, 2) },
    { name: 'DLE EOT', bytes: bytesOf(DLE, 4, 7, 1) },
    { name: 'DLE DC4', bytes: bytesOf(DLE, 20, 1, 0, 1) },
    { name: 'DLE DC4', bytes: bytesOf(DLE, 20, 2, 1, 8) },
    { name: 'DLE DC4', bytes: bytesOf(DLE, 20, 3, 1, 1, 1, 1, 1) },
    { name: 'DLE DC4', bytes: bytesOf(DLE, 20, 7, 1) },
    { name: 'DLE DC4', bytes: bytesOf(DLE, 20, 8, 1, 3, 20, 1, 6, 2, 8) },
    { name: 'ESC p', bytes: bytesOf(ESC, 'p', 0, 25, 250) },
    { name: 'ESC !', bytes: bytesOf(ESC, '!', 0) },
    { name: 'ESC SP', bytes: bytesOf(ESC, ' ', 10) },
    { name: 'ESC $', bytes: bytesOf(ESC, '$', 10, 0) },
    { name: 'ESC FF', bytes: bytesOf(ESC, '\f') },
    { name: 'ESC W', bytes: bytesOf(ESC, 'W', 10, 10, 10, 10, 10, 10, 10, 10) },
    { name: 'ESC D', bytes: bytesOf(ESC, 'D', 8, 10, 24, 0) },
    { name: 'ESC *', bytes: bytesOf(ESC, '*', 1, 2, 0, 10, 10) },
    { name: 'ESC *', bytes: bytesOf(ESC, '*', 33, 2, 0, 10, 10, 10, 10, 10, 10) },
    { name: 'FS .', bytes: bytesOf(FS, '.') },
    { name: 'FS p', bytes: bytesOf(FS, 'p', 1, 0) },
    { name: 'FS ( A', bytes: bytesOf(FS, '(A', 2, 0, 48, 10) },
    { name: 'ESC ( A', bytes: bytesOf(ESC, '(A', 1, 0, 10) },
    { name: 'GS ( E', bytes: bytesOf(GS, '(E', 0, 0) },
    { name: 'GS ( K', bytes: bytesOf(GS, '(K', 40, 0, '\n'.repeat(40)) },
    { name: 'GS ( L 67', bytes: bytesOf(GS, '(L', 6, 0, 48, 67, 10, 10, 10, 10) },
    { name: 'GS *', bytes: bytesOf(GS, '*', 1, 1, '\n'.repeat(8)) },
    { name: 'GS Q 0', bytes: bytesOf(GS, 'Q0', 0, 1, 0, 2, 0, 10, 10) },
    { name: 'GS k', bytes: bytesOf(GS, 'k', 4, '*A\n*', 0) },
    { name: 'GS k', bytes: bytesOf(GS, 'k', 73, 3, 'A\nB') },
    { name: 'GS g', bytes: bytesOf(GS, 'g0', 0, 10, 10) },
    { name: 'GS I', bytes: bytesOf(GS, 'I', 1) },
    { name: 'CR', bytes: bytesOf('\r') },
    { name: 'control 0x00', bytes: bytesOf(0) },
  ])('$name', ({ name, bytes }) => {
    expect(read(bytes, '\n')).toEqual([`ignored ${name} at 0`, 'feed 10']);
  });

  test.each([
    { what: 'a letter no command has', bytes: bytesOf(ESC, 0x7e), hex: '1b7e' },
    { what: 'a sub-command no command has', bytes: bytesOf(GS, 'v1'), hex: '1d7631' },
    { what: 'an introducer that is cut short by a command', bytes: bytesOf(GS), hex: '1d' },
  ])('$what, which is told with its place', ({ bytes, hex }) => {
    const events = read('\n', bytes, ESC, 'J', 3);

    expect(events).toEqual(['feed 10', `unknown ${hex} at 1`, 'feed 3']);
  });
});
