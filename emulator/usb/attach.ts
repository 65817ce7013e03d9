/** Attaches a device of a USB/IP server to this Linux computer, as `usbip attach` does (ports.md 2.4). */

import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { encodeImport, IMPORTED_SIZE, readImported } from './usbip.ts';

const CONTROLLER = '/sys/devices/platform/vhci_hcd.0';
/** Of a port of the controller that nothing is attached to. */
const FREE = 4;
const IMPORT_TIMEOUT_MS = 5_000;

export interface AttachOptions {
  readonly host: string;
  readonly port: number;
  readonly busId: string;
  /** Where the kernel has its virtual host controller; another folder in tests. */
  readonly controller?: string;
}

/**
 * The kernel keeps the connection until the server ends it, which is an unplugging.
 * @returns the number of the port of the controller
 * @throws Error that says what is missing: Linux, the module vhci-hcd, the rights of root, or the device
 */
export async function attachUsbip(options: AttachOptions): Promise<number> {
  const { host, port, busId, controller = CONTROLLER } = options;
  const place = freePort(controller);
  const socket = connect({ host, port, noDelay: true });
  try {
    await once(socket, 'connect');
    socket.write(encodeImport(busId));
    const { deviceId, speed } = await imported(socket, busId);
    const order = `${place} ${descriptorOf(socket)} ${deviceId} ${speed}`;
    await writeFile(`${controller}/attach`, order).catch((cause: unknown) => {
      throw new Error(`The kernel does not attach ${busId}: only root may do that.`, { cause });
    });
    return place;
  } finally {
    socket.destroy(); // closes our end of it; the kernel has its own
  }
}

/** A line of the table: `hs  0000 004 000 00000000 000000 0-0`, the port and its state behind the speed. */
function freePort(controller: string): number {
  if (!existsSync(controller))
    throw new Error(
      'This computer has no virtual USB host controller: on Linux, `modprobe vhci-hcd` brings it.',
    );
  const table = readFileSync(`${controller}/status`, 'utf8');
  for (const line of table.split('\n')) {
    const [speed, place, state] = line.trim().split(/\s+/);
    if (speed === 'hs' && Number(state) === FREE) return Number(place);
  }
  throw new Error('All ports of the virtual USB host controller are taken: detach something.');
}

async function imported(
  socket: Socket,
  busId: string,
): Promise<{ readonly deviceId: number; readonly speed: number }> {
  const signal = AbortSignal.timeout(IMPORT_TIMEOUT_MS);
  let reply = Buffer.alloc(0);
  while (reply.length < IMPORTED_SIZE) {
    const part = socket.read() as Buffer | null;
    if (part !== null) reply = Buffer.concat([reply, part]);
    else if (socket.readableEnded || socket.destroyed) break;
    else
      await Promise.race([once(socket, 'readable', { signal }), once(socket, 'end', { signal })]);
  }
  const device = readImported(reply);
  if (device === undefined)
    throw new Error(`The server does not hand out ${busId}: it is gone, or another client has it.`);
  return device;
}

/** Node tells the number of a socket nowhere else. */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } };
  if (handle?.fd === undefined || handle.fd < 0)
    throw new Error('This Node does not tell the descriptor of a socket.');
  return handle.fd;
}
