/** A client of USB/IP that sends whatever it is told, written from the kernel's description of the protocol. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An answer to a transfer. */
export interface Returned {
  readonly command: 'submitted' | 'unlinked';
  readonly sequence: number;
  readonly status: number;
  readonly actualLength: number;
  readonly data: Buffer;
}

export interface Transfer {
  readonly endpoint?: number;
  readonly direction: 'in' | 'out';
  readonly length?: number;
  readonly setup?: readonly number[];
  readonly data?: Uint8Array;
  readonly packets?: number;
  readonly deviceId?: number;
  readonly sequence?: number;
}

export interface UsbipClient extends Disposable {
  readonly socket: Socket;
  readonly deviceId: number;
  /** Sends a transfer; its number. */
  submit(transfer: Transfer): number;
  unlink(victim: number): number;
  /** The answer of that number, which may have come already. @throws Error where the connection ends before */
  answer(sequence: number): Promise<Returned>;
  /** Submits, and waits for the answer. */
  transfer(transfer: Transfer): Promise<Returned>;
  /** A control transfer to the host. */
  read(
    requestType: number,
    request: number,
    value: number,
    index: number,
    length: number,
  ): Promise<Returned>;
  write(
    requestType: number,
    request: number,
    value: number,
    index: number,
    data?: Uint8Array,
  ): Promise<Returned>;
  /** Numbers of answers that came and were not asked for. */
  readonly unclaimed: readonly number[];
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
}

export async function connectRaw(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

export function operation(code: number, busId?: string): Buffer {
  const bytes = Buffer.alloc(busId === undefined ? 8 : 40);
  bytes.writeUInt16BE(0x0111, 0);
  bytes.writeUInt16BE(code, 2);
  if (busId !== undefined) bytes.write(busId, 8, 'latin1');
  return bytes;
}

export interface Listed {
  readonly busId: string;
  readonly vendorId: number;
  readonly productId: number;
  readonly interfaces: readonly (readonly number[])[];
}

/** What a server lists. */
export async function listDevices(port: number): Promise<Listed[]> {
  const socket = await connectRaw(port);
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  socket.write(operation(0x8005));
  await once(socket, 'end');
  socket.destroy();
  const bytes = Buffer.concat(parts);
  const devices: Listed[] = [];
  let at = 12;
  for (let count = bytes.readUInt32BE(8); count > 0; count--) {
    const record = bytes.subarray(at, at + 312);
    const interfaces = record.readUInt8(311);
    at += 312;
    devices.push({
      busId: record.toString('latin1', 256, 288).replace(/\0.*$/s, ''),
      vendorId: record.readUInt16BE(300),
      productId: record.readUInt16BE(302),
      interfaces: Array.from({ length: interfaces }, (_, place) => [
        ...bytes.subarray(at + 4 * place, at + 4 * place + 3),
      ]),
    });
    at += 4 * interfaces;
  }
  if (at !== bytes.length) throw new Error(`${bytes.length - at} bytes behind the list`);
  return devices;
}

/** @throws Error `status N` where the import is refused */
export async function importDevice(port: number, busId = '1-1'): Promise<UsbipClient> {
  const socket = await connectRaw(port);
  const reader = createReader(socket);
  socket.write(operation(0x8003, busId));
  const reply = await reader.take(8);
  const status = reply.readUInt32BE(4);
  if (status !== 0) {
    socket.destroy();
    throw new Error(`status ${status}`);
  }
  const record = await reader.take(312);
  return clientOver(socket, reader, (record.readUInt32BE(288) << 16) | record.readUInt32BE(292));
}

function clientOver(socket: Socket, reader: Reader, deviceId: number): UsbipClient {
  const directions = new Map<number, 'in' | 'out'>();
  const answers = new Map<number, Returned>();
  const waiting = new Map<number, ReturnType<typeof Promise.withResolvers<Returned>>>();
  let last = 0;

  async function receive(): Promise<void> {
    for (;;) {
      const header = await reader.take(48);
      const sequence = header.readUInt32BE(4);
      const command = header.readUInt32BE(0) === 3 ? 'submitted' : 'unlinked';
      const actualLength = header.readInt32BE(24);
      const hasData = command === 'submitted' && directions.get(sequence) === 'in';
      const data = await reader.take(hasData ? actualLength : 0);
      const returned = {
        command,
        sequence,
        status: header.readInt32BE(20),
        actualLength,
        data,
      } as const;
      const waiter = waiting.get(sequence);
      waiting.delete(sequence);
      if (waiter === undefined) answers.set(sequence, returned);
      else waiter.resolve(returned);
    }
  }
  receive().catch((error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  });

  const client: UsbipClient = {
    socket,
    deviceId,
    closed: reader.closed,
    get unclaimed() {
      return [...answers.keys()];
    },
    submit({
      endpoint = 0,
      direction,
      length,
      setup = [],
      data = new Uint8Array(),
      packets = 0,
      ...odd
    }) {
      last = odd.sequence ?? last + 1;
      const header = Buffer.alloc(48);
      header.writeUInt32BE(1, 0);
      header.writeUInt32BE(last, 4);
      header.writeUInt32BE(odd.deviceId ?? deviceId, 8);
      header.writeUInt32BE(direction === 'in' ? 1 : 0, 12);
      header.writeUInt32BE(endpoint, 16);
      header.writeInt32BE(length ?? data.length, 24);
      header.writeInt32BE(packets, 32);
      header.set(setup, 40);
      directions.set(last, direction);
      socket.write(Buffer.concat([header, data]));
      return last;
    },
    unlink(victim) {
      last += 1;
      const header = Buffer.alloc(48);
      for (const [at, word] of [2, last, deviceId, 0, 0, victim].entries())
        header.writeUInt32BE(word, 4 * at);
      socket.write(header);
      return last;
    },
    answer(sequence) {
      const known = answers.get(sequence);
      answers.delete(sequence);
      if (known !== undefined) return Promise.resolve(known);
      if (socket.closed) return Promise.reject(new Error('the connection is gone'));
      const waiter = Promise.withResolvers<Returned>();
      waiting.set(sequence, waiter);
      return waiter.promise;
    },
    transfer: (transfer) => client.answer(client.submit(transfer)),
    read: (requestType, request, value, index, length) =>
      client.transfer({
        direction: 'in',
        length,
        setup: setupBytes(requestType, request, value, index, length),
      }),
    write: (requestType, request, value, index, data = new Uint8Array()) =>
      client.transfer({
        direction: 'out',
        data,
        setup: setupBytes(requestType, request, value, index, data.length),
      }),
    [Symbol.dispose]: () => socket.destroy(),
  };
  return client;
}

function setupBytes(requestType: number, request: number, ...words: readonly number[]): number[] {
  return [requestType, request, ...words.flatMap((word) => [word & 0xff, word >> 8])];
}

interface Reader {
  /** @throws Error where the connection ends before */
  take(size: number): Promise<Buffer>;
  readonly closed: Promise<void>;
}

/** One taker at a time. */
function createReader(socket: Socket): Reader {
  let bytes = Buffer.alloc(0);
  let wake: () => void = () => undefined;
  let isOver = false;
  const over = Promise.withResolvers<void>();
  const end = (): void => {
    isOver = true;
    over.resolve();
    wake();
  };
  socket.on('data', (part) => {
    bytes = Buffer.concat([bytes, part]);
    wake();
  });
  socket.on('end', () => socket.destroy());
  socket.on('close', end);
  return {
    closed: over.promise,
    async take(size) {
      while (bytes.length < size) {
        if (isOver) throw new Error('the connection is gone');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const taken = bytes.subarray(0, size);
      bytes = bytes.subarray(size);
      return taken;
    },
  };
}
