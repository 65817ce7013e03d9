/** The client of test/independent/ on the link to a real board: its handshake and records, our frames around them. */

import { randomBytes } from 'node:crypto';
import type { Board } from '#emulator/board';
import { commands } from '#protocol/command';
import type { Role } from '#protocol/state';
import { pairOf } from '#test/independent/algorithms';
import {
  type BegunHandshake,
  begin,
  type ConfirmedHandshake,
  confirm,
} from '#test/independent/handshake';
import { type Direction, directionsOf, openRecord, sealRecord } from '#test/independent/records';
import { hostKeys } from './meter.ts';
import { rawHost } from './raw-host.ts';

export type Change = (bytes: Uint8Array) => Uint8Array;

/** How far a session came: the status of the refusal, or what the client itself found. */
export type Outcome = { readonly status: string } & Partial<ConfirmedHandshake>;

export interface SecondHost {
  /** What it takes for the time. */
  nowMs: number;
  /** Message 1, and the answer to it: a refusal, or message 2 in the payload. */
  hello(
    role?: Role,
    change?: Change,
  ): { begun: BegunHandshake; status: string; message2: Uint8Array };
  /** Checks message 2, sends message 3; the session is open where the status is `ok`. */
  confirm(begun: BegunHandshake, message2: Uint8Array, change?: Change): Outcome;
  /** All three messages. */
  openSession(role?: Role): Outcome;
  /** Makes the next record. */
  seal(request: Uint8Array): Uint8Array;
  /** Sends a record, and opens the answer: its status, or that of the open message which ends the session. */
  send(record: Uint8Array): { readonly status: string; readonly payload: Uint8Array };
  /** How the two directions stand. */
  readonly directions: { readonly a: Direction; readonly b: Direction };
  close(): void;
}

const unchanged: Change = (bytes) => bytes;

export function secondHost(board: Board, port = 0): SecondHost {
  const host = rawHost(board, port);
  let directions: { a: Direction; b: Direction } | undefined;

  function current(): { a: Direction; b: Direction } {
    if (directions === undefined) throw new Error('no session was opened');
    return directions;
  }

  function ask(code: number, body: Uint8Array) {
    const reply = host.open(Uint8Array.of(code, ...body));
    if (reply === undefined) throw new Error('the meter does not answer');
    return { status: reply.status ?? 'unknown', body: reply.payload.subarray(4) };
  }

  const self: SecondHost = {
    nowMs: 0,
    hello(role = 'user', change = unchanged) {
      const begun = begin(randomBytes, pairOf(hostKeys[role].privateKey), role);
      const { status, body } = ask(commands.openSession.code, change(begun.message1));
      return { begun, status, message2: body };
    },
    confirm(begun, message2, change = unchanged) {
      const confirmed = confirm(begun, message2, () => true);
      if (confirmed.refusal !== undefined) return { status: `client: ${confirmed.refusal}` };
      const { status } = ask(commands.confirmSession.code, change(confirmed.message3));
      if (status === 'ok') directions = directionsOf(confirmed.schedule, self.nowMs);
      return { status, ...confirmed };
    },
    openSession(role = 'user') {
      const { begun, status, message2 } = self.hello(role);
      return status === 'ok' ? self.confirm(begun, message2) : { status };
    },
    seal(request) {
      const { record, next } = sealRecord(current().a, request, self.nowMs);
      directions = { ...current(), a: next };
      return record;
    },
    send(record) {
      const answer = host.exchange('sealed', record);
      if (answer === undefined) throw new Error('the meter does not answer');
      if (answer.kind === 'open') return replyOf(answer.payload);
      const opened = openRecord(current().b, answer.payload);
      if (opened === undefined) throw new Error('the answer does not open');
      directions = { ...current(), b: opened.next };
      return replyOf(opened.plain);
    },
    get directions() {
      return current();
    },
    close: host.close,
  };
  return self;
}

/** Status by number, since what is looked for here is 0 and sessionEnded; then what stands behind the head. */
function replyOf(payload: Uint8Array) {
  const code = (payload[1] ?? 0) | ((payload[2] ?? 0) << 8);
  const status = code === 0 ? 'ok' : code === 0x0205 ? 'sessionEnded' : `0x${code.toString(16)}`;
  return { status, payload: payload.subarray(4) };
}
