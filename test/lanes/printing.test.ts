/** What Debian's programs make of our pages: poppler fills the dots, dmtxread finds the bytes (printing.md 4.1). */

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type Bitmap, crop } from '#driver/print/bitmap';
import { encodeJob } from '#driver/print/encode';
import { composeLabel } from '#driver/print/label';
import { layoutNamed } from '#driver/print/layout';
import { encodePdf } from '#driver/print/pdf';
import { printerProfiles } from '#driver/print/printer-profile';
import { signIndicium } from '#test/support/documents';
import { signedIndicium } from '#test/support/indicia';
import { parsePbm } from '#test/support/pbm';

const office = printerProfiles.office;
const service = 'First-class letter';

const rendered = (pdf: Uint8Array, page: number, ...options: readonly string[]): Buffer =>
  execFileSync('pdftoppm', ['-f', String(page), '-l', String(page), ...options, '-'], {
    input: pdf,
    maxBuffer: 2 ** 28,
  });

test('poppler fills the very dots that were composed, on every page', () => {
  const page = (bitmap: Bitmap) => ({ bitmap, dpi: 600 });
  const label = composeLabel(signedIndicium(), office, {
    service,
    addressee: ['Ada Lovelace', 'Łódź · Київ · Αθήνα'],
  });
  const part = crop(label, { x: 1_000, y: 0, width: 1_513, height: 400 });
  const pdf = encodePdf([page(label), page(part)]);

  const pages = [1, 2].map((number) => parsePbm(rendered(pdf, number, '-r', '600', '-mono')));

  expect(pages).toEqual([label, part]);
});

test.each([
  ['envelope-10', '300'],
  ['envelope-c6', '600'],
  ['sheet-a4-8', '300'],
] as const)('dmtxread reads the symbol of %s off a page of %s dpi', (name, dpi) => {
  const layout = layoutNamed(name);
  const label = composeLabel(signedIndicium(), office, { service, layout });
  const picture = rendered(
    encodeJob(label, office, { layout, position: 3 }),
    1,
    '-r',
    dpi,
    '-gray',
  );

  const bytes = execFileSync('dmtxread', ['-N1', '-m', '20000', '-'], { input: picture });

  expect(new Uint8Array(bytes)).toEqual(signIndicium());
});
