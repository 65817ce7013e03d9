/**
 * Reads ZPL II as a label printer does: a format from ^XA to ^XZ is composed and printed as one label; ~HS is answered on
 * arrival. Only pictures (^GFA) are drawn: fonts and bar codes of the printer are not modelled.
 */

import type { EngineCommand, PrinterEngine } from './engine.ts';
import type { PaperProfile, PrinterEvent } from './interpreter-state.ts';
import { createLabelCanvas, LABEL_ROWS_MAX, type LabelCanvas } from './label-canvas.ts';
import { isOffline, type PrinterStatus } from './printer-status.ts';
import { unpackGraphics } from './zpl-graphics.ts';

const CARET = 0x5e;
const TILDE = 0x7e;
/** A command that is longer ends there; a picture of a page is less. */
const COMMAND_SIZE_MAX = 4 * 1_048_576;
/** More are not printed. */
const COPIES_MAX = 100;
/** These take nothing behind their name, and are complete with it. */
const bare = new Set(['^XA', '^XZ', '^FS', '~HS', '~JA']);
/** Settings of a printer that change nothing in what is modelled. */
const silent = new Set(
  '^MN ^MM ^PO ^PM ^LR ^LS ^LT ^CI ^MD ^PR ~SD ^JU ^FX ^MT ^ML ^FS ^PW ~JA'.split(' '),
);
/** What the printer would set in letters or bars of its own. */
const notModelled = new Set(['^FD', '^BX', '^BC', '^BQ', '^GB', '^GC', '^GD', '^FT']);

interface Format {
  x: number;
  y: number;
  homeX: number;
  homeY: number;
  copies: number;
  heightRows: number | undefined;
}

const newFormat = (): Format => ({
  x: 0,
  y: 0,
  homeX: 0,
  homeY: 0,
  copies: 1,
  heightRows: undefined,
});

export function zplEngine(profile: PaperProfile): PrinterEngine {
  return new ZplEngine(profile);
}

class ZplEngine implements PrinterEngine {
  readonly #canvas: LabelCanvas;
  #offset = 0;
  #buffer: number[] = [];
  /** Formats that are read to their end and not printed yet; whether one is begun. */
  #waiting = 0;
  #isReading = false;
  #format: Format | undefined;
  /** A label that came out is told as at work to the first question behind it: a real one takes its time. */
  #isAtWork = false;

  constructor({ paperWidthDots }: PaperProfile) {
    this.#canvas = createLabelCanvas(paperWidthDots);
  }

  #perform(name: string, text: string, at: number): readonly PrinterEvent[] {
    const numbers = text.split(',', 4).map((part) => Number.parseInt(part, 10) || 0);
    const [first = 0, second = 0] = numbers;
    if (name === '^XA') {
      this.#format = newFormat();
      this.#canvas.clear();
      return [];
    }
    if (this.#format === undefined)
      return [{ kind: 'ignored', name: `${name} outside`, offset: at }];
    if (name === '^XZ') return this.#print(this.#format);
    if (name === '^GF') return this.#graphics(this.#format, text, at);
    if (silent.has(name) || applied(this.#format, name, first, second)) return [];
    if (notModelled.has(name))
      return [{ kind: 'remark', text: `${name} is not modelled: print a picture`, offset: at }];
    const bytes = Uint8Array.from(Buffer.from(name, 'latin1'));
    return [{ kind: 'unknown', bytes, offset: at }];
  }

  #graphics({ x, y }: Format, text: string, at: number): readonly PrinterEvent[] {
    const match = /^A,(\d+),(\d+),(\d+),/.exec(text);
    const [head = '', , size, stride] = match ?? [];
    if (match === null || Number(stride) < 1)
      return [{ kind: 'remark', text: '^GF other than A is not modelled', offset: at }];
    const dots = unpackGraphics(text.slice(head.length), Number(stride), Number(size));
    this.#canvas.draw({ x, y, stride: Number(stride), dots });
    if (dots.length === Number(size)) return [];
    return [{ kind: 'remark', text: `^GFA has ${dots.length} of ${size} bytes`, offset: at }];
  }

  #print({ copies, heightRows }: Format): PrinterEvent[] {
    this.#format = undefined;
    this.#waiting -= 1;
    this.#isAtWork = true;
    return Array.from({ length: copies }, () => this.#canvas.rows(heightRows)).flat();
  }

  #hostStatus(status: PrinterStatus): Uint8Array {
    const bit = (isSet: boolean): number => (isSet ? 1 : 0);
    const isPaused = isOffline(status) && status.paper !== 'out' && !status.isCoverOpen;
    const [waits, reads, works] = [this.#waiting, bit(this.#isReading), bit(this.#isAtWork)];
    if (!isOffline(status)) this.#isAtWork = false;
    const three = String(Math.min(waits, 999)).padStart(3, '0');
    const strings = [
      `030,${bit(status.paper === 'out')},${bit(isPaused)},1245,${three},0,0,${reads},000,0,0,0`,
      `001,0,${bit(status.isCoverOpen)},0,0,2,6,0,${String(works).padStart(8, '0')},1,000`,
      '1234,0',
    ];
    return Buffer.from(strings.map((text) => `\x02${text}\x03\r\n`).join(''), 'latin1');
  }

  /** What was read up to here is one command; bytes between commands are none. */
  #complete(bytes: readonly number[]): EngineCommand | undefined {
    const text = Buffer.from(bytes).toString('latin1');
    const name = text.slice(0, 3).toUpperCase();
    const place = { offset: this.#offset - bytes.length, end: this.#offset };
    if (name === '~HS')
      return {
        ...place,
        isImmediate: true,
        perform: (status) => [{ kind: 'answer', bytes: this.#hostStatus(status) }],
      };
    if (name === '^XA') this.#isReading = true;
    if (name === '^XZ' && this.#isReading) {
      this.#isReading = false;
      this.#waiting += 1;
    }
    if (!/^[~^]/.test(name)) return undefined;
    return {
      ...place,
      isImmediate: false,
      perform: () => this.#perform(name, text.slice(3).trimEnd(), place.offset),
    };
  }

  get offset(): number {
    return this.#offset;
  }

  read(bytes: Uint8Array): readonly EngineCommand[] {
    const commands: EngineCommand[] = [];
    const end = (): void => {
      const command = this.#buffer.length === 0 ? undefined : this.#complete(this.#buffer);
      if (command !== undefined) commands.push(command);
      this.#buffer = [];
    };
    for (const byte of bytes) {
      if (byte === CARET || byte === TILDE || this.#buffer.length >= COMMAND_SIZE_MAX) end();
      this.#buffer.push(byte);
      this.#offset += 1;
      if (this.#buffer.length === 3 && bare.has(String.fromCharCode(...this.#buffer))) end();
    }
    return commands;
  }

  reset(): void {
    this.#buffer = [];
    this.#waiting = 0;
    this.#isReading = false;
    this.#isAtWork = false;
    this.#format = undefined;
    this.#canvas.clear();
  }
}

/** Settings that change where and how often the label is printed. @returns whether it is one of them */
function applied(format: Format, name: string, first: number, second: number): boolean {
  switch (name) {
    case '^FO':
      format.x = format.homeX + first;
      format.y = format.homeY + second;
      return true;
    case '^LH':
      format.homeX = first;
      format.homeY = second;
      return true;
    case '^LL':
      format.heightRows = Math.min(first, LABEL_ROWS_MAX);
      return true;
    case '^PQ':
      format.copies = Math.min(Math.max(1, first), COPIES_MAX);
      return true;
  }
  return false;
}
