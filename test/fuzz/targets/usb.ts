/** What a client of the USB/IP server sends: an operation, then transfers to a device with a meter's HID and serial port. */

import { createHidFunction } from '#emulator/usb/hid-function';
import { createPrinterFunction } from '#emulator/usb/printer-function';
import { createSerialFunction } from '#emulator/usb/serial-function';
import { createUrbQueue } from '#emulator/usb/urb-queue';
import { composeDevice, type UsbDevice } from '#emulator/usb/usb-device';
import {
  cutOperation,
  cutUrb,
  encodeImport,
  IMPORTED_SIZE,
  readImported,
  type Submit,
  type Unlink,
} from '#emulator/usb/usbip';
import { hold, type Target } from '../target.ts';

const HEADER_SIZE = 48;
const MESSAGES_MAX = 64;

function makeDevice(onReady: () => void): UsbDevice {
  const hid = createHidFunction({ endpoint: 1, receive: (bytes) => hid.send(bytes), onReady });
  const serial = createSerialFunction({
    notifyEndpoint: 2,
    dataEndpoint: 3,
    receive: (bytes) => serial.send(bytes),
    onReady,
  });
  const printer = createPrinterFunction({
    outEndpoint: 4,
    inEndpoint: 5,
    deviceId: 'MFG:Tessera;CLS:PRINTER;',
    print(bytes) {
      if (bytes.length > 100) return 'later';
      printer.answer(bytes);
      return 'taken';
    },
    state: () => ({ isPaperOut: false, isSound: true }),
    onReset: () => undefined,
    onReady,
  });
  const identity = {
    vendorId: 0x1209,
    productId: 1,
    release: 0x100,
    deviceClass: [0xef, 2, 1] as const,
    manufacturer: 'Tessera',
    product: 'A meter with a printer',
    serialNumber: 'TS01',
  };
  return composeDevice(identity, [hid, serial, printer]);
}

/** What a host was told of each transfer. */
function checkReply(reply: Buffer, waiting: Map<number, Submit>, unlinks: Set<number>): void {
  hold(reply.length >= HEADER_SIZE, 'an answer has a whole header');
  const sequence = reply.readUInt32BE(4);
  if (reply.readUInt32BE(0) === 4) {
    hold(unlinks.delete(sequence), 'what is taken back was asked to be');
    return;
  }
  const urb = waiting.get(sequence);
  hold(urb !== undefined, 'a transfer is answered once, and only where it was submitted');
  waiting.delete(sequence);
  const length = reply.readInt32BE(24);
  hold(length >= 0 && length <= urb.length, 'no host gets more than it has room for');
  const sent = urb.direction === 'in' && reply.readInt32BE(20) === 0 ? length : 0;
  hold(reply.length === HEADER_SIZE + sent, 'an answer has the bytes that it tells');
}

function takeTransfers(bytes: Buffer): void {
  const waiting = new Map<number, Submit>();
  const unlinks = new Set<number>();
  const device = makeDevice(() => queue.pump());
  const queue = createUrbQueue({
    device,
    reply: (reply) => checkReply(reply, waiting, unlinks),
    isWritable: () => true,
  });
  const perform = (message: Submit | Unlink): boolean => {
    if (message.kind === 'submit') {
      if (waiting.has(message.sequence)) return queue.submit(message);
      waiting.set(message.sequence, message);
      return queue.submit(message);
    }
    unlinks.add(message.sequence);
    waiting.delete(message.victim);
    queue.unlink(message);
    return true;
  };
  let rest = bytes;
  for (let count = 0; count < MESSAGES_MAX; count++) {
    const cut = cutUrb(rest);
    if (cut === 'broken') return;
    hold(cut.size >= HEADER_SIZE, 'a message is not shorter than its header');
    if (cut.message === undefined) {
      hold(cut.size > rest.length, 'what is missing is missing');
      return;
    }
    hold(cut.size <= rest.length, 'a message lies within what came');
    if (cut.message.kind === 'submit' && cut.message.direction === 'out')
      hold(cut.message.data.length === cut.message.length, 'data are as long as they are told');
    if (!perform(cut.message)) return;
    rest = rest.subarray(cut.size);
  }
  device.reset();
  hold(device.isDrained, 'a new host finds nothing of the one before');
}

function takeOperation(bytes: Buffer): void {
  const cut = cutOperation(bytes);
  if (cut !== 'broken' && cut.message?.kind === 'import') {
    const again = cutOperation(encodeImport(cut.message.busId));
    hold(
      again !== 'broken' &&
        again.message?.kind === 'import' &&
        again.message.busId === cut.message.busId,
      'a bus id is written back',
    );
  }
  const imported = readImported(bytes);
  hold(imported === undefined || bytes.length === IMPORTED_SIZE, 'an import has its size');
}

interface Transfer {
  readonly sequence: number;
  readonly endpoint: number;
  readonly isIn: boolean;
  readonly setup?: readonly number[];
  readonly data?: readonly number[];
  readonly room?: number;
}

function submit({ sequence, endpoint, isIn, setup = [], data = [], room = 64 }: Transfer): Buffer {
  const header = Buffer.alloc(HEADER_SIZE);
  [1, sequence, 0x10002, isIn ? 1 : 0, endpoint, 0, isIn ? room : data.length].forEach(
    (word, place) => {
      header.writeUInt32BE(word, 4 * place);
    },
  );
  header.set(setup, 40);
  return Buffer.concat([header, Buffer.from(isIn ? [] : data)]);
}

const configure = submit({
  sequence: 1,
  endpoint: 0,
  isIn: false,
  setup: [0, 9, 1, 0, 0, 0, 0, 0],
});
const control = (sequence: number, ...setup: number[]): Buffer =>
  submit({ sequence, endpoint: 0, isIn: (setup[0] ?? 0) >= 0x80, setup, room: 255 });

function transfers(): Buffer[] {
  const unlink = Buffer.alloc(HEADER_SIZE);
  for (const [place, word] of [2, 9, 0x10002, 0, 0, 3].entries())
    unlink.writeUInt32BE(word, 4 * place);
  const data = [1, 2, 3, 4];
  return [
    Buffer.concat([
      control(1, 0x80, 6, 0, 1, 0, 0, 18, 0),
      control(2, 0x80, 6, 0, 2, 0, 0, 255, 0),
      control(3, 0x80, 6, 3, 3, 9, 4, 255, 0),
      control(4, 0x80, 8, 0, 0, 0, 0, 1, 0),
      submit({ sequence: 5, endpoint: 0, isIn: true, setup: [0x80, 6, 0, 2, 0, 0, 9, 0], room: 9 }),
    ]),
    Buffer.concat([
      configure,
      submit({ sequence: 2, endpoint: 1, isIn: false, data: new Array<number>(64).fill(5) }),
      submit({ sequence: 3, endpoint: 1, isIn: true }),
      control(4, 0x81, 6, 0, 0x22, 0, 0, 40, 0),
      control(5, 0xa1, 1, 0, 1, 0, 0, 64, 0),
    ]),
    Buffer.concat([
      configure,
      submit({ sequence: 3, endpoint: 3, isIn: true, room: 2 }),
      submit({ sequence: 4, endpoint: 3, isIn: false, data }),
      control(5, 0x21, 0x22, 1, 0, 1, 0, 0, 0),
      submit({
        sequence: 6,
        endpoint: 0,
        isIn: false,
        setup: [0x21, 0x20, 0, 0, 1, 0, 7, 0],
        data: [...data, 5, 6, 7],
      }),
      control(7, 0xa1, 0x21, 0, 0, 1, 0, 7, 0),
      unlink,
    ]),
    Buffer.concat([
      configure,
      submit({ sequence: 2, endpoint: 4, isIn: false, data }),
      submit({ sequence: 3, endpoint: 5, isIn: true }),
      control(4, 0xa1, 0, 0, 0, 3, 0, 64, 0),
      control(5, 0x02, 3, 0, 0, 0x85, 0, 0, 0),
      control(6, 0x82, 0, 0, 0, 0x85, 0, 2, 0),
      control(7, 0x02, 1, 0, 0, 0x85, 0, 0, 0),
    ]),
  ];
}

export const usbTarget: Target = {
  name: 'usb/ip',
  scope: ['emulator/usb/'],
  sizeMax: 1_200,
  share: 0.3,
  seeds: () => [
    Uint8Array.of(0, ...encodeImport('1-1')),
    Uint8Array.of(0, 1, 0x11, 0x80, 5, 0, 0, 0, 0),
    ...transfers().map((bytes) => Uint8Array.of(1, ...bytes)),
  ],
  run(input) {
    const bytes = Buffer.from(input.subarray(1));
    if (input[0] === 0) takeOperation(bytes);
    else takeTransfers(bytes);
  },
};
