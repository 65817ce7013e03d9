/** How a meter appears on USB: numbers by which a host finds it, and reports that carry bytes (docs/link.md, "USB"). */

/**
 * The test numbers of pid.codes, for devices that are not sold; whoever builds meters takes numbers of their own
 * (ports.md 4).
 */
export const usbIds = { vendor: 0x1209, meter: 0x0001, printer: 0x0002 } as const;

/** Of the HID interface: a page for vendors, one collection without report numbers. */
export const hidUsage = { page: 0xff00, usage: 0x01 } as const;

/** Bytes of a report, in both directions. */
export const HID_REPORT_SIZE = 64;

/**
 * Cuts bytes into reports. The last one is filled with zeros, which no receiver of frames takes for anything.
 * @returns reports of 64 bytes each; none for no bytes
 */
export function encodeReports(bytes: Uint8Array): Uint8Array[] {
  const reports: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += HID_REPORT_SIZE) {
    const report = new Uint8Array(HID_REPORT_SIZE);
    report.set(bytes.subarray(at, at + HID_REPORT_SIZE));
    reports.push(report);
  }
  return reports;
}
