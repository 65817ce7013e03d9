/** A port of a board as a TCP listener (requirements.md H4). */

import { createServer, isIP, type Server, type Socket } from 'node:net';
import type { PortLines } from '../board.ts';

/** Bytes that a connection may leave unread before it is closed. */
const UNREAD_SIZE_MAX = 256 * 1024;
const CONNECTIONS_MAX = 16;
/** A peer that vanished without a word is noticed after this and the probes of the system. */
const KEEP_ALIVE_MS = 30_000;

export interface TcpOptions {
  /** The board's port; 1 by default. */
  readonly boardPort?: number;
  /** Where to listen; 127.0.0.1 by default. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** A board has no protection against a network, so other hosts than this one must be asked for. */
  readonly allowRemote?: boolean;
}

export interface TcpPort extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `tcp:HOST:PORT`, as a driver takes it. */
  readonly address: string;
  /** Connections that are open now. */
  readonly connections: number;
}

/**
 * Listens for hosts, several at a time: what the board sends goes to the connection whose bytes it got last. They share
 * one line, so a frame that one of them breaks off is cut short by the next one's delimiter.
 * @throws Error where the address is not of this computer, or taken
 */
export async function listenTcp(board: PortLines, options: TcpOptions = {}): Promise<TcpPort> {
  const { boardPort = 1, host = '127.0.0.1', port = 0, allowRemote = false } = options;
  if (!allowRemote && !isLoopback(host))
    throw new Error(`${host} can be reached from other computers; allow that on purpose.`);
  const sockets = new Set<Socket>();
  let current: Socket | undefined;

  const server = createServer({
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('data', (bytes) => {
      current = socket;
      board.receive(boardPort, bytes);
    });
    socket.on('error', () => socket.destroy()); // the peer's affair; 'close' follows
    socket.on('close', () => {
      sockets.delete(socket);
      if (current === socket) current = undefined;
    });
  });
  const disconnect = board.onSend(boardPort, (bytes) => {
    if (current === undefined || current.destroyed) return; // nobody is there: the bytes are lost, as on a wire
    current.write(bytes);
    if (current.writableLength > UNREAD_SIZE_MAX) current.destroy();
  });
  try {
    return opened(await listening(server, host, port), server, sockets, disconnect);
  } catch (error) {
    disconnect();
    throw error;
  }
}

function opened(
  { host, port }: { readonly host: string; readonly port: number },
  server: Server,
  sockets: ReadonlySet<Socket>,
  disconnect: () => void,
): TcpPort {
  return {
    host,
    port,
    address: `tcp:${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
    get connections() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      disconnect();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function listening(
  server: Server,
  host: string,
  port: number,
): Promise<{ readonly host: string; readonly port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address();
      if (address === null || typeof address === 'string')
        throw new TypeError('not a TCP listener');
      resolve({ host: address.address, port: address.port });
    });
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
