/** What reaches the paper is what the commands say, dot for dot and line for line. */

import { describe, expect, test } from 'vitest';
import { interpret } from '#emulator/printer/escpos-interpreter';
import { interpreterStart } from '#emulator/printer/interpreter-state';
import { readyStatus } from '#emulator/printer/printer-status';
import { read, show } from './reading.ts';
import {
  bytesOf,
  completionOf,
  DLE,
  ESC,
  eightL,
  fullCut,
  GS,
  initialise,
  parenL,
  processId,
  raster,
  storeParameters,
  u16le,
} from './streams.ts';

describe('GS v 0 burns exactly the dots that were sent', () => {
  const dots = [
    [0b10000001, 0b11110000],
    [0b00000000, 0b00001111],
  ];
  const normal = ['row #......#####....................', 'row ............####................'];
  const wide = ['row ##............##########........', 'row ........................########'];

  test.each([
    { mode: 0, rows: normal },
    { mode: 48, rows: normal },
    { mode: 1, rows: wide },
    { mode: 49, rows: wide },
    { mode: 2, rows: normal.flatMap((row) => [row, row]) },
    { mode: 3, rows: wide.flatMap((row) => [row, row]) },
    { mode: 51, rows: wide.flatMap((row) => [row, row]) },
  ])('in mode $mode', ({ mode, rows }) => {
    expect(read(raster(mode, dots))).toEqual(rows);
  });

  test.each([4, 52, 255])('not in mode %i, whose data are passed over', (mode) => {
    const events = read(raster(mode, dots), '\n');

    expect(events).toEqual([
      `remark at 0: GS v 0 has no mode ${mode}: the picture is not printed`,
      'feed 10',
    ]);
  });

  test('and not after text without a line feed', () => {
    const events = read('A', raster(0, [[0xff]]));

    expect(events).toEqual([
      'remark at 1: GS v 0 after text without a line feed: the picture is not printed',
    ]);
  });

  test.each([
    { x: 0, y: 5 },
    { x: 4, y: 0 },
  ])('and nothing where it is $x bytes by $y rows', ({ x, y }) => {
    expect(read(GS, 'v0', 0, u16le(x), u16le(y), '\n')).toEqual(['feed 10']);
  });

  test('and loses what is right of the paper', () => {
    expect(read(raster(0, [[0, 0, 0, 1, 0xff]]))).toEqual([
      'remark at 0: 8 dots at the right are outside the print area',
      'row ...............................#',
    ]);
  });
});

describe('a picture is placed', () => {
  const dot = raster(0, [[0xff]]);
  const at = (left: number): string => `row ${'.'.repeat(left)}########${'.'.repeat(24 - left)}`;

  test.each([
    { command: bytesOf(ESC, 'a', 0), left: 0 },
    { command: bytesOf(ESC, 'a', 1), left: 12 },
    { command: bytesOf(ESC, 'a', 49), left: 12 },
    { command: bytesOf(ESC, 'a', 2), left: 24 },
    { command: bytesOf(ESC, 'a', '2'), left: 24 },
    { command: bytesOf(GS, 'L', 5, 0), left: 5 },
    { command: bytesOf(GS, 'L', 4, 0, ESC, 'a', 1), left: 14 },
    { command: bytesOf(GS, 'W', 16, 0, ESC, 'a', 2), left: 8 },
    { command: bytesOf(GS, 'L', 4, 0, GS, 'W', 12, 0, ESC, 'a', 2), left: 8 },
    { command: bytesOf(GS, 'P', 20, 0, GS, 'L', 4, 0), left: 12 },
    { command: bytesOf(GS, 'L', 5, 0, initialise), left: 0 },
  ])('at dot $left by $command', ({ command, left }) => {
    expect(read(command, dot).at(-1)).toBe(at(left));
  });

  test('inside the width of the print area', () => {
    expect(read(GS, 'W', 4, 0, dot)).toEqual(['row ####............................']);
  });

  test('by settings of the beginning of a line only', () => {
    const events = read('A', GS, 'L', 5, 0, ESC, 'a', 1, '\n', dot);

    expect(events).toContain('ignored GS L at 1');
    expect(events).toContain('ignored ESC a at 5');
    expect(events.at(-1)).toBe(at(0));
  });

  test.each([3, 47, 51, 96, 255])('not by ESC a %i', (n) => {
    expect(read(ESC, 'a', n)).toEqual(['ignored ESC a at 0']);
  });
});

describe('GS ( L and GS 8 L', () => {
  const parameters = storeParameters(12, [
    [0xff, 0xff],
    [0x80, 0x1f],
  ]);
  const rows = ['row ############....................', 'row #..........#....................'];

  test.each([
    { name: 'GS ( L', store: parenL(parameters), print: parenL([48, 50]) },
    { name: 'GS ( L', store: parenL(parameters), print: parenL([48, 2]) },
    { name: 'GS 8 L', store: eightL(parameters), print: eightL([48, 50]) },
  ])('$name stores by function 112 and prints the width that was told', ({ store, print }) => {
    expect(read(store, ESC, '2')).toEqual([]);
    expect(read(store, print)).toEqual(rows);
  });

  test('print once', () => {
    const events = read(parenL(parameters), parenL([48, 50]), parenL([48, 50]));

    expect(events).toEqual([...rows, 'remark at 26: no graphics are stored: nothing is printed']);
  });

  test('print at scale', () => {
    const store = parenL(storeParameters(4, [[0xa0]], [2, 2]));

    const events = read(store, parenL([48, 50]));

    const row = 'row ##..##..........................';
    expect(events).toEqual([row, row]);
  });

  test.each([
    { what: 'another tone', at: 2, value: 52 },
    { what: 'another colour', at: 5, value: 50 },
    { what: 'no scale', at: 3, value: 0 },
    { what: 'a larger scale', at: 4, value: 3 },
  ])('print nothing in $what', ({ at, value }) => {
    const other = parameters.with(at, value);

    const [remark, ...rest] = read(parenL(other), parenL([48, 50]));

    expect(remark).toMatch(/^remark at 0: .* not printed/);
    expect(rest).toEqual([expect.stringContaining('no graphics are stored')]);
  });

  test('store no more than there is memory for', () => {
    const small = interpreterStart({ paperWidthDots: 32, dpi: 60, graphicsSizeMax: 3 });

    const { events } = interpret(small, bytesOf(parenL(parameters)), readyStatus);

    expect(events.map(show)).toEqual([
      'remark at 0: graphics are larger than the memory for them: they are not printed',
    ]);
  });

  test('stay in step where the count and the picture disagree', () => {
    const short = storeParameters(16, [[1, 2], [3]]);
    const long = [...parameters, 0x41, 0x41];

    expect(read(parenL(short), '\n')).toEqual(['feed 10']);
    expect(read(parenL(long), parenL([48, 50]), '\n')).toEqual([...rows, 'feed 10']);
  });
});

describe('the paper moves', () => {
  test.each([
    { bytes: bytesOf('\n'), events: ['feed 10'] },
    { bytes: bytesOf(ESC, '3', 7, '\n'), events: ['feed 7'] },
    { bytes: bytesOf(ESC, '3', 7, ESC, '2', '\n'), events: ['feed 10'] },
    { bytes: bytesOf(ESC, '3', 7, initialise, '\n'), events: ['tell 0', 'feed 10'] },
    { bytes: bytesOf(ESC, 'J', 200), events: ['feed 200'] },
    { bytes: bytesOf(ESC, 'J', 0), events: [] },
    { bytes: bytesOf(ESC, 'd', 3), events: ['feed 30'] },
    { bytes: bytesOf(ESC, 'd', 0), events: [] },
    { bytes: bytesOf(GS, 'P', 0, 30, ESC, 'J', 5), events: ['feed 10'] },
    { bytes: bytesOf(GS, 'P', 0, 120, ESC, 'J', 13), events: ['feed 7'] },
    { bytes: bytesOf(GS, 'P', 0, 30, GS, 'P', 0, 0, ESC, 'J', 5), events: ['feed 5'] },
  ])('by $bytes', ({ bytes, events }) => {
    expect(read(bytes)).toEqual(events);
  });

  test.each([
    { bytes: bytesOf(GS, 'V', 0), events: ['full cut'] },
    { bytes: bytesOf(GS, 'V', 48), events: ['full cut'] },
    { bytes: bytesOf(GS, 'V', 1), events: ['partial cut'] },
    { bytes: bytesOf(GS, 'V', '1'), events: ['partial cut'] },
    { bytes: bytesOf(GS, 'V', 65, 12), events: ['feed 12', 'full cut'] },
    { bytes: bytesOf(GS, 'V', 66, 0), events: ['partial cut'] },
    { bytes: bytesOf(GS, 'V', 66, 12), events: ['feed 12', 'partial cut'] },
    { bytes: bytesOf(GS, 'V', 103, 1), events: ['feed 1', 'full cut'] },
    { bytes: bytesOf(GS, 'V', 104, 1), events: ['feed 1', 'partial cut'] },
    { bytes: bytesOf(GS, 'V', 97, 9), events: ['ignored GS V at 0'] },
    { bytes: bytesOf(GS, 'V', 7), events: ['ignored GS V at 0'] },
    { bytes: bytesOf(ESC, 'i'), events: ['full cut'] },
    { bytes: bytesOf(ESC, 'm'), events: ['partial cut'] },
  ])('and is cut by $bytes', ({ bytes, events }) => {
    expect(read(bytes, '\n')).toEqual([...events, 'feed 10']);
  });

  test('but is not cut through a line that is not printed', () => {
    expect(read('A', fullCut)).toEqual([
      'remark at 1: GS V after text without a line feed: nothing is cut',
    ]);
  });
});

describe('text', () => {
  const edge = '##########';
  const side = '#........#';
  const blank = 'row ................................';
  const rows = (inside: string): string[] => {
    const line = (part: string) => `row ${inside.replaceAll('x', part).padEnd(32, '.')}`;
    const sides = Array.from({ length: 18 }, () => line(side));
    return [blank, blank, line(edge), ...sides, line(edge), blank, blank];
  };

  test('is a row of boxes, as high as it is', () => {
    expect(read('A \n')).toEqual(['text A ', ...rows('.x.')]);
  });

  test('stands where it is aligned, and takes the line spacing where that is more', () => {
    expect(read(ESC, 'a', 2, ESC, '3', 30, 'A\n')).toEqual([
      'text A',
      ...rows(`${'.'.repeat(21)}x.`),
      'feed 6',
    ]);
  });

  test('goes on in the next line where the paper ends', () => {
    expect(read('ABC', ESC, 'J', 0).filter((event) => event.startsWith('text'))).toEqual([
      'text AB',
      'text C',
    ]);
  });

  test('that was not printed is forgotten by ESC @', () => {
    expect(read('A', initialise, '\n')).toEqual(['tell 0', 'feed 10']);
  });
});

describe('answers', () => {
  test.each([
    { what: 'GS r 1', bytes: bytesOf(GS, 'r', 1), answers: ['answer 00'] },
    { what: 'GS r 49', bytes: bytesOf(GS, 'r', 49), answers: ['answer 00'] },
    { what: 'GS r 2', bytes: bytesOf(GS, 'r', 2), answers: ['answer 00'] },
    { what: 'GS r 9', bytes: bytesOf(GS, 'r', 9), answers: ['ignored GS r at 0'] },
    { what: 'ESC v', bytes: bytesOf(ESC, 'v'), answers: ['answer 00'] },
    { what: 'DLE EOT 1', bytes: bytesOf(DLE, 4, 1), answers: ['answer 12'] },
    { what: 'DLE EOT 4', bytes: bytesOf(DLE, 4, 4), answers: ['answer 12'] },
    { what: 'DLE EOT 9', bytes: bytesOf(DLE, 4, 9), answers: ['ignored DLE EOT at 0'] },
    { what: 'GS a 14', bytes: bytesOf(GS, 'a', 14), answers: ['tell 14', 'answer 1000000f'] },
    { what: 'GS a 0', bytes: bytesOf(GS, 'a', 0), answers: ['tell 0'] },
    { what: 'GS ( H', bytes: processId('J001'), answers: ['answer 37224a30303100'] },
    {
      what: 'GS ( H function 49',
      bytes: bytesOf(GS, '(H', 3, 0, 0x31, 0x30, 1),
      answers: ['ignored GS ( H at 0'],
    },
  ])('$what', ({ bytes, answers }) => {
    expect(read(bytes)).toEqual(answers);
  });

  test('GS ( H waits for the line of text before it', () => {
    const events = read('A', processId('J001'), processId('J002'), '\n');

    expect(events.filter((event) => !event.startsWith('row'))).toEqual([
      'text A',
      `answer ${Buffer.from(completionOf('J002')).toString('hex')}`,
    ]);
  });

  test('GS ( H is not answered where ESC @ threw the text away', () => {
    expect(read('A', processId('J001'), initialise, '\n')).toEqual(['tell 0', 'feed 10']);
  });

  test('DLE EOT inside a picture is dots', () => {
    expect(read(raster(0, [[DLE, 4, 1, 0]]))).toEqual(['row ...#.........#.........#........']);
  });
});
