/**
 * The host of a trace: it speaks the real protocol to a board, always in the same way for the same seed, and remembers what
 * it was answered. What it sends and hears goes through the inputs and outputs that a trace keeps.
 */

import { type CommandName, commands, type RequestOf, type ResponseOf } from '#protocol/command';
import type { Crypto, KeyPair } from '#protocol/crypto';
import { type Answer, decodeResponse, encodeRequest } from '#protocol/dispatch';
import type { KeyRequestFields } from '#protocol/documents/user-key';
import { clientConfirm, clientHello } from '#protocol/handshake';
import { createAssembler, encodeMessage, type Message, type MessageKind } from '#protocol/message';
import { createRecordLayer, type RecordLayer } from '#protocol/record';
import type { CallerName, Role } from '#protocol/state';
import type { Input, Output } from './bench.ts';

/** What the meter has said and the host needs again. */
export interface Known {
  deviceKey: Uint8Array | undefined;
  indiciumKey: Uint8Array | undefined;
  /** Of the user, that was asked for last. */
  key: Pick<KeyRequestFields, 'number' | 'publicKey' | 'uses'> | undefined;
  refillRequest: Uint8Array | undefined;
  withdrawalRequest: Uint8Array | undefined;
  inspectionChallenge: Uint8Array | undefined;
  inspectionReport: Uint8Array | undefined;
  clockChallenge: Uint8Array | undefined;
  /** Pieces that were asked for, the newest last. */
  readonly pieces: RequestOf<'createIndicium'>[];
  /** The last numbers that were used. */
  counter: number;
  licenceSequence: number;
  rateVersion: number;
  lockSequence: number;
}

export const unknown = (): Known => ({
  deviceKey: undefined,
  indiciumKey: undefined,
  key: undefined,
  refillRequest: undefined,
  withdrawalRequest: undefined,
  inspectionChallenge: undefined,
  inspectionReport: undefined,
  clockChallenge: undefined,
  pieces: [],
  counter: 0,
  licenceSequence: 0,
  rateVersion: 0,
  lockSequence: 0,
});

export interface Host {
  readonly known: Known;
  /** For whom the session is that was opened last; undefined without one. */
  readonly role: Role | undefined;
  /** Who is logged in. */
  readonly caller: CallerName;
  /** Asks for a service: in the session where there is one and the service belongs there. */
  ask<N extends CommandName>(name: N, request: RequestOf<N>): Answer<ResponseOf<N>> | undefined;
  /** Sends a request whatever it is, in the session or in clear. */
  raw(kind: 'open' | 'sealed', request: Uint8Array): void;
  /** Sends a message that is none of the protocol's, or bytes that are none at all. */
  message(kind: MessageKind, payload: Uint8Array): Message | undefined;
  bytes(port: number, bytes: Uint8Array): void;
  /** Sends what was sent last once more, as after a time-out. */
  again(): void;
  /** Sends a record of the session that was sent before; nothing where there is none. */
  replay(): void;
  openSession(role: Role, identity: KeyPair): void;
  /** Power is gone, and the session with it. */
  forget(): void;
}

const PORT = 0;

export function createHost(crypto: Crypto, apply: (input: Input) => Output, known: Known): Host {
  const received: Message[] = [];
  const assembler = createAssembler((message) => received.push(message));
  let sequence = 0;
  let lastFrames: readonly Uint8Array[] = [];
  let lastRecord: Uint8Array | undefined;
  let caller: CallerName = 'nobody';
  let session: { readonly role: Role; readonly records: RecordLayer } | undefined;

  function bytes(port: number, data: Uint8Array): void {
    for (const line of apply({ op: 'receive', port, bytes: data })) {
      const sent = /^sent on 0 (.*)$/.exec(line)?.[1];
      if (sent !== undefined) assembler.push(Buffer.from(sent, 'hex'));
    }
  }

  function again(): void {
    for (const frame of lastFrames) bytes(PORT, frame);
  }

  function message(kind: MessageKind, payload: Uint8Array): Message | undefined {
    received.length = 0;
    sequence = (sequence + 1) & 0xffff;
    lastFrames = encodeMessage({ direction: 'request', kind, sequence, payload });
    again();
    return received.find((answer) => answer.sequence === sequence);
  }

  function leave(): void {
    session = undefined;
    caller = 'nobody';
  }

  /** The answer to a request in the session; in clear where there is none. */
  function sealed(request: Uint8Array): Uint8Array | undefined {
    if (session === undefined) return message('open', request)?.payload;
    lastRecord = session.records.seal(request);
    const answer = message('sealed', lastRecord);
    const opened = answer?.kind === 'sealed' ? session.records.open(answer.payload) : undefined;
    if (opened === undefined) leave();
    return opened;
  }

  function ask<N extends CommandName>(name: N, request: RequestOf<N>) {
    const encoded = encodeRequest(name, request);
    const isSealed = commands[name].channel === 'sealed';
    const answer = isSealed ? sealed(encoded) : message('open', encoded)?.payload;
    const decoded = answer === undefined ? undefined : decodeResponse(name, answer);
    if (decoded?.ok === true && name === 'logIn') caller = session?.role ?? 'nobody';
    if (decoded?.ok === true && name === 'logOut') caller = 'nobody';
    return decoded;
  }

  return {
    known,
    get role() {
      return session?.role;
    },
    get caller() {
      return caller;
    },
    ask,
    raw(kind, request) {
      if (kind === 'sealed') sealed(request);
      else message('open', request);
    },
    message,
    bytes,
    again,
    replay() {
      if (lastRecord !== undefined) message('sealed', lastRecord);
    },
    openSession(role, identity) {
      const { message1, pending } = clientHello(crypto, { ...identity, role });
      leave();
      const opened = ask('openSession', { message1 });
      if (opened?.ok !== true) return;
      const confirmed = clientConfirm(crypto, pending, opened.value.message2, () => true);
      if (!confirmed.ok) return;
      const { message3, keys } = confirmed.value;
      if (ask('confirmSession', { message3 })?.ok !== true) return;
      session = { role, records: createRecordLayer(crypto, keys, () => 0) };
    },
    forget() {
      leave();
      assembler.reset();
    },
  };
}
