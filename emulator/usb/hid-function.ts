/**
 * The HID interface of a meter: reports of 64 bytes that carry its line, filled with zeros (docs/link.md, "USB"; Device
 * Class Definition for HID 1.11).
 */

import { encodeReports, HID_REPORT_SIZE, hidUsage } from '#protocol/usb';
import { endpointDescriptor, interfaceDescriptor } from './descriptors.ts';
import type { InOutcome, OutOutcome, Setup, UsbFunction } from './usb-device.ts';

/** 64 KiB that no host takes; what comes after them is lost, as on a wire. */
const UNREAD_REPORTS_MAX = 1024;
const hidCodes = [0x03, 0, 0] as const;
const descriptorTypes = { hid: 0x21, report: 0x22 } as const;
const requests = { getReport: 0x01, getIdle: 0x02, setReport: 0x09, setIdle: 0x0a } as const;
const reportTypes = { input: 1, output: 2 } as const;

export interface HidOptions {
  readonly endpoint: number;
  /** Bytes from the host, 64 at a time. */
  readonly receive: (bytes: Uint8Array) => void;
  readonly onReady: () => void;
}

export interface HidFunction extends UsbFunction {
  /** Bytes for the host. */
  send(bytes: Uint8Array): void;
}

export function createHidFunction({ endpoint, receive, onReady }: HidOptions): HidFunction {
  let unread: Uint8Array[] = [];
  let idleRate = 0;

  /** What is not exactly a report is none: the meter never sees it (ports.md 3). */
  function take(report: Uint8Array): void {
    if (report.length === HID_REPORT_SIZE) receive(report);
  }

  function control(setup: Setup, data: Uint8Array): Uint8Array | undefined {
    switch (setup.requestType) {
      case 0x81:
        if (setup.value >> 8 === descriptorTypes.report) return reportDescriptor;
        return setup.value >> 8 === descriptorTypes.hid ? hidDescriptor : undefined;
      case 0xa1:
        return asked(setup);
      case 0x21:
        return told(setup, data);
      default:
        return undefined;
    }
  }

  function asked({ request, value }: Setup): Uint8Array | undefined {
    if (request === requests.getIdle) return Uint8Array.of(idleRate);
    // Zeros, which are no bytes of the line: what waits belongs to the interrupt endpoint.
    const isInput = request === requests.getReport && value >> 8 === reportTypes.input;
    return isInput ? new Uint8Array(HID_REPORT_SIZE) : undefined;
  }

  function told({ request, value }: Setup, data: Uint8Array): Uint8Array | undefined {
    if (request === requests.setIdle) {
      idleRate = value >> 8;
      return new Uint8Array();
    }
    if (request !== requests.setReport || value >> 8 !== reportTypes.output) return undefined;
    take(data);
    return new Uint8Array();
  }

  function transferIn(room: number): InOutcome {
    const report = unread[0];
    if (report === undefined) return 'later';
    unread.shift();
    return room < HID_REPORT_SIZE ? 'overflow' : report;
  }

  function transferOut(data: Uint8Array): OutOutcome {
    take(data);
    return 'taken';
  }

  return {
    interfaceCodes: [hidCodes],
    in: new Map([[endpoint, transferIn]]),
    out: new Map([[endpoint, transferOut]]),
    control,
    descriptors: (first) =>
      Uint8Array.from([
        ...interfaceDescriptor(first, hidCodes, 2),
        ...hidDescriptor,
        ...endpointDescriptor(endpoint | 0x80, 'interrupt', HID_REPORT_SIZE, 1),
        ...endpointDescriptor(endpoint, 'interrupt', HID_REPORT_SIZE, 1),
      ]),
    get isDrained() {
      return unread.length === 0;
    },
    reset() {
      unread = [];
      idleRate = 0;
    },
    send(bytes) {
      const reports = encodeReports(bytes);
      if (unread.length + reports.length > UNREAD_REPORTS_MAX) return;
      unread.push(...reports);
      onReady();
    },
  };
}

/** One collection of a vendor's page with 64 bytes each way and no report numbers. */
const reportDescriptor = Uint8Array.from([
  ...[0x06, hidUsage.page & 0xff, hidUsage.page >> 8], // usage page
  ...[0x09, hidUsage.usage, 0xa1, 0x01], // usage, collection (application)
  ...[0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, HID_REPORT_SIZE], // 0 to 255, 8 bits, 64 times
  ...[0x09, 0x02, 0x81, 0x02], // input
  ...[0x09, 0x03, 0x91, 0x02], // output
  0xc0,
]);

/** HID 1.11, no country, one descriptor: the report's. */
const hidDescriptor = Uint8Array.of(
  ...[9, descriptorTypes.hid, 0x11, 0x01, 0, 1],
  ...[descriptorTypes.report, reportDescriptor.length, 0],
);
