/** The transfers that a host has under way with one device: done at once, or when the device has something or has room. */

import type { Setup, UsbDevice } from './usb-device.ts';
import { encodeSubmitted, encodeUnlinked, type Submit, type Unlink, urbStatus } from './usbip.ts';

/** More than the drivers of a system keep under way. */
const WAITING_MAX = 256;
/** Bytes that wait for a device without room, a printer without paper. */
const WAITING_BYTES_MAX = 256 * 1024;

export interface UrbQueue {
  /** @returns false where a transfer of that number is under way, or too many are */
  submit(urb: Submit): boolean;
  unlink(request: Unlink): void;
  /** Tries those that wait again. */
  pump(): void;
}

export interface UrbQueueOptions {
  readonly device: UsbDevice;
  readonly reply: (bytes: Buffer) => void;
  /** Whether the host takes data; while it does not, what is for it stays in the device. */
  readonly isWritable: () => boolean;
}

export function createUrbQueue({ device, reply, isWritable }: UrbQueueOptions): UrbQueue {
  /** In the order they came. */
  const waiting = new Map<number, Submit>();
  let waitingBytes = 0;
  let isPumping = false;
  let isPumpWanted = false;

  /** Whether it is done. */
  function tryOnce(urb: Submit): boolean {
    if (urb.direction === 'in' && !isWritable()) return false;
    const answer = transfer(device, urb);
    if (answer !== undefined) reply(answer);
    return answer !== undefined;
  }

  function forget(urb: Submit): void {
    waiting.delete(urb.sequence);
    waitingBytes -= urb.data.length;
  }

  /** A device answers within a transfer, and then asks to be pumped: that is done behind the transfer. */
  function pump(): void {
    isPumpWanted = true;
    if (isPumping) return;
    isPumping = true;
    try {
      while (isPumpWanted) {
        isPumpWanted = false;
        tryAll();
      }
    } finally {
      isPumping = false;
    }
  }

  /** Those of an endpoint are done in their order, so the first one that waits holds the others up. */
  function tryAll(): void {
    const held = new Set<string>();
    for (const urb of [...waiting.values()]) {
      const pipe = `${urb.direction} ${urb.endpoint}`;
      if (held.has(pipe)) continue;
      if (tryOnce(urb)) forget(urb);
      else held.add(pipe);
    }
  }

  return {
    submit(urb) {
      if (waiting.has(urb.sequence)) return false;
      if (urb.endpoint === 0) {
        reply(control(device, urb));
        pump(); // a request may have ended a halt
        return true;
      }
      waiting.set(urb.sequence, urb);
      waitingBytes += urb.data.length;
      pump();
      return waiting.size <= WAITING_MAX && waitingBytes <= WAITING_BYTES_MAX;
    },
    unlink(request) {
      const urb = waiting.get(request.victim);
      if (urb !== undefined) forget(urb);
      // One that was done before is told so by its own answer, which has left already.
      reply(encodeUnlinked(request, urb === undefined ? urbStatus.ok : urbStatus.unlinked));
    },
    pump,
  };
}

function control(device: UsbDevice, urb: Submit): Buffer {
  const answer = device.control(readSetup(urb.setup), urb.data);
  if (answer === 'stall') return encodeSubmitted(urb, urbStatus.stall, 0);
  const told = urb.direction === 'in' ? answer.subarray(0, urb.length) : urb.data.length;
  return encodeSubmitted(urb, urbStatus.ok, told);
}

/** @returns undefined where it must wait */
function transfer(device: UsbDevice, urb: Submit): Buffer | undefined {
  if (urb.direction === 'out') {
    const outcome = device.transferOut(urb.endpoint, urb.data);
    if (outcome === 'later') return undefined;
    if (outcome === 'stall') return encodeSubmitted(urb, urbStatus.stall, 0);
    return encodeSubmitted(urb, urbStatus.ok, urb.data.length);
  }
  const outcome = device.transferIn(urb.endpoint, urb.length);
  if (outcome === 'later') return undefined;
  if (typeof outcome === 'string') return encodeSubmitted(urb, urbStatus[outcome], 0);
  return encodeSubmitted(urb, urbStatus.ok, outcome);
}

function readSetup(bytes: Uint8Array): Setup {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    requestType: view.getUint8(0),
    request: view.getUint8(1),
    value: view.getUint16(2, true),
    index: view.getUint16(4, true),
    length: view.getUint16(6, true),
  };
}
