/** The closed loop: an indicium, composed, encoded, printed, looked at, and read again: the same dots and the same bytes. */

import { execFileSync } from 'node:child_process';
import { type Bitmap, crop, turned } from '#driver/print/bitmap';
import { encodeJob } from '#driver/print/encode';
import { layoutNamed } from '#driver/print/layout';
import { previewPng } from '#driver/print/preview';
import { type PrinterLanguage, printerProfiles } from '#driver/print/printer-profile';
import { onSheet } from '#driver/print/sheet';
import { indiciumCore, joinIndicium } from '#protocol/documents/indicium';
import { readSymbol } from '#test/support/symbol-reader';
import { type Combination, composeCombination } from './combinations.ts';
import {
  inkRows,
  isThere,
  printedHere,
  readByNpos,
  readByPoppler,
  readByZebrash,
} from './readings.ts';

/** dmtxread takes seconds for a whole label; the imprint is in its upper part. */
const IMPRINT_ROWS = 700;

export interface LoopOptions {
  /** The slow interpreter of ZPL looks at every so many labels. */
  readonly zebrashEvery: number;
  /** dmtxread looks at every so many labels, where it is installed; 0 for none. */
  readonly dmtxEvery: number;
  readonly onProgress?: (done: number) => void;
}

/** How often each of them looked. */
export interface LoopTally {
  readonly labels: Record<PrinterLanguage, number>;
  readonly readers: Record<'ours' | 'npos' | 'zebrash' | 'poppler' | 'zxing' | 'dmtxread', number>;
  readonly bytesMax: Record<PrinterLanguage, number>;
  readonly violations: string[];
}

const newTally = (): LoopTally => ({
  labels: { escpos: 0, zpl: 0, tspl: 0, pdf: 0 },
  readers: { ours: 0, npos: 0, zebrash: 0, poppler: 0, zxing: 0, dmtxread: 0 },
  bytesMax: { escpos: 0, zpl: 0, tspl: 0, pdf: 0 },
  violations: [],
});

export async function closeLoops(
  combinations: readonly Combination[],
  options: LoopOptions,
): Promise<LoopTally> {
  const tally = newTally();
  const tools = { poppler: isThere('pdftoppm'), dmtx: isThere('dmtxread') };
  for (const [at, combination] of combinations.entries()) {
    const { profileName, layoutName } = combination;
    try {
      await closeLoop(combination, at, options, tools, tally);
    } catch (error) {
      const what = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
      tally.violations.push(`label ${at}, ${layoutName} on ${profileName}: ${what}`);
    }
    options.onProgress?.(at + 1);
  }
  return tally;
}

async function closeLoop(
  combination: Combination,
  at: number,
  { zebrashEvery, dmtxEvery }: LoopOptions,
  tools: { readonly poppler: boolean; readonly dmtx: boolean },
  tally: LoopTally,
): Promise<void> {
  const profile = printerProfiles[combination.profileName];
  const { language } = profile;
  const layout = layoutNamed(combination.layoutName);
  const places = layout.sheet === undefined ? 1 : layout.sheet.columns * layout.sheet.rows;
  const position = at % places;
  const label = composeCombination(combination);
  const stream = encodeJob(label, profile, { layout, position, jobId: '0042' });
  tally.labels[language] += 1;
  tally.bytesMax[language] = Math.max(tally.bytesMax[language], stream.length);

  const isTurned = layout.isTurned === true && language !== 'pdf';
  const page = isTurned ? turned(label) : label;
  let seen: Bitmap = label;
  if (language !== 'pdf') {
    seen = printedHere(stream, profile, page);
    requireSame(seen, page, 'our printer');
    tally.readers.ours += 1;
  }
  if (language === 'escpos') {
    const rows = await readByNpos(stream);
    if (rows.join() !== inkRows(page).join()) throw new Error('npos sees other dots');
    tally.readers.npos += 1;
  }
  if (language === 'zpl' && at % zebrashEvery === 0) {
    seen = await readByZebrash(stream, page);
    requireSame(seen, page, 'zebrash');
    tally.readers.zebrash += 1;
  }
  if (language === 'pdf' && tools.poppler) {
    const sheet =
      layout.sheet === undefined ? label : onSheet(label, layout.sheet, position, profile);
    seen = readByPoppler(stream, profile.dpi);
    requireSame(seen, sheet, 'poppler');
    tally.readers.poppler += 1;
  }
  const payload = joinIndicium(indiciumCore(combination.indicium), combination.indicium.signature);
  requireBytes(await readSymbol(seen), payload, 'zxing');
  tally.readers.zxing += 1;
  if (tools.dmtx && language !== 'pdf' && dmtxEvery > 0 && at % dmtxEvery === 0) {
    // what was seen is the label by now; where it was printed turned, its imprint is not at its head
    const upright = isTurned ? label : seen;
    const imprint = crop(upright, { x: 0, y: 0, width: upright.width, height: IMPRINT_ROWS });
    const read = execFileSync('dmtxread', ['-N1'], { input: previewPng(imprint) });
    requireBytes(read, payload, 'dmtxread');
    tally.readers.dmtxread += 1;
  }
}

function requireSame(seen: Bitmap, composed: Bitmap, who: string): void {
  const isSame =
    seen.width === composed.width &&
    seen.height === composed.height &&
    Buffer.from(seen.data).equals(Buffer.from(composed.data));
  if (!isSame) throw new Error(`${who} sees other dots than were composed`);
}

function requireBytes(read: Uint8Array | undefined, payload: Uint8Array, who: string): void {
  if (read === undefined) throw new Error(`${who} reads no symbol`);
  if (!Buffer.from(read).equals(Buffer.from(payload))) throw new Error(`${who} reads other bytes`);
}
