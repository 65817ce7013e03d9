/** The labels of a job: what cannot be printed is found out before it is charged (requirements.md F6). */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { JobPiece } from '#driver/batch/job';
import { labelPrinter } from '#driver/batch/label-printer';
import { layoutNamed } from '#driver/print/layout';
import { openPrinter } from '#driver/print/printer';
import { printerProfiles } from '#driver/print/printer-profile';
import { temporaryFolder } from '#test/support/temporary-folder';

const profile = printerProfiles['zpl-2inch'];
const lines = (count: number): string[] => Array.from({ length: count }, (_, at) => `line ${at}`);
const piece = (addressee: readonly string[]): JobPiece =>
  ({ serviceId: 1, extras: [], addressee }) as unknown as JobPiece;

test.each([
  ['an address that fits', ['Ada Lovelace', 'London'], undefined],
  ['no address', [], undefined],
  ['a letter that no font has', ['山田'], 'noGlyph'],
  ['more lines than the label has room for', lines(12), 'noRoom'],
  ['more lines than any label has', lines(13), 'noRoom'],
])('%s', async (_, addressee, problem) => {
  await using printer = await openPrinter(`file:${join(temporaryFolder(), 'labels')}`, profile);
  const labels = labelPrinter(printer, {
    profile,
    layout: layoutNamed('label-2.25x4'),
    label: { returnAddress: ['Tessera'] },
  });

  expect(labels.problemWith?.(piece(addressee))).toBe(problem);
  expect(labels.problemWith?.(piece(['Ada Lovelace']))).toBeUndefined();
});
