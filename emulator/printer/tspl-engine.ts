/**
 * Reads TSPL as a label printer does: lines of commands, bitmaps with 0 for black, a label at each PRINT; ESC ! ? is
 * answered on arrival. Fonts and bar codes of the printer are not modelled.
 */

import type { EngineCommand, PrinterEngine } from './engine.ts';
import type { PaperProfile, PrinterEvent } from './interpreter-state.ts';
import { createLabelCanvas, LABEL_ROWS_MAX, type LabelCanvas } from './label-canvas.ts';
import type { PrinterStatus } from './printer-status.ts';

const ESC = 0x1b;
const LF = 0x0a;
/** A longer line is cut there. */
const LINE_SIZE_MAX = 4_096;
const BITMAP_SIZE_MAX = 4 * 1_048_576;
const bitmapHead = /^BITMAP\s+(\d+),(\d+),(\d+),(\d+),(\d),$/i;
/** Settings that change nothing in what is modelled. */
const silent =
  /^(GAP|BLINE|SPEED|DENSITY|DIRECTION|REFERENCE|OFFSET|SHIFT|SET|CODEPAGE|SOUND|OUT|REM)\b/i;
const notModelled = /^(TEXT|BLOCK|BARCODE|QRCODE|DMATRIX|BAR|BOX|PUTBMP)\b/i;

/** ESC ! ?: one byte. */
const states = { headOpen: 0x01, paperOut: 0x04, printing: 0x20, other: 0x80 } as const;

interface OpenBitmap {
  readonly x: number;
  readonly y: number;
  readonly stride: number;
  readonly dots: Uint8Array;
  readonly offset: number;
  filled: number;
}

export function tsplEngine(profile: PaperProfile): PrinterEngine {
  return new TsplEngine(profile);
}

class TsplEngine implements PrinterEngine {
  readonly #profile: PaperProfile;
  readonly #canvas: LabelCanvas;
  #offset = 0;
  #line: number[] = [];
  #bitmap: OpenBitmap | undefined;
  #heightRows: number | undefined;
  /** Labels that are asked for and not printed yet. */
  #waiting = 0;
  /** A label that came out is told as at work to the first question behind it: a real one takes its time. */
  #isAtWork = false;

  constructor(profile: PaperProfile) {
    this.#profile = profile;
    this.#canvas = createLabelCanvas(profile.paperWidthDots);
  }

  #stateOf({ isCoverOpen, paper, error }: PrinterStatus): number {
    const head = isCoverOpen ? states.headOpen : 0;
    const roll = paper === 'out' ? states.paperOut : 0;
    if (head + roll > 0) return head + roll;
    if (error !== 'none') return states.other;
    const isPrinting = this.#isAtWork || this.#waiting > 0;
    this.#isAtWork = false;
    return isPrinting ? states.printing : 0;
  }

  #perform(text: string, at: number): readonly PrinterEvent[] {
    const [name = ''] = text.toUpperCase().split(/\s/, 1);
    switch (name) {
      case '':
        return [];
      case 'SIZE':
        this.#heightRows = lengthOf(text.split(',')[1] ?? '', this.#profile.dpi);
        return [];
      case 'CLS':
        this.#canvas.clear();
        return [];
      case 'PRINT':
        return this.#print(text);
      case 'FEED':
        return [{ kind: 'feed', rows: Math.min(LABEL_ROWS_MAX, numberIn(text) ?? 1) }];
    }
    if (silent.test(text)) return [];
    if (notModelled.test(text))
      return [{ kind: 'remark', text: `${name} is not modelled: print a BITMAP`, offset: at }];
    const bytes = Uint8Array.from(Buffer.from(text.slice(0, 8), 'latin1'));
    return [{ kind: 'unknown', bytes, offset: at }];
  }

  #print(text: string): PrinterEvent[] {
    const [sets = 1, copies = 1] = text
      .slice('PRINT'.length)
      .split(',')
      .map((part) => Number.parseInt(part, 10) || 1);
    const count = Math.min(100, Math.max(1, sets * copies));
    this.#waiting -= 1;
    this.#isAtWork = true;
    return Array.from({ length: count }, () => this.#canvas.rows(this.#heightRows)).flat();
  }

  /** A line, an immediate question, or the head of a bitmap may be complete with this byte. */
  #take(byte: number): EngineCommand | undefined {
    this.#line.push(byte);
    const place = { offset: this.#offset - this.#line.length, end: this.#offset };
    if (this.#line[0] === ESC) {
      if (this.#line.length < 3) return undefined;
      const isQuestion = this.#line[1] === 0x21 && this.#line[2] === 0x3f;
      this.#line = [];
      if (!isQuestion) return undefined;
      return {
        ...place,
        isImmediate: true,
        perform: (status) => [{ kind: 'answer', bytes: Uint8Array.of(this.#stateOf(status)) }],
      };
    }
    if (byte === 0x2c) {
      const head = bitmapHead.exec(Buffer.from(this.#line).toString('latin1').trimStart());
      if (head !== null) this.#begin(head.slice(1, 5).map(Number), place.offset);
      return undefined;
    }
    if (byte !== LF && this.#line.length < LINE_SIZE_MAX) return undefined;
    const text = Buffer.from(this.#line).toString('latin1').trim();
    this.#line = [];
    if (/^PRINT\b/i.test(text)) this.#waiting += 1;
    return { ...place, isImmediate: false, perform: () => this.#perform(text, place.offset) };
  }

  #begin([x = 0, y = 0, stride = 0, rows = 0]: readonly number[], at: number): void {
    this.#line = [];
    const size = Math.min(stride * rows, BITMAP_SIZE_MAX);
    if (size > 0)
      this.#bitmap = { x, y, stride, dots: new Uint8Array(size), offset: at, filled: 0 };
  }

  /** Fills the open bitmap. @returns how many bytes it took, and the command where it is whole */
  #fill(open: OpenBitmap, bytes: Uint8Array): { taken: number; command?: EngineCommand } {
    const part = bytes.subarray(0, open.dots.length - open.filled);
    open.dots.set(part, open.filled);
    open.filled += part.length;
    this.#offset += part.length;
    if (open.filled < open.dots.length) return { taken: part.length };
    this.#bitmap = undefined;
    const { x, y, stride } = open;
    const dots = open.dots.map((bits) => ~bits);
    const draw = (): readonly PrinterEvent[] => {
      this.#canvas.draw({ x, y, stride, dots });
      return [];
    };
    const place = { offset: open.offset, end: this.#offset };
    return { taken: part.length, command: { ...place, isImmediate: false, perform: draw } };
  }

  get offset(): number {
    return this.#offset;
  }

  read(bytes: Uint8Array): readonly EngineCommand[] {
    const commands: EngineCommand[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (this.#bitmap !== undefined) {
        const { taken, command } = this.#fill(this.#bitmap, bytes.subarray(at));
        at += taken;
        if (command !== undefined) commands.push(command);
        continue;
      }
      this.#offset += 1;
      const command = this.#take(bytes[at] as number);
      at += 1;
      if (command !== undefined) commands.push(command);
    }
    return commands;
  }

  reset(): void {
    this.#line = [];
    this.#bitmap = undefined;
    this.#heightRows = undefined;
    this.#waiting = 0;
    this.#isAtWork = false;
    this.#canvas.clear();
  }
}

const numberIn = (text: string): number | undefined => {
  const found = /-?\d+(\.\d+)?/.exec(text);
  return found === null ? undefined : Number(found[0]);
};

/** `152.4 mm`, `1218 dot`, or inches. */
function lengthOf(text: string, dpi: number): number | undefined {
  const value = numberIn(text);
  if (value === undefined) return undefined;
  const unit = /mm|dot/i.exec(text)?.[0].toLowerCase();
  const dots = unit === 'dot' ? value : unit === 'mm' ? (value * dpi) / 25.4 : value * dpi;
  return Math.min(LABEL_ROWS_MAX, Math.max(0, Math.round(dots)));
}
