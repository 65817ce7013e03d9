/** What a USB device is made of, and what it answers to the requests that every device understands (USB 2.0, chapter 9). */

import { configurationDescriptor, deviceDescriptor, stringDescriptor } from './descriptors.ts';

/** The eight bytes of a control transfer. */
export interface Setup {
  readonly requestType: number;
  readonly request: number;
  readonly value: number;
  readonly index: number;
  /** Room for the answer, or the size of the data. */
  readonly length: number;
}

export interface DeviceIdentity {
  readonly vendorId: number;
  readonly productId: number;
  /** Grows with every change of a descriptor: systems keep what they read before. */
  readonly release: number;
  readonly deviceClass: readonly [number, number, number];
  readonly manufacturer: string;
  readonly product: string;
  readonly serialNumber: string;
}

/** What becomes of a transfer at an endpoint; `later` where there is nothing to take, or no room, yet. */
export type InOutcome = Uint8Array | 'stall' | 'overflow' | 'later';
export type OutOutcome = 'taken' | 'stall' | 'later';

/** Endpoint number to what it does. */
export interface Endpoints {
  readonly in: ReadonlyMap<number, (room: number) => InOutcome>;
  readonly out: ReadonlyMap<number, (data: Uint8Array) => OutOutcome>;
}

/** Interfaces that do one thing together. */
export interface UsbFunction extends Endpoints {
  /** Class, subclass, protocol of each interface. */
  readonly interfaceCodes: readonly (readonly [number, number, number])[];
  /** All its descriptors, from the interface association or the first interface on. */
  descriptors(firstInterface: number): Uint8Array;
  /**
   * A request to one of its interfaces, or a request for one of its descriptors.
   * @returns the answer, empty where there is nothing to say; undefined where it has no such request
   */
  control(setup: Setup, data: Uint8Array): Uint8Array | undefined;
  /** As after power-up. */
  reset(): void;
  /** Whether everything that was said has been taken. */
  readonly isDrained: boolean;
}

/** A device at a bus: what the server of USB/IP serves. */
export interface UsbDevice {
  readonly identity: DeviceIdentity;
  readonly interfaceCodes: UsbFunction['interfaceCodes'];
  readonly isDrained: boolean;
  /** Forgets what the last host set: a new one has it now. */
  reset(): void;
  control(setup: Setup, data: Uint8Array): Uint8Array | 'stall';
  transferIn(endpoint: number, room: number): InOutcome;
  transferOut(endpoint: number, data: Uint8Array): OutOutcome;
}

const CONFIGURATION = 1;
const ENDPOINT_HALT = 0;
const IN = 0x80;
const NOTHING = new Uint8Array();

const requests = {
  getStatus: 0x00,
  clearFeature: 0x01,
  setFeature: 0x03,
  setAddress: 0x05,
  getDescriptor: 0x06,
  getConfiguration: 0x08,
  setConfiguration: 0x09,
  getInterface: 0x0a,
  setInterface: 0x0b,
} as const;
const descriptorTypes = { device: 1, configuration: 2, string: 3 } as const;

/** A device of several functions; their endpoints must not have the same number. */
export function composeDevice(
  identity: DeviceIdentity,
  functions: readonly UsbFunction[],
): UsbDevice {
  return new ComposedDevice(identity, functions);
}

class ComposedDevice implements UsbDevice {
  readonly identity: DeviceIdentity;
  readonly interfaceCodes: UsbFunction['interfaceCodes'];
  readonly #functions: readonly UsbFunction[];
  /** Of each interface. */
  readonly #owners: readonly UsbFunction[];
  readonly #in: Endpoints['in'];
  readonly #out: Endpoints['out'];
  readonly #halted = new Set<number>();
  #configuration = 0;

  constructor(identity: DeviceIdentity, functions: readonly UsbFunction[]) {
    this.identity = identity;
    this.interfaceCodes = functions.flatMap((part) => part.interfaceCodes);
    this.#functions = functions;
    this.#owners = functions.flatMap((part) => part.interfaceCodes.map(() => part));
    this.#in = new Map(functions.flatMap((part) => [...part.in]));
    this.#out = new Map(functions.flatMap((part) => [...part.out]));
  }

  get isDrained(): boolean {
    return this.#functions.every((part) => part.isDrained);
  }

  reset(): void {
    this.#configuration = 0;
    this.#halted.clear();
    for (const part of this.#functions) part.reset();
  }

  control(setup: Setup, data: Uint8Array): Uint8Array | 'stall' {
    return this.#answer(setup, data)?.subarray(0, setup.length) ?? 'stall';
  }

  transferIn(endpoint: number, room: number): InOutcome {
    const take = this.#in.get(endpoint);
    return take === undefined || !this.#isOpen(endpoint | IN) ? 'stall' : take(room);
  }

  transferOut(endpoint: number, data: Uint8Array): OutOutcome {
    const give = this.#out.get(endpoint);
    return give === undefined || !this.#isOpen(endpoint) ? 'stall' : give(data);
  }

  #isOpen(address: number): boolean {
    return this.#configuration !== 0 && !this.#halted.has(address);
  }

  /** Undefined where the device has no such request. */
  #answer(setup: Setup, data: Uint8Array): Uint8Array | undefined {
    const [kind, recipient] = [(setup.requestType >> 5) & 3, setup.requestType & 0x1f];
    const owner = recipient === 1 ? this.#owners[setup.index & 0xff] : undefined;
    if (kind === 1) return this.#configuration === 0 ? undefined : owner?.control(setup, data);
    if (kind !== 0) return undefined;
    if (recipient === 0) return this.#ofDevice(setup);
    if (recipient === 2) return this.#ofEndpoint(setup);
    if (setup.request === requests.getDescriptor) return owner?.control(setup, data);
    return recipient === 1 ? this.#ofInterface(setup) : undefined;
  }

  #ofDevice(setup: Setup): Uint8Array | undefined {
    switch (setup.request) {
      case requests.getStatus:
        return Uint8Array.of(1, 0); // powers itself
      case requests.getDescriptor:
        return this.#descriptor(setup);
      case requests.getConfiguration:
        return Uint8Array.of(this.#configuration);
      case requests.setConfiguration:
        if (setup.value !== 0 && setup.value !== CONFIGURATION) return undefined;
        this.#configuration = setup.value;
        this.#halted.clear();
        return NOTHING;
      case requests.setAddress:
        return NOTHING; // the bus does that
      default:
        return undefined;
    }
  }

  #descriptor({ value, index }: Setup): Uint8Array | undefined {
    const place = value & 0xff;
    switch (value >> 8) {
      case descriptorTypes.device:
        return deviceDescriptor(this.identity);
      case descriptorTypes.configuration:
        return place === 0 ? configurationDescriptor(CONFIGURATION, this.#functions) : undefined;
      case descriptorTypes.string:
        return stringDescriptor(this.identity, place, index);
      default:
        return undefined; // a device qualifier too: this one knows full speed only
    }
  }

  #ofInterface({ request, value, index }: Setup): Uint8Array | undefined {
    if (this.#configuration === 0 || this.#owners[index & 0xff] === undefined) return undefined;
    switch (request) {
      case requests.getStatus:
        return Uint8Array.of(0, 0);
      case requests.getInterface:
        return Uint8Array.of(0);
      case requests.setInterface:
        return value === 0 ? NOTHING : undefined;
      default:
        return undefined;
    }
  }

  #ofEndpoint({ request, value, index }: Setup): Uint8Array | undefined {
    const address = index & 0xff;
    const isThere = (address & IN ? this.#in : this.#out).has(address & 0x0f);
    if (!isThere && (address & 0x0f) !== 0) return undefined;
    switch (request) {
      case requests.getStatus:
        return Uint8Array.of(this.#halted.has(address) ? 1 : 0, 0);
      case requests.clearFeature:
        if (value !== ENDPOINT_HALT) return undefined;
        this.#halted.delete(address);
        return NOTHING;
      case requests.setFeature:
        if (value !== ENDPOINT_HALT || !isThere) return undefined;
        this.#halted.add(address);
        return NOTHING;
      default:
        return undefined;
    }
  }
}
