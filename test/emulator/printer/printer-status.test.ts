/** The status bytes tell the condition of the printer as the manuals say. */

import { describe, expect, test } from 'vitest';
import {
  automaticStatus,
  isTold,
  type PrinterStatus,
  readyStatus,
  realTimeStatus,
} from '#emulator/printer/printer-status';

const conditions: { what: string; change: Partial<PrinterStatus>; dleEot: string; asb: string }[] =
  [
    { what: 'ready', change: {}, dleEot: '12 12 12 12', asb: '10 00 00 0f' },
    {
      what: 'paper near its end',
      change: { paper: 'nearEnd' },
      dleEot: '12 12 12 1e',
      asb: '10 00 03 0f',
    },
    { what: 'out of paper', change: { paper: 'out' }, dleEot: '1a 32 12 7e', asb: '18 00 0f 0f' },
    {
      what: 'cover open',
      change: { isCoverOpen: true },
      dleEot: '1a 16 12 12',
      asb: '38 00 00 0f',
    },
    {
      what: 'recoverable error',
      change: { error: 'recoverable' },
      dleEot: '1a 52 16 12',
      asb: '18 04 00 0f',
    },
    {
      what: 'cutter error',
      change: { error: 'cutter' },
      dleEot: '1a 52 1a 12',
      asb: '18 08 00 0f',
    },
    {
      what: 'unrecoverable error',
      change: { error: 'unrecoverable' },
      dleEot: '1a 52 32 12',
      asb: '18 20 00 0f',
    },
    {
      what: 'head too hot',
      change: { error: 'overheated' },
      dleEot: '1a 52 52 12',
      asb: '18 40 00 0f',
    },
  ];

const hex = (bytes: readonly number[]): string =>
  bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

describe('a printer that is', () => {
  test.each(conditions)('$what answers DLE EOT 1 to 4 by $dleEot', ({ change, dleEot }) => {
    const status = { ...readyStatus, ...change };

    const answers = [1, 2, 3, 4].map((selector) => [...(realTimeStatus(status, selector) ?? [])]);

    expect(hex(answers.flat())).toBe(dleEot);
  });

  test.each(conditions)('$what tells $asb of itself', ({ change, asb }) => {
    expect(hex([...automaticStatus({ ...readyStatus, ...change })])).toBe(asb);
  });

  test.each(conditions)(
    '$what keeps the bits that tell the kinds of status apart',
    ({ change }) => {
      const status = { ...readyStatus, ...change };

      const [first = 0, ...others] = automaticStatus(status);

      for (const selector of [1, 2, 3, 4]) {
        expect((realTimeStatus(status, selector)?.[0] ?? 0) & 0b10010011).toBe(0b00010010);
      }
      expect(first & 0b10010011).toBe(0b00010000);
      for (const other of others) expect(other & 0b10010000).toBe(0);
    },
  );
});

test.each([0, 5, 255])('DLE EOT %i has no answer', (selector) => {
  expect(realTimeStatus(readyStatus, selector)).toBeUndefined();
});

test.each([
  {
    mask: 0b0010,
    told: [
      'out of paper',
      'cover open',
      'recoverable error',
      'cutter error',
      'unrecoverable error',
      'head too hot',
    ],
  },
  {
    mask: 0b0100,
    told: ['recoverable error', 'cutter error', 'unrecoverable error', 'head too hot'],
  },
  { mask: 0b1000, told: ['paper near its end', 'out of paper'] },
  { mask: 0b0001, told: [] },
])('GS a $mask asks to be told of $told', ({ mask, told }) => {
  const tells = conditions.filter(({ change }) =>
    isTold(mask, readyStatus, { ...readyStatus, ...change }),
  );

  expect(tells.map(({ what }) => what)).toEqual(told);
});

test('GS a 2 asks to be told of the cover, also where the printer is offline anyway', () => {
  const out: PrinterStatus = { ...readyStatus, paper: 'out' };

  expect(isTold(0b0010, out, { ...out, isCoverOpen: true })).toBe(true);
});
