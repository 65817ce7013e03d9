/** A printer on USB: bytes to it, answers from it, and its status (USB Device Class Definition for Printing Devices 1.1). */

import { createByteQueue } from './byte-queue.ts';
import { endpointDescriptor, interfaceDescriptor } from './descriptors.ts';
import type { OutOutcome, Setup, UsbFunction } from './usb-device.ts';

const ANSWERS_SIZE_MAX = 64 * 1024;
const PACKET_SIZE = 64;
/** Both ways. */
const printerCodes = [0x07, 0x01, 0x02] as const;
const requests = { getDeviceId: 0, getPortStatus: 1, softReset: 2 } as const;
const portStatus = { isSound: 0x08, isSelected: 0x10, isPaperOut: 0x20 } as const;

export interface PrinterFunctionOptions {
  readonly outEndpoint: number;
  readonly inEndpoint: number;
  /** IEEE 1284, `MFG:…;MDL:…;`. */
  readonly deviceId: string;
  /** Bytes to print; `later` where there is no room for them. */
  readonly print: (bytes: Uint8Array) => Exclude<OutOutcome, 'stall'>;
  readonly state: () => { readonly isPaperOut: boolean; readonly isSound: boolean };
  readonly onReset: () => void;
  readonly onReady: () => void;
}

export interface PrinterFunction extends UsbFunction {
  /** What the printer says. */
  answer(bytes: Uint8Array): void;
}

export function createPrinterFunction(options: PrinterFunctionOptions): PrinterFunction {
  const { outEndpoint, inEndpoint, deviceId, print, state, onReset, onReady } = options;
  const answers = createByteQueue(ANSWERS_SIZE_MAX);

  function control({ requestType, request }: Setup): Uint8Array | undefined {
    if (requestType === 0xa1 && request === requests.getDeviceId) return deviceIdAnswer(deviceId);
    if (requestType === 0xa1 && request === requests.getPortStatus) {
      const { isPaperOut, isSound } = state();
      const paper = isPaperOut ? portStatus.isPaperOut : 0;
      return Uint8Array.of(portStatus.isSelected | paper | (isSound ? portStatus.isSound : 0));
    }
    if (requestType !== 0x21 || request !== requests.softReset) return undefined;
    answers.clear();
    onReset();
    return new Uint8Array();
  }

  return {
    interfaceCodes: [printerCodes],
    in: new Map([[inEndpoint, (room) => (answers.size === 0 ? 'later' : answers.take(room))]]),
    out: new Map([[outEndpoint, (data) => (data.length === 0 ? 'taken' : print(data))]]),
    control,
    descriptors: (first) =>
      Uint8Array.from([
        ...interfaceDescriptor(first, printerCodes, 2),
        ...endpointDescriptor(outEndpoint, 'bulk', PACKET_SIZE),
        ...endpointDescriptor(inEndpoint | 0x80, 'bulk', PACKET_SIZE),
      ]),
    get isDrained() {
      return answers.size === 0;
    },
    reset() {
      answers.clear();
      onReset();
    },
    answer(bytes) {
      answers.push(bytes);
      onReady();
    },
  };
}

/** The text behind its size, which counts itself and is big-endian, the only one in USB. */
function deviceIdAnswer(deviceId: string): Uint8Array {
  const size = 2 + deviceId.length;
  return Uint8Array.from([size >> 8, size & 0xff, ...Buffer.from(deviceId, 'latin1')]);
}
