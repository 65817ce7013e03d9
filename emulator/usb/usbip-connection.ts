/** One client of the USB/IP server: it lists, or it takes a device and keeps it as long as the connection lasts. */

import type { Socket } from 'node:net';
import { createUrbQueue, type UrbQueue } from './urb-queue.ts';
import type { UsbDevice } from './usb-device.ts';
import { cutOperation, cutUrb, type Operation, type Submit, type Unlink } from './usbip.ts';

/** Who connects asks at once. */
const ASK_TIMEOUT_MS = 5_000;
/** Answers that a client leaves unread before it is not read any more. */
const UNREAD_SIZE_MAX = 256 * 1024;
/** A client that takes nothing for so long has ended without a word. */
const STUCK_TIMEOUT_MS = 30_000;
/** What a device said before it was unplugged may still be fetched for so long. */
const FAREWELL_MS = 200;

/** A device that was handed to a client. */
export interface Lease {
  readonly device: UsbDevice;
  readonly deviceId: number;
}

export interface ConnectionOptions {
  /** Answers an operation; a device where one was handed over, after which transfers follow. */
  readonly perform: (operation: Operation) => { readonly reply: Buffer; readonly lease?: Lease };
  readonly onClose: () => void;
}

export interface UsbipConnection {
  /** The device may have something to say, or room. */
  pump(): void;
  /** The device is unplugged: what it said still goes out, then the connection ends. */
  leave(): void;
  destroy(): void;
}

export function serveConnection(socket: Socket, options: ConnectionOptions): UsbipConnection {
  return new Connection(socket, options);
}

class Connection implements UsbipConnection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  /** What came and was not performed yet. */
  #parts: Buffer[] = [];
  #size = 0;
  /** Bytes of the message under way, as far as they are known. */
  #wanted = 1;
  #lease: Lease | undefined;
  #urbs: UrbQueue | undefined;
  #isLeaving = false;
  #timer: NodeJS.Timeout;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#timer = setTimeout(() => this.destroy(), ASK_TIMEOUT_MS);
    socket.on('data', (chunk: Buffer) => {
      this.#parts.push(chunk);
      this.#size += chunk.length;
      this.#read();
      if (this.#isLeaving) this.pump();
    });
    socket.on('drain', () => this.#goOn());
    socket.on('error', () => this.destroy()); // the peer's affair; 'close' follows
    socket.on('close', () => {
      clearTimeout(this.#timer);
      options.onClose();
    });
  }

  pump(): void {
    this.#urbs?.pump();
    if (this.#isLeaving && this.#lease?.device.isDrained === true) this.#socket.destroySoon();
  }

  leave(): void {
    this.#isLeaving = true;
    this.#limit(FAREWELL_MS);
    this.pump();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  get #isWritable(): boolean {
    return this.#socket.writableLength <= UNREAD_SIZE_MAX;
  }

  get #isOver(): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded;
  }

  #limit(timeMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.destroy(), timeMs);
  }

  /** Performs what has come in full, while the client takes the answers. */
  #read(): void {
    while (this.#size >= this.#wanted && this.#isWritable && !this.#isOver) {
      const bytes = Buffer.concat(this.#parts);
      const cut = this.#lease === undefined ? cutOperation(bytes) : cutUrb(bytes);
      if (cut === 'broken' || (cut.message !== undefined && !this.#perform(cut.message))) {
        this.destroy();
        return;
      }
      this.#wanted = cut.message === undefined ? cut.size : 1;
      const rest = cut.message === undefined ? bytes : bytes.subarray(cut.size);
      this.#parts = [rest];
      this.#size = rest.length;
    }
    if (this.#isWritable || this.#isOver) return;
    this.#socket.pause();
    this.#limit(STUCK_TIMEOUT_MS);
  }

  #goOn(): void {
    clearTimeout(this.#timer);
    if (this.#isLeaving) this.#limit(FAREWELL_MS);
    this.pump();
    this.#read();
    if (this.#isWritable) this.#socket.resume();
  }

  /** @returns whether the client keeps to the protocol */
  #perform(message: Operation | Submit | Unlink): boolean {
    if (message.kind === 'devlist' || message.kind === 'import') {
      this.#answer(message);
      return true;
    }
    if (message.deviceId !== this.#lease?.deviceId || this.#urbs === undefined) return false;
    if (message.kind === 'submit') return this.#urbs.submit(message);
    this.#urbs.unlink(message);
    return true;
  }

  #answer(operation: Operation): void {
    const { reply, lease } = this.#options.perform(operation);
    clearTimeout(this.#timer);
    this.#socket.write(reply);
    if (lease === undefined) {
      this.#socket.destroySoon();
      return;
    }
    this.#lease = lease;
    this.#urbs = createUrbQueue({
      device: lease.device,
      reply: (bytes) => this.#socket.write(bytes),
      isWritable: () => this.#isWritable,
    });
  }
}
