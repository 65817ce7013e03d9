/**
 * A link over a serial port, by the `serialport` package (requirements.md F1, F4).
 *
 * `@serialport/parser-packet-length` cuts candidates for frames out of the noise of a line; the decoder behind the link
 * judges them. The package does not see every unplugging (ports.md 1.5), hence the watch on the path.
 */

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { PacketLengthParser } from '@serialport/parser-packet-length';
import type { SerialPort } from 'serialport';
import { FRAME_DELIMITER, FRAME_HEADER_SIZE, FRAME_SIZE_MAX } from '#protocol/frame';
import { LinkError } from '../errors.ts';
import { type Link, linkListeners } from './link.ts';

export interface SerialAddress {
  /** `/dev/ttyACM0`, `/dev/cu.usbmodem1`, `COM3`. */
  readonly path: string;
  /** Bits a second; USB and pseudo-terminals ignore it. */
  readonly baudRate: number;
}

export const BAUD_RATE_DEFAULT = 115_200;

/** How often the path is looked at. A read of a port that is gone may keep a processor busy for that long. */
const WATCH_MS = 100;
/** A frame whose bytes stop for so long is over: what was cut so far goes to the decoder, and the hunt begins anew. */
const INTER_BYTE_TIMEOUT_MS = 50;
/** A port that does not take its bytes may hold a close for half a minute (ports.md 1.5); nobody waits for that. */
const CLOSE_TIMEOUT_MS = 1_500;

interface OpenOptions {
  readonly address: string;
  readonly signal?: AbortSignal | undefined;
}

interface SerialPackages {
  readonly SerialPort: typeof SerialPort;
  readonly PacketLengthParser: typeof PacketLengthParser;
}

/** @throws LinkError where the port cannot be opened; the reason of the signal where it is aborted */
export async function openSerial(serial: SerialAddress, options: OpenOptions): Promise<Link> {
  options.signal?.throwIfAborted();
  const packages = await loadPackages(options.address);
  const before = await identityOf(serial, options);
  const port = await openPort(packages.SerialPort, serial, options);
  if (options.signal?.aborted === true) await closePort(port);
  options.signal?.throwIfAborted();
  return portLink(port, new packages.PacketLengthParser(cutting), {
    ...serial,
    address: options.address,
    identity: before,
  });
}

/** Loaded when the first port is opened: who only uses TCP does not need the native part. */
async function loadPackages(address: string): Promise<SerialPackages> {
  try {
    const [{ SerialPort }, { PacketLengthParser }] = await Promise.all([
      import('serialport'),
      import('@serialport/parser-packet-length'),
    ]);
    return { SerialPort, PacketLengthParser };
  } catch (cause) {
    throw new LinkError({
      stage: 'open',
      address,
      what: 'serial ports cannot be used here: the package serialport does not load',
      advice:
        'Install it for this system (npm install serialport), or reach the meter by tcp:HOST:PORT.',
      cause,
    });
  }
}

/** One delimiter byte only: with more the parser never finds its way back after one byte of noise (ports.md 1.4). */
const cutting = {
  delimiter: FRAME_DELIMITER,
  delimiterBytes: 1,
  lengthOffset: 1,
  lengthBytes: 2,
  packetOverhead: FRAME_HEADER_SIZE,
  maxLen: FRAME_SIZE_MAX - FRAME_HEADER_SIZE,
  readableObjectMode: true,
};

/** What tells one device node from another under the same path; undefined where the system has no such nodes. */
type Identity = string | undefined;

async function lookAt(path: string): Promise<Identity> {
  const { dev, ino, rdev } = await stat(path);
  return `${dev} ${ino} ${rdev}`;
}

/** Looks before opening, since the package tells its reasons as text only. */
async function identityOf({ path }: SerialAddress, { address }: OpenOptions): Promise<Identity> {
  if (process.platform === 'win32') return undefined;
  const fail = (what: string, advice: string, cause?: unknown): LinkError =>
    new LinkError({ stage: 'open', address, what, advice, cause });
  try {
    const node = await stat(path);
    if (!node.isCharacterDevice())
      throw fail(
        `${path} is no serial port`,
        'Give the path of a port; `tessera discover` lists them.',
      );
    await access(path, constants.R_OK | constants.W_OK);
    return await lookAt(path);
  } catch (cause) {
    if (cause instanceof LinkError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'EACCES')
      throw fail(
        `${path} may not be used by this user`,
        'Install the udev rule of the meter, or add the user to the group of the port (dialout) and log in again.',
        cause,
      );
    throw fail(
      `there is no port ${path}`,
      'See whether the meter is plugged in and on; after plugging in, its name may be another.',
      cause,
    );
  }
}

async function openPort(
  Port: typeof SerialPort,
  { path, baudRate }: SerialAddress,
  { address }: OpenOptions,
): Promise<SerialPort> {
  const { promise, resolve, reject } = Promise.withResolvers<SerialPort>();
  const port = new Port({ path, baudRate, lock: true, autoOpen: false });
  port.open((error) => (error === null ? resolve(port) : reject(error)));
  try {
    return await promise;
  } catch (cause) {
    throw new LinkError({
      stage: 'open',
      address,
      what: `${path} is there but cannot be opened`,
      advice:
        'Most likely another program holds it: a second driver, a terminal program, ModemManager. Close that one.',
      cause,
    });
  }
}

interface PortLinkOptions extends SerialAddress {
  readonly address: string;
  readonly identity: Identity;
}

function portLink(
  port: SerialPort,
  parser: PacketLengthParser,
  { address, path, identity }: PortLinkOptions,
): Link {
  const listeners = linkListeners();
  let silence: NodeJS.Timeout | undefined;

  function deliver(candidate: Uint8Array): void {
    if (candidate.length > FRAME_HEADER_SIZE) listeners.data(candidate);
  }

  /** Gives what was cut so far to the decoder, which finds a whole frame in it if there is one, and hunts anew. */
  function recut(): void {
    const begun = parser.buffer;
    parser.buffer = Buffer.alloc(0);
    parser.start = false;
    deliver(begun);
  }

  parser.on('data', deliver);
  port.on('data', (bytes: Buffer) => {
    clearTimeout(silence);
    parser.write(bytes);
    silence = setTimeout(recut, INTER_BYTE_TIMEOUT_MS);
  });

  function end(reason: Error | undefined): void {
    clearTimeout(silence);
    clearInterval(watch);
    listeners.closed(reason);
  }
  function close(reason: Error | undefined): Promise<void> {
    end(reason);
    return closePort(port);
  }

  const watch = setInterval(async () => {
    if (!(await isGone(path, identity)) || listeners.isClosed) return;
    await close(new Error(`${path} is gone: the meter was unplugged or has restarted`));
  }, WATCH_MS);
  watch.unref();
  port.on('close', (error: Error | null | undefined) => {
    end(error ?? new Error(`${path} was closed`));
  });
  port.on('error', (error: Error) => void close(error));

  return {
    address,
    send(bytes) {
      if (listeners.isClosed) throw new Error(`${path} is closed`);
      port.write(bytes); // never drained: a device that takes nothing would hold the process (ports.md 1.5)
    },
    onData: listeners.onData,
    onClose: listeners.onClose,
    close: () => close(undefined),
  };
}

async function isGone(path: string, identity: Identity): Promise<boolean> {
  if (identity === undefined) return false;
  try {
    return (await lookAt(path)) !== identity;
  } catch {
    return true; // whatever keeps the path from being looked at keeps it from being the port that was opened
  }
}

/** Closes the port, or stops waiting for it: what holds it is the system, which lets go when the process ends. */
function closePort(port: SerialPort): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (!port.isOpen) return Promise.resolve();
  const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
  port.close(() => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
}
