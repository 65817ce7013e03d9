/**
 * The messages of USB/IP, version 1.1.1: what a client sends, cut out of a stream, and what a server answers (Linux,
 * Documentation/usb/usbip_protocol.rst). All integers are big-endian.
 */

const USBIP_VERSION = 0x0111;
/** Most bytes that a transfer carries here; the drivers of Linux for our devices ask for 8 KiB at most. */
const TRANSFER_SIZE_MAX = 64 * 1024;

const OP_HEADER_SIZE = 8;
const BUS_ID_SIZE = 32;
const PATH_SIZE = 256;
const DEVICE_RECORD_SIZE = PATH_SIZE + BUS_ID_SIZE + 24;
const URB_HEADER_SIZE = 48;

const opCodes = { devlistRequest: 0x8005, devlist: 0x0005, importRequest: 0x8003, import: 0x0003 };
const urbCodes = { submit: 1, unlink: 2, submitted: 3, unlinked: 4 } as const;

/** Numbers of Linux, as USB/IP sends them. */
export const urbStatus = {
  ok: 0,
  /** EPIPE: the endpoint refuses. */
  stall: -32,
  /** EOVERFLOW: more came than there was room for. */
  overflow: -75,
  /** ECONNRESET: was taken back before it was done. */
  unlinked: -104,
} as const;
export type UrbStatus = (typeof urbStatus)[keyof typeof urbStatus];

/** How an import ends; numbers of the protocol. */
export const importStatus = { ok: 0, noDevice: 4, busy: 2 } as const;

/** What one asks who has no device yet. */
export type Operation =
  | { readonly kind: 'devlist' }
  | { readonly kind: 'import'; readonly busId: string };

/** A transfer, `USBIP_CMD_SUBMIT`. */
export interface Submit {
  readonly kind: 'submit';
  readonly sequence: number;
  readonly deviceId: number;
  readonly direction: 'in' | 'out';
  readonly endpoint: number;
  /** Room in the host's buffer; for `out` the size of the data. */
  readonly length: number;
  /** 8 bytes; zeros where it is no control transfer. */
  readonly setup: Uint8Array;
  /** Of `out`. */
  readonly data: Uint8Array;
}

export interface Unlink {
  readonly kind: 'unlink';
  readonly sequence: number;
  readonly deviceId: number;
  /** The sequence of the transfer that is taken back. */
  readonly victim: number;
}

/** A message; or only how many bytes it takes at least, while some are missing; `broken` where none can be there. */
export type Cut<T> = { readonly message?: T; readonly size: number } | 'broken';

/** @param bytes from the beginning of a message on */
export function cutOperation(bytes: Buffer): Cut<Operation> {
  if (bytes.length < OP_HEADER_SIZE) return { size: OP_HEADER_SIZE };
  if (bytes.readUInt16BE(0) !== USBIP_VERSION) return 'broken';
  switch (bytes.readUInt16BE(2)) {
    case opCodes.devlistRequest:
      return { message: { kind: 'devlist' }, size: OP_HEADER_SIZE };
    case opCodes.importRequest: {
      const size = OP_HEADER_SIZE + BUS_ID_SIZE;
      if (bytes.length < size) return { size };
      return { message: { kind: 'import', busId: text(bytes, OP_HEADER_SIZE, BUS_ID_SIZE) }, size };
    }
    default:
      return 'broken';
  }
}

/** @param bytes from the beginning of a message on */
export function cutUrb(bytes: Buffer): Cut<Submit | Unlink> {
  if (bytes.length < URB_HEADER_SIZE) return { size: URB_HEADER_SIZE };
  const sequence = bytes.readUInt32BE(4);
  const deviceId = bytes.readUInt32BE(8);
  switch (bytes.readUInt32BE(0)) {
    case urbCodes.unlink: {
      const victim = bytes.readUInt32BE(20);
      return { message: { kind: 'unlink', sequence, deviceId, victim }, size: URB_HEADER_SIZE };
    }
    case urbCodes.submit:
      return cutSubmit(bytes, sequence, deviceId);
    default:
      return 'broken';
  }
}

function cutSubmit(bytes: Buffer, sequence: number, deviceId: number): Cut<Submit> {
  const way = bytes.readUInt32BE(12);
  const endpoint = bytes.readUInt32BE(16);
  const length = bytes.readInt32BE(24);
  const packets = bytes.readInt32BE(32);
  // No endpoint here is isochronous, and what follows the header of such a transfer would be taken for a message.
  const isPossible = way <= 1 && endpoint <= 15 && length >= 0 && packets <= 0;
  if (!isPossible || length > TRANSFER_SIZE_MAX) return 'broken';
  const size = URB_HEADER_SIZE + (way === 0 ? length : 0);
  if (bytes.length < size) return { size };
  const message: Submit = {
    kind: 'submit',
    sequence,
    deviceId,
    direction: way === 0 ? 'out' : 'in',
    endpoint,
    length,
    setup: Uint8Array.from(bytes.subarray(40, 48)),
    data: Uint8Array.from(bytes.subarray(URB_HEADER_SIZE, size)),
  };
  return { message, size };
}

/** A device as it is listed. */
export interface ExportedDevice {
  readonly busId: string;
  readonly busNumber: number;
  readonly deviceNumber: number;
  /** As the kernel counts it: 2 is full speed. */
  readonly speed: number;
  readonly vendorId: number;
  readonly productId: number;
  readonly release: number;
  readonly deviceClass: readonly [number, number, number];
  readonly configurationValue: number;
  /** Class, subclass, protocol of each. */
  readonly interfaces: readonly (readonly [number, number, number])[];
}

export function encodeDevlist(devices: readonly ExportedDevice[]): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(devices.length);
  const entries = devices.map((device) => {
    const interfaces = device.interfaces.flatMap((codes) => [...codes, 0]);
    return Buffer.concat([deviceRecord(device), Buffer.from(interfaces)]);
  });
  return Buffer.concat([opReply(opCodes.devlist, 0), count, ...entries]);
}

export function encodeImported(device: ExportedDevice): Buffer {
  return Buffer.concat([opReply(opCodes.import, importStatus.ok), deviceRecord(device)]);
}

export function encodeImportRefused(status: number): Buffer {
  return opReply(opCodes.import, status);
}

/** What a client sends to have a device. */
export function encodeImport(busId: string): Buffer {
  const request = Buffer.concat([opReply(opCodes.importRequest, 0), Buffer.alloc(BUS_ID_SIZE)]);
  request.write(busId, OP_HEADER_SIZE, 'latin1');
  return request;
}

export const IMPORTED_SIZE = OP_HEADER_SIZE + DEVICE_RECORD_SIZE;

/** Reads the answer to an import; undefined where it was refused or is none. */
export function readImported(
  reply: Buffer,
): { readonly deviceId: number; readonly speed: number } | undefined {
  const isGiven =
    reply.length === IMPORTED_SIZE &&
    reply.readUInt16BE(2) === opCodes.import &&
    reply.readUInt32BE(4) === importStatus.ok;
  if (!isGiven) return undefined;
  const at = OP_HEADER_SIZE + PATH_SIZE + BUS_ID_SIZE;
  const [bus, device] = [reply.readUInt32BE(at), reply.readUInt32BE(at + 4)];
  return { deviceId: bus * 0x1_0000 + device, speed: reply.readUInt32BE(at + 8) };
}

function opReply(code: number, status: number): Buffer {
  const reply = Buffer.alloc(OP_HEADER_SIZE);
  reply.writeUInt16BE(USBIP_VERSION, 0);
  reply.writeUInt16BE(code, 2);
  reply.writeUInt32BE(status, 4);
  return reply;
}

function deviceRecord(device: ExportedDevice): Buffer {
  const record = Buffer.alloc(DEVICE_RECORD_SIZE);
  record.write(`/sys/devices/tessera/usb${device.busNumber}/${device.busId}`, 0, 'latin1');
  record.write(device.busId, PATH_SIZE, 'latin1');
  let at = PATH_SIZE + BUS_ID_SIZE;
  for (const word of [device.busNumber, device.deviceNumber, device.speed])
    at = record.writeUInt32BE(word, at);
  for (const half of [device.vendorId, device.productId, device.release])
    at = record.writeUInt16BE(half, at);
  const { deviceClass, configurationValue, interfaces } = device;
  record.set([...deviceClass, configurationValue, 1, interfaces.length], at);
  return record;
}

/** @param data of a transfer `in`; for `out` only its size is told */
export function encodeSubmitted(
  { sequence, direction }: Pick<Submit, 'sequence' | 'direction'>,
  status: UrbStatus,
  data: Uint8Array | number,
): Buffer {
  const header = urbReply(urbCodes.submitted, sequence, status);
  header.writeInt32BE(typeof data === 'number' ? data : data.length, 24);
  return direction === 'in' && typeof data !== 'number' ? Buffer.concat([header, data]) : header;
}

export function encodeUnlinked({ sequence }: Pick<Unlink, 'sequence'>, status: UrbStatus): Buffer {
  return urbReply(urbCodes.unlinked, sequence, status);
}

function urbReply(code: number, sequence: number, status: UrbStatus): Buffer {
  const reply = Buffer.alloc(URB_HEADER_SIZE);
  reply.writeUInt32BE(code, 0);
  reply.writeUInt32BE(sequence, 4);
  reply.writeInt32BE(status, 20);
  return reply;
}

/** Up to the first zero. */
function text(bytes: Buffer, at: number, size: number): string {
  const field = bytes.subarray(at, at + size);
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end < 0 ? size : end);
}
