/**
 * A link over the HID interface of a meter: reports of 64 bytes that carry its line (requirements.md F1, F4; docs/link.md,
 * "USB"). No system keeps a second program from opening the interface, and reports of two would come between each other:
 * programs that use this driver keep each other out by a lock.
 */

import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { encodeReports } from '#protocol/usb';
import { LinkError } from '../errors.ts';
import { lockFile } from '../file-lock.ts';
import { type HidDevice, hidDevices, withHid } from './hid-devices.ts';
import { type Link, linkListeners } from './link.ts';

export interface HidAddress {
  /** Of the meter, as `tessera devices` lists it. */
  readonly serialNumber: string;
}

/** How long opening may take; a device that is just being unplugged may hold it. */
const OPEN_TIMEOUT_MS = 5_000;
/** A report that a device does not take is given up by the system after five seconds; nobody waits for that. */
const CLOSE_TIMEOUT_MS = 1_500;
/** There are no report numbers, and then every system wants a zero in front (ports.md 3). */
const NO_REPORT_NUMBER = 0;

interface OpenOptions {
  readonly address: string;
  readonly signal?: AbortSignal | undefined;
}

/** An open interface, as `node-hid` has it; listening begins with the first listener for data. */
export interface HidHandle {
  /** A report with a zero in front. Rejects where the device is gone or takes nothing. */
  write(report: Buffer): Promise<number>;
  on(event: 'data', listener: (report: Uint8Array) => void): unknown;
  /** The package gives a text. */
  on(event: 'error', listener: (reason: unknown) => void): unknown;
  close(): Promise<void>;
}

/** @throws LinkError where it cannot be opened; the reason of the signal where it is aborted */
export async function openHid(
  { serialNumber }: HidAddress,
  { address, signal }: OpenOptions,
): Promise<Link> {
  signal?.throwIfAborted();
  const { path } = await findDevice(serialNumber, address);
  signal?.throwIfAborted();
  using resources = new DisposableStack();
  const lock = resources.use(lockMeter(serialNumber, address));
  const handle = await openPath(path, address);
  if (signal?.aborted === true) await closeHandle(handle);
  signal?.throwIfAborted();
  resources.move();
  return hidLink(handle, address, lock);
}

/**
 * Among the programs of this user, since what a user may write another one may not.
 * @throws LinkError where one of them has the meter
 */
export function lockMeter(serialNumber: string, address: string): Disposable {
  const folder = join(tmpdir(), `tessera-locks-${process.getuid?.() ?? 'user'}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockFile(join(folder, `hid-${Buffer.from(serialNumber).toString('hex')}`));
  if (lock !== undefined) return lock;
  throw new LinkError({
    stage: 'open',
    address,
    what: 'another program uses this meter',
    advice: 'Close that one; or use the serial port of the meter, which works at the same time.',
  });
}

async function findDevice(serialNumber: string, address: string): Promise<HidDevice> {
  const devices = await hidDevices(address);
  const [found, second] = devices.filter((device) => device.serialNumber === serialNumber);
  if (found !== undefined && second === undefined) return found;
  const others = devices.map((device) => device.serialNumber).join(', ');
  throw new LinkError({
    stage: 'open',
    address,
    what:
      found === undefined
        ? `there is no meter with the serial number ${serialNumber}`
        : `several meters have the serial number ${serialNumber}`,
    advice:
      found === undefined && others !== ''
        ? `These are there: ${others}.`
        : 'See whether it is plugged in and on; `tessera devices` lists what is there.',
  });
}

async function openPath(path: string, address: string): Promise<HidHandle> {
  const opening = withHid(address, (hid) => hid.HIDAsync.open(path));
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`not open after ${OPEN_TIMEOUT_MS} ms`)),
    OPEN_TIMEOUT_MS,
  );
  try {
    return await Promise.race([opening, late]);
  } catch (cause) {
    opening.then(closeHandle, () => undefined); // one that opens too late belongs to nobody
    if (cause instanceof LinkError) throw cause;
    throw new LinkError({
      stage: 'open',
      address,
      what: `${path} cannot be opened`,
      advice:
        'On Linux, install the udev rule of the meter (docs/usb.md) and plug it in again; else see whether it is still plugged in.',
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The link belongs to who gets it; tests give a handle that leads to an emulated meter.
 * @param lock released when the interface is closed
 */
export function hidLink(handle: HidHandle, address: string, lock?: Disposable): Link {
  const listeners = linkListeners();
  let written: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | undefined;

  function close(reason: Error | undefined): Promise<void> {
    // once only, and whoever closes again waits for the same: the meter may be opened anew behind that
    closing ??= closeHandle(handle).finally(() => lock?.[Symbol.dispose]());
    listeners.closed(reason);
    return closing;
  }

  async function write(report: Uint8Array): Promise<void> {
    if (listeners.isClosed) return;
    try {
      await handle.write(Buffer.of(NO_REPORT_NUMBER, ...report));
    } catch (cause) {
      await close(reasonOf(cause));
    }
  }

  handle.on('error', (reason) => void close(reasonOf(reason)));
  handle.on('data', (report) => listeners.data(report));
  return {
    address,
    send(bytes) {
      if (listeners.isClosed) throw new Error('the HID interface is closed');
      for (const report of encodeReports(bytes)) written = written.then(() => write(report));
    },
    onData: listeners.onData,
    onClose: listeners.onClose,
    close: () => close(undefined),
  };
}

/**
 * Closes the interface, or stops waiting for it. The package begins to read a turn after the listener came, and throws
 * where nobody can catch it if the interface is closed before.
 */
async function closeHandle(handle: HidHandle): Promise<void> {
  await turn();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
  const done = (): void => {
    clearTimeout(timer);
    resolve();
  };
  handle.close().then(done, done); // a device that is gone is closed, whatever its close says
  await promise;
}

function reasonOf(reason: unknown): Error {
  const text = reason instanceof Error ? reason.message : String(reason);
  return new Error(`the meter was unplugged or has restarted: ${text}`);
}
