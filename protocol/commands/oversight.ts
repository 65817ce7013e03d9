/** Commands: what authority and provider do from afar: inspection, log, orders, the time. */

import * as P from 'micro-packed';
import { bytes, rest, u32 } from '../fields.ts';
import { anybody, command, nothing, withKeys } from './declaration.ts';

export const oversightCommands = {
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
} as const;
