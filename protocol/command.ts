/**
 * The command table: every service of the meter, declared once (architecture.md decision 3), with what it does in the
 * comment above it, where the image does not carry it.
 *
 * The dispatch, the driver, the specification in docs/ and the security policy are made from it. A code is never
 * reused; a layout that changes gets a new code.
 */

import * as P from 'micro-packed';
import { refillKinds } from './documents/refill.ts';
import {
  bytes,
  bytes8,
  bytes16,
  flags,
  listOf,
  mills24,
  mills48,
  oneOf,
  rest,
  u8,
  u16,
  u32,
  u40,
  u48,
} from './fields.ts';
import {
  accountNames,
  type CallerName,
  callerNames,
  type LifeCycleName,
  lifeCycleNames,
  lockNames,
  lockReasonNames,
  type StateName,
  stateNames,
  warningNames,
} from './state.ts';

export interface Command<Request, Response> {
  /** The first byte of the request. */
  readonly code: number;
  /** `open`: in clear, without a session. `sealed`: only inside a session. */
  readonly channel: 'open' | 'sealed';
  readonly callers: readonly CallerName[];
  /** The states in which it may be requested. */
  readonly states: readonly StateName[];
  /** The service state the meter is in while it performs it; undefined where it stays in the state it was in. */
  readonly enters?: StateName;
  readonly lifeCycles: readonly LifeCycleName[];
  /** Whether a register is charged for it. */
  readonly charged: boolean;
  readonly request: P.CoderType<Request>;
  readonly response: P.CoderType<Response>;
}

const command = <Request, Response>(
  declared: Command<Request, Response>,
): Command<Request, Response> => declared;

const anyLifeCycle = lifeCycleNames;
const withKeys = ['made', 'registered', 'withdrawing'] as const satisfies readonly LifeCycleName[];
const alive = ['blank', 'keyed', ...withKeys] as const satisfies readonly LifeCycleName[];
const anybody = callerNames;
const nothing = P.struct({});

/**
 * Names a transaction, so that a repeated request gets the recorded answer: a counter that only grows, and the host's
 * random number, so that two hosts which count alike are told apart.
 */
export const requestId = P.struct({ counter: u32, nonce: u32 });
export type RequestId = P.UnwrapCoder<typeof requestId>;

/**
 * The registers as the meter tells them (requirements.md B1, B2). Amounts in mills. At every instant ascending +
 * descending + withdrawn = credited + spoilageCredited, and the same of the certificate registers (domain.md R3).
 */
export const registersLayout = P.struct({
  /** Everything ever spent on postage. */
  ascending: mills48,
  /** Bought and not spent yet. */
  descending: mills48,
  /** Everything ever bought; of a current account, everything ever spent. */
  credited: mills48,
  /** Spoiled postage that came back. */
  spoilageCredited: mills48,
  /** What left by a withdrawal. */
  withdrawn: mills48,
  /** The ascending register of a current account as it was last settled. */
  settled: mills48,
  certificateAscending: mills48,
  certificateDescending: mills48,
  certificateCredited: mills48,
  certificateWithdrawn: mills48,
  /** Indicia, zero-value ones counted: the number of the last one. */
  pieceCount: u32,
  /** Indicia that cost nothing. */
  zeroPieceCount: u32,
  /** Certificate services. */
  certificatePieceCount: u32,
  /** Indicia and their postage since the batch counters were reset. */
  batchPieceCount: u32,
  batchAmount: mills48,
  /** Limits of the licence; 0 where there is none. */
  descendingMax: mills48,
  certificateDescendingMax: mills48,
  refillSequence: u32,
  /** What a refill under way was requested for; 0 where none is. */
  refillPending: mills48,
  refillKind: oneOf(refillKinds),
  refillAccount: oneOf(accountNames),
  /** The counter of the last request id that was performed. */
  requestCounter: u32,
});
export type Registers = P.UnwrapCoder<typeof registersLayout>;

export const statusLayout = P.struct({
  state: oneOf(stateNames),
  lifeCycle: oneOf(lifeCycleNames),
  caller: oneOf(callerNames),
  /** The status number of the fault that led to the error state, and its detail; 0 where there is none. */
  fault: u16,
  faultDetail: u16,
  /** Vendor and model (4 ASCII characters) and serial number (u32); zeros before the meter is made. */
  meterId: bytes(8),
  /** The secure clock: milliseconds since 1970-01-01 UTC; 0 where it is not trusted. */
  timeMs: u48,
  /** Whether the registers below were read and are consistent. */
  registersValid: P.bool,
  registers: registersLayout,
});
export type MeterStatus = P.UnwrapCoder<typeof statusLayout>;

/** What keeps a meter from producing value or soon will (requirements.md A8). Times in ms since 1970-01-01 UTC. */
export const conditionLayout = P.struct({
  locks: flags(lockNames),
  warnings: flags(warningNames),
  /** When it begins to warn of its inspection, and when it locks; 0 before it is registered. */
  inspectionDueMs: u48,
  inspectionLockMs: u48,
  /** When the next quality print is due; 0 before it is registered. */
  qualityDueMs: u48,
  /** When the clock was last set by order; 0 where never. */
  clockSetMs: u48,
  /** Of the last lock order; 0 where none. */
  lockSequence: u32,
  lockReason: oneOf(lockReasonNames),
  /** Records of the security log so far, those that the authority has, and how many more it takes before it is full. */
  logCount: u32,
  logAcknowledged: u32,
  logFree: u32,
  /** Of the licence; 0 where there is none. */
  licenceSequence: u32,
  /** Of the rate table in use today and of the one loaded ahead; 0 where there is none. */
  rateVersion: u32,
  nextRateVersion: u32,
});
export type Condition = P.UnwrapCoder<typeof conditionLayout>;

/**
 * What an indicium is for. `correction`: the postage that an earlier one lacked · `redate`: another date for an earlier
 * one, once, for nothing (domain.md R33, R34).
 */
export const pieceKinds = ['postage', 'correction', 'redate'] as const;
export type PieceKind = (typeof pieceKinds)[number];

/** Codes of commands that had another layout in protocol version 1; never used again. */
export const retiredCodes = [0x01, 0x20, 0x21, 0x28, 0x29, 0x30] as const;

export const commands = {
  /** Tells state, life cycle, fault, clock and registers. Answered in every state. */
  status: command({
    code: 0x08,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle', 'error'],
    lifeCycles: anyLifeCycle,
    charged: false,
    request: nothing,
    response: statusLayout,
  }),
  /** Tells what keeps the meter from producing value, and what soon will. */
  condition: command({
    code: 0x09,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: anyLifeCycle,
    charged: false,
    request: nothing,
    response: conditionLayout,
  }),
  /** Tells the versions of protocol and image, and the SHA-256 of the image. */
  version: command({
    code: 0x02,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle', 'error'],
    lifeCycles: anyLifeCycle,
    charged: false,
    request: nothing,
    response: P.struct({ protocolVersion: u16, imageVersion: u32, imageDigest: bytes(32) }),
  }),
  /** Runs every self-test again and tells how many passed. A failure leads to the error state. */
  selfTest: command({
    code: 0x03,
    channel: 'open',
    callers: ['nobody'],
    states: ['uninitialized'],
    enters: 'selfTest',
    lifeCycles: anyLifeCycle,
    charged: false,
    request: nothing,
    response: P.struct({ passed: u8 }),
  }),
  /**
   * Gives the compact certificates of the device key and of the indicium key; empty before they
   * exist.
   */
  certificates: command({
    code: 0x04,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: anyLifeCycle,
    charged: false,
    request: nothing,
    response: P.struct({ device: bytes16, indicium: bytes16 }),
  }),
  /** First and second message of the handshake. */
  openSession: command({
    code: 0x05,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: alive,
    charged: false,
    request: P.struct({ message1: rest }),
    response: P.struct({ message2: rest }),
  }),
  /**
   * Third message of the handshake: the session is open. A session that was open before has ended.
   */
  confirmSession: command({
    code: 0x06,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: alive,
    charged: false,
    request: P.struct({ message3: rest }),
    response: nothing,
  }),
  /** Ends the session; whoever was logged in is logged out. */
  closeSession: command({
    code: 0x07,
    channel: 'sealed',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: alive,
    charged: false,
    request: nothing,
    response: nothing,
  }),

  /** Opens the key store with the password of the role the session was opened for. */
  logIn: command({
    code: 0x10,
    channel: 'sealed',
    callers: ['nobody'],
    states: ['uninitialized'],
    enters: 'keyEntry',
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ password: bytes8 }),
    response: nothing,
  }),
  /** Clears the keys from memory. The session stays open. */
  logOut: command({
    code: 0x11,
    channel: 'sealed',
    callers: ['user', 'cryptoOfficer'],
    states: ['idle'],
    lifeCycles: withKeys,
    charged: false,
    request: nothing,
    response: nothing,
  }),
  /** Changes the password of the role that is logged in. */
  changePassword: command({
    code: 0x12,
    channel: 'sealed',
    callers: ['user', 'cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ oldPassword: bytes8, newPassword: bytes8 }),
    response: nothing,
  }),
  /** Sets a new password, and if given a new host key, for the user: the way out of a lock-out. */
  resetUserPassword: command({
    code: 0x13,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ newPassword: bytes8, userKey: bytes8 }),
    response: nothing,
  }),

  /**
   * Makes a meter of a device that is not certified yet: gives it its number, the authority key and
   * the two roles, and lets its keys be born. The key that opened this session becomes the key of
   * the crypto officer.
   */
  initialize: command({
    code: 0x18,
    channel: 'sealed',
    callers: ['nobody'],
    states: ['uninitialized'],
    enters: 'keyEntry',
    lifeCycles: ['blank', 'keyed'],
    charged: false,
    request: P.struct({
      meterId: bytes(8),
      authorityKey: bytes(33),
      userKey: bytes(33),
      userPassword: bytes8,
      officerPassword: bytes8,
    }),
    response: P.struct({ deviceKey: bytes(33), indiciumKey: bytes(33), proof: bytes(64) }),
  }),
  /** Takes the certificates of the device key and of the indicium key: the meter is made. */
  installCertificates: command({
    code: 0x19,
    channel: 'sealed',
    callers: ['nobody'],
    states: ['uninitialized'],
    enters: 'keyEntry',
    lifeCycles: ['keyed'],
    charged: false,
    request: P.struct({ device: bytes16, indicium: bytes16 }),
    response: nothing,
  }),
  /**
   * Takes a licence from the authority: limits, origin, and the provider that may refill the meter.
   */
  register: command({
    code: 0x1a,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['made', 'registered'],
    charged: false,
    request: P.struct({ licence: rest }),
    response: nothing,
  }),
  /**
   * Takes a rate table signed by the authority, at once or for the day it becomes valid on; one
   * that is older than those it holds is refused.
   */
  installRateTable: command({
    code: 0x1b,
    channel: 'sealed',
    callers: ['user', 'cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ rateTable: rest }),
    response: nothing,
  }),
  /** Gives the rate table in use today and the one loaded ahead; empty where there is none. */
  rateTables: command({
    code: 0x1c,
    channel: 'sealed',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: withKeys,
    charged: false,
    request: nothing,
    response: P.struct({ current: bytes16, next: bytes16 }),
  }),
  /** Gives the licence that the meter holds; empty where there is none. */
  licence: command({
    code: 0x1d,
    channel: 'sealed',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: withKeys,
    charged: false,
    request: nothing,
    response: P.struct({ licence: bytes16 }),
  }),

  /** Tells the registers, inside the session. */
  registers: command({
    code: 0x22,
    channel: 'sealed',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: withKeys,
    charged: false,
    request: nothing,
    response: registersLayout,
  }),
  /**
   * Starts a refill: freezes the amount and gives a signed request for the provider. Repeating it
   * is free.
   */
  refillRequest: command({
    code: 0x2a,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({ kind: oneOf(refillKinds), account: oneOf(accountNames), amount: mills48 }),
    response: P.struct({ request: rest }),
  }),
  /** Takes the provider's authorisation and credits it exactly once. */
  refillCommit: command({
    code: 0x2b,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({ authorisation: rest }),
    response: P.struct({ credited: mills48, registers: registersLayout }),
  }),

  /**
   * Charges the descending register and signs an indicium. A repeated request id gives the same
   * one.
   */
  createIndicium: command({
    code: 0x31,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: true,
    request: P.struct({
      requestId,
      kind: oneOf(pieceKinds),
      /** Number of the piece that a correction or redate stands for; 0 otherwise. */
      original: u32,
      /** Service of the rate table. */
      serviceId: u16,
      /** Milligrams; 0 where the service is not weighed. */
      weightMg: u32,
      /** 0 where the service knows no zones. */
      zone: u8,
      /** Services of the kind `extra`. */
      extras: listOf(u8, u16),
      /** What it costs by the rate table, which the meter compares; 0 for a redate. */
      postage: mills24,
      /** Whether a high value is meant. */
      isConfirmed: P.bool,
      /** Date of mailing, the decimal number YYYYMMDD. */
      mailingDate: u32,
      /** ZIP+4 and delivery point as a decimal number; 0 for none. */
      destination: u40,
    }),
    response: P.struct({ indicium: bytes(128) }),
  }),
  /**
   * Gives an indicium that is on record once more, the very same, and writes in the security log
   * that it did.
   */
  reprintIndicium: command({
    code: 0x32,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({ requestId }),
    response: P.struct({ indicium: bytes(128) }),
  }),
  /**
   * Gives a void indicium: postage zero, the test flag, a signature of zeros. As a quality print it
   * resets the three months.
   */
  testPrint: command({
    code: 0x33,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({ isQualityPrint: P.bool }),
    response: P.struct({ indicium: bytes(128) }),
  }),
  /** Sets the batch counters to zero and tells what they were. */
  resetBatch: command({
    code: 0x34,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: false,
    request: nothing,
    response: P.struct({ batchPieceCount: u32, batchAmount: mills48 }),
  }),

  /**
   * Gives a report signed by the device key over the challenge of whoever inspects (requirements.md
   * A9).
   */
  inspectionReport: command({
    code: 0x40,
    channel: 'sealed',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ challenge: bytes(16) }),
    response: P.struct({ report: rest }),
  }),
  /**
   * Takes the authority's answer to the last report: the inspection timer begins anew, and what
   * arrived of the security log may be overwritten.
   */
  acknowledgeInspection: command({
    code: 0x41,
    channel: 'sealed',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ acknowledgement: rest }),
    response: nothing,
  }),
  /** Gives records of the security log, 64 bytes each, from a number on, as many as fit. */
  readLog: command({
    code: 0x42,
    channel: 'sealed',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({
      /** Number of the first one wanted; the oldest one that is there where it is gone. */
      from: u32,
    }),
    response: P.struct({
      /** Number of the first one given. */
      from: u32,
      records: rest,
    }),
  }),
  /** Takes an order of the authority to lock, unlock or revoke the meter, from anybody. */
  applyLockOrder: command({
    code: 0x43,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ order: rest }),
    response: nothing,
  }),
  /** Gives sixteen random bytes that a clock setting must hold within a minute. */
  challengeClock: command({
    code: 0x44,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: withKeys,
    charged: false,
    request: nothing,
    response: P.struct({ challenge: bytes(16) }),
  }),
  /** Sets the secure clock by a document of the authority or of the provider. */
  setClock: command({
    code: 0x45,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ setting: rest }),
    response: nothing,
  }),

  /**
   * Offers all that is left to the provider: nothing is produced any more. Repeating it is free.
   */
  withdrawalRequest: command({
    code: 0x50,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['registered', 'withdrawing'],
    charged: false,
    request: nothing,
    response: P.struct({ request: rest }),
  }),
  /**
   * Takes the provider's answer. Agreed: the registers go to zero, the keys are destroyed, the
   * meter restarts and gives its proof. Refused: it goes on.
   */
  withdrawalCommit: command({
    code: 0x51,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['withdrawing'],
    charged: false,
    request: P.struct({ authorisation: rest }),
    response: nothing,
  }),
  /** Gives the signed proof that nothing is left in the meter. */
  withdrawalReport: command({
    code: 0x52,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized'],
    lifeCycles: ['withdrawn'],
    charged: false,
    request: nothing,
    response: P.struct({ report: rest }),
  }),

  /** Destroys every key, for ever. Registers stay readable in the status. The meter restarts. */
  zeroize: command({
    code: 0x7f,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: withKeys,
    charged: false,
    request: nothing,
    response: nothing,
  }),
} as const;

export type CommandName = keyof typeof commands;
export type RequestOf<N extends CommandName> = P.UnwrapCoder<(typeof commands)[N]['request']>;
export type ResponseOf<N extends CommandName> = P.UnwrapCoder<(typeof commands)[N]['response']>;

export const commandNames = Object.keys(commands) as CommandName[];

/** The table seen without the narrow type of each entry, for whoever walks over it. */
export function commandOf(name: CommandName): Command<unknown, unknown> {
  return commands[name] as unknown as Command<unknown, unknown>;
}

const nameByCode = new Map<number, CommandName>(
  commandNames.map((name) => [commands[name].code, name]),
);

export function commandName(code: number): CommandName | undefined {
  return nameByCode.get(code);
}
