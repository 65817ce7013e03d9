/** Where meters may be: the serial ports of this machine and addresses that were given (requirements.md F4). */

import { LinkError } from './errors.ts';
import { parsePort } from './port.ts';

export interface PortCandidate {
  /** For {@link openMeter}. */
  readonly url: string;
  readonly manufacturer?: string | undefined;
  /** Tells several meters of one kind apart. */
  readonly serialNumber?: string | undefined;
  /** Four hex digits each, of a USB device. */
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
}

export interface Discovery {
  readonly ports: readonly PortCandidate[];
  /** What kept a part of the search from being done; the rest is in {@link Discovery.ports} all the same. */
  readonly problems: readonly LinkError[];
}

export interface DiscoverOptions {
  /** Port URLs, `tcp:host:port`, to be listed too. */
  readonly addresses?: readonly string[] | undefined;
}

/** Lists the ports; none is opened, since what is behind a serial port may be anything. */
export async function discoverPorts({ addresses = [] }: DiscoverOptions = {}): Promise<Discovery> {
  const given: PortCandidate[] = [];
  const problems: LinkError[] = [];
  for (const url of addresses) {
    try {
      parsePort(url);
      given.push({ url });
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      problems.push(error);
    }
  }
  try {
    return { ports: [...(await serialPorts()), ...given], problems };
  } catch (cause) {
    return { ports: given, problems: [...problems, cannotList(cause)] };
  }
}

async function serialPorts(): Promise<PortCandidate[]> {
  const { SerialPort } = await import('serialport');
  const found = await SerialPort.list();
  return found.map(({ path, manufacturer, serialNumber, vendorId, productId }) => ({
    url: `serial:${usablePath(path)}`,
    manufacturer,
    serialNumber,
    vendorId,
    productId,
  }));
}

/** macOS lists the name that waits for a carrier; the other one opens at once (ports.md 4). */
function usablePath(path: string): string {
  return process.platform === 'darwin' ? path.replace(/^\/dev\/tty\./, '/dev/cu.') : path;
}

function cannotList(cause: unknown): LinkError {
  const isUdevMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return new LinkError({
    stage: 'open',
    address: 'serial:',
    what: 'the serial ports of this machine cannot be listed',
    advice: isUdevMissing
      ? 'Install udevadm (apt-get install udev), or name the port: serial:/dev/ttyACM0.'
      : 'Name the port: serial:/dev/ttyACM0.',
    cause,
  });
}
