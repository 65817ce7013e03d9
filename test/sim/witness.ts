/**
 * What the flash of a meter holds, watched from outside while the firmware writes it: every state that is durable, every
 * one that may be found after a power cut, every debit. It knows the layout of a record and nothing of how the firmware
 * comes to one.
 */

import type { FlashDevice } from '#emulator/flash';
import {
  RECORD_BODY_SIZE,
  RECORD_SIZE,
  recordTypes,
  type StateRecord,
  stateRecord,
} from '#firmware/journal-record';
import { type FlashStatus, flashStatus } from '#hw/flash';
import { Violation } from './violation.ts';

export interface Debit {
  /** As {@link requestKeyOf} makes it. */
  readonly request: string;
  readonly postage: number;
  readonly pieceCount: number;
  readonly ascending: number;
}

export interface Witness {
  /** The part as the board gets it. */
  readonly flash: FlashDevice;
  /** The newest state that was written whole; undefined before the first. */
  readonly state: StateRecord | undefined;
  /** Every state that power may find when it comes back. */
  readonly possible: readonly StateRecord[];
  /** What was charged, by request; one that a power cut may still take back is not among them. */
  readonly debits: ReadonlyMap<string, Debit>;
  /** The same by piece count. */
  readonly pieces: ReadonlyMap<number, Debit>;
  /** Called when the firmware hands out bytes: nothing may be under way then. */
  answered(): void;
  /** Power is gone. */
  lostPower(): void;
}

export interface WitnessOptions {
  readonly name: string;
  readonly alarm: (violation: Violation) => void;
  /** What the part holds already. */
  readonly initial: StateRecord | undefined;
  /** Told each debit before it is durable. */
  readonly onDebit: (debit: Debit) => void;
}

/** Names a transaction of a meter. */
export const requestKeyOf = ({
  counter,
  nonce,
}: {
  readonly counter: number;
  readonly nonce: number;
}): string => `${counter} ${nonce}`;

/** What is another in the pin that repeats a state. */
const ofTheRecord = ['type', 'version', 'sequence', 'auditHead', 'detail', 'powerCount'];

/** What is the same in a state and in the pin that repeats it. */
function essence(state: StateRecord): string {
  return JSON.stringify(state, (key, value) => {
    if (ofTheRecord.includes(key)) return undefined;
    return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
  });
}

/** The state in the bytes of a record; undefined for a signature, and for what is no record. */
function stateIn(data: ArrayBuffer): StateRecord | undefined {
  if (data.byteLength !== RECORD_SIZE) return undefined;
  const body = new Uint8Array(data, 0, RECORD_BODY_SIZE);
  return recordTypes[body[0] as number] === 'signature' ? undefined : stateRecord.decode(body);
}

/** The same part with some of its calls done otherwise. */
function replaced(inner: FlashDevice, calls: Partial<FlashDevice>): FlashDevice {
  return new Proxy(inner, {
    get(_, name) {
      const call: unknown = Reflect.get(name in calls ? calls : inner, name);
      return typeof call === 'function' ? call.bind(inner) : call;
    },
  });
}

export function watchFlash(
  inner: FlashDevice,
  journalOffset: number,
  { name, alarm, initial, onDebit }: WitnessOptions,
): Witness {
  let synced = initial;
  let written: StateRecord[] = [];
  let torn: StateRecord[] = [];
  let isDark = false;
  const debits = new Map<string, Debit>();
  const pieces = new Map<number, Debit>();
  let unsureDebits: Debit[] = [];
  let isUnsynced = false;

  const all = (): StateRecord[] => [...(synced === undefined ? [] : [synced]), ...written, ...torn];

  /** The first record after power came back says what was found. */
  function found(pin: StateRecord): void {
    isDark = false;
    const key = essence(pin);
    const matching = all().find((state) => essence(state) === key);
    const isFirst = all().length === 0;
    if (matching === undefined && !isFirst)
      alarm(new Violation('memory', `${name} came back with a state that it never wrote`));
    unsureDebits = unsureDebits.filter(({ pieceCount }) => pieceCount <= pin.pieceCount);
    torn = all(); // until it is synced power may fail again, and find any of them
    written = [];
  }

  function write(state: StateRecord, program: () => FlashStatus): FlashStatus {
    if (isDark) found(state);
    const last = written.at(-1) ?? synced;
    if (last !== undefined && state.ascending < last.ascending)
      alarm(new Violation('money', `the ascending register of ${name} fell`));
    if (state.type === 'debit') {
      const { requestId, detail, pieceCount, ascending } = state;
      const request = requestKeyOf(requestId);
      const debit = { request, postage: detail.postage, pieceCount, ascending };
      unsureDebits.push(debit);
      onDebit(debit);
    }
    try {
      const status: FlashStatus = program();
      if (status === flashStatus.ok) written.push(state);
      return status;
    } catch (cause) {
      torn.push(state);
      throw cause;
    }
  }

  function sync(): void {
    inner.sync();
    isUnsynced = false;
    synced = written.at(-1) ?? synced;
    written = [];
    torn = [];
    for (const debit of unsureDebits) {
      debits.set(debit.request, debit);
      pieces.set(debit.pieceCount, debit);
    }
    unsureDebits = [];
  }

  const flash = replaced(inner, {
    program(offset, data) {
      isUnsynced = true;
      const state = offset < journalOffset ? undefined : stateIn(data);
      const program = () => inner.program(offset, data);
      return state === undefined ? program() : write(state, program);
    },
    erase(offset) {
      isUnsynced = true;
      return inner.erase(offset);
    },
    sync,
  });

  return {
    flash,
    get state() {
      return written.at(-1) ?? synced;
    },
    get possible() {
      return isDark || torn.length > 0 ? all() : all().slice(-1);
    },
    debits,
    pieces,
    answered() {
      if (isUnsynced)
        alarm(new Violation('durability', `${name} answers before its flash is synced`));
    },
    lostPower() {
      isDark = true;
      isUnsynced = false;
    },
  };
}
