/**
 * A desk: a customer with a computer, a meter and a printer, who does one thing after the other, and does it again when it
 * went wrong. What a person remembers or has on paper outlives every crash.
 */

import type { Meter } from '#driver/meter';
import type { Piece } from '#driver/piece';
import type { Registers } from '#protocol/command-layouts';
import type { KeyPair } from '#protocol/crypto';
import type { AccountKindName, Role } from '#protocol/state';
import type { Computer } from './computer.ts';
import type { Host } from './host.ts';
import type { Housing, MeterDevice } from './meter-device.ts';
import type { MeterLine } from './meter-line.ts';
import type { SimDisk } from './sim-disk.ts';
import type { SimPrinter } from './sim-printer.ts';

/** How far a meter has come. `leaving`: a withdrawal was begun and has no answer · `withdrawn`: nothing is left in it. */
export type Stage = 'blank' | 'made' | 'registered' | 'leaving' | 'withdrawn';

/** A piece somebody wants. */
export interface Wish {
  readonly piece: Piece & { readonly reference: string };
  /** `doubtful`: the meter has forgotten whether it charged it, so a person has to look. */
  state: 'open' | 'issued' | 'spoiled' | 'refused' | 'doubtful';
  /** Once it is there. */
  indicium: Uint8Array | undefined;
}

/** A job that was begun. */
export interface JobNote {
  readonly directory: string;
  readonly list: string;
  /** Whether it was made of its list, and whether nothing is left to do. */
  state: 'wanted' | 'begun' | 'done';
}

/** What the keys of a meter were born as, until they are certified. */
export interface BornKeys {
  readonly deviceKey: Uint8Array;
  readonly indiciumKey: Uint8Array;
  readonly proof: Uint8Array;
}

export interface Passwords {
  current: string;
  /** Where a change was asked for, and nobody knows whether it was made. */
  other: string | undefined;
}

/** A connection that is open, for as long as its host lives. */
export interface OpenMeter {
  readonly host: Host;
  readonly meter: Meter;
  readonly role: Role;
}

export interface Desk {
  readonly name: string;
  readonly device: MeterDevice;
  /** What the device was when the world began. */
  readonly housing: Housing;
  readonly line: MeterLine;
  readonly disk: SimDisk;
  readonly printer: SimPrinter;
  readonly identities: Readonly<Record<Role, KeyPair>>;
  readonly passwords: Readonly<Record<Role, Passwords>>;
  /** As it runs now; one that has ended is started again for the next thing to do. */
  computer: Computer;
  stage: Stage;
  readonly accountKind: AccountKindName;
  meterId: Uint8Array | undefined;
  customerId: number | undefined;
  born: BornKeys | undefined;
  open: OpenMeter | undefined;
  /** By reference. */
  readonly wishes: Map<string, Wish>;
  readonly jobs: JobNote[];
  /** How often each label was ordered apart from jobs, by indicium in hex. */
  readonly ordered: Map<string, number>;
  /** The key that the meter proved: a withdrawn one is known by it. */
  deviceKey: Uint8Array | undefined;
  /** What the meter said last, and may never take back. */
  told: Registers | undefined;
  /** References by the request they were asked for with, as far as that is durable on disk. */
  readonly intentions: Map<string, string>;
  /** Whether the clock was moved since it was set last. */
  hadWrongClock: boolean;
  /** Whether somebody has a copy of this meter. */
  isCloned: boolean;
  /** How many things wait to be done, and the last of them. */
  queued: number;
  busy: Promise<void>;
}
