/** The messages in a trace: what the lines carried, decoded as far as it is in clear. */

import { commandName, commandOf } from '#protocol/command';
import { createAssembler, type Message } from '#protocol/message';
import { stateNames } from '#protocol/state';
import { statusName } from '#protocol/status';
import type { TraceEvent } from './event.ts';

/** A message, whole on its line with this event. */
export interface HeardMessage extends Message {
  readonly port: number;
  /** `open request 3: status`; of a sealed one its size, or what it says where that was heard. */
  readonly text: string;
}

/** @returns told each event in its order, gives the messages that became whole with it */
export function createConversation(): (event: TraceEvent) => readonly HeardMessage[] {
  const lines = new Map<string, ReturnType<typeof createAssembler>>();
  let found: HeardMessage[] = [];
  /** What the next sealed answer says. */
  let answer: string | undefined;

  function take(port: number, direction: Message['direction'], bytes: Uint8Array): void {
    const name = `${direction} ${port}`;
    const line =
      lines.get(name) ??
      createAssembler((message) => {
        if (message.direction !== direction) return; // somebody else's echo
        const heard = direction === 'response' && message.kind === 'sealed' ? answer : undefined;
        if (heard !== undefined) answer = undefined;
        found.push({ ...message, port, text: messageText(message, heard) });
      });
    lines.set(name, line);
    line.push(bytes);
  }

  return (event) => {
    found = [];
    if (event.kind === 'boot') lines.clear();
    if (event.kind === 'receive') take(event.port, 'request', event.bytes);
    if (event.kind === 'heard' && event.text.startsWith('response')) answer = event.text;
    if (event.kind === 'call' && event.path === 'ports.send') {
      const [port, bytes] = event.given;
      if (typeof port === 'number' && bytes instanceof Uint8Array) take(port, 'response', bytes);
    }
    return found;
  };
}

function messageText({ direction, kind, sequence, payload }: Message, heard?: string): string {
  const head = `${kind} ${direction} ${sequence}`;
  switch (kind) {
    case 'reset':
      return head;
    case 'sealed':
      return `${head}: ${heard?.replace(/^response /, '') ?? `${payload.length} bytes`}`;
    case 'open':
      return `${head}: ${direction === 'request' ? requestText(payload) : responseText(payload)}`;
  }
}

/** What a request asks for in clear; one that belongs into a session is only named, since it may hold a password. */
function requestText(payload: Uint8Array): string {
  return nameOf(payload[0]);
}

function responseText(payload: Uint8Array): string {
  if (payload.length < 4) return `${payload.length} bytes`;
  const status = (payload[1] as number) | ((payload[2] as number) << 8);
  const state = stateNames[payload[3] as number] ?? payload[3];
  return `${nameOf(payload[0])} ${statusName(status) ?? status} ${state}`;
}

function nameOf(code: number | undefined): string {
  if (code === undefined) return 'nothing';
  const name = commandName(code);
  return name === undefined ? `command ${code}` : `${name}${isSealed(name) ? ', sealed only' : ''}`;
}

const isSealed = (name: Parameters<typeof commandOf>[0]): boolean =>
  commandOf(name).channel === 'sealed';
