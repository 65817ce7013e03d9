/**
 * USB over TCP: devices that a Linux computer attaches as if they were plugged in (USB/IP; ports.md 2.4). Each jack holds
 * one device or none; whoever imports it has it until the connection ends or the device is unplugged.
 */

import { createServer, isIP, type Server, type Socket } from 'node:net';
import type { UsbDevice } from './usb-device.ts';
import {
  type ExportedDevice,
  encodeDevlist,
  encodeImported,
  encodeImportRefused,
  importStatus,
  type Operation,
} from './usbip.ts';
import { type Lease, serveConnection, type UsbipConnection } from './usbip-connection.ts';

const CONNECTIONS_MAX = 32;
/** A peer that vanished without a word is noticed after this and the probes of the system. */
const KEEP_ALIVE_MS = 30_000;
const BUS = 1;
const FULL_SPEED = 2;
/** Numbers of devices on a bus; they go round. */
const DEVICE_NUMBER_MAX = 127;

export interface UsbipOptions {
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** USB/IP has no protection against a network, so other hosts than this one must be asked for. */
  readonly allowRemote?: boolean;
}

/** A place for a device. */
export interface UsbJack {
  /** How a client names it: `1-1`. It stays the same. */
  readonly busId: string;
  /** Whether a client has the device. */
  readonly isTaken: boolean;
  /** @throws Error where a device is plugged in */
  plug(device: UsbDevice): void;
  /** Ends the connection of who has the device; what the device said before still goes out. */
  unplug(): void;
  /** To be called where the device may have something to say or has room again. */
  ready(): void;
}

export interface UsbipServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `usbip:HOST:PORT`. */
  readonly address: string;
  /** Connections that are open now. */
  readonly connections: number;
  addJack(): UsbJack;
}

/** @throws Error where the address is not of this computer, or taken */
export async function listenUsbip(options: UsbipOptions = {}): Promise<UsbipServer> {
  const { host = '127.0.0.1', port = 0, allowRemote = false } = options;
  if (!allowRemote && !isLoopback(host))
    throw new Error(`${host} can be reached from other computers; allow that on purpose.`);
  const connections = new Set<UsbipConnection>();
  const jacks: Jack[] = [];
  const server = createServer({
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.on('connection', (socket) => {
    const connection = accept(socket, jacks, () => connections.delete(connection));
    connections.add(connection);
  });
  const bound = await listening(server, host, port);
  return {
    ...bound,
    address: `usbip:${isIP(bound.host) === 6 ? `[${bound.host}]` : bound.host}:${bound.port}`,
    get connections() {
      return connections.size;
    },
    addJack() {
      const jack = new Jack(jacks.length + 1);
      jacks.push(jack);
      return jack;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}

function accept(socket: Socket, jacks: readonly Jack[], onClose: () => void): UsbipConnection {
  let taken: Jack | undefined;
  const connection = serveConnection(socket, {
    perform(operation) {
      const answer = answerTo(operation, jacks);
      taken = answer.jack;
      if (answer.jack === undefined) return { reply: answer.reply };
      return { reply: answer.reply, lease: answer.jack.lend(connection) };
    },
    onClose() {
      taken?.giveBack(connection);
      onClose();
    },
  });
  return connection;
}

function answerTo(
  operation: Operation,
  jacks: readonly Jack[],
): { readonly reply: Buffer; readonly jack?: Jack } {
  if (operation.kind === 'devlist')
    return { reply: encodeDevlist(jacks.flatMap((jack) => (jack.isFree ? jack.exported : []))) };
  const jack = jacks.find(({ busId }) => busId === operation.busId);
  const [device] = jack?.exported ?? [];
  if (jack === undefined || device === undefined)
    return { reply: encodeImportRefused(importStatus.noDevice) };
  if (!jack.isFree) return { reply: encodeImportRefused(importStatus.busy) };
  return { reply: encodeImported(device), jack };
}

/** The numbers of a device last until it is unplugged, so that late messages of its last owner reach nobody. */
class Jack implements UsbJack {
  readonly busId: string;
  #deviceNumber = 0;
  #device: UsbDevice | undefined;
  #owner: UsbipConnection | undefined;

  constructor(place: number) {
    this.busId = `${BUS}-${place}`;
  }

  get isTaken(): boolean {
    return this.#owner !== undefined;
  }

  get isFree(): boolean {
    return this.#device !== undefined && this.#owner === undefined;
  }

  /** None where nothing is plugged in. */
  get exported(): readonly ExportedDevice[] {
    const device = this.#device;
    if (device === undefined) return [];
    return [
      {
        ...device.identity,
        busId: this.busId,
        busNumber: BUS,
        deviceNumber: this.#deviceNumber,
        speed: FULL_SPEED,
        configurationValue: 0,
        interfaces: device.interfaceCodes,
      },
    ];
  }

  plug(device: UsbDevice): void {
    if (this.#device !== undefined) throw new Error(`A device is plugged in at ${this.busId}.`);
    this.#deviceNumber = (this.#deviceNumber % DEVICE_NUMBER_MAX) + 1;
    this.#device = device;
  }

  unplug(): void {
    const owner = this.#owner;
    this.#device = undefined;
    this.#owner = undefined;
    owner?.leave();
  }

  ready(): void {
    this.#owner?.pump();
  }

  lend(owner: UsbipConnection): Lease {
    const device = this.#device;
    if (device === undefined) throw new Error(`Nothing is plugged in at ${this.busId}.`);
    this.#owner = owner;
    device.reset();
    return { device, deviceId: BUS * 0x1_0000 + this.#deviceNumber };
  }

  giveBack(owner: UsbipConnection): void {
    if (this.#owner === owner) this.#owner = undefined;
  }
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
