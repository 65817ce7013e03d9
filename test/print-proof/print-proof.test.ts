/** The closed loop and the margins, in small numbers; `npm run print-proof` has the large ones (docs/print-proof.md). */

import { expect, test } from 'vitest';
import { encodeJob } from '#driver/print/encode';
import { composeLabel } from '#driver/print/label';
import { printerProfiles } from '#driver/print/printer-profile';
import { signedIndicium } from '#test/support/indicia';
import { temporaryFolder } from '#test/support/temporary-folder';
import { emulatedMeter } from '#testing/emulated-meter';
import { drawCombinations } from './combinations.ts';
import { damages, holds, measureDamage } from './damage.ts';
import { allCells, runCell } from './faults.ts';
import { closeLoops } from './loop.ts';
import { printedHere } from './readings.ts';

const seed = 8;

test('every language carries the same dots and the same bytes', async () => {
  const combinations = drawCombinations(24, seed);

  const tally = await closeLoops(combinations, { zebrashEvery: 4, dmtxEvery: 0 });

  expect(tally.violations, `seed ${seed}`).toEqual([]);
  expect(tally.readers.zxing).toBe(24);
  expect(tally.readers.npos).toBeGreaterThan(0);
  expect(tally.readers.zebrash).toBeGreaterThan(0);
});

test('the loop sees a dot that is wrong', () => {
  const profile = printerProfiles['tspl-4inch'];
  const label = composeLabel(signedIndicium(), profile);
  const stream = encodeJob(label, profile);
  const inBitmap = Buffer.from(stream).indexOf('BITMAP') + 200;
  stream[inBitmap] = (stream[inBitmap] as number) ^ 1;

  expect(printedHere(stream, profile, label)).not.toEqual(label);
});

test('what a symbol survives', async () => {
  const rows = await measureDamage(1, seed);

  expect(rows.filter(({ misread }) => misread > 0)).toEqual([]);
  expect(rows).toHaveLength(damages.length);
  expect(rows.filter((row) => row.name === 'none' && !holds(row))).toEqual([]);
});

test('a fault in a label leaves money, journal and paper of one mind', async () => {
  await using emulated = await emulatedMeter({ lifeCycle: 'funded' });
  const scene = { meter: await emulated.logIn('user'), directory: temporaryFolder() };
  const cells = allCells().filter(
    ({ language, fault, stage }) =>
      (fault === 'paper out' && language === 'zpl') ||
      (fault === 'line cut' && language === 'tspl') ||
      (fault === 'killed' && language === 'escpos' && stage !== 'before the debit'),
  );

  const endings = [];
  for (const cell of cells) endings.push(await runCell(scene, cell));

  expect(endings.flatMap(({ violations }) => violations)).toEqual([]);
  expect(
    endings.map(
      ({ fault, stage, journal, whole, told }) =>
        `${fault} ${stage}: ${journal}, ${whole}, ${told}`,
    ),
  ).toMatchInlineSnapshot(`
    [
      "killed before the first byte: sending, 0, (killed)",
      "killed in the label: sending, 0, (killed)",
      "killed behind it: sending, 1, (killed)",
      "paper out before the debit: none, 0, paperOut, before first byte",
      "paper out before the first byte: composed, 0, paperOut, before first byte",
      "paper out in the label: sending, 0, paperOut, after first byte",
      "paper out behind it: sending, 1, paperOut, after first byte",
      "line cut before the debit: none, 0, connectionLost, before first byte",
      "line cut before the first byte: composed, 0, connectionLost, before first byte",
      "line cut in the label: sending, 0, connectionLost, after first byte",
      "line cut behind it: sending, 1, connectionLost, after first byte",
    ]
  `);
});
