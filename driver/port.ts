/**
 * Port URLs: `serial:/dev/ttyACM0`, `serial:/dev/ttyUSB0?baud=9600`, `serial:COM3`, `hid:SERIAL`, `tcp:host:port`,
 * `tcp:[::1]:port`.
 */

import { LinkError } from './errors.ts';
import { type HidAddress, openHid } from './link/hid.ts';
import type { Link } from './link/link.ts';
import { BAUD_RATE_DEFAULT, openSerial, type SerialAddress } from './link/serial.ts';
import { openTcp, type TcpAddress } from './link/tcp.ts';

export type Port =
  | ({ readonly kind: 'serial' } & SerialAddress)
  | ({ readonly kind: 'hid' } & HidAddress)
  | ({ readonly kind: 'tcp' } & TcpAddress);

const FORMS =
  'Write serial:/dev/ttyACM0, serial:/dev/ttyUSB0?baud=9600, serial:COM3, hid:SERIAL or tcp:HOST:PORT.';
const BAUD_RATE_MAX = 10_000_000;

/** @throws LinkError for a text that is no port URL */
export function parsePort(url: string): Port {
  const fail = (what: string): LinkError =>
    new LinkError({ stage: 'open', address: url, what, advice: FORMS });
  const match = /^(serial|hid|tcp):(.+)$/.exec(url);
  if (match === null) throw fail('this is no port');
  const place = match[2] as string;
  if (match[1] === 'hid') return parseHid(place, fail);
  return match[1] === 'tcp' ? parseTcp(place, fail) : parseSerial(place, fail);
}

function parseHid(place: string, fail: (what: string) => LinkError): Port {
  if (!/^[!-~]{1,126}$/.test(place)) throw fail('a HID port has the serial number of a meter');
  return { kind: 'hid', serialNumber: place };
}

function parseTcp(place: string, fail: (what: string) => LinkError): Port {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^:/[\]\s]+)):(\d{1,5})$/.exec(place);
  if (match === null) throw fail('a TCP port has a host and a number');
  const port = Number(match[3]);
  if (port < 1 || port > 65_535) throw fail(`${port} is no TCP port: 1 to 65535 are`);
  return { kind: 'tcp', host: match[1] ?? (match[2] as string), port };
}

function parseSerial(place: string, fail: (what: string) => LinkError): Port {
  const match = /^([^?]+)(?:\?baud=(\d{1,8}))?$/.exec(place);
  if (match === null) throw fail('a serial port has a path, and perhaps ?baud=NUMBER');
  const path = match[1] as string;
  const isPath = path.startsWith('/') || /^(\\\\\.\\)?COM\d+$/i.test(path);
  if (!isPath) throw fail(`${path} is no path of a serial port`);
  const baudRate = match[2] === undefined ? BAUD_RATE_DEFAULT : Number(match[2]);
  if (baudRate < 50 || baudRate > BAUD_RATE_MAX)
    throw fail(`${baudRate} is no speed: 50 to ${BAUD_RATE_MAX} bits a second are`);
  return { kind: 'serial', path, baudRate };
}

export interface OpenLinkOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the line that a port URL names.
 * @throws LinkError (stage `open`) with what happened and what to do; the reason of the signal where it is aborted
 */
export async function openLink(url: string, { signal }: OpenLinkOptions = {}): Promise<Link> {
  const port = parsePort(url);
  const options = { address: url, signal };
  switch (port.kind) {
    case 'serial':
      return openSerial(port, options);
    case 'hid':
      return openHid(port, options);
    case 'tcp':
      return openTcp(port, options);
  }
}
