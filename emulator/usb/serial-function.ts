/** The serial port of a meter: an abstract control model with which systems bind their own driver (USB CDC 1.2, PSTN 1.2). */

import { createByteQueue } from './byte-queue.ts';
import { endpointDescriptor, interfaceDescriptor } from './descriptors.ts';
import type { InOutcome, Setup, UsbFunction } from './usb-device.ts';

/** Bytes that wait for a host to read. */
const UNREAD_SIZE_MAX = 64 * 1024;
const PACKET_SIZE = 64;
/** Protocol 0: with 1, which is for modems, ModemManager would talk to the meter for ten seconds (ports.md 2.4). */
const controlCodes = [0x02, 0x02, 0x00] as const;
const dataCodes = [0x0a, 0x00, 0x00] as const;
const requests = {
  setLineCoding: 0x20,
  getLineCoding: 0x21,
  setControlLineState: 0x22,
  sendBreak: 0x23,
} as const;
const LINE_CODING_SIZE = 7;
/** Line coding and break: without the latter, setting modem lines fails on Linux (ports.md 2.4). */
const CAPABILITIES = 0x06;
const DTR = 1;

export interface SerialOptions {
  /** Of the notifications; never used, as a meter has none, but the class wants it. */
  readonly notifyEndpoint: number;
  readonly dataEndpoint: number;
  readonly receive: (bytes: Uint8Array) => void;
  readonly onReady: () => void;
}

export interface SerialFunction extends UsbFunction {
  send(bytes: Uint8Array): void;
}

/** 115,200 bits a second, one stop bit, no parity, eight bits. */
const initialCoding = Uint8Array.of(0x00, 0xc2, 0x01, 0x00, 0, 0, 8);

export function createSerialFunction(options: SerialOptions): SerialFunction {
  const { notifyEndpoint, dataEndpoint, receive, onReady } = options;
  const unread = createByteQueue(UNREAD_SIZE_MAX);
  let lineCoding = initialCoding;
  let isOpen = false;

  function control({ requestType, request, value }: Setup, data: Uint8Array) {
    if (requestType === 0xa1)
      return request === requests.getLineCoding ? lineCoding.slice() : undefined;
    if (requestType !== 0x21) return undefined;
    switch (request) {
      case requests.setLineCoding:
        if (data.length !== LINE_CODING_SIZE) return undefined;
        lineCoding = data.slice(); // told back, and else of no meaning: there is no wire
        return new Uint8Array();
      case requests.setControlLineState: {
        const wasOpen = isOpen;
        isOpen = (value & DTR) !== 0;
        if (isOpen !== wasOpen) unread.clear(); // said to another program than the one that listens now
        return new Uint8Array();
      }
      case requests.sendBreak:
        return new Uint8Array();
      default:
        return undefined;
    }
  }

  return {
    interfaceCodes: [controlCodes, dataCodes],
    in: new Map<number, (room: number) => InOutcome>([
      [notifyEndpoint, () => 'later'],
      [dataEndpoint, (room) => (unread.size === 0 ? 'later' : unread.take(room))],
    ]),
    out: new Map([
      [
        dataEndpoint,
        (data) => {
          if (data.length > 0) receive(data);
          return 'taken';
        },
      ],
    ]),
    control,
    descriptors: (first) =>
      Uint8Array.from([
        ...[8, 11, first, 2, ...controlCodes, 0], // interfaces that belong together
        ...interfaceDescriptor(first, controlCodes, 1),
        ...[5, 0x24, 0x00, 0x10, 0x01], // header: CDC 1.10
        ...[5, 0x24, 0x01, 0x00, first + 1], // call management: none
        ...[4, 0x24, 0x02, CAPABILITIES],
        ...[5, 0x24, 0x06, first, first + 1], // union
        ...endpointDescriptor(notifyEndpoint | 0x80, 'interrupt', 8, 255),
        ...interfaceDescriptor(first + 1, dataCodes, 2),
        ...endpointDescriptor(dataEndpoint, 'bulk', PACKET_SIZE),
        ...endpointDescriptor(dataEndpoint | 0x80, 'bulk', PACKET_SIZE),
      ]),
    get isDrained() {
      return unread.size === 0;
    },
    reset() {
      unread.clear();
      lineCoding = initialCoding;
      isOpen = false;
    },
    send(bytes) {
      unread.push(bytes);
      onReady();
    },
  };
}
