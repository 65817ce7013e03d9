/** What came of the bytes for a printer, as dots: by our own printers and by interpreters that were not written here. */

import { execFileSync } from 'node:child_process';
import { type Bitmap, crop } from '#driver/print/bitmap';
import type { PrinterProfile } from '#driver/print/printer-profile';
import type { Page } from '#emulator/printer/page';
import { createPrinter } from '#emulator/printer/printer';
import { parseWithNpos } from '#test/support/npos-picture';
import { parsePbm } from '#test/support/pbm';
import { renderWithZebrash } from '#test/support/zpl-picture';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The page that a virtual printer gives out, cut to the size of the label. @throws Error where it is not one page */
export function printedHere(
  stream: Uint8Array,
  { language, dpi, headDots }: PrinterProfile,
  { width, height }: Size,
): Bitmap {
  if (language === 'pdf') throw new Error('no virtual printer takes PDF');
  const pages: Page[] = [];
  const printer = createPrinter({
    language,
    dpi,
    paperWidthDots: headDots,
    onPage: (page) => pages.push(page),
    onAnswer: () => undefined,
  });
  printer.receive(stream);
  printer.tearOff();
  const [page] = pages;
  const { unknownCommands, textLines, remarks } = printer.report;
  if (page === undefined || pages.length !== 1 || unknownCommands + textLines + remarks.length > 0)
    throw new Error(`${pages.length} pages, ${unknownCommands} unknown, ${remarks[0]?.text}`);
  const whole: Bitmap = {
    width: page.widthDots,
    height: page.heightDots,
    stride: Math.ceil(page.widthDots / 8),
    data: page.dots,
  };
  return crop(whole, { x: 0, y: 0, width, height });
}

/** By npos, which leaves out what is fed: the black rows alone, one under the other. */
export async function readByNpos(stream: Uint8Array): Promise<readonly string[]> {
  return inkRows(await parseWithNpos(stream));
}

/** Rows with dots, in hexadecimal. */
export function inkRows({ data, stride, height }: Bitmap): readonly string[] {
  const rows = Array.from({ length: height }, (_, y) =>
    Buffer.from(data.subarray(y * stride, (y + 1) * stride)).toString('hex'),
  );
  return rows.filter((row) => !/^0*$/.test(row));
}

export const readByZebrash = renderWithZebrash;

/** By poppler. @param page its size in dots */
export function readByPoppler(pdf: Uint8Array, dpi: number): Bitmap {
  const picture = execFileSync('pdftoppm', ['-r', String(dpi), '-mono', '-'], {
    input: pdf,
    maxBuffer: 2 ** 28,
  });
  return parsePbm(picture);
}

export function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
