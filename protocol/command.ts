/**
 * The command table: every service of the meter, declared once (architecture.md decision 3).
 *
 * The dispatch, the driver, the specification in docs/ and the security policy are made from it. A code is never
 * reused; a layout that changes gets a new code.
 */

import * as P from 'micro-packed';
import {
  bytes,
  bytes8,
  bytes16,
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
  type CallerName,
  callerNames,
  type LifeCycleName,
  lifeCycleNames,
  type StateName,
  stateNames,
} from './state.ts';

export interface Command<Request, Response> {
  /** The first byte of the request. */
  readonly code: number;
  readonly summary: string;
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
const withKeys = ['made', 'registered'] as const satisfies readonly LifeCycleName[];
const alive = ['blank', 'keyed', 'made', 'registered'] as const satisfies readonly LifeCycleName[];
const anybody = callerNames;
const nothing = P.struct({});

/**
 * Names a transaction, so that a repeated request gets the recorded answer: a counter that only grows, and the host's
 * random number, so that two hosts which count alike are told apart.
 */
export const requestId = P.struct({ counter: u32, nonce: u32 });
export type RequestId = P.UnwrapCoder<typeof requestId>;

/** The registers as the meter tells them (requirements.md B1). Amounts in mills. */
export const registersLayout = P.struct({
  ascending: mills48,
  descending: mills48,
  refunded: mills48,
  /** Everything ever credited: ascending + descending + refunded at every instant (domain.md R3). */
  credited: mills48,
  certificateAscending: mills48,
  certificateDescending: mills48,
  pieceCount: u32,
  zeroPieceCount: u32,
  certificatePieceCount: u32,
  descendingMax: mills48,
  refillSequence: u32,
  /** What a refill under way was requested for; 0 where none is. */
  refillPending: mills48,
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

export const commands = {
  status: command({
    code: 0x01,
    summary: 'Tells state, life cycle, fault, clock and registers. Answered in every state.',
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle', 'error'],
    lifeCycles: anyLifeCycle,
    charged: false,
    request: nothing,
    response: statusLayout,
  }),
  version: command({
    code: 0x02,
    summary: 'Tells the versions of protocol and image, and the SHA-256 of the image.',
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle', 'error'],
    lifeCycles: anyLifeCycle,
    charged: false,
    request: nothing,
    response: P.struct({ protocolVersion: u16, imageVersion: u32, imageDigest: bytes(32) }),
  }),
  selfTest: command({
    code: 0x03,
    summary:
      'Runs every self-test again and tells how many passed. A failure leads to the error state.',
    channel: 'open',
    callers: ['nobody'],
    states: ['uninitialized'],
    enters: 'selfTest',
    lifeCycles: anyLifeCycle,
    charged: false,
    request: nothing,
    response: P.struct({ passed: u8 }),
  }),
  certificates: command({
    code: 0x04,
    summary:
      'Gives the compact certificates of the device key and of the indicium key; empty before they exist.',
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: anyLifeCycle,
    charged: false,
    request: nothing,
    response: P.struct({ device: bytes16, indicium: bytes16 }),
  }),
  openSession: command({
    code: 0x05,
    summary: 'First and second message of the handshake.',
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: alive,
    charged: false,
    request: P.struct({ message1: rest }),
    response: P.struct({ message2: rest }),
  }),
  confirmSession: command({
    code: 0x06,
    summary:
      'Third message of the handshake: the session is open. A session that was open before has ended.',
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: alive,
    charged: false,
    request: P.struct({ message3: rest }),
    response: nothing,
  }),
  closeSession: command({
    code: 0x07,
    summary: 'Ends the session; whoever was logged in is logged out.',
    channel: 'sealed',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: alive,
    charged: false,
    request: nothing,
    response: nothing,
  }),

  logIn: command({
    code: 0x10,
    summary: 'Opens the key store with the password of the role the session was opened for.',
    channel: 'sealed',
    callers: ['nobody'],
    states: ['uninitialized'],
    enters: 'keyEntry',
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ password: bytes8 }),
    response: nothing,
  }),
  logOut: command({
    code: 0x11,
    summary: 'Clears the keys from memory. The session stays open.',
    channel: 'sealed',
    callers: ['user', 'cryptoOfficer'],
    states: ['idle'],
    lifeCycles: withKeys,
    charged: false,
    request: nothing,
    response: nothing,
  }),
  changePassword: command({
    code: 0x12,
    summary: 'Changes the password of the role that is logged in.',
    channel: 'sealed',
    callers: ['user', 'cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ oldPassword: bytes8, newPassword: bytes8 }),
    response: nothing,
  }),
  resetUserPassword: command({
    code: 0x13,
    summary:
      'Sets a new password, and if given a new host key, for the user: the way out of a lock-out.',
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ newPassword: bytes8, userKey: bytes8 }),
    response: nothing,
  }),

  initialize: command({
    code: 0x18,
    summary:
      'Makes a meter of a device that is not certified yet: gives it its number, the authority key and the two roles, and lets its keys be born. The key that opened this session becomes the key of the crypto officer.',
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
  installCertificates: command({
    code: 0x19,
    summary: 'Takes the certificates of the device key and of the indicium key: the meter is made.',
    channel: 'sealed',
    callers: ['nobody'],
    states: ['uninitialized'],
    enters: 'keyEntry',
    lifeCycles: ['keyed'],
    charged: false,
    request: P.struct({ device: bytes16, indicium: bytes16 }),
    response: nothing,
  }),
  register: command({
    code: 0x1a,
    summary:
      'Takes a licence from the authority: limits, origin, and the provider that may refill the meter.',
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ licence: rest }),
    response: nothing,
  }),
  installRateTable: command({
    code: 0x1b,
    summary:
      'Takes a rate table signed by the authority; one that is older than the one it holds is refused.',
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ rateTable: rest }),
    response: nothing,
  }),

  registers: command({
    code: 0x20,
    summary: 'Tells the registers, inside the session.',
    channel: 'sealed',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: withKeys,
    charged: false,
    request: nothing,
    response: registersLayout,
  }),
  statusReport: command({
    code: 0x21,
    summary:
      'Gives a status report signed by the device key over the challenge (inspection, requirements.md A9).',
    channel: 'sealed',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ challenge: bytes(16) }),
    response: P.struct({ report: rest }),
  }),

  refillRequest: command({
    code: 0x28,
    summary:
      'Starts a refill: freezes the amount and gives a signed request for the provider. Repeating it is free.',
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({ amount: mills48 }),
    response: P.struct({ request: rest }),
  }),
  refillCommit: command({
    code: 0x29,
    summary: "Takes the provider's authorisation and credits it exactly once.",
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({ authorisation: rest }),
    response: P.struct({ credited: mills48, registers: registersLayout }),
  }),

  createIndicium: command({
    code: 0x30,
    summary:
      'Charges the descending register and signs an indicium. A repeated request id gives the same one.',
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: true,
    request: P.struct({
      requestId,
      /** Service of the rate table. */
      serviceId: u16,
      postage: mills24,
      /** Date of mailing, the decimal number YYYYMMDD. */
      mailingDate: u32,
      /** ZIP+4 and delivery point as a decimal number; 0 for none. */
      destination: u40,
    }),
    response: P.struct({ indicium: bytes(128) }),
  }),

  zeroize: command({
    code: 0x7f,
    summary:
      'Destroys every key, for ever. Registers stay readable in the status. The meter restarts.',
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
