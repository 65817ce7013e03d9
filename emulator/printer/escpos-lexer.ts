/**
 * Cuts an ESC/POS byte stream into tokens, whichever way the stream is split into pieces.
 *
 * A pure step: state and bytes give the next state and the tokens that were completed. The state holds at most one
 * command head or one row of dots (65,535 bytes), so that no stream can make it grow.
 */

import { type CommandBody, type CommandLayout, isIntroducer, layoutOf } from './escpos-commands.ts';

interface At {
  /** Position in the stream of the token's first byte, counted from 0. */
  readonly offset: number;
  /** Position after its last byte. */
  readonly end: number;
}

export type Token =
  /** A command head; its rows, where it has any, follow as tokens. */
  | ({ readonly kind: 'command'; readonly name: string; readonly head: readonly number[] } & At)
  /** One row of dots of the command before: 8 dots a byte, most significant bit left, 1 is black. */
  | ({ readonly kind: 'row'; readonly dots: Uint8Array } & At)
  /** A printable byte (0x20 to 0xFF) or a control character without parameters (0x00 to 0x1F). */
  | ({ readonly kind: 'byte'; readonly value: number } & At)
  /** An introducer with bytes after it that no known command has. */
  | ({ readonly kind: 'unknown'; readonly head: readonly number[] } & At);

interface OpenBody extends CommandBody {
  /** The row that is being filled. */
  readonly row: Uint8Array;
  readonly filled: number;
}

export interface LexerState {
  /** Bytes read since the power came on. */
  readonly offset: number;
  /** The bytes of the command whose head is not complete yet. */
  readonly head: readonly number[];
  readonly body: OpenBody | undefined;
}

export const lexerStart: LexerState = { offset: 0, head: [], body: undefined };

/** Reads `bytes` on from `state`; the tokens are the same for every way of splitting the stream. */
export function lex(
  state: LexerState,
  bytes: Uint8Array,
): { readonly state: LexerState; readonly tokens: readonly Token[] } {
  const tokens: Token[] = [];
  let head = [...state.head];
  let body = state.body;
  let at = 0;
  while (at < bytes.length) {
    if (body !== undefined) {
      const taken = takeBody(body, bytes, at, state.offset, tokens);
      at = taken.at;
      body = taken.body;
      continue;
    }
    head.push(bytes[at] ?? 0);
    at += 1;
    const judged = judge(head);
    if (judged === 'more') continue;
    const end = state.offset + at - judged.giveBack;
    if (judged.token !== undefined) {
      const size = head.length - judged.giveBack;
      tokens.push({ ...judged.token, offset: end - size, end });
    }
    at -= judged.giveBack;
    head = [];
    body = judged.body;
  }
  return { state: { offset: state.offset + bytes.length, head, body }, tokens };
}

type Unplaced<T> = T extends unknown ? Omit<T, keyof At> : never;
interface Judgement {
  readonly token: Unplaced<Token> | undefined;
  readonly body: OpenBody | undefined;
  /** Bytes at the end of the head that begin something new. */
  readonly giveBack: 0 | 1;
}

/** What the collected head is by now. */
function judge(head: readonly number[]): Judgement | 'more' {
  const [first = 0] = head;
  if (!isIntroducer(first)) {
    return { token: { kind: 'byte', value: first }, body: undefined, giveBack: 0 };
  }
  const layout = layoutOf(head);
  if (layout === 'more') return 'more';
  if (layout === undefined) return unknownHead(head);
  if (head.length < layout.headSize(head)) return 'more';
  return complete(layout, head);
}

function complete(layout: CommandLayout, head: readonly number[]): Judgement {
  const body = layout.body(head);
  const hasRows = body.rows > 0 && body.rowSize > 0;
  return {
    token: { kind: 'command', name: layout.name, head },
    body:
      hasRows || body.skip > 0
        ? { ...body, rows: hasRows ? body.rows : 0, row: newRow(body), filled: 0 }
        : undefined,
    giveBack: 0,
  };
}

/** The last byte of an unknown head is read again where it introduces a command itself. */
function unknownHead(head: readonly number[]): Judgement {
  const giveBack = isIntroducer(head.at(-1) ?? 0) ? 1 : 0;
  const kept = giveBack === 1 ? head.slice(0, -1) : head;
  return { token: { kind: 'unknown', head: kept }, body: undefined, giveBack };
}

function newRow(body: CommandBody): Uint8Array {
  return new Uint8Array(body.rows > 0 ? body.rowSize : 0);
}

/** Takes body bytes from `at` on: to the end of one row, or of what is passed over. */
function takeBody(
  body: OpenBody,
  bytes: Uint8Array,
  at: number,
  offset: number,
  tokens: Token[],
): { readonly at: number; readonly body: OpenBody | undefined } {
  if (body.rows === 0) return passOver(body, bytes, at);
  const taken = bytes.subarray(at, at + body.rowSize - body.filled);
  const row = body.row.slice();
  row.set(taken, body.filled);
  const filled = body.filled + taken.length;
  const next = at + taken.length;
  if (filled < body.rowSize) return { at: next, body: { ...body, row, filled } };
  const end = offset + next;
  tokens.push({ kind: 'row', dots: row, offset: end - body.rowSize, end });
  const rest = { ...body, rows: body.rows - 1, filled: 0 };
  return { at: next, body: rest.rows === 0 && rest.skip === 0 ? undefined : rest };
}

function passOver(
  body: OpenBody,
  bytes: Uint8Array,
  at: number,
): { readonly at: number; readonly body: OpenBody | undefined } {
  const available = Math.min(body.skip, bytes.length - at);
  const nul = body.endsAtNul ? bytes.subarray(at, at + available).indexOf(0) : -1;
  if (nul >= 0) return { at: at + nul + 1, body: undefined };
  const left = body.skip - available;
  return { at: at + available, body: left === 0 ? undefined : { ...body, skip: left } };
}
