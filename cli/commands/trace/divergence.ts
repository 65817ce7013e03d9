/** A divergence with what surrounds it: the turn, its messages, the steps before. */

import type { Trace } from '#emulator/trace/event';
import { eventText } from '#emulator/trace/event-text';
import type { Divergence } from '#emulator/trace/replay';
import { type Turn, turnsOf, turnText } from '#emulator/trace/turn';
import type { Figures } from '../../output.ts';

/** Steps that are shown before. */
const BEFORE = 5;

interface Surroundings {
  readonly turn: Turn | undefined;
  /** The last turn before with a message that asks for something. */
  readonly request: Turn | undefined;
  readonly before: readonly { readonly step: number; readonly text: string }[];
}

function around(trace: Trace, { step }: Divergence): Surroundings {
  let turn: Turn | undefined;
  let request: Turn | undefined;
  for (const each of turnsOf(trace)) {
    if (each.first > step) break;
    turn = each.last >= step ? each : undefined;
    if (each.messages.some(({ direction }) => direction === 'request')) request = each;
  }
  const from = Math.max(0, step - 1 - BEFORE);
  const before = trace.events
    .slice(from, step - 1)
    .map((event, place) => ({ step: from + place + 1, text: eventText(event) }));
  return { turn, request, before };
}

export function divergenceFigures(trace: Trace, divergence: Divergence): Figures {
  const { turn, request, before } = around(trace, divergence);
  return {
    ...divergence,
    turn: turn && { step: turn.first, text: turnText(turn) },
    request: request && { step: request.first, text: turnText(request) },
    before,
  };
}

export function divergenceText(trace: Trace, divergence: Divergence): string {
  const { turn, request, before } = around(trace, divergence);
  const lines = [
    `the first divergence is in step ${divergence.step}`,
    ...before.map(({ step, text }) => `    #${step}  ${text}`),
    `  expected: ${divergence.expected}`,
    `  found:    ${divergence.found}`,
  ];
  if (turn !== undefined) lines.push(`  in the turn #${turn.first}: ${turnText(turn)}`);
  if (request !== undefined && request !== turn)
    lines.push(`  after the request #${request.first}: ${turnText(request)}`);
  return lines.join('\n');
}
