/** What printers differ in, as data (printing.md 2.2, 5). */

import type { HeadArea } from './head.ts';
import type { LayoutName } from './layout.ts';

/** What it takes; `pdf` stands for every office printer, by way of its driver. */
export const printerLanguages = ['escpos', 'zpl', 'tspl', 'pdf'] as const;
export type PrinterLanguage = (typeof printerLanguages)[number];

export interface PrinterProfile extends HeadArea {
  /** What it is, for people. */
  readonly title: string;
  readonly language: PrinterLanguage;
  /** What is printed on where nothing is said. */
  readonly layout: LayoutName;
  readonly cutter: 'none' | 'partial' | 'full';
  /** Lines fed before the cut, or for tearing off, so that the label has passed the blade; 1 to 20. */
  readonly linesBeforeCut: number;
  /** The most rows in one raster command. Some printers read only the low byte of the number (printing.md 1.2). */
  readonly bandRowsMax: number;
  /** Whether it says when a job has been printed: by `GS ( H`, or by its host status (printing.md 5). */
  readonly confirmsJobs: boolean;
}

const receipt = {
  language: 'escpos',
  layout: 'roll',
  dpi: 203,
  linesBeforeCut: 3,
  bandRowsMax: 255,
  confirmsJobs: false,
} as const;

const label = {
  layout: 'label-4x6',
  marginMm: 0,
  cutter: 'none',
  linesBeforeCut: 1,
  bandRowsMax: 65_535,
  confirmsJobs: true,
} as const;
const zpl = { ...label, language: 'zpl' } as const;
const tspl = { ...label, language: 'tspl' } as const;

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
  'zpl-2inch': {
    ...zpl,
    title: 'ZPL II label printer, 2 inch, 203 dpi',
    layout: 'label-2.25x4',
    dpi: 203,
    headDots: 463,
  },
  'zpl-4inch': { ...zpl, title: 'ZPL II label printer, 4 inch, 203 dpi', dpi: 203, headDots: 832 },
  'zpl-4inch-300dpi': {
    ...zpl,
    title: 'ZPL II label printer, 4 inch, 300 dpi',
    dpi: 300,
    headDots: 1_280,
  },
  'zpl-4inch-cutter': {
    ...zpl,
    title: 'ZPL II label printer with a cutter, 4 inch, 203 dpi',
    dpi: 203,
    headDots: 832,
    cutter: 'full',
  },
  'tspl-4inch': { ...tspl, title: 'TSPL label printer, 4 inch, 203 dpi', dpi: 203, headDots: 832 },
  'tspl-4inch-300dpi': {
    ...tspl,
    title: 'TSPL label printer, 4 inch, 300 dpi',
    dpi: 300,
    headDots: 1_280,
  },
  office: {
    ...label,
    title: 'office printer through CUPS, or a PDF to print by hand',
    language: 'pdf',
    layout: 'envelope-10',
    dpi: 600,
    headDots: 7_200,
    confirmsJobs: false,
  },
} as const satisfies Record<string, PrinterProfile>;

export type PrinterProfileName = keyof typeof printerProfiles;
