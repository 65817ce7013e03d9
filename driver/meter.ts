/**
 * A meter at a port: one method for each of its services (requirements.md F4).
 *
 * `await using meter = await openMeter('serial:/dev/ttyACM0', { identity, role: 'user', trust: { authorityKey } });`
 */

import { wipe } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import { commandOf } from '#protocol/command';
import type { Crypto, KeyPair } from '#protocol/crypto';
import type { ServerIdentity } from '#protocol/handshake';
import type { SuiteName } from '#protocol/handshake-layout';
import type { Role } from '#protocol/state';
import { abortable, pause } from './abort.ts';
import { LinkError, RefusedError } from './errors.ts';
import { type Ending, type Exchange, openExchange } from './exchange.ts';
import type { Link } from './link/link.ts';
import { nodeCrypto } from './node-crypto.ts';
import { openLink } from './port.ts';
import { type ServiceName, type Services, services } from './services.ts';
import { type CallOptions, callInClear, openSession, type Session } from './session.ts';
import type { Trust } from './trust.ts';

/** The key pair of whoever uses the meter; a {@link KeyFile} is one. */
export type HostIdentity = KeyPair;

interface Waiting {
  /** Gives up at once. */
  readonly signal?: AbortSignal | undefined;
  /** How long one try of three may take; 3,000 unless given, more for what makes or opens keys. */
  readonly timeoutMs?: number | undefined;
}

/** Without an identity there is no session: status, version, self-test and certificates are what can be asked for. */
interface Anonymous extends Waiting {
  readonly identity?: undefined;
}

interface Authenticated extends Waiting {
  /** Copied; the copy is wiped when the meter is closed. */
  readonly identity: HostIdentity;
  /** `user` unless given. */
  readonly role?: Role | undefined;
  readonly trust: Trust;
  /**
   * The suites of the handshake that are offered, the best first; `classic` alone unless given. `hybrid` needs Node 24.7 and
   * a meter that has it; offered alone, it is insisted on.
   */
  readonly suites?: readonly SuiteName[] | undefined;
}

export type OpenMeterOptions = (Anonymous | Authenticated) & {
  /** Node's unless given. */
  readonly crypto?: Crypto | undefined;
};

/** A port URL, an open link that now belongs to the meter, or how to open one again and again. */
export type MeterPort =
  | string
  | Link
  | ((options: { signal?: AbortSignal | undefined }) => Promise<Link>);

export interface Meter extends Services, AsyncDisposable {
  /** The port URL. */
  readonly address: string;
  /** Who proved to be there; undefined without a session. */
  readonly server: ServerIdentity | undefined;
  /** Whether services can be asked for; false after a lost line, an ended session or a close. */
  readonly isOpen: boolean;
  /**
   * Opens port and session again, with up to three tries: after a lost line or an ended session. Nobody is logged in
   * afterwards.
   * @throws LinkError where it stays lost, or another meter answers; RefusedError where the meter refuses this host
   */
  reconnect(options?: ReconnectOptions): Promise<void>;
  /** Ends the session, closes the port and wipes the secrets. Never throws for a line that is lost already. */
  close(): Promise<void>;
}

export interface ReconnectOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait before the second and third try; 500 and 2,000 unless given: a meter restarts in that time. */
  readonly pausesMs?: readonly [number, number] | undefined;
}

const RECONNECT_PAUSES_MS = [500, 2_000] as const;
/** A meter that is closed gets this long to answer; what is left of its session ends with the next one. */
const FAREWELL_TIMEOUT_MS = 500;

/** One connection: what is made anew at each reconnect. */
interface Connection {
  readonly link: Link;
  readonly exchange: Exchange;
  readonly session: Session | undefined;
}

/**
 * Opens the port, begins anew on it, and authenticates both sides where an identity is given.
 * @throws LinkError, RefusedError, or the reason of the signal; the port is closed again then
 */
export async function openMeter(port: MeterPort, options: OpenMeterOptions = {}): Promise<Meter> {
  const own = ownCopy(options);
  try {
    const first = await connect(port, own);
    return meterOver(port, own, first);
  } catch (error) {
    forget(own);
    throw error;
  }
}

function ownCopy(options: OpenMeterOptions): OpenMeterOptions {
  if (options.identity === undefined) return options;
  const { privateKey, publicKey } = options.identity;
  return {
    ...options,
    identity: { privateKey: privateKey.slice(), publicKey: publicKey.slice() },
  };
}

function forget({ identity }: OpenMeterOptions): void {
  if (identity !== undefined) wipe(identity.privateKey);
}

/** @param expected the meter that was there before, where it must be the same */
async function connect(
  port: MeterPort,
  options: OpenMeterOptions,
  expected?: ServerIdentity,
): Promise<Connection> {
  const { signal } = options;
  signal?.throwIfAborted();
  const link = await linkTo(port, signal);
  const work = converse(link, options, expected);
  try {
    return await abortable(signal, work);
  } catch (error) {
    await link.close();
    await work.then((left) => left.session?.wipe()).catch(() => undefined); // its error is this one, or nobody's
    throw error;
  }
}

function linkTo(port: MeterPort, signal: AbortSignal | undefined): Promise<Link> {
  if (typeof port === 'string') return openLink(port, { signal });
  return typeof port === 'function' ? port({ signal }) : Promise.resolve(port);
}

async function converse(
  link: Link,
  options: OpenMeterOptions,
  expected: ServerIdentity | undefined,
): Promise<Connection> {
  const { crypto = nodeCrypto, timeoutMs } = options;
  const exchange = await openExchange(link, { randomBytes: crypto.randomBytes, timeoutMs });
  if (options.identity === undefined) return { link, exchange, session: undefined };
  const { identity, role = 'user', trust, suites } = options;
  const session = await openSession(
    exchange,
    { crypto, identity, role, trust, expected, suites },
    { timeoutMs },
  );
  return { link, exchange, session };
}

/** What is said to requests that still wait when the meter is closed or reconnects. */
const LEAVING: Ending = {
  what: 'the meter was closed by this program',
  advice: 'Open it again to go on.',
};

/**
 * Inside the session where there is one: an answer that nobody on the line can make up. After it has ended, only what a
 * meter in the error state tells too, status and version, is asked for in clear.
 */
async function ask<N extends ServiceName>(
  { exchange, session }: Connection,
  name: N,
  request: RequestOf<N>,
  options: CallOptions,
): Promise<ResponseOf<N>> {
  if (session === undefined) return callInClear(exchange, name, request, options);
  const isForAll = commandOf(name).channel === 'open' && commandOf(name).states.includes('error');
  if (isForAll && !session.isOpen) return callInClear(exchange, name, request, options);
  try {
    return await session.call(name, request, options);
  } catch (error) {
    const hasEnded = error instanceof RefusedError && error.status === 'sessionEnded';
    if (!hasEnded || !isForAll) throw error;
    return callInClear(exchange, name, request, options);
  }
}

/** Tells the meter that its session is over; whether that arrives does not matter, since the next session ends it too. */
async function farewell(session: Session): Promise<void> {
  try {
    await session.call('closeSession', {}, { timeoutMs: FAREWELL_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof LinkError || error instanceof RefusedError)) throw error;
  }
}

/** What another try may change: a port that is not back yet, a meter that still starts. */
function isWorthAnotherTry(error: unknown): boolean {
  return error instanceof LinkError && error.stage !== 'handshake';
}

function meterOver(port: MeterPort, options: OpenMeterOptions, first: Connection): Meter {
  const canReopen = typeof port !== 'object';
  let current = first;
  let isClosed = false;
  let reconnecting: Promise<void> | undefined;

  async function leave(): Promise<void> {
    const { exchange, session } = current;
    if (session?.isOpen === true && exchange.isOpen && exchange.isIdle) await farewell(session);
    session?.wipe();
    exchange.end(LEAVING);
  }

  async function connectAgain({ signal, pausesMs = RECONNECT_PAUSES_MS }: ReconnectOptions) {
    await leave();
    if (canReopen) await current.link.close();
    const expected = current.session?.server;
    for (const pauseMs of canReopen ? [...pausesMs, undefined] : [undefined]) {
      try {
        const next = await connect(port, { ...options, signal }, expected);
        if (isClosed) await discard(next);
        else current = next;
        return;
      } catch (error) {
        if (pauseMs === undefined || !isWorthAnotherTry(error)) throw error;
        await pause(pauseMs, signal);
      }
    }
  }

  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    await leave();
    await current.link.close();
    forget(options);
  }

  return {
    ...services((name, request, { timeoutMs = options.timeoutMs, signal }) =>
      abortable(signal, ask(current, name, request, { timeoutMs, signal })),
    ),
    get address() {
      return current.link.address;
    },
    get server() {
      return current.session?.server;
    },
    get isOpen() {
      return current.exchange.isOpen && current.session?.isOpen !== false;
    },
    reconnect(reconnectOptions = {}) {
      if (isClosed) return Promise.reject(closedError(current.link.address));
      reconnecting ??= connectAgain(reconnectOptions).finally(() => {
        reconnecting = undefined;
      });
      return reconnecting;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A connection that came about while the meter was being closed. */
async function discard({ link, exchange, session }: Connection): Promise<void> {
  session?.wipe();
  exchange.end(LEAVING);
  await link.close();
}

function closedError(address: string): LinkError {
  return new LinkError({ stage: 'open', address, ...LEAVING });
}
