/**
 * Pages as files: `page-0001.png` with the dots and `page-0001.escpos` (`.zpl`, `.tspl`) with the bytes they came from.
 */

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PrinterLanguage } from './engine.ts';
import type { Page } from './page.ts';

export interface PageFiles {
  readonly png: string;
  /** The stream, by the name of its language. */
  readonly stream: string;
}

/**
 * Makes the directory where there is none, and numbers on from the pages that are there. Files are written at once
 * and synchronously: a page whose completion has been answered (GS ( H) can be read.
 *
 * @throws the error of the file system where the directory or a page cannot be written.
 */
export function openPageDirectory(
  directory: string,
  language: PrinterLanguage = 'escpos',
): (page: Page, png: Uint8Array) => PageFiles {
  mkdirSync(directory, { recursive: true });
  let last = 0;
  for (const name of readdirSync(directory)) {
    last = Math.max(last, Number(/^page-(\d{4,})\.(?:png|escpos|zpl|tspl)$/.exec(name)?.[1] ?? 0));
  }
  return (page, png) => {
    last += 1;
    const base = join(directory, `page-${String(last).padStart(4, '0')}`);
    const files = { png: `${base}.png`, stream: `${base}.${language}` };
    writeFileSync(files.png, png);
    writeFileSync(files.stream, page.raw);
    return files;
  };
}
