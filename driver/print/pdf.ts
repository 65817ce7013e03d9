/**
 * Pictures as PDF 1.4: the outlines of the dots as one filled path a page, so that no program between here and the paper
 * has anything to resample, and a module is as wide on every printer as it was composed (printing.md 4.3, 5).
 */

import { deflateSync } from 'node:zlib';
import { ascii } from '#protocol/bytes';
import { pdfFile } from '../pdf-file.ts';
import type { Bitmap } from './bitmap.ts';
import { contoursOf, type DotContour } from './contours.ts';

export interface PdfPage {
  readonly bitmap: Bitmap;
  /** Of the dots of the picture, both ways. */
  readonly dpi: number;
}

const POINTS_PER_INCH = 72;
/** More digits than any printer has dots for. */
const DIGITS = 8;
/** A page is smaller by so much, a hundredth of a dot, so that no program rounds it up to one dot more. */
const SHY_POINTS = 0.001;
const UNITS_PER_DOT = 50;

/** Pages as a document; the size of a page is that of its picture. */
export function encodePdf(pages: readonly PdfPage[]): Uint8Array {
  const pageId = (page: number): number => 3 + 2 * page;
  const kids = pages.map((_, page) => `${pageId(page)} 0 R`).join(' ');
  const objects: (readonly Uint8Array[])[] = [
    [
      ascii(
        '<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None /Duplex /Simplex >> >>',
      ),
    ],
    [ascii(`<< /Type /Pages /Count ${pages.length} /Kids [${kids}] >>`)],
  ];
  for (const [page, { bitmap, dpi }] of pages.entries()) {
    const points = (dots: number): string => number(pageLength(dots, dpi));
    const box = `[0 0 ${points(bitmap.width)} ${points(bitmap.height)}]`;
    const content = deflateSync(contentOf(bitmap, dpi), { level: 9 });
    objects.push(
      [
        ascii(
          `<< /Type /Page /Parent 2 0 R /MediaBox ${box} /Resources << >> /Contents ${pageId(page) + 1} 0 R >>`,
        ),
      ],
      [
        ascii(`<< /Length ${content.length} /Filter /FlateDecode >>\nstream\n`),
        content,
        ascii('\nendstream'),
      ],
    );
  }
  return pdfFile(objects);
}

/**
 * From the upper left corner downwards, everything in one path, so that no seams show. Black is drawn in by a fiftieth of a
 * dot on every side: some programs fill each dot that an edge touches, and would make all bars one dot wider.
 */
function contentOf(bitmap: Bitmap, dpi: number): string {
  const scale = POINTS_PER_INCH / dpi / UNITS_PER_DOT;
  const top = pageLength(bitmap.height, dpi);
  const lines = [`q 0 g ${number(scale)} 0 0 ${number(-scale)} 0 ${number(top)} cm`];
  for (const corners of contoursOf(bitmap)) lines.push(pathOf(corners));
  if (lines.length > 1) lines.push('f');
  return `${lines.join('\n')}\nQ\n`;
}

/** An outline whose corners are moved to the right-hand side of both their edges, where the black is. */
function pathOf(corners: DotContour): string {
  const count = corners.length;
  let path = '';
  for (let at = 0; at < count; at += 2) {
    const x = corners[at] as number;
    const y = corners[at + 1] as number;
    const cameX = Math.sign(x - (corners[(at + count - 2) % count] as number));
    const cameY = Math.sign(y - (corners[(at + count - 1) % count] as number));
    const goesX = Math.sign((corners[(at + 2) % count] as number) - x);
    const goesY = Math.sign((corners[(at + 3) % count] as number) - y);
    const movedX = x * UNITS_PER_DOT - cameY - goesY;
    const movedY = y * UNITS_PER_DOT + cameX + goesX;
    path += `${movedX} ${movedY} ${at === 0 ? 'm' : 'l'} `;
  }
  return `${path}h`;
}

const pageLength = (dots: number, dpi: number): number =>
  (dots * POINTS_PER_INCH) / dpi - SHY_POINTS;

const number = (value: number): string => String(Number(value.toFixed(DIGITS)));
