/**
 * What a receipt printer remembers between two commands, and what one command can make happen.
 */

import { type LexerState, lexerStart } from './escpos-lexer.ts';

/** What the interpreter must know about the printer. */
export interface PaperProfile {
  /** Dots across the paper, 8 to 65,535. */
  readonly paperWidthDots: number;
  /** Dots per inch, both ways. */
  readonly dpi: number;
  /** Most bytes of graphics that GS ( L may store; 1 MiB where not given. */
  readonly graphicsSizeMax?: number;
}

export type PrinterEvent =
  /** One row burnt and the paper moved on by it: packed dots across the whole paper. */
  | { readonly kind: 'row'; readonly dots: Uint8Array }
  /** The paper moved on by `rows` blank rows, 1 or more. */
  | { readonly kind: 'feed'; readonly rows: number }
  /** A line of text is printed, whose rows follow; bytes as Latin-1. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'cut'; readonly isPartial: boolean }
  /** Bytes for the host. */
  | { readonly kind: 'answer'; readonly bytes: Uint8Array }
  /** Which changes of the status are told from now on: the argument of GS a. */
  | { readonly kind: 'automaticStatus'; readonly mask: number }
  /** A known command or a control character that has no effect here. */
  | { readonly kind: 'ignored'; readonly name: string; readonly offset: number }
  | { readonly kind: 'unknown'; readonly bytes: Uint8Array; readonly offset: number }
  /** Something prints otherwise than its sender must have meant. */
  | { readonly kind: 'remark'; readonly text: string; readonly offset: number };

export interface Settings {
  readonly alignment: 'left' | 'centre' | 'right';
  readonly leftMarginDots: number;
  /** From the left margin on; what is beyond the paper is lost in any case. */
  readonly areaWidthDots: number;
  readonly lineSpacingRows: number;
  /** Dots per horizontal motion unit, rows per vertical one (GS P). */
  readonly unitX: number;
  readonly unitY: number;
}

/** Where the rows of dots that come next are burnt. */
export interface Raster {
  readonly left: number;
  readonly right: number;
  readonly scaleX: number;
  readonly scaleY: number;
}

interface StoredRow {
  readonly dots: Uint8Array;
  readonly before: StoredRow | undefined;
}

/** Graphics stored by function 112, printed by function 50. */
export interface StoredGraphics {
  readonly widthDots: number;
  readonly scaleX: number;
  readonly scaleY: number;
  /** Linked, newest first, so that a step copies none of the others. */
  readonly last: StoredRow | undefined;
}

export interface InterpreterState {
  readonly profile: Required<PaperProfile>;
  readonly lexer: LexerState;
  readonly settings: Settings;
  /** Text that waits for its line feed; Latin-1. */
  readonly line: string;
  /** What becomes of the rows of dots that come next. */
  readonly rowUse: 'print' | 'store' | 'drop';
  readonly raster: Raster;
  readonly stored: StoredGraphics | undefined;
  /** The process id (GS ( H) that is answered when the text before it is printed. */
  readonly waitingId: Uint8Array | undefined;
}

export interface Step {
  readonly state: InterpreterState;
  readonly events: readonly PrinterEvent[];
}

const GRAPHICS_SIZE_MAX = 1_048_576;
/** Line spacing after power on and ESC 2. */
const LINES_PER_INCH = 6;

export function interpreterStart(profile: PaperProfile): InterpreterState {
  return {
    profile: { graphicsSizeMax: GRAPHICS_SIZE_MAX, ...profile },
    lexer: lexerStart,
    settings: initialSettings(profile),
    line: '',
    rowUse: 'drop',
    raster: { left: 0, right: 0, scaleX: 1, scaleY: 1 },
    stored: undefined,
    waitingId: undefined,
  };
}

export function initialSettings(profile: PaperProfile): Settings {
  return {
    alignment: 'left',
    leftMarginDots: 0,
    areaWidthDots: profile.paperWidthDots,
    lineSpacingRows: defaultLineSpacing(profile),
    unitX: 1,
    unitY: 1,
  };
}

export function defaultLineSpacing(profile: PaperProfile): number {
  return Math.round(profile.dpi / LINES_PER_INCH);
}

/** The print area in dots from the left edge of the paper; `right` is the first dot after it. */
export function printArea(state: InterpreterState): { left: number; right: number } {
  const { leftMarginDots, areaWidthDots } = state.settings;
  return {
    left: leftMarginDots,
    right: Math.min(leftMarginDots + areaWidthDots, state.profile.paperWidthDots),
  };
}

/** The first dot of something `widthDots` wide in the print area, by ESC a; what is too wide begins at the left. */
export function alignedLeft(state: InterpreterState, widthDots: number): number {
  const { left, right } = printArea(state);
  const free = Math.max(0, right - left - widthDots);
  const shifts = { left: 0, centre: Math.floor(free / 2), right: free };
  return left + shifts[state.settings.alignment];
}
