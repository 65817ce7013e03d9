/** What the checks of the conformance kit work with: a meter at a port, who may use it, and what is around it. */

import { pause } from '#driver/abort';
import { LinkError } from '#driver/errors';
import type { Link } from '#driver/link/link';
import { type Meter, openMeter } from '#driver/meter';
import type { MeterStatus, RequestId } from '#protocol/command-layouts';
import type { Crypto, KeyPair } from '#protocol/crypto';
import { dateOf } from '#protocol/documents/date';
import type { Mills } from '#protocol/mills';
import type { Role } from '#protocol/state';
import { type Born, type OwnOffices, ownOffices } from './own-offices.ts';
import { type RawLine, rawLine } from './raw-line.ts';

/** One who may log in. */
export interface Access {
  readonly identity: KeyPair;
  /** A copy each time: it is wiped by whoever gets it. */
  password(): Uint8Array;
}

/** The switch of a meter. */
export interface Power {
  off(): void | Promise<void>;
  on(): void | Promise<void>;
}

/** The piece that was charged. */
export interface ChargedPiece {
  readonly requestId: RequestId;
  readonly serviceId: number;
  readonly postage: Mills;
  readonly mailingDate: number;
  readonly indicium: Uint8Array;
}

export interface StationOptions {
  /** The port URL, for texts and for what a kind of line cannot do. */
  readonly address: string;
  openLink(): Promise<Link>;
  readonly crypto: Crypto;
  /** For one answer. */
  readonly timeoutMs: number;
  /** Lets time pass, for the meter too. */
  pause(timeMs: number): Promise<void>;
  readonly access?: Partial<Record<Role, Access>> | undefined;
  /** Whom the key files believe about meters. */
  readonly authorityKey?: Uint8Array | undefined;
  readonly power?: Power | undefined;
}

export interface Station extends Omit<StationOptions, 'access'> {
  /** Grows when a device is made. */
  access: Partial<Record<Role, Access>>;
  authorityKey: Uint8Array | undefined;
  /** There once a device is being made: the meter is the kit's own, and may come to harm. */
  offices: OwnOffices | undefined;
  born: Born | undefined;
  piece: ChargedPiece | undefined;
  /** How the meter was when the kit came. */
  before: MeterStatus | undefined;
  /** Asked anew. */
  status(): Promise<MeterStatus>;
  line(): Promise<RawLine>;
  /** Asks in clear. */
  anonymous(): Promise<Meter>;
  session(role: Role): Promise<Meter>;
  /** A session with somebody logged in. */
  loggedIn(role: Role): Promise<Meter>;
  /** A line with a session of the raw kind. */
  rawSession(role: Role): Promise<RawLine>;
  /** Opens {@link Station.offices} where they are not open yet. */
  ownOffices(): Promise<OwnOffices>;
}

/** A meter on USB that restarts is gone for a moment: once it was there it is looked for again, as long as an answer may take. */
const AGAIN_MS = 100;

export function createStation(options: StationOptions): Station {
  const { crypto, timeoutMs } = options;
  let wasThere = false;

  async function opened(): Promise<Link> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      try {
        const link = await options.openLink();
        wasThere = true;
        return link;
      } catch (error) {
        if (!wasThere || !(error instanceof LinkError) || performance.now() > endMs) throw error;
        await pause(AGAIN_MS, undefined);
      }
    }
  }

  function accessOf(role: Role): Access {
    const access = station.access[role];
    if (access === undefined) throw new Error(`nobody is ${role} here`);
    return access;
  }

  const station: Station = {
    ...options,
    access: { ...options.access },
    authorityKey: options.authorityKey,
    offices: undefined,
    born: undefined,
    piece: undefined,
    before: undefined,
    async status() {
      await using meter = await station.anonymous();
      return await meter.status();
    },
    line: async () => rawLine(await opened(), { crypto, timeoutMs }),
    anonymous: async () => openMeter(await opened(), { crypto, timeoutMs }),
    async session(role) {
      const { authorityKey } = station;
      return openMeter(await opened(), {
        crypto,
        timeoutMs,
        identity: accessOf(role).identity,
        role,
        trust: authorityKey === undefined ? 'unmade' : { authorityKey },
      });
    },
    async loggedIn(role) {
      const meter = await station.session(role);
      try {
        await meter.logIn(accessOf(role).password());
        return meter;
      } catch (error) {
        await meter.close();
        throw error;
      }
    },
    async rawSession(role) {
      const line = await station.line();
      await line.openSession(accessOf(role).identity, role);
      return line;
    },
    async ownOffices() {
      const { timeMs } = await station.status();
      const nowMs = timeMs === 0 ? Date.now() : timeMs;
      station.offices ??= ownOffices(crypto, dateOf(nowMs), nowMs);
      return station.offices;
    },
  };
  return station;
}
