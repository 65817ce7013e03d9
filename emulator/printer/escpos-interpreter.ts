/**
 * Reads an ESC/POS stream as a receipt printer does: bytes in, what happens to the paper and what is answered out.
 *
 * A pure step, `state + bytes → state + events`; the events are the same however the stream is split. Raster graphics
 * become exactly the dots that were sent; text becomes boxes; a command without effect here is told as an event.
 */

import { CHARACTER_HEIGHT, CHARACTER_WIDTH, placeRow, textRows } from './dot-rows.ts';
import { u16 } from './escpos-commands.ts';
import { beginRaster, graphicsFunction, graphicsRow } from './escpos-graphics.ts';
import { lex, type Token } from './escpos-lexer.ts';
import {
  alignedLeft,
  defaultLineSpacing,
  type InterpreterState,
  initialSettings,
  type PrinterEvent,
  printArea,
  type Settings,
  type Step,
} from './interpreter-state.ts';
import {
  automaticStatus,
  type PrinterStatus,
  paperStatus,
  realTimeStatus,
  tellsAnything,
} from './printer-status.ts';

type Command = Extract<Token, { kind: 'command' }>;
type Handler = (state: InterpreterState, command: Command, status: PrinterStatus) => Step;

const LF = 0x0a;
const CR = 0x0d;

/** Interprets `bytes` on from `state` for a printer in the condition `status`. */
export function interpret(
  state: InterpreterState,
  bytes: Uint8Array,
  status: PrinterStatus,
): { readonly state: InterpreterState; readonly events: PrinterEvent[] } {
  const { state: lexer, tokens } = lex(state.lexer, bytes);
  const events: PrinterEvent[] = [];
  let next: InterpreterState = { ...state, lexer };
  for (const token of tokens) {
    const step = execute(next, token, status);
    next = step.state;
    for (const event of step.events) events.push(event);
  }
  return { state: next, events };
}

/** Executes one token; `state.lexer` stays as it is. */
export function execute(state: InterpreterState, token: Token, status: PrinterStatus): Step {
  switch (token.kind) {
    case 'row':
      return graphicsRow(state, token.dots);
    case 'byte':
      return executeByte(state, token.value, token.offset);
    case 'unknown': {
      const bytes = Uint8Array.from(token.head);
      return { state, events: [{ kind: 'unknown', bytes, offset: token.offset }] };
    }
    case 'command':
      return (handlers[token.name] ?? ignore)(state, token, status);
  }
}

/** What each command does; a command that is not here is known by its length only. */
const handlers: Readonly<Record<string, Handler>> = {
  'ESC @': (state) => ({
    state: {
      ...state,
      settings: initialSettings(state.profile),
      line: '',
      stored: undefined,
      waitingId: undefined,
    },
    events: [{ kind: 'automaticStatus', mask: 0 }],
  }),
  'ESC 2': (state) => set(state, { lineSpacingRows: defaultLineSpacing(state.profile) }),
  'ESC 3': (state, { head }) =>
    set(state, { lineSpacingRows: Math.round((head[2] ?? 0) * state.settings.unitY) }),
  'ESC J': (state, { head }) =>
    printAndFeed(state, Math.round((head[2] ?? 0) * state.settings.unitY)),
  'ESC d': (state, { head }) =>
    printAndFeed(state, (head[2] ?? 0) * state.settings.lineSpacingRows),
  'ESC a': (state, command) => align(state, command),
  'GS L': (state, command) =>
    atLineStart(state, command, {
      leftMarginDots: Math.round(u16(command.head, 2) * state.settings.unitX),
    }),
  'GS W': (state, command) =>
    atLineStart(state, command, {
      areaWidthDots: Math.round(u16(command.head, 2) * state.settings.unitX),
    }),
  'GS P': (state, { head }) =>
    set(state, {
      unitX: motionUnit(state.profile.dpi, head[2] ?? 0),
      unitY: motionUnit(state.profile.dpi, head[3] ?? 0),
    }),
  'GS v 0': beginRaster,
  'GS ( L': graphicsFunction,
  'GS 8 L': graphicsFunction,
  'GS V': cut,
  'ESC i': (state, command) => cutNow(state, command, false, 0),
  'ESC m': (state, command) => cutNow(state, command, true, 0),
  'GS ( H': processId,
  'GS a': (state, { head }, status) => {
    const mask = head[2] ?? 0;
    const first: PrinterEvent = { kind: 'answer', bytes: automaticStatus(status) };
    const events: PrinterEvent[] = [{ kind: 'automaticStatus', mask }];
    return { state, events: tellsAnything(mask) ? [...events, first] : events };
  },
  'GS r': (state, command, status) => {
    const selector = command.head[2] ?? 0;
    if (selector === 1 || selector === 49) return answer(state, paperStatus(status));
    return selector === 2 || selector === 50 ? answer(state, 0) : ignore(state, command);
  },
  'ESC v': (state, _command, status) => answer(state, paperStatus(status)),
  'DLE EOT': (state, command, status) => {
    const bytes = realTimeStatus(status, command.head[2] ?? 0);
    return bytes === undefined
      ? ignore(state, command)
      : { state, events: [{ kind: 'answer', bytes }] };
  },
};

function ignore(state: InterpreterState, { name, offset }: Command): Step {
  return { state, events: [{ kind: 'ignored', name, offset }] };
}

function answer(state: InterpreterState, byte: number): Step {
  return { state, events: [{ kind: 'answer', bytes: Uint8Array.of(byte) }] };
}

function set(state: InterpreterState, change: Partial<Settings>): Step {
  return { state: { ...state, settings: { ...state.settings, ...change } }, events: [] };
}

/** Dots in 1/divisor inch (GS P); one dot where the divisor is 0. */
function motionUnit(dpi: number, divisor: number): number {
  return divisor === 0 ? 1 : dpi / divisor;
}

/** These settings act at the beginning of a line only. */
function atLineStart(state: InterpreterState, command: Command, change: Partial<Settings>): Step {
  return state.line === '' ? set(state, change) : ignore(state, command);
}

function align(state: InterpreterState, command: Command): Step {
  const n = command.head[2] ?? 0;
  const alignment = (['left', 'centre', 'right'] as const)[n >= 48 ? n - 48 : n];
  return alignment === undefined
    ? ignore(state, command)
    : atLineStart(state, command, { alignment });
}

function executeByte(state: InterpreterState, value: number, offset: number): Step {
  if (value === LF) return printAndFeed(state, state.settings.lineSpacingRows);
  if (value < 0x20) {
    const name = value === CR ? 'CR' : `control 0x${value.toString(16).padStart(2, '0')}`;
    return { state, events: [{ kind: 'ignored', name, offset }] };
  }
  const { left, right } = printArea(state);
  const columns = Math.max(1, Math.floor((right - left) / CHARACTER_WIDTH));
  const character = String.fromCharCode(value);
  if (state.line.length < columns) {
    return { state: { ...state, line: state.line + character }, events: [] };
  }
  const wrapped = printAndFeed(state, state.settings.lineSpacingRows);
  return { state: { ...wrapped.state, line: character }, events: wrapped.events };
}

/** Prints the line that waits, if any, and moves the paper by `rows` in all, at least by the height of the text. */
function printAndFeed(state: InterpreterState, rows: number): Step {
  const events: PrinterEvent[] = [];
  const { line, waitingId } = state;
  if (line !== '') {
    events.push({ kind: 'text', text: line });
    const { paperWidthDots } = state.profile;
    const left = alignedLeft(state, line.length * CHARACTER_WIDTH);
    const placement = { paperWidthDots, left, right: printArea(state).right, scaleX: 1 };
    for (const dots of textRows(line)) {
      events.push({ kind: 'row', dots: placeRow(dots, placement) });
    }
  }
  const blank = rows - (line === '' ? 0 : CHARACTER_HEIGHT);
  if (blank > 0) events.push({ kind: 'feed', rows: blank });
  if (waitingId !== undefined) events.push({ kind: 'answer', bytes: waitingId });
  return { state: { ...state, line: '', waitingId: undefined }, events };
}

/** GS V: 0, 1 cut; 65, 66 n feed and cut; 97, 98 n (cut position) have no effect here; 103, 104 n feed and cut. */
function cut(state: InterpreterState, command: Command): Step {
  const [, , m = 0, n = 0] = command.head;
  const feedRows = Math.round(n * state.settings.unitY);
  switch (m) {
    case 0:
    case 48:
    case 1:
    case 49:
      return cutNow(state, command, (m & 1) === 1, 0);
    case 65:
    case 66:
      return cutNow(state, command, m === 66, feedRows);
    case 103:
    case 104:
      return cutNow(state, command, m === 104, feedRows);
    default:
      return ignore(state, command);
  }
}

function cutNow(
  state: InterpreterState,
  command: Command,
  isPartial: boolean,
  feedRows: number,
): Step {
  if (state.line !== '') {
    const text = `${command.name} after text without a line feed: nothing is cut`;
    return { state, events: [{ kind: 'remark', text, offset: command.offset }] };
  }
  const event: PrinterEvent = { kind: 'cut', isPartial };
  return { state, events: feedRows > 0 ? [{ kind: 'feed', rows: feedRows }, event] : [event] };
}

/** GS ( H function 48: 37 22 id NUL is answered when everything before it is printed. */
function processId(state: InterpreterState, command: Command): Step {
  const [, , , low, high, fn, m, ...id] = command.head;
  if (low !== 6 || high !== 0 || fn !== 48 || m !== 48) return ignore(state, command);
  const bytes = Uint8Array.of(0x37, 0x22, ...id, 0);
  if (state.line !== '') return { state: { ...state, waitingId: bytes }, events: [] };
  return { state, events: [{ kind: 'answer', bytes }] };
}
