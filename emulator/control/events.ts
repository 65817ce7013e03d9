/** What happens to a board as a stream, for whoever reads it fast enough; the board waits for nobody. */

import type { ShapeValue } from '#protocol/http/shape';
import { boardPortNames, boardPorts } from '../board-ports.ts';
import type { Rig, RigEvent } from '../rig/rig.ts';
import type { controlEvent } from './shapes.ts';

export type ControlEvent = ShapeValue<typeof controlEvent>;

export interface EventsOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Events that one who listens in this process may leave unread. */
const UNREAD_EVENTS_MAX = 10_000;

const names = new Map(boardPortNames.map((name) => [boardPorts[name] as number, name]));

/**
 * Calls with each event from now on, numbered from 1; the first, at once, is what the lamp shows now. The function it gives
 * ends that.
 */
export function followEvents(rig: Rig, listener: (event: ControlEvent) => void): () => void {
  let number = 0;
  function tell(event: RigEvent): void {
    const fields = fieldsOf(event);
    if (fields === undefined) return;
    number += 1;
    listener({ number, elapsedMs: rig.clock.monotonicMs(), ...fields });
  }
  tell({ kind: 'indicator', state: rig.board.indicator });
  return rig.onEvent(tell);
}

/** Ports without a name lead nowhere, and nothing is told of them. */
function fieldsOf(event: RigEvent): Omit<ControlEvent, 'number' | 'elapsedMs'> | undefined {
  switch (event.kind) {
    case 'indicator':
      return { kind: 'indicator', state: event.state };
    case 'run':
      return { kind: 'run', isRunning: event.isRunning };
    case 'fault':
      return { kind: 'fault', message: oneLine(event.fault.message) };
    case 'tamper':
      return { kind: 'tamper', isTriggered: event.isTriggered };
    case 'bytes': {
      const { direction, bytes } = event;
      const port = names.get(event.port);
      return port && { kind: 'bytes', direction, port, bytes };
    }
  }
}

/** Text as the shapes take it. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 2000) || 'unknown';
}

/** The events from now on. @throws Error at whoever leaves {@link UNREAD_EVENTS_MAX} of them unread */
export async function* eventsOf(
  rig: Rig,
  { signal }: EventsOptions = {},
): AsyncGenerator<ControlEvent, void> {
  const waiting: ControlEvent[] = [];
  let wake = (): void => undefined;
  let isLost = false;
  const aborted = (): void => wake();
  const end = followEvents(rig, (event) => {
    if (waiting.length >= UNREAD_EVENTS_MAX) isLost = true;
    else waiting.push(event);
    wake();
  });
  signal?.addEventListener('abort', aborted);
  try {
    while (signal?.aborted !== true) {
      const event = waiting.shift();
      if (event !== undefined) yield event;
      else if (isLost) throw new Error(`${UNREAD_EVENTS_MAX} events were left unread.`);
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    end();
    signal?.removeEventListener('abort', aborted);
  }
}
