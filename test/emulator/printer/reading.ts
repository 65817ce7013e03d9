/** A printer's reading of a stream, as one line of text for each event. */

import { interpret } from '#emulator/printer/escpos-interpreter';
import { interpreterStart, type PrinterEvent } from '#emulator/printer/interpreter-state';
import { readyStatus } from '#emulator/printer/printer-status';
import { bytesOf, type Part } from './streams.ts';

/** 32 dots wide, 60 dpi: a line feed is 10 rows, but text is 24 high. */
export const start = interpreterStart({ paperWidthDots: 32, dpi: 60 });

export function read(...parts: readonly Part[]): string[] {
  return interpret(start, bytesOf(...parts), readyStatus).events.map(show);
}

export function show(event: PrinterEvent): string {
  switch (event.kind) {
    case 'row':
      return `row ${picture(event.dots)}`;
    case 'feed':
      return `feed ${event.rows}`;
    case 'text':
      return `text ${event.text}`;
    case 'cut':
      return event.isPartial ? 'partial cut' : 'full cut';
    case 'answer':
      return `answer ${Buffer.from(event.bytes).toString('hex')}`;
    case 'automaticStatus':
      return `tell ${event.mask}`;
    case 'ignored':
      return `ignored ${event.name} at ${event.offset}`;
    case 'unknown':
      return `unknown ${Buffer.from(event.bytes).toString('hex')} at ${event.offset}`;
    case 'remark':
      return `remark at ${event.offset}: ${event.text}`;
  }
}

function picture(dots: Uint8Array): string {
  return [...dots]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .replaceAll('0', '.')
    .replaceAll('1', '#');
}
