/** A link over TCP: to an emulator, or to a serial server that has the meter. No delay, kept alive. */

import { connect, type Socket } from 'node:net';
import { LinkError } from '../errors.ts';
import { type Link, linkListeners } from './link.ts';

export interface TcpAddress {
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
}

/** How long a connection may take to come about. */
const CONNECT_TIMEOUT_MS = 5_000;
/** How long the other side may take to accept what was sent last, before the connection is torn down. */
const CLOSE_TIMEOUT_MS = 1_000;
/** After how long a silence the system asks whether the other side is still there. */
const KEEP_ALIVE_MS = 10_000;

const adviceByCode = new Map([
  [
    'ECONNREFUSED',
    'Nothing listens there: start the emulator or the serial server, or mend the port.',
  ],
  ['ENOTFOUND', 'There is no such host: mend the name.'],
  [
    'EAI_AGAIN',
    'The name could not be looked up: see to the network, or give the number of the host.',
  ],
  ['EHOSTUNREACH', 'There is no way to that host: see to the network.'],
  ['ENETUNREACH', 'There is no way to that host: see to the network.'],
  ['ETIMEDOUT', 'The host does not answer: see whether it is on and no firewall stands between.'],
]);
const ADVICE = 'See whether the other side is running, then connect again.';

function adviceFor(error: Error & { readonly code?: string }): string {
  return adviceByCode.get(error.code ?? '') ?? ADVICE;
}

/** @throws LinkError where no connection comes about; the reason of the signal where it is aborted */
export async function openTcp(
  { host, port }: TcpAddress,
  { address, signal }: { readonly address: string; readonly signal?: AbortSignal | undefined },
): Promise<Link> {
  signal?.throwIfAborted();
  const socket = connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  });
  const what = `no connection to ${host}, port ${port}`;
  try {
    await connected(socket, signal);
  } catch (error) {
    socket.destroy();
    signal?.throwIfAborted();
    const cause = error as Error;
    throw new LinkError({ stage: 'open', address, what, advice: adviceFor(cause), cause });
  }
  return socketLink(socket, address);
}

function connected(socket: Socket, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    const error = new Error(`no answer in ${CONNECT_TIMEOUT_MS} ms`);
    reject(Object.assign(error, { code: 'ETIMEDOUT' }));
  }, CONNECT_TIMEOUT_MS);
  const abort = (): void => reject(new Error('aborted'));
  signal?.addEventListener('abort', abort, { once: true });
  socket.once('connect', resolve).once('error', reject);
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    socket.removeListener('error', reject);
  });
}

function socketLink(socket: Socket, address: string): Link {
  const listeners = linkListeners();
  let problem = new Error('the other side closed the connection');
  socket.on('data', (bytes) => listeners.data(bytes));
  socket.on('error', (error) => {
    problem = error; // 'close' follows
  });
  socket.on('end', () => socket.destroy());
  socket.on('close', () => listeners.closed(problem));
  return {
    address,
    send(bytes) {
      if (listeners.isClosed) throw new Error('the connection is closed');
      socket.write(bytes);
    },
    onData: listeners.onData,
    onClose: listeners.onClose,
    close() {
      listeners.closed(undefined);
      const { promise, resolve } = Promise.withResolvers<void>();
      if (socket.closed) return Promise.resolve();
      const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.destroySoon();
      return promise;
    },
  };
}
