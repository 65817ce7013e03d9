/** The HID interfaces of meters on this computer, by the package `node-hid` (requirements.md F4; ports.md 3). */

import { readdir } from 'node:fs/promises';
import { hidUsage, usbIds } from '#protocol/usb';
import { LinkError } from '../errors.ts';

/** A HID interface of a meter. */
export interface HidDevice {
  readonly path: string;
  readonly serialNumber: string;
  readonly manufacturer?: string | undefined;
}

type HidPackage = Pick<typeof import('node-hid'), 'devicesAsync' | 'HIDAsync'>;

/** Where Linux has its HID devices. */
const LINUX_DEVICES = '/sys/class/hidraw';
const INSTALL =
  process.platform === 'linux'
    ? 'Install what it needs (apt-get install libusb-1.0-0), or use another port of the meter: serial:/dev/ttyACM0.'
    : 'Install it for this system (npm install node-hid), or use another port of the meter.';

/**
 * Calls the package, which is loaded when the first HID port is asked for: its native part needs libusb.
 * @throws LinkError where it does not load; what the call throws
 */
export async function withHid<T>(
  address: string,
  call: (hid: HidPackage) => Promise<T>,
): Promise<T> {
  try {
    return await call(await import('node-hid'));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (!['ERR_DLOPEN_FAILED', 'ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(code))
      throw cause;
    throw new LinkError({
      stage: 'open',
      address,
      what: 'HID devices cannot be used here: the package node-hid does not load',
      advice: INSTALL,
      cause,
    });
  }
}

/**
 * The meters, each with its serial number.
 * @param folder where Linux has its HID devices
 * @throws LinkError where they cannot be listed
 */
export async function hidDevices(address = 'hid:', folder = LINUX_DEVICES): Promise<HidDevice[]> {
  if (await hasNone(folder)) return [];
  const found = await withHid(address, (hid) => hid.devicesAsync(usbIds.vendor, usbIds.meter));
  return found.flatMap(({ path, serialNumber, manufacturer, usagePage }) => {
    // some systems do not tell the page; the numbers of the device are enough there
    const isMeter = usagePage === undefined || usagePage === 0 || usagePage === hidUsage.page;
    if (!isMeter || path === undefined || !serialNumber) return [];
    return [{ path, serialNumber, manufacturer }];
  });
}

/** Whether this Linux has no HID device at all; then nobody needs the package. */
async function hasNone(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  try {
    return (await readdir(folder)).length === 0;
  } catch {
    return true; // no such folder: the kernel has no hidraw, or nothing was ever plugged in
  }
}
