/** Attaching in the guest, and the meters as programs there open them. */

import { once } from 'node:events';
import { existsSync, lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { hexToBytes } from '@noble/hashes/utils.js';
import { type Meter, openMeter } from '#driver/meter';
import { pieceRequest } from '#driver/piece';
import { attachUsbip } from '#emulator/usb/attach';
import { encodeMeterId } from '#protocol/documents/meter-id';
import { mills } from '#protocol/mills';
import { until } from './guest-scene.ts';
import { type GuestSettings, HOST, type Obeyed, type Order } from './settings.ts';

export type Way = 'hid' | 'serial';

/** Of the test meters (test/support/meter.ts). */
export const PIECE = mills(780);
const MAILING_DATE = 20260301;
const meterId = encodeMeterId({ model: 'TS01', serial: 42 });

/** Port of the virtual controller by bus id. */
const attached = new Map<string, number>();

/** Attaches a device; tries again while it is not plugged in yet. */
async function attach({ usbipPort }: GuestSettings, busId: string): Promise<void> {
  const place = await until(`${busId} attached`, () =>
    attachUsbip({ host: HOST, port: usbipPort, busId }).catch((error: Error) => {
      if (/does not hand out/.test(error.message)) return undefined;
      throw error;
    }),
  );
  attached.set(busId, place);
}

export function detach(busId: string): void {
  writeFileSync('/sys/devices/platform/vhci_hcd.0/detach', String(attached.get(busId)));
}

/** Stable names that the udev rules give. */
export const namesOf = (place: number): readonly [string, string] => [
  `/dev/tessera/METER000${place + 1}-hid`,
  `/dev/tessera/METER000${place + 1}-tty`,
];
const isThere = (place: number): boolean => namesOf(place).every((name) => existsSync(name));
/** The names themselves: one that leads nowhere is still to be removed, and would lead to the next device before. */
export const isGone = (place: number): boolean =>
  namesOf(place).every((name) => lstatSync(name, { throwIfNoEntry: false }) === undefined);

export async function attachMeter(settings: GuestSettings, place: number): Promise<void> {
  await attach(settings, `1-${place + 1}`);
  await until(`meter ${place} in /dev`, () => isThere(place));
}

export async function attachAll(settings: GuestSettings): Promise<void> {
  for (const place of [0, 1]) await attachMeter(settings, place);
  await attach(settings, '1-3');
  await until('the printer in /dev', () => printerPath() !== undefined);
}

export function printerPath(): string | undefined {
  const name = existsSync('/dev/usb') && readdirSync('/dev/usb').find((each) => /^lp/.test(each));
  return name ? `/dev/usb/${name}` : undefined;
}

export const portOf = (way: Way, place = 0): string =>
  way === 'hid' ? `hid:METER000${place + 1}` : `serial:${namesOf(place)[1]}`;

/** A session in which nobody is logged in. */
export function openUser(settings: GuestSettings, way: Way, place = 0): Promise<Meter> {
  return openMeter(portOf(way, place), {
    identity: {
      privateKey: hexToBytes(settings.userKey),
      publicKey: hexToBytes(settings.userPublicKey),
    },
    trust: { authorityKey: hexToBytes(settings.authorityKey), meterId },
    timeoutMs: 8_000,
  });
}

export async function logIn(meter: Meter): Promise<void> {
  await meter.logIn(new TextEncoder().encode('password of user'));
}

export function frank(meter: Meter, counter: number) {
  const piece = { serviceId: 1, postage: PIECE, mailingDate: MAILING_DATE, destination: 0 };
  return meter.createIndicium(pieceRequest({ counter, nonce: 1 }, piece));
}

/** Asks the host for something and waits until it is done. */
export async function order({ controlPort }: GuestSettings, wish: Order): Promise<Obeyed> {
  const socket = connect(controlPort, HOST);
  socket.write(`${JSON.stringify(wish)}\n`);
  const [line] = (await once(createInterface({ input: socket }), 'line')) as [string];
  socket.destroy();
  return JSON.parse(line) as Obeyed;
}
