/** `tessera trace show`: a trace in words, a line for each turn. */

import type { Trace } from '#emulator/trace/event';
import { eventText } from '#emulator/trace/event-text';
import { type Turn, turnsOf, turnText } from '#emulator/trace/turn';
import { type Output, table } from '../../output.ts';
import { readTrace } from './read-trace.ts';

export interface ShowOptions {
  readonly calls?: boolean;
  readonly partial?: boolean;
}

export async function show(
  file: string,
  { calls, partial }: ShowOptions,
  output: Output,
): Promise<number> {
  const trace = readTrace(file, partial === true, output);
  const turns: Turn[] = [];
  for (const turn of turnsOf(trace)) {
    turns.push(turn);
    tellTurn(turn, output);
    if (calls === true) tellCalls(trace, turn, output);
  }
  tellSum(trace, turns, output);
  return 0;
}

function tellTurn(turn: Turn, output: Output): void {
  const { first, last, start, elapsedMs, messages, heard, notes } = turn;
  for (const note of notes) output.say('note', { text: note }, `        ${note}`);
  const figures = {
    step: first,
    lastStep: last,
    kind: start.kind,
    timeMs: start.moment.timeMs,
    elapsedMs,
    messages: messages.map(({ port, text }) => ({ port, text })),
    heard,
    calls: turn.calls,
    flash: turn.flash,
    entropyBytes: turn.entropyBytes,
    end: turn.end,
  };
  output.say('turn', figures, `${`#${first}`.padEnd(7)} ${turnText(turn)}`);
}

function tellCalls({ events }: Trace, { first, last }: Turn, output: Output): void {
  for (const [place, event] of events.slice(first - 1, last).entries()) {
    const text = eventText(event);
    output.say(
      'step',
      { step: first + place, kind: event.kind, text },
      `    #${first + place}  ${text}`,
    );
  }
}

function tellSum({ events, isRedacted }: Trace, turns: readonly Turn[], output: Output): void {
  const wear = new Map<number, number>();
  for (const sector of turns.flatMap(({ flash }) => flash.erased))
    wear.set(sector, (wear.get(sector) ?? 0) + 1);
  const sum = (figure: (turn: Turn) => number): number =>
    turns.reduce((total, turn) => total + figure(turn), 0);
  const sums = {
    events: events.length,
    turns: turns.length,
    boots: turns.filter(({ start }) => start.kind === 'boot').length,
    messages: sum(({ messages }) => messages.length),
    flashReads: sum(({ flash }) => flash.reads),
    flashPrograms: sum(({ flash }) => flash.programs),
    programmedBytes: sum(({ flash }) => flash.programmedBytes),
    flashErases: sum(({ flash }) => flash.erased.length),
    erasesOfOneSectorMax: Math.max(0, ...wear.values()),
    entropyBytes: sum(({ entropyBytes }) => entropyBytes),
    powerLosses: turns.filter(({ end }) => end === 'powerLost').length,
  };
  const rows = Object.entries(sums).map(([name, value]) => [name, String(value)] as const);
  const kind = isRedacted ? 'redacted: to look at, not to replay' : 'with secrets';
  output.say('sum', { ...sums, redacted: isRedacted }, `\n${table([...rows, ['trace', kind]])}`);
}
