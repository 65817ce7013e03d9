/** A meter and the host before it: the real image on a board, the real driver, and a clock that the host moves. */

import { RefusedError } from '#driver/errors';
import type { Link } from '#driver/link/link';
import { memoryLink } from '#driver/link/memory';
import { type Meter, openMeter } from '#driver/meter';
import { type Board, createBoard } from '#emulator/board';
import { createManualClock, type ManualClock } from '#emulator/clock';
import type { Cpu } from '#emulator/cpu/cpu';
import type { FlashDevice } from '#emulator/flash';
import { connectMemory } from '#emulator/ports/memory';
import { createTamperContact, type TamperContact } from '#emulator/tamper';
import type { MeterStatus } from '#protocol/command-layouts';
import type { Role } from '#protocol/state';
import { authorityKeys, hostKeys, meterId, passwords } from '#test/support/meter';
import type { Told } from '../judging/account.ts';
import { noiseOf } from './noise.ts';
import { recallingCrypto } from './recall.ts';
import type { Workshop } from './workshop.ts';

export interface HostOptions {
  readonly flash: FlashDevice;
  readonly nowMs: number;
  /** Another one behind each cut, so that nothing that a meter or a host draws is drawn again. */
  readonly noiseSeed: number;
  /** The housing was opened before. */
  readonly isOpened?: boolean;
  /** In place of the one of the workshop. */
  readonly cpu?: Cpu;
}

/** What became of a log-in, and whether it had to wait for an earlier try. */
export interface LogIn {
  readonly status: 'ok' | 'passwordWrong' | 'lockedOut';
  /** Of a wrong password: tries that are left. */
  readonly triesLeft: number;
  readonly wasDelayed: boolean;
}

export interface Host {
  readonly board: Board;
  readonly clock: ManualClock;
  readonly flash: FlashDevice;
  readonly tamper: TamperContact;
  /** @throws Error where the board is dead then */
  powerOn(): void;
  powerOff(): void;
  /** Asked in clear, on another port than the sessions. */
  status(): Promise<MeterStatus>;
  /** All that is told in clear. */
  told(): Promise<Told>;
  /** For what else is asked in clear. */
  inClear(): Promise<Meter>;
  /** A new session; nobody is logged in. */
  session(role: Role): Promise<Meter>;
  /** Tries a password in a new session; waits as long as the meter wants by moving the clock. */
  tryPassword(role: Role, password: Uint8Array): Promise<LogIn>;
  /** The session in which this role is logged in, as long as it lasts. */
  loggedIn(role: Role, password?: () => Uint8Array): Promise<Meter>;
  /** The same meter on another flash, switched off. */
  twin(flash: FlashDevice): Host;
}

/** Nothing here waits: an answer that is not there when the call returns never comes. */
const TIMEOUT_MS = 20;
const STATUS_PORT = 1;

export function createHost(workshop: Workshop, options: HostOptions): Host {
  const { image, deviceSecret, seed, hasEngine } = workshop;
  const { flash, nowMs, noiseSeed, isOpened = false, cpu = workshop.cpu } = options;
  const clock = createManualClock(nowMs);
  const tamper = createTamperContact(isOpened);
  let boots = 0;
  const counting: Cpu = {
    ...cpu,
    boot(program, hardware) {
      boots += 1;
      return cpu.boot(program, hardware);
    },
  };
  const entropy = noiseOf(seed, noiseSeed);
  const crypto = recallingCrypto(noiseOf(seed, noiseSeed, 1), workshop.recall);
  const board = createBoard({
    ...image,
    ...equipment(hasEngine),
    deviceSecret,
    flash,
    clock,
    entropy,
    tamper,
    cpu: counting,
  });
  let anonymous: Promise<Meter> | undefined;
  /** Of the session in use; the one before is dropped without a farewell, as a power cut does it. */
  let line: Link | undefined;
  let current: { meter: Meter; role: Role; isLoggedIn: boolean; boot: number } | undefined;

  function inClear(): Promise<Meter> {
    const link = (): Link => memoryLink(connectMemory(board, STATUS_PORT));
    anonymous ??= openMeter(link(), { crypto, timeoutMs: TIMEOUT_MS });
    return anonymous;
  }

  const status = async (): Promise<MeterStatus> => (await inClear()).status();

  async function told(): Promise<Told> {
    const now = await status();
    const condition = now.state === 'error' ? undefined : await (await inClear()).condition();
    return { status: now, condition };
  }

  async function session(role: Role): Promise<Meter> {
    const { lifeCycle } = await status();
    const isUnmade = lifeCycle === 'blank' || lifeCycle === 'keyed';
    await line?.close();
    line = memoryLink(connectMemory(board));
    const meter = await openMeter(line, {
      identity: hostKeys[role],
      role,
      trust: isUnmade ? 'unmade' : { authorityKey: authorityKeys.publicKey, meterId },
      crypto,
      timeoutMs: TIMEOUT_MS,
    });
    current = { meter, role, isLoggedIn: false, boot: boots };
    return meter;
  }

  async function tryPassword(role: Role, password: Uint8Array): Promise<LogIn> {
    const meter = await session(role);
    for (let wasDelayed = false; ; wasDelayed = true) {
      const refusal = await refusalOf(meter.logIn(password));
      const logIn = { triesLeft: refusal?.detail ?? 0, wasDelayed };
      switch (refusal?.status) {
        case undefined:
          if (current !== undefined) current.isLoggedIn = true;
          return { ...logIn, status: 'ok' };
        case 'passwordWrong':
        case 'lockedOut':
          return { ...logIn, status: refusal.status };
        case 'passwordDelayed':
          if (wasDelayed) throw refusal;
          clock.advance(refusal.detail);
          break;
        default:
          throw refusal;
      }
    }
  }

  return {
    board,
    clock,
    flash,
    tamper,
    powerOn() {
      board.powerOn();
      if (board.fault !== undefined) throw new Error(board.fault.message);
      if (!board.isPowered) throw new Error('the board has no power');
    },
    powerOff: () => board.powerOff(),
    status,
    told,
    inClear,
    session,
    tryPassword,
    async loggedIn(role, password = passwords[role]) {
      if (current?.role === role && current.isLoggedIn && current.boot === boots)
        return current.meter;
      const { status: verdict } = await tryPassword(role, password());
      if (verdict !== 'ok' || current === undefined)
        throw new Error(`the right password of ${role} is answered by ${verdict}`);
      return current.meter;
    },
    twin: (other) => createHost(workshop, { ...options, flash: other }),
  };
}

/** What a board has beside what every board has. */
const equipment = (hasEngine: boolean): object => ({ cryptoEngine: hasEngine });

/** What a request is refused with; undefined where it is performed. Anything else is thrown on. */
export async function refusalOf(request: Promise<unknown>): Promise<RefusedError | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    if (error instanceof RefusedError) return error;
    throw error;
  }
}
