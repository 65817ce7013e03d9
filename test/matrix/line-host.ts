/**
 * A host on a real line, made of the driver's link, exchange and session: it asks for services as the driver does and,
 * below that, sends any bytes as a request, in clear or in a record of its own session.
 */

import { type Exchange, openExchange } from '#driver/exchange';
import type { Link } from '#driver/link/link';
import { nodeCrypto } from '#driver/node-crypto';
import { openLink } from '#driver/port';
import { openSession, type Session } from '#driver/session';
import type { Trust } from '#driver/trust';
import { decodeResponse, encodeRequest } from '#protocol/dispatch';
import { clientConfirm, clientHello } from '#protocol/handshake';
import { createAssembler, encodeMessage, type Message } from '#protocol/message';
import { createRecordLayer, type RecordLayer } from '#protocol/record';
import type { Content } from '#protocol/responder';
import type { Role } from '#protocol/state';
import { hostKeys } from '#test/support/meter';

/** The response to a message, opened where it is a record. */
export interface Response {
  readonly kind: Content['kind'];
  readonly payload: Uint8Array;
}

export interface LineHost extends AsyncDisposable {
  readonly exchange: Exchange;
  /** By the driver itself. @throws LinkError, RefusedError */
  session(role: Role, trust: Trust): Promise<Session>;
  /** A session whose records can be had in hand. @throws Error where the meter refuses it */
  openRaw(role: Role): Promise<void>;
  /** The next record of the session that was opened in hand. */
  record(request: Uint8Array): Uint8Array;
  /** Sends a message, whatever is in it, and takes the answer as it comes. */
  send(content: Content): Promise<Response>;
  /** What a record of the session in hand says. */
  opened(response: Response): Response;
  /** Frames of the message that was sent last, once more or as the next one, with one bit changed where it is `damaged`. */
  sendFrames(content: Content, how: 'again' | 'damaged'): Promise<void>;
  /** Messages that came since the last call, those that nobody waited for too. */
  heard(): readonly Message[];
}

/** @param address of a meter that listens: `tcp:HOST:PORT` */
export async function lineHost(address: string): Promise<LineHost> {
  const link: Link = await openLink(address);
  let messages: Message[] = [];
  const assembler = createAssembler((message) => messages.push(message));
  link.onData((bytes) => assembler.push(bytes));
  const exchange = await openExchange(link, { randomBytes: nodeCrypto.randomBytes });
  let records: RecordLayer | undefined;
  let last = 0;

  async function send(content: Content): Promise<Response> {
    const response = await exchange.request({ make: () => content, read: (answer) => answer });
    last = messages.at(-1)?.sequence ?? last;
    return response;
  }

  async function ask<N extends 'openSession' | 'confirmSession'>(
    name: N,
    request: Parameters<typeof encodeRequest<N>>[1],
  ) {
    const { payload } = await send({ kind: 'open', payload: encodeRequest(name, request) });
    const answer = decodeResponse(name, payload);
    if (answer?.ok !== true) throw new Error(`${name} is refused: ${JSON.stringify(answer)}`);
    return answer.value;
  }

  return {
    exchange,
    session: (role, trust) =>
      openSession(exchange, { crypto: nodeCrypto, identity: hostKeys[role], role, trust }),
    async openRaw(role) {
      const { message1, pending } = clientHello(nodeCrypto, { ...hostKeys[role], role });
      const { message2 } = await ask('openSession', { message1 });
      const confirmed = clientConfirm(nodeCrypto, pending, message2, () => true);
      if (!confirmed.ok) throw new Error(`the handshake ends with ${confirmed.status}`);
      await ask('confirmSession', { message3: confirmed.value.message3 });
      records = createRecordLayer(nodeCrypto, confirmed.value.keys, () => performance.now());
    },
    record(request) {
      if (records === undefined) throw new Error('no session was opened in hand');
      return records.seal(request);
    },
    send,
    opened(response) {
      if (response.kind === 'open') return response;
      const payload = records?.open(response.payload);
      if (payload === undefined) throw new Error('the answer does not open');
      return { kind: 'sealed', payload };
    },
    async sendFrames(content, how) {
      const sequence = how === 'again' ? last : (last + 1) & 0xffff;
      const frames = encodeMessage({ direction: 'request', sequence, ...content });
      for (const frame of frames) {
        if (how === 'damaged') frame[frame.length - 1] = (frame.at(-1) as number) ^ 1;
        await link.send(frame);
      }
    },
    heard() {
      const since = messages;
      messages = [];
      return since;
    },
    async [Symbol.asyncDispose]() {
      exchange.end({ what: 'the host is done', advice: 'Nothing is to do.' });
      await link.close();
    },
  };
}
