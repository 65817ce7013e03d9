/**
 * A host that sends any bytes as a request, in clear or in a session, and has the answer when the call returns: for what
 * the driver would never send. It sees every byte that leaves the board, on every port.
 */

import { nodeCrypto } from '#driver/node-crypto';
import type { Board } from '#emulator/board';
import { type CommandName, commands, type RequestOf } from '#protocol/command';
import type { MeterStatus } from '#protocol/command-layouts';
import { decodeResponse, encodeRequest } from '#protocol/dispatch';
import { clientConfirm, clientHello, type SessionKeys } from '#protocol/handshake';
import { createAssembler, encodeMessage, type Message, type MessageKind } from '#protocol/message';
import { createRecordLayer, type RecordLayer } from '#protocol/record';
import { type Role, type StateName, stateNames } from '#protocol/state';
import { type StatusName, statusName } from '#protocol/status';
import { hostKeys } from './meter.ts';

/** What a response says before its layout is looked at. */
export interface Reply {
  /** How it came: sealed only within a session. */
  readonly kind: MessageKind;
  readonly command: number;
  readonly status: StatusName | undefined;
  readonly state: StateName | undefined;
  /** All of it: command, status, state, then detail or values. */
  readonly payload: Uint8Array;
}

export interface RawHost {
  /** Sends a message; undefined where the meter does not answer. */
  exchange(kind: MessageKind, payload: Uint8Array): Message | undefined;
  open(request: Uint8Array): Reply | undefined;
  /** In the session that {@link RawHost.openSession} opened last, also where the meter has ended it. */
  sealed(request: Uint8Array): Reply | undefined;
  /** Opens a session. @throws Error where the meter refuses it */
  openSession(role: Role): void;
  /** Goes on in a session of these keys. */
  adoptSession(keys: SessionKeys): void;
  /** Asks in clear. @throws Error where the meter does not answer or refuses */
  status(): MeterStatus;
  /** Makes the bytes of a message, as they would be sent next. */
  frames(kind: MessageKind, payload: Uint8Array): Uint8Array[];
  /** Makes the next record of the session, as {@link RawHost.sealed} would send it. */
  record(request: Uint8Array): Uint8Array;
  /** Bytes that left the board on any port since the last call. */
  bytesOut(): number;
  close(): void;
}

const PORTS = 16;

export function rawHost(board: Board, port = 0): RawHost {
  const received: Message[] = [];
  const assembler = createAssembler((message) => received.push(message));
  let sequence = 0;
  let bytesOut = 0;
  let records: RecordLayer | undefined;
  const ends = Array.from({ length: PORTS }, (_, number) =>
    board.onSend(number, (bytes) => {
      bytesOut += bytes.length;
      if (number === port) assembler.push(bytes);
    }),
  );

  function frames(kind: MessageKind, payload: Uint8Array): Uint8Array[] {
    sequence = (sequence + 1) & 0xffff;
    return encodeMessage({ direction: 'request', kind, sequence, payload });
  }

  function exchange(kind: MessageKind, payload: Uint8Array): Message | undefined {
    received.length = 0;
    for (const frame of frames(kind, payload)) board.receive(port, frame);
    return received.find((message) => message.sequence === sequence);
  }

  function open(request: Uint8Array): Reply | undefined {
    const answer = exchange('open', request);
    return answer && replyOf(answer.kind, answer.payload);
  }

  function record(request: Uint8Array): Uint8Array {
    if (records === undefined) throw new Error('no session was opened');
    return records.seal(request);
  }

  function ask<N extends CommandName>(name: N, request: RequestOf<N>) {
    const reply = open(encodeRequest(name, request));
    const answer = reply && decodeResponse(name, reply.payload);
    if (answer?.ok !== true) throw new Error(`${name} is answered by ${reply?.status}`);
    return answer.value;
  }

  return {
    exchange,
    open,
    sealed(request) {
      const answer = exchange('sealed', record(request));
      if (answer === undefined) return undefined;
      if (answer.kind !== 'sealed') return replyOf(answer.kind, answer.payload);
      const payload = records?.open(answer.payload);
      if (payload === undefined) throw new Error('the answer does not open');
      return replyOf(answer.kind, payload);
    },
    openSession(role) {
      const hello = clientHello(nodeCrypto, { ...hostKeys[role], role });
      const { message2 } = ask('openSession', { message1: hello.message1 });
      const confirmed = clientConfirm(nodeCrypto, hello.pending, message2, () => true);
      if (!confirmed.ok) throw new Error(`the handshake ends with ${confirmed.status}`);
      ask('confirmSession', { message3: confirmed.value.message3 });
      records = createRecordLayer(nodeCrypto, confirmed.value.keys, () => performance.now());
    },
    adoptSession(keys) {
      records = createRecordLayer(nodeCrypto, keys, () => performance.now());
    },
    status: () => ask('status', {}),
    frames,
    record,
    bytesOut() {
      const count = bytesOut;
      bytesOut = 0;
      return count;
    },
    close() {
      for (const end of ends) end();
    },
  };
}

function replyOf(kind: MessageKind, payload: Uint8Array): Reply {
  const [command = 0, low = 0, high = 0, state = 0xff] = payload;
  return {
    kind,
    command,
    status: statusName(low | (high << 8)),
    state: stateNames[state],
    payload: payload.slice(),
  };
}

/** The code of a command with any bytes behind it. */
export function requestWith(name: CommandName, body: Uint8Array): Uint8Array {
  return Uint8Array.of(commands[name].code, ...body);
}
