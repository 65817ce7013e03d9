/** A session with a meter: the handshake, the decision whom to trust, and the records (requirements.md F2). */

import { wipe } from '#protocol/bytes';
import {
  type CommandName,
  commandOf,
  commands,
  type RequestOf,
  type ResponseOf,
} from '#protocol/command';
import type { Crypto, KeyPair } from '#protocol/crypto';
import { decodeResponse, encodeRequest } from '#protocol/dispatch';
import {
  clientConfirm,
  clientHello,
  discardClient,
  type ServerIdentity,
} from '#protocol/handshake';
import type { SuiteName } from '#protocol/handshake-layout';
import { createRecordLayer, RECORD_PLAINTEXT_MAX, type RecordLayer } from '#protocol/record';
import type { Content } from '#protocol/responder';
import { type Role, stateNames } from '#protocol/state';
import { statuses } from '#protocol/status';
import { statusEntry } from '#protocol/status-text';
import { LinkError, RefusedError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { objection, objectionToChange, type Trust } from './trust.ts';

export interface CallOptions {
  /** Rejects at once with its reason. A request that was sent already is carried through: it may be performed. */
  readonly signal?: AbortSignal | undefined;
  /** For one try of three. */
  readonly timeoutMs?: number | undefined;
}

export interface SessionOptions {
  readonly crypto: Crypto;
  readonly identity: KeyPair;
  readonly role: Role;
  readonly trust: Trust;
  /** The meter it must be, where it was here before. */
  readonly expected?: ServerIdentity | undefined;
  /** What is offered, the best first; `classic` alone unless given. */
  readonly suites?: readonly SuiteName[] | undefined;
}

export interface Session {
  readonly server: ServerIdentity;
  /** False from the moment either side ended it. */
  readonly isOpen: boolean;
  call<N extends CommandName>(
    name: N,
    request: RequestOf<N>,
    options: CallOptions,
  ): Promise<ResponseOf<N>>;
  /** Wipes the keys. The meter is not told: `closeSession` does that. */
  wipe(): void;
}

/** These make or open keys, which takes a meter of modest hardware its time. */
const SLOW_TIMEOUT_MS = 15_000;

/** How long one try may take; undefined for the usual time. */
function patience(name: CommandName, { timeoutMs }: CallOptions): number | undefined {
  const { enters } = commandOf(name);
  return (
    timeoutMs ?? (enters === 'keyEntry' || enters === 'selfTest' ? SLOW_TIMEOUT_MS : undefined)
  );
}

/** @throws RefusedError where the values do not fit the layout of the command: the meter is not asked */
function encode<N extends CommandName>(name: N, request: RequestOf<N>): Uint8Array {
  const bytes = encodeOrNothing(name, request);
  if (bytes === undefined || bytes.length > RECORD_PLAINTEXT_MAX)
    throw refusedHere(name, 'fieldOutOfRange');
  return bytes;
}

function encodeOrNothing<N extends CommandName>(
  name: N,
  request: RequestOf<N>,
): Uint8Array | undefined {
  try {
    return encodeRequest(name, request);
  } catch {
    return undefined; // the encoder's own words name fields of the wire, or what is in them: a secret
  }
}

function refusedHere(
  service: CommandName,
  status: 'fieldOutOfRange' | 'sessionRequired' | 'sessionEnded',
): RefusedError {
  return new RefusedError({ service, code: statuses[status].code, detail: 0, state: undefined });
}

/** The answer to a request; undefined where it is none. */
function readAnswer<N extends CommandName>(
  name: N,
  payload: Uint8Array,
): ResponseOf<N> | undefined {
  const answer = decodeResponse(name, payload);
  if (answer === undefined) return undefined;
  if (!answer.ok) throw new RefusedError({ service: name, ...answer });
  return answer.value;
}

/**
 * Asks for a service in clear.
 * @throws RefusedError, before anything is sent, for a service that belongs into a session
 */
export async function callInClear<N extends CommandName>(
  exchange: Exchange,
  name: N,
  request: RequestOf<N>,
  options: CallOptions,
): Promise<ResponseOf<N>> {
  if (commands[name].channel === 'sealed') throw refusedHere(name, 'sessionRequired');
  const payload = encode(name, request);
  return exchange.request({
    ...options,
    timeoutMs: patience(name, options),
    make: () => ({ kind: 'open', payload }),
    read({ kind, payload }) {
      const value = kind === 'open' ? readAnswer(name, payload) : undefined;
      if (value === undefined) throw senselessAnswer(exchange.address, name);
      return value;
    },
  });
}

function senselessAnswer(address: string, name: CommandName): LinkError {
  return new LinkError({
    stage: 'session',
    address,
    what: `the answer to ${name} makes no sense`,
    advice: 'The other side is no meter, or one of another protocol version: update the driver.',
    isUncertain: true,
  });
}

/**
 * Authenticates both sides.
 * @throws LinkError (stage `handshake`) where the meter is not the one that is trusted, RefusedError where it refuses
 * this host
 */
export async function openSession(
  exchange: Exchange,
  { crypto, identity, role, trust, expected, suites }: SessionOptions,
  options: CallOptions = {},
): Promise<Session> {
  const { message1, pending } = clientHello(crypto, { ...identity, role }, suites);
  let why: string | undefined;
  try {
    const { message2 } = await callInClear(exchange, 'openSession', { message1 }, options);
    const confirmed = clientConfirm(crypto, pending, message2, (server) => {
      why = objectionToChange(expected, server) ?? objection(crypto, trust, server, Date.now());
      return why === undefined;
    });
    if (!confirmed.ok) throw untrusted(exchange.address, why ?? statusEntry(confirmed.status).text);
    const { message3, keys, server } = confirmed.value;
    const records = createRecordLayer(crypto, keys, () => performance.now());
    try {
      await callInClear(exchange, 'confirmSession', { message3 }, options);
    } catch (error) {
      records.wipe();
      throw error;
    }
    return sessionOver(exchange, records, server);
  } finally {
    discardClient(pending);
  }
}

function untrusted(address: string, why: string): LinkError {
  return new LinkError({
    stage: 'handshake',
    address,
    what: `the meter that answers is not trusted: ${why}`,
    advice: 'Nothing was sent to it. See which meter is connected, and whose key file is used.',
  });
}

function sessionOver(exchange: Exchange, records: RecordLayer, server: ServerIdentity): Session {
  /** A request in the name of the session; the record is made when it is sent, since records are counted. */
  async function call<N extends CommandName>(
    name: N,
    request: RequestOf<N>,
    options: CallOptions,
  ): Promise<ResponseOf<N>> {
    if (!records.isOpen) throw refusedHere(name, 'sessionEnded');
    const plaintext = encode(name, request);
    let isSent = false;
    try {
      return await exchange.request({
        ...options,
        timeoutMs: patience(name, options),
        make() {
          if (!records.isOpen) throw refusedHere(name, 'sessionEnded');
          const payload = records.seal(plaintext);
          isSent = true;
          return { kind: 'sealed', payload };
        },
        read: (answer) => readSealed(name, answer),
      });
    } catch (error) {
      // Without its answer nobody knows which record is next: the session is over.
      if (isSent && error instanceof LinkError) records.wipe();
      throw error;
    } finally {
      wipe(plaintext);
    }
  }

  function readSealed<N extends CommandName>(name: N, answer: Content): ResponseOf<N> {
    if (answer.kind === 'open') throw endedByMeter(exchange.address, name, answer.payload);
    const payload = records.open(answer.payload);
    const value = payload === undefined ? undefined : readAnswer(name, payload);
    if (value === undefined) throw senselessAnswer(exchange.address, name);
    return value;
  }

  function endedByMeter(address: string, name: CommandName, payload: Uint8Array): Error {
    records.wipe();
    const code = (payload[1] ?? 0) | ((payload[2] ?? 0) << 8);
    const state = stateNames[payload[3] ?? 0xff];
    if (code !== statuses.sessionEnded.code || state === undefined)
      return senselessAnswer(address, name);
    return new RefusedError({ service: name, code, detail: 0, state });
  }

  return {
    server,
    get isOpen() {
      return records.isOpen;
    },
    call,
    wipe: records.wipe,
  };
}
