/** The server of test/independent/ under our link and commands, for the real driver to speak to. */

import { randomBytes } from 'node:crypto';
import { commandName } from '#protocol/command';
import type { KeyPair } from '#protocol/crypto';
import { dispatch, encodeRefusal } from '#protocol/dispatch';
import { type Content, createResponder } from '#protocol/responder';
import { ok, type Result, refuse } from '#protocol/result';
import { drawPair, type Pair } from '#test/independent/algorithms';
import { type AnsweredHandshake, accept, answer } from '#test/independent/handshake';
import { type Direction, directionsOf, openRecord, sealRecord } from '#test/independent/records';
import { createLine, type LineEnd } from './faulty-line.ts';
import { arrives, registers } from './imitation-host.ts';

export interface SecondMeter {
  readonly line: LineEnd;
  /** What it takes for the time. */
  nowMs: number;
  /** What becomes of message 2, or of a record, on its way. */
  changeMessage2: (bytes: Uint8Array) => Uint8Array;
  changeRecord: (record: Uint8Array) => Uint8Array;
  /** How the two directions stand; undefined outside a session. */
  readonly directions: { readonly a: Direction; readonly b: Direction } | undefined;
  /** How many requests it performed inside a session. */
  readonly performed: number;
}

export interface SecondMeterOptions {
  readonly host: KeyPair;
  readonly meterId: Uint8Array;
  readonly device?: Pair;
  certify(deviceKey: Uint8Array): Uint8Array;
}

export function secondMeter(options: SecondMeterOptions): SecondMeter {
  const { device = drawPair(randomBytes), meterId, host } = options;
  const party = { device, meterId, certificate: options.certify(device.public) };
  const situation = { state: 'uninitialized', lifeCycle: 'registered', caller: 'nobody' } as const;
  let pending: AnsweredHandshake | undefined;
  let directions: { a: Direction; b: Direction } | undefined;
  let performed = 0;

  function perform(name: string, request: Record<string, Uint8Array>): Result<unknown> {
    switch (name) {
      case 'openSession':
        return openSession(request['message1'] as Uint8Array);
      case 'confirmSession':
        return confirmSession(request['message3'] as Uint8Array);
      case 'registers':
        performed += 1;
        return ok(registers);
      default:
        return ok({});
    }
  }

  function openSession(message1: Uint8Array): Result<unknown> {
    const knows = (_: unknown, key: Uint8Array) => Buffer.compare(key, host.publicKey) === 0;
    const answered = answer(randomBytes, party, message1, knows);
    if (answered.refusal !== undefined) return refuse(answered.refusal);
    pending = answered;
    return ok({ message2: self.changeMessage2(answered.message2) });
  }

  function confirmSession(message3: Uint8Array): Result<unknown> {
    const refusal = pending === undefined ? 'authenticationFailed' : accept(pending, message3);
    if (pending === undefined || refusal !== undefined)
      return refuse(refusal ?? 'authenticationFailed');
    directions = directionsOf(pending.schedule, self.nowMs);
    pending = undefined;
    return ok({});
  }

  const inChannel = (request: Uint8Array, channel: 'open' | 'sealed') =>
    dispatch(
      request,
      () => ({ ...situation, channel }),
      (name, fields) => perform(name, fields),
    );

  function handle(kind: Content['kind'], payload: Uint8Array): Content {
    if (kind === 'open') return { kind, payload: inChannel(payload, 'open') };
    const opened = directions && openRecord(directions.a, payload);
    if (directions === undefined || opened === undefined) {
      directions = undefined;
      return { kind: 'open', payload: encodeRefusal(0, refuse('sessionEnded'), situation.state) };
    }
    const response = inChannel(opened.plain, 'sealed');
    const { record, next } = sealRecord(directions.b, response, self.nowMs);
    const isClosing = commandName(opened.plain[0] ?? 0) === 'closeSession';
    directions = isClosing ? undefined : { a: opened.next, b: next };
    return { kind, payload: self.changeRecord(record) };
  }

  const line = createLine(arrives, (bytes) => responder.receive(bytes));
  const responder = createResponder({ send: (frame) => line.deliver(frame), handle });
  const self = {
    line: line.end,
    nowMs: 0,
    changeMessage2: (bytes: Uint8Array) => bytes,
    changeRecord: (record: Uint8Array) => record,
    get directions() {
      return directions;
    },
    get performed() {
      return performed;
    },
  };
  return self;
}
