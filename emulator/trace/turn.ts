/** Turns of a trace: one call of the image with all that it did, in figures and in words. */

import { createConversation, type HeardMessage } from './conversation.ts';
import type { Moment, Trace, TraceEvent, TurnStart } from './event.ts';
import { eventText } from './event-text.ts';

export interface Turn {
  /** Number of its first event and of its last; the first event of a trace is 1. */
  readonly first: number;
  readonly last: number;
  readonly start: TurnStart;
  /** Since the first event of the trace, milliseconds. */
  readonly elapsedMs: number;
  readonly messages: readonly HeardMessage[];
  /** What was said in sealed records, with crypto engine. */
  readonly heard: readonly string[];
  /** Remarks since the turn before. */
  readonly notes: readonly string[];
  readonly calls: number;
  readonly flash: FlashFigures;
  readonly entropyBytes: number;
  /** What came of it where the image did not simply return. */
  readonly end: 'returned' | 'threw' | 'powerLost';
}

export interface FlashFigures {
  readonly reads: number;
  readonly programs: number;
  readonly programmedBytes: number;
  /** Sectors that were erased, by their numbers. */
  readonly erased: readonly number[];
}

/** The turns in their order; an unfinished one at the end is left out. */
export function* turnsOf({ events }: Trace): Generator<Turn> {
  const hear = createConversation();
  let notes: string[] = [];
  let begun: { first: number; start: TurnStart; messages: HeardMessage[] } | undefined;
  let sectorSize = 1;
  let startMs: number | undefined;
  for (const [place, event] of events.entries()) {
    const messages = hear(event);
    if (event.kind === 'note') notes.push(event.text);
    if (event.kind === 'boot') sectorSize = event.board.geometry.sectorSize;
    if (event.kind === 'boot' || event.kind === 'receive' || event.kind === 'tick') {
      startMs ??= event.moment.monotonicMs;
      begun = { first: place + 1, start: event, messages: [] };
    }
    begun?.messages.push(...messages);
    if (event.kind !== 'end' || begun === undefined) continue;
    const within = events.slice(begun.first - 1, place + 1);
    const elapsedMs = begun.start.moment.monotonicMs - (startMs ?? 0);
    yield { ...begun, last: place + 1, elapsedMs, notes, ...figuresOf(within, sectorSize) };
    notes = [];
    begun = undefined;
  }
}

function figuresOf(events: readonly TraceEvent[], sectorSize: number) {
  const calls = events.filter((event) => event.kind === 'call');
  const named = (path: string) => calls.filter((call) => call.path === path);
  const programs = named('flash.program');
  const isDead = (event: TraceEvent): boolean =>
    event.kind === 'cut' ||
    event.kind === 'stop' ||
    (event.kind === 'call' && 'error' in event.outcome && event.outcome.error === 'PowerLost');
  const last = events.at(-1);
  const hasThrown = last?.kind === 'end' && last.error !== undefined;
  const end: Turn['end'] = hasThrown ? 'threw' : events.some(isDead) ? 'powerLost' : 'returned';
  return {
    heard: events.filter((event) => event.kind === 'heard').map(({ text }) => text),
    calls: calls.length,
    flash: {
      reads: named('flash.read').length,
      programs: programs.length,
      programmedBytes: programs.reduce((sum, { given }) => sum + sizeOf(given[1]), 0),
      erased: named('flash.erase').map(({ given }) =>
        Math.floor((given[0] as number) / sectorSize),
      ),
    },
    entropyBytes: named('entropy.read').reduce((sum, { given }) => sum + (given[0] as number), 0),
    end,
  };
}

const sizeOf = (part: unknown): number => {
  if (part instanceof Uint8Array) return part.length;
  return typeof part === 'object' && part !== null && 'size' in part ? Number(part.size) : 0;
};

/** A turn in one line. */
export function turnText(turn: Turn): string {
  const { start, messages, heard, flash, entropyBytes, calls, end } = turn;
  const requests = heard.filter((text) => text.startsWith('request'));
  const said = messages.map(({ port, text, direction }) => {
    const plain = direction === 'request' && text.includes('sealed') ? requests.shift() : undefined;
    const whole = plain === undefined ? text : text.replace(/: .*$/, `: ${plain.slice(8)}`);
    return `${direction === 'request' ? '→' : '←'} ${port} ${whole}`;
  });
  const figures = [
    `${calls} calls`,
    flash.programs > 0 && `${flash.programs} programs of ${flash.programmedBytes} bytes`,
    flash.erased.length > 0 && `erases of sector ${flash.erased.join(', ')}`,
    entropyBytes > 0 && `${entropyBytes} bytes of entropy`,
    end === 'threw' && 'the image threw',
    end === 'powerLost' && 'power lost',
  ].filter((figure) => figure !== false);
  const what = said.length > 0 ? said.join('  ') : eventText(start);
  return `${momentText(turn.start.moment, turn.elapsedMs)}  ${what}  (${figures.join(', ')})`;
}

function momentText({ timeMs }: Moment, elapsedMs: number): string {
  const time = timeMs === 0 ? 'clock not trusted       ' : new Date(timeMs).toISOString();
  return `${time} ${`+${(elapsedMs / 1000).toFixed(3)}`.padStart(10)}`;
}
