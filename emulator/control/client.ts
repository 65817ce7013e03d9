/** The control of a board in another process: `controlClient(process.env.TESSERA_CONTROL)`. */

import { choice, record, type Shape, text } from '#protocol/http/shape';
import { type Control, controlBy } from './control.ts';
import type { ControlEvent, EventsOptions } from './events.ts';
import { EVENTS_PATH, pathOf } from './operation.ts';
import { ControlRefusedError } from './refusals.ts';
import { controlEvent } from './shapes.ts';

export interface ControlClientOptions {
  /** Where the emulator was started with one. */
  readonly token?: string | undefined;
  /** How long an answer may take; 30,000 unless given. */
  readonly timeoutMs?: number | undefined;
}

/** There was no answer, or none that can be read. */
export class ControlLinkError extends Error {
  override readonly name = 'ControlLinkError';
}

const ANSWER_TIMEOUT_MS = 30_000;
const problem = record({
  error: text(100),
  message: text(4_000),
  advice: choice(['retry', 'wait', 'act', 'final']),
});

/** @param url `http://127.0.0.1:PORT`, as `tessera emulate --control` prints it */
export function controlClient(url: string, options: ControlClientOptions = {}): Control {
  const { token, timeoutMs = ANSWER_TIMEOUT_MS } = options;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return controlBy(
    async (name, { kind, request: shape, response }, request) => {
      const isRead = kind === 'read';
      const json = await answered(url, timeoutMs, () =>
        fetch(new URL(pathOf(name), url), {
          method: isRead ? 'GET' : 'POST',
          headers: isRead ? headers : { ...headers, 'content-type': 'application/json' },
          body: isRead ? null : JSON.stringify(shape.encode(request)),
          signal: AbortSignal.timeout(timeoutMs),
          redirect: 'error',
        }),
      );
      return read(response, json, url);
    },
    (how) => streamed(url, headers, how),
  );
}

async function answered(
  url: string,
  timeoutMs: number,
  ask: () => Promise<Response>,
): Promise<unknown> {
  let response: Response;
  let json: unknown;
  try {
    response = await ask();
    json = await response.json();
  } catch (cause) {
    if (reasonOf(cause) === 'ECONNREFUSED') throw nobodyAt(url, cause);
    throw new ControlLinkError(
      `${url} does not answer within ${timeoutMs} ms, or not in JSON: see that the emulator runs.`,
      { cause },
    );
  }
  if (!response.ok) throw new ControlRefusedError(read(problem, json, url));
  return json;
}

function nobodyAt(url: string, cause: unknown): ControlLinkError {
  const text = `Nobody listens at ${url}: the emulator has ended, or has another port, which \`tessera emulate --control 0\` prints.`;
  return new ControlLinkError(text, { cause });
}

/** What the system said: behind an error of fetch, and behind all of them where a name has several addresses. */
function reasonOf(cause: unknown): unknown {
  if (!(cause instanceof Error)) return undefined;
  if ('code' in cause) return cause.code;
  return reasonOf(cause instanceof AggregateError ? cause.errors[0] : cause.cause);
}

function read<T>(shape: Shape<T>, json: unknown, url: string): T {
  try {
    return shape.decode(json);
  } catch (cause) {
    throw new ControlLinkError(`${url} answers in a form that is not known here.`, { cause });
  }
}

/** Server-sent events: one `data:` line each, an empty line behind it. */
async function* streamed(
  url: string,
  headers: Readonly<Record<string, string>>,
  { signal }: EventsOptions = {},
): AsyncGenerator<ControlEvent, void> {
  const stop = new AbortController();
  const ended = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  try {
    const response = await fetch(new URL(EVENTS_PATH, url), { headers, signal: ended });
    if (!response.ok) throw new ControlRefusedError(read(problem, await response.json(), url));
    let rest = '';
    for await (const text of (response.body as ReadableStream).pipeThrough(
      new TextDecoderStream(),
    )) {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) yield read(controlEvent, JSON.parse(data), url);
      }
    }
  } catch (cause) {
    if (signal?.aborted === true) return;
    throw reasonOf(cause) === 'ECONNREFUSED' ? nobodyAt(url, cause) : cause;
  } finally {
    stop.abort();
  }
}
