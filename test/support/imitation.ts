/**
 * An imitation of a meter for tests of the driver: the device's side of link, handshake and records, with services that a
 * test gives. Registers, keys and states are those of the firmware; here they are what the test says.
 */

import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import { type CommandName, commandName, commandNames } from '#protocol/command';
import type { KeyPair } from '#protocol/crypto';
import { dispatch, encodeRefusal, type Handlers, type Situation } from '#protocol/dispatch';
import { issueCompactCertificate } from '#protocol/documents/compact-certificate';
import { type ServerPending, serverAnswer, serverConfirm } from '#protocol/handshake';
import { createRecordLayer, type RecordLayer } from '#protocol/record';
import { type Content, createResponder, type Responder } from '#protocol/responder';
import { ok, refuse } from '#protocol/result';
import { createLine, type Fates, type Line, type LineEnd } from './faulty-line.ts';

export interface ImitationOptions {
  readonly services?: Partial<Handlers>;
  readonly authority?: KeyPair;
  readonly meterId?: Uint8Array;
  /** Days of validity of its certificate; none: it is not made yet. */
  readonly validity?: { readonly validFrom: number; readonly validTo: number } | undefined;
  /** The key that its certificate holds; its own unless given. */
  readonly certifiedKey?: Uint8Array;
  /** The key whose holder may open a session; anyone's unless given. */
  readonly knownKey?: Uint8Array;
}

export interface Imitation {
  readonly keys: KeyPair;
  readonly meterId: Uint8Array;
  readonly authorityKey: Uint8Array;
  /** What decides whether a service is allowed; a test sets it. */
  readonly situation: { -readonly [K in keyof Omit<Situation, 'channel'>]: Situation[K] };
  /** The services that were performed, in order, without those of the session. */
  readonly performed: CommandName[];
  /** Loses memory and session as at a power cut. */
  restart(): void;
  /** One more line to it; the device sends to the one it heard from last. */
  connect(fates?: Fates): LineEnd;
}

/** An indicium that nobody would accept, different for each piece. */
export const sampleIndicium = (piece: number): Uint8Array => new Uint8Array(128).fill(piece);

export const testMeterId = ascii('TS01\x2a\0\0\0');
export const testAuthority = nodeCrypto.generateKeyPair();

export function createImitation(options: ImitationOptions = {}): Imitation {
  const { authority = testAuthority, meterId = testMeterId, services = {} } = options;
  const validity = 'validity' in options ? options.validity : EVER;
  const keys = nodeCrypto.generateKeyPair();
  const publicKey = options.certifiedKey ?? keys.publicKey;
  const subject = { serial: 1, subject: meterId, usage: 'device', publicKey } as const;
  const server = {
    ...keys,
    meterId,
    certificate: validity
      ? issueCompactCertificate(nodeCrypto, authority, { ...subject, ...validity })
      : new Uint8Array(),
  };
  const situation: Imitation['situation'] = {
    state: 'uninitialized',
    lifeCycle: 'registered',
    caller: 'nobody',
  };
  const performed: CommandName[] = [];
  let pending: ServerPending | undefined;
  let records: RecordLayer | undefined;
  let line: Line | undefined;
  let responder = createDevice();

  const sessionServices: Partial<Handlers> = {
    openSession({ message1 }) {
      const isKnown = (_: unknown, key: Uint8Array) =>
        options.knownKey === undefined || Buffer.compare(key, options.knownKey) === 0;
      const answer = serverAnswer(nodeCrypto, server, message1, isKnown);
      if (!answer.ok) return answer;
      pending = answer.value.pending;
      return ok({ message2: answer.value.message2 });
    },
    confirmSession({ message3 }) {
      if (pending === undefined) return refuse('authenticationFailed');
      const confirmed = serverConfirm(nodeCrypto, pending, message3);
      if (!confirmed.ok) return confirmed;
      records = createRecordLayer(nodeCrypto, confirmed.value.keys, () => performance.now());
      return ok({});
    },
    closeSession: () => ok({}),
  };
  const handlers = {
    ...Object.fromEntries(commandNames.map((name) => [name, () => refuse('wrongLifeCycle')])),
    ...services,
    ...sessionServices,
  } as unknown as Handlers;

  function perform(request: Uint8Array, channel: Situation['channel']): Uint8Array {
    return dispatch(
      request,
      () => ({ ...situation, channel }),
      (name, fields) => {
        if (!(name in sessionServices)) performed.push(name);
        return handlers[name](fields);
      },
    );
  }

  function handle(kind: Content['kind'], payload: Uint8Array): Content {
    if (kind === 'open') return { kind, payload: perform(payload, 'open') };
    const request = records?.open(payload);
    if (records === undefined || request === undefined) return sessionEnded();
    const answer = records.seal(perform(request, 'sealed'));
    if (commandName(request[0] ?? 0) === 'closeSession') records = undefined;
    return { kind, payload: answer };
  }

  const sessionEnded = (): Content => ({
    kind: 'open',
    payload: encodeRefusal(0, refuse('sessionEnded'), situation.state),
  });

  function createDevice(): Responder {
    return createResponder({ send: (frame) => line?.deliver(frame), handle });
  }

  return {
    keys,
    meterId,
    authorityKey: authority.publicKey,
    situation,
    performed,
    restart() {
      records = undefined;
      pending = undefined;
      responder = createDevice();
    },
    connect(fates = () => 'arrives') {
      const mine = createLine(fates, (bytes) => {
        line = mine;
        responder.receive(bytes);
      });
      return mine.end;
    },
  };
}

const EVER = { validFrom: 20_000_101, validTo: 99_991_231 };
