/** Where meters may be: HID interfaces and serial ports of this computer, and addresses that were given (requirements.md F4). */

import { readdir } from 'node:fs/promises';
import { LinkError } from './errors.ts';
import { hidDevices } from './link/hid-devices.ts';
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
  /** Where Linux has the files of devices; another folder in tests. */
  readonly deviceFolder?: string | undefined;
  /** The same for HID devices. */
  readonly hidFolder?: string | undefined;
}

/** Lists the ports, meters on USB first; none is opened, since what is behind a serial port may be anything. */
export async function discoverPorts(options: DiscoverOptions = {}): Promise<Discovery> {
  const { addresses = [], deviceFolder = '/dev', hidFolder } = options;
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
  const ports: PortCandidate[] = [];
  for (const list of [() => hidPorts(hidFolder), () => serialPorts(deviceFolder)]) {
    try {
      ports.push(...(await list()));
    } catch (error) {
      problems.push(error instanceof LinkError ? error : cannotList(error));
    }
  }
  return { ports: [...ports, ...given], problems };
}

async function hidPorts(folder: string | undefined): Promise<PortCandidate[]> {
  const devices = await hidDevices(undefined, folder);
  return devices.map(({ serialNumber, manufacturer }) => ({
    url: `hid:${serialNumber}`,
    manufacturer,
    serialNumber,
  }));
}

async function serialPorts(deviceFolder: string): Promise<PortCandidate[]> {
  if (!(await mayHavePorts(deviceFolder))) return [];
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

/** What the package lists by udevadm on Linux; where there is no such file, nobody needs that program. */
async function mayHavePorts(deviceFolder: string): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const names = await readdir(deviceFolder);
  return names.some((name) => /^(?:tty(?:S|WCH|ACM|USB|AMA|MFD|O|XRUSB)|rfcomm)\d/.test(name));
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
