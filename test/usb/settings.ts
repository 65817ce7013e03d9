/** What host and guest of the lane tell each other. */

/** Of the host as QEMU's network has it. */
export const HOST = '10.0.2.2';

/** Places of the blank devices that live a life each, by the port that is used. */
export const blankPlaces = { hid: 3, serial: 4 } as const;

/** Keys are those of test meters, in hex. */
export interface GuestSettings {
  readonly usbipPort: number;
  readonly controlPort: number;
  readonly userKey: string;
  readonly userPublicKey: string;
  readonly authorityKey: string;
  /** How often a meter is attached and detached. */
  readonly cycles: number;
  /** How often power fails in the middle of a piece. */
  readonly reboots: number;
  /** A whole life of a device on each port, or a choice of checks on a meter that works. */
  readonly conformance: 'life' | 'choice';
}

/** What the guest asks of the host; a meter without power gets it back by itself. */
export type Order =
  | { readonly what: 'countPages' }
  | { readonly what: 'powerOff'; readonly place: number }
  /** Time of a meter. */
  | { readonly what: 'pass'; readonly place: number; readonly timeMs: number }
  /** Programs and erases of the flash until then. */
  | { readonly what: 'powerOffAfter'; readonly operations: number }
  /** A refill request in hex, to the provider. */
  | { readonly what: 'authorise'; readonly request: string };

export interface Obeyed {
  readonly pages: number;
  /** In hex, of the provider. */
  readonly authorisation?: string;
}

/** One line of the guest. */
export type Said =
  | { readonly step: string; readonly durationMs: number; readonly figures?: unknown }
  | { readonly failure: string }
  | { readonly done: true };
