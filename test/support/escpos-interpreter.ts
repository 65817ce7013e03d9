/**
 * Reads an ESC/POS stream as strictly as a printer that knows only what the driver sends: written from the command
 * descriptions and from nothing of the driver, so that the two can be held against each other.
 */

import { type Bitmap, createBitmap } from '#driver/print/bitmap';

export interface Command {
  readonly name:
    | 'initialise'
    | 'motionUnits'
    | 'raster'
    | 'feedDots'
    | 'feedLines'
    | 'line'
    | 'cut'
    | 'jobId';
  readonly bytes: Uint8Array;
}

export interface Printed {
  readonly commands: readonly Command[];
  /** Everything on paper, fed rows included, lines after the picture left out. */
  readonly picture: Bitmap;
  /** The dots of the raster commands only, one band under the other. */
  readonly bands: Bitmap;
}

const RASTER_HEADER_SIZE = 8;

/** @throws Error for a command that is none of the driver's, or one that is not complete */
export function interpretEscpos(stream: Uint8Array): Printed {
  const commands: Command[] = [];
  const paper: Uint8Array[] = [];
  const bands: Uint8Array[] = [];
  let at = 0;
  while (at < stream.length) {
    const command = commandAt(stream, at);
    commands.push(command);
    at += command.bytes.length;
    if (command.name === 'raster') {
      const rows = rowsOf(command.bytes);
      paper.push(...rows);
      bands.push(...rows);
    }
    if (command.name === 'feedDots')
      for (let row = 0; row < (command.bytes[2] as number); row++) paper.push(new Uint8Array(0));
  }
  return { commands, picture: pictureOf(paper), bands: pictureOf(bands) };
}

function commandAt(stream: Uint8Array, at: number): Command {
  const take = (name: Command['name'], size: number): Command => {
    const bytes = stream.slice(at, at + size);
    if (bytes.length < size) throw new Error(`${name} at ${at} is not complete`);
    return { name, bytes };
  };
  const head = Buffer.from(stream.subarray(at, at + 3)).toString('latin1');
  if (head.startsWith('\x1b@')) return take('initialise', 2);
  if (head.startsWith('\x1bJ')) return take('feedDots', 3);
  if (head.startsWith('\x1bd')) return take('feedLines', 3);
  if (head.startsWith('\n')) return take('line', 1);
  if (head.startsWith('\x1dP')) return take('motionUnits', 4);
  if (head === '\x1dV\x00' || head === '\x1dV\x01') return take('cut', 3);
  if (head === '\x1d(H') return take('jobId', 5 + u16(stream, at + 3));
  if (head === '\x1dv0')
    return take('raster', RASTER_HEADER_SIZE + u16(stream, at + 4) * u16(stream, at + 6));
  throw new Error(`at ${at} is no command of the driver: ${stream[at]} ${stream[at + 1]}`);
}

function u16(stream: Uint8Array, at: number): number {
  return (stream[at] ?? 0) + (stream[at + 1] ?? 0) * 256;
}

function rowsOf(raster: Uint8Array): Uint8Array[] {
  const stride = u16(raster, 4);
  return Array.from({ length: u16(raster, 6) }, (_, row) => {
    const from = RASTER_HEADER_SIZE + row * stride;
    return raster.slice(from, from + stride);
  });
}

function pictureOf(rows: readonly Uint8Array[]): Bitmap {
  const stride = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const bitmap = createBitmap(stride * 8, rows.length);
  rows.forEach((row, y) => {
    bitmap.data.set(row, y * stride);
  });
  return bitmap;
}
