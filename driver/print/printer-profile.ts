/** What printers differ in, as data (printing.md 2.2, 5). */

export interface PrinterProfile {
  /** What it is, for people. */
  readonly title: string;
  /** Dots an inch, along and across the paper. */
  readonly dpi: number;
  /** Dots of the print head: the widest picture. */
  readonly headDots: number;
  /** Paper that the head does not reach, at each side, in millimetres. */
  readonly marginMm: number;
  readonly cutter: 'none' | 'partial' | 'full';
  /** Lines fed before the cut, or for tearing off, so that the label has passed the blade; 1 to 20. */
  readonly linesBeforeCut: number;
  /** The most rows in one raster command. Some printers read only the low byte of the number (printing.md 1.2). */
  readonly bandRowsMax: number;
  /** Whether it answers `GS ( H` when a job has been printed (printing.md 5). */
  readonly confirmsJobs: boolean;
}

const receipt = {
  dpi: 203,
  linesBeforeCut: 3,
  bandRowsMax: 255,
  confirmsJobs: false,
} as const;

/** By the name to choose one with. */
export const printerProfiles = {
  'escpos-58mm': {
    ...receipt,
    title: 'ESC/POS receipt printer, 58 mm paper, 203 dpi',
    headDots: 384,
    marginMm: 5,
    cutter: 'none',
  },
  'escpos-80mm': {
    ...receipt,
    title: 'ESC/POS receipt printer, 80 mm paper, 203 dpi',
    headDots: 576,
    marginMm: 4,
    cutter: 'partial',
  },
  'escpos-80mm-180dpi': {
    ...receipt,
    title: 'ESC/POS receipt printer, 80 mm paper, 180 dpi',
    dpi: 180,
    headDots: 512,
    marginMm: 4,
    cutter: 'partial',
  },
  'epson-80mm': {
    ...receipt,
    title: 'Epson TM printer that confirms jobs, 80 mm paper, 203 dpi',
    headDots: 576,
    marginMm: 4,
    cutter: 'partial',
    confirmsJobs: true,
  },
  'escpos-4inch': {
    ...receipt,
    title: 'ESC/POS label printer, 4 inch paper, 203 dpi',
    headDots: 812,
    marginMm: 0,
    cutter: 'none',
  },
} as const satisfies Record<string, PrinterProfile>;

export type PrinterProfileName = keyof typeof printerProfiles;

/** A length in whole dots of a printer. */
export function dotsOf(profile: PrinterProfile, millimetres: number): number {
  return Math.round((millimetres * profile.dpi) / 25.4);
}
