/**
 * Raster graphics of ESC/POS: GS v 0, and stored graphics by GS ( L / GS 8 L functions 112 and 50.
 */

import { placeRow } from './dot-rows.ts';
import { u16 } from './escpos-commands.ts';
import {
  alignedLeft,
  type InterpreterState,
  type PrinterEvent,
  printArea,
  type Raster,
  type Step,
} from './interpreter-state.ts';

const STORE = 112;
const PRINT_STORED = [2, 50];
const MONOCHROME = 48;
const COLOUR_1 = 49;

interface Head {
  readonly name: string;
  readonly head: readonly number[];
  readonly offset: number;
}

/** GS v 0 m xL xH yL yH: m 0 or 48 normal, 1 double width, 2 double height, 3 both. */
export function beginRaster(state: InterpreterState, { head, offset }: Head): Step {
  const mode = head[3] ?? 0;
  const drop = (text: string): Step => ({
    state: { ...state, rowUse: 'drop' },
    events: [{ kind: 'remark', text, offset }],
  });
  if ((mode >= 48 ? mode - 48 : mode) > 3) {
    return drop(`GS v 0 has no mode ${mode}: the picture is not printed`);
  }
  if (state.line !== '') {
    return drop('GS v 0 after text without a line feed: the picture is not printed');
  }
  const raster = place(state, u16(head, 4) * 8, (mode & 1) + 1, ((mode >> 1) & 1) + 1);
  return {
    state: { ...state, rowUse: 'print', raster },
    events: clippingRemark(raster, u16(head, 4) * 8, offset),
  };
}

/** Function 112 stores, functions 2 and 50 print; the others have no effect here. */
export function graphicsFunction(state: InterpreterState, command: Head): Step {
  const at = command.name === 'GS 8 L' ? 7 : 5;
  const fn = command.head[at + 1] ?? 0;
  if (fn === STORE && command.head.length === at + 10) return beginStore(state, command, at);
  if (PRINT_STORED.includes(fn)) return printStored(state, command.offset);
  return {
    state: { ...state, rowUse: 'drop' },
    events: [{ kind: 'ignored', name: `${command.name} ${fn}`, offset: command.offset }],
  };
}

function beginStore(state: InterpreterState, { head, offset }: Head, at: number): Step {
  const [tone = 0, scaleX = 0, scaleY = 0, colour = 0] = head.slice(at + 2);
  const widthDots = u16(head, at + 6);
  const problem =
    tone !== MONOCHROME || colour !== COLOUR_1
      ? `graphics in tone ${tone} and colour ${colour} are not printed: only 48 and 49 are`
      : ![1, 2].includes(scaleX) || ![1, 2].includes(scaleY)
        ? `graphics have no scale ${scaleX} by ${scaleY}: they are not printed`
        : Math.ceil(widthDots / 8) * u16(head, at + 8) > state.profile.graphicsSizeMax
          ? 'graphics are larger than the memory for them: they are not printed'
          : undefined;
  if (problem !== undefined) {
    return {
      state: { ...state, rowUse: 'drop', stored: undefined },
      events: [{ kind: 'remark', text: problem, offset }],
    };
  }
  const stored = { widthDots, scaleX, scaleY, last: undefined };
  return { state: { ...state, rowUse: 'store', stored }, events: [] };
}

function printStored(state: InterpreterState, offset: number): Step {
  const { stored } = state;
  if (stored === undefined || state.line !== '') {
    const text =
      stored === undefined
        ? 'no graphics are stored: nothing is printed'
        : 'graphics after text without a line feed are not printed';
    return { state, events: [{ kind: 'remark', text, offset }] };
  }
  const raster = place(state, stored.widthDots, stored.scaleX, stored.scaleY);
  const rows: Uint8Array[] = [];
  for (let row = stored.last; row !== undefined; row = row.before) rows.push(row.dots);
  const printing: InterpreterState = { ...state, rowUse: 'drop', raster, stored: undefined };
  return {
    state: printing,
    events: [
      ...clippingRemark(raster, stored.widthDots, offset),
      ...rows.reverse().flatMap((dots) => burn(printing, dots)),
    ],
  };
}

/** One row of dots has come: it is burnt, stored, or lost. */
export function graphicsRow(state: InterpreterState, dots: Uint8Array): Step {
  switch (state.rowUse) {
    case 'print':
      return { state, events: burn(state, dots) };
    case 'store': {
      if (state.stored === undefined) return { state, events: [] };
      const stored = { ...state.stored, last: { dots, before: state.stored.last } };
      return { state: { ...state, stored }, events: [] };
    }
    case 'drop':
      return { state, events: [] };
  }
}

function burn(state: InterpreterState, dots: Uint8Array): PrinterEvent[] {
  const { paperWidthDots } = state.profile;
  const row = placeRow(dots, { paperWidthDots, ...state.raster });
  return Array.from({ length: state.raster.scaleY }, () => ({ kind: 'row', dots: row }));
}

function place(
  state: InterpreterState,
  sourceWidthDots: number,
  scaleX: number,
  scaleY: number,
): Raster {
  const widthDots = sourceWidthDots * scaleX;
  const left = alignedLeft(state, widthDots);
  return { left, right: Math.min(left + widthDots, printArea(state).right), scaleX, scaleY };
}

/** Up to 7 dots may be the padding of the last byte. */
function clippingRemark(raster: Raster, sourceWidthDots: number, offset: number): PrinterEvent[] {
  const lost = sourceWidthDots * raster.scaleX - Math.max(0, raster.right - raster.left);
  if (lost < 8 * raster.scaleX) return [];
  return [{ kind: 'remark', text: `${lost} dots at the right are outside the print area`, offset }];
}
