/** What the guest attaches: two meters and a printer on this computer's USB/IP server, and a line by which it asks for trouble. */

import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { boardPorts } from '#emulator/board-ports';
import { startVirtualPrinter } from '#emulator/printer/virtual-printer';
import { plugMeter } from '#emulator/usb/meter-device';
import { plugPrinter } from '#emulator/usb/printer-device';
import { listenUsbip } from '#emulator/usb/usbip-server';
import {
  authorisation,
  authorityKeys,
  hostKeys,
  meterAt,
  type TestMeter,
} from '#test/support/meter';
import { blankPlaces, type GuestSettings, type Obeyed, type Order } from './settings.ts';

const TICK_MS = 100;
/** How long a meter without power stays so: longer than a driver waits before its second try. */
const DARK_MS = 700;

export interface Devices extends AsyncDisposable {
  /** What the guest has to know. */
  readonly settings: Omit<GuestSettings, 'cycles' | 'reboots' | 'conformance'>;
  /** How often a meter was started. */
  readonly starts: readonly number[];
  readonly pages: number;
}

export async function startDevices(): Promise<Devices> {
  await using resources = new AsyncDisposableStack();
  const meters = [await meterAt('refilled'), await meterAt('refilled')];
  const server = resources.use(await listenUsbip());
  const printer = resources.use(await startVirtualPrinter());
  const starts: number[] = [];
  const places = new Map<number, TestMeter>();
  function plug(meter: TestMeter, place: number): void {
    places.set(place, meter);
    const serialNumber = `METER000${place + 1}`;
    resources.use(meter);
    resources.defer(plugMeter(meter.board, server.addJack(), { serialNumber, ports: boardPorts }));
    const forget = meter.board.onRun((isRunning) => {
      if (isRunning) starts[place] = (starts[place] ?? 0) + 1;
      else setTimeout(() => meter.board.powerOn(), DARK_MS);
    });
    resources.defer(() => void forget());
    const timer = setInterval(() => pass(meter, TICK_MS), TICK_MS);
    resources.defer(() => clearInterval(timer));
  }
  for (const [place, meter] of meters.entries()) plug(meter, place);
  resources.defer(plugPrinter(printer, server.addJack(), 'PRINTER0001'));
  for (const place of Object.values(blankPlaces)) plug(await meterAt('blank'), place);
  let pages = 0;
  printer.on('page', () => {
    pages += 1;
  });
  const control = await listenForOrders(places, () => pages);
  resources.defer(() => void control.close());
  const owned = resources.move();
  return {
    settings: {
      usbipPort: server.port,
      controlPort: (control.address() as { readonly port: number }).port,
      userKey: Buffer.from(hostKeys.user.privateKey).toString('hex'),
      userPublicKey: Buffer.from(hostKeys.user.publicKey).toString('hex'),
      authorityKey: Buffer.from(authorityKeys.publicKey).toString('hex'),
    },
    starts,
    get pages() {
      return pages;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The clock of a test's meter stands still by itself; delays after a restart must pass here. */
function pass({ board, clock }: TestMeter, timeMs: number): void {
  clock.advance(timeMs);
  board.tick();
}

async function listenForOrders(places: ReadonlyMap<number, TestMeter>, pages: () => number) {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket }).on('line', (line) => {
      const told = obey(JSON.parse(line) as Order, places);
      const obeyed: Obeyed = { pages: pages(), ...(told !== undefined && { authorisation: told }) };
      socket.write(`${JSON.stringify(obeyed)}\n`);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

/** @returns an authorisation, where that was asked for */
function obey(order: Order, places: ReadonlyMap<number, TestMeter>): string | undefined {
  const meterOf = (place: number): TestMeter => places.get(place) as TestMeter;
  switch (order.what) {
    case 'countPages':
      return undefined;
    case 'powerOff':
      meterOf(order.place).board.powerOff();
      return undefined;
    case 'pass':
      pass(meterOf(order.place), order.timeMs);
      return undefined;
    case 'powerOffAfter':
      meterOf(0).flash.losePowerAfter(order.operations);
      return undefined;
    case 'authorise':
      return Buffer.from(authorisation(Buffer.from(order.request, 'hex'))).toString('hex');
  }
}
