/**
 * Pages as files: `page-0001.png` with the dots and `page-0001.escpos` with the bytes they came from.
 */

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from './page.ts';

export interface PageFiles {
  readonly png: string;
  readonly escpos: string;
}

/**
 * Makes the directory where there is none, and numbers on from the pages that are there. Files are written at once
 * and synchronously: a page whose completion has been answered (GS ( H) can be read.
 *
 * @throws the error of the file system where the directory or a page cannot be written.
 */
export function openPageDirectory(directory: string): (page: Page, png: Uint8Array) => PageFiles {
  mkdirSync(directory, { recursive: true });
  let last = 0;
  for (const name of readdirSync(directory)) {
    last = Math.max(last, Number(/^page-(\d{4,})\.(?:png|escpos)$/.exec(name)?.[1] ?? 0));
  }
  return (page, png) => {
    last += 1;
    const base = join(directory, `page-${String(last).padStart(4, '0')}`);
    const files = { png: `${base}.png`, escpos: `${base}.escpos` };
    writeFileSync(files.png, png);
    writeFileSync(files.escpos, page.raw);
    return files;
  };
}
