/**
 * The HID link over an emulated meter on USB/IP, with a handle that does what was measured of the package and the kernel
 * (requirements.md F1; ports.md 3). The package itself and a real kernel are in the lane `npm run usb`.
 */

import { EventEmitter } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import type { LinkError } from '#driver/errors';
import { type HidHandle, hidLink, lockMeter } from '#driver/link/hid';
import { type Meter, openMeter } from '#driver/meter';
import { pieceRequest } from '#driver/piece';
import { openLink } from '#driver/port';
import { mills } from '#protocol/mills';
import { HID_REPORT_SIZE } from '#protocol/usb';
import {
  authorityKeys,
  hostKeys,
  meterAt,
  meterId,
  passwords,
  type TestMeter,
  TODAY,
} from '#test/support/meter';
import { failureOf } from '#test/support/settle';
import { attachMeter } from '#test/support/usb-host';
import { serving } from '#test/support/usb-server';

interface Handle extends HidHandle {
  readonly written: readonly Buffer[];
  readonly isOpen: boolean;
}

/** Takes 65 bytes with a zero in front, gives 64; tells an unplugging as a text, once, and then refuses to write. */
async function openHandle(port: number): Promise<Handle> {
  const client = await attachMeter(port);
  const events = new EventEmitter();
  const written: Buffer[] = [];
  let isOpen = true;

  async function read(): Promise<void> {
    for (;;) {
      const { data } = await client.transfer({ endpoint: 1, direction: 'in', length: 64 });
      events.emit('data', data);
    }
  }
  return {
    written,
    get isOpen() {
      return isOpen;
    },
    async write(report) {
      written.push(report);
      expect(report).toHaveLength(1 + HID_REPORT_SIZE);
      expect(report[0]).toBe(0);
      if (client.socket.destroyed)
        throw new TypeError('Cannot write to hid device: No such device');
      await client.transfer({ endpoint: 1, direction: 'out', data: report.subarray(1) });
      return report.length;
    },
    on(event: string, listener: (value: Uint8Array) => void) {
      events.on(event, listener);
      if (event !== 'data') return;
      read().catch(() => {
        if (isOpen) events.emit('error', 'could not read from HID device: device disconnected');
      });
    },
    async close() {
      isOpen = false;
      client[Symbol.dispose]();
      await client.closed;
    },
  };
}

async function atHand(): Promise<{ readonly meter: TestMeter; readonly port: number }> {
  const meter = await meterAt('refilled');
  const { port } = await serving(meter.board);
  onTestFinished(() => meter[Symbol.asyncDispose]());
  return { meter, port };
}

const asUser = {
  identity: hostKeys.user,
  trust: { authorityKey: authorityKeys.publicKey, meterId },
} as const;

function franked(meter: Meter, counter: number): Promise<{ readonly indicium: Uint8Array }> {
  const piece = { serviceId: 1, postage: mills(780), mailingDate: TODAY, destination: 0 };
  return meter.createIndicium(pieceRequest({ counter, nonce: 1 }, piece));
}

test('session, log-in and pieces, in whole reports only', async () => {
  const { port } = await atHand();
  const handle = await openHandle(port);
  await using meter = await openMeter(hidLink(handle, 'hid:METER0001'), asUser);
  await meter.logIn(passwords.user());

  for (let counter = 1; counter <= 5; counter++) await franked(meter, counter);

  expect((await meter.registers()).ascending).toBe(5 * 780);
  expect(handle.written.length).toBeGreaterThan(10);
});

test('closing lets the interface go', async () => {
  const { port } = await atHand();
  const handle = await openHandle(port);
  const meter = await openMeter(hidLink(handle, 'hid:METER0001'));

  await meter.close();

  expect(handle.isOpen).toBe(false);
});

test('one that is closed in the turn it was opened in is not closed before the package has begun to read', async () => {
  const order: string[] = [];
  const handle: HidHandle = {
    write: () => Promise.resolve(0),
    on(event: string) {
      // as the package does
      if (event === 'data') process.nextTick(() => order.push('reading'));
    },
    close() {
      order.push('closing');
      return Promise.resolve();
    },
  };

  await Promise.resolve().then(() => hidLink(handle, 'hid:METER0001').close());

  expect(order).toEqual(['reading', 'closing']);
});

test('a meter that one program has is refused to the next until that one closes it', async () => {
  const { port } = await atHand();
  const address = 'hid:METER0001';
  const link = hidLink(await openHandle(port), address, lockMeter('a meter of this test', address));

  const error = await failureOf((async () => lockMeter('a meter of this test', address))());
  await link.close();

  expect(error).toMatchObject({ name: 'LinkError', stage: 'open', address });
  lockMeter('a meter of this test', address)[Symbol.dispose]();
});

test('an unplugging ends what is under way, in words of the driver', async () => {
  const { meter: device, port } = await atHand();
  const handle = await openHandle(port);
  const link = hidLink(handle, 'hid:METER0001');
  const meter = await openMeter(link);
  const gone = new Promise<Error | undefined>((closed) => link.onClose(closed));

  device.board.powerOff();
  const reason = await gone;
  const error = (await failureOf(meter.status())) as LinkError;

  expect(reason?.message).toMatch(/^the meter was unplugged or has restarted: .*disconnected$/);
  expect(error).toMatchObject({ name: 'LinkError', stage: 'request', address: 'hid:METER0001' });
  await meter.close();
  expect(handle.isOpen).toBe(false);
});

test('a write that the device does not take ends the link with its reason', async () => {
  const failing: HidHandle = {
    write: () => Promise.reject(new TypeError('Cannot write to hid device: Connection timed out')),
    on: () => undefined,
    close: () => Promise.resolve(),
  };
  const link = hidLink(failing, 'hid:METER0001');
  const gone = new Promise<Error | undefined>((closed) => link.onClose(closed));

  await link.send(Uint8Array.of(1));

  expect((await gone)?.message).toContain('Connection timed out');
  expect(() => link.send(Uint8Array.of(1))).toThrow('closed');
});

test('after a restart of the meter the driver reconnects, and the money is where it was', async () => {
  const { meter: device, port } = await atHand();
  const open = async () => hidLink(await openHandle(port), 'hid:METER0001');
  await using meter = await openMeter(open, asUser);
  await meter.logIn(passwords.user());
  await franked(meter, 1);

  device.board.powerOff();
  device.board.powerOn();
  await meter.reconnect({ pausesMs: [10, 10] });
  await meter.logIn(passwords.user());
  const again = await franked(meter, 1);

  expect(again.indicium.length).toBeGreaterThan(0);
  expect((await meter.registers()).ascending).toBe(780);
});

test.skipIf(process.platform !== 'linux')(
  'a meter that is not there is told by its number',
  async () => {
    const error = await failureOf(openLink('hid:NOBODY'));

    expect(error).toMatchObject({ name: 'LinkError', stage: 'open', address: 'hid:NOBODY' });
  },
);
