/**
 * The device's side of the link: answers each request once, and a repeated one from its record, so that a host may send
 * again whatever got lost without anything being performed twice (architecture.md decision 8, requirements.md F1).
 */

import { equalBytes } from './bytes.ts';
import { createAssembler, encodeMessage, type Message } from './message.ts';

/** What is performed: kind and payload of a message, which may be answered in the other kind. */
export interface Content {
  readonly kind: 'open' | 'sealed';
  readonly payload: Uint8Array;
}

export interface ResponderOptions {
  /** Puts one frame on the link. */
  send(bytes: Uint8Array): void;
  /** Performs a request. It must not change the payload: the record compares later ones with it. */
  handle(kind: Content['kind'], payload: Uint8Array): Content;
}

export interface Responder {
  /** Takes bytes from the link in any portions; whatever they are, it throws nothing of its own. */
  receive(bytes: Uint8Array): void;
}

/** The last request and its answer: at most 16 KiB of payload and 17 frames. */
interface Exchange {
  readonly request: Message;
  readonly frames: readonly Uint8Array[];
}

export function createResponder({ send, handle }: ResponderOptions): Responder {
  let last: Exchange | undefined;

  function answer(request: Message): void {
    const { kind, sequence, payload } = request;
    if (request.direction !== 'request') return;
    if (kind === 'reset') {
      last = undefined;
      sendAll(encodeMessage({ direction: 'response', kind, sequence, payload }));
      return;
    }
    if (last === undefined || !isSame(last.request, request)) {
      const response = handle(kind, payload);
      const frames = encodeMessage({ direction: 'response', sequence, ...response });
      last = { request, frames };
    }
    sendAll(last.frames);
  }

  function sendAll(frames: readonly Uint8Array[]): void {
    for (const frame of frames) send(frame);
  }

  const assembler = createAssembler(answer);
  return { receive: assembler.push };
}

/** Another content under the same sequence is another request: the host was started again. */
function isSame(left: Message, right: Message): boolean {
  return (
    left.sequence === right.sequence &&
    left.kind === right.kind &&
    equalBytes(left.payload, right.payload)
  );
}
