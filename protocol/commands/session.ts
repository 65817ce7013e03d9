/** Commands: what a meter tells anybody, and sessions. */

import * as P from 'micro-packed';
import { conditionLayout, statusLayout } from '../command-layouts.ts';
import { bytes, bytes16, rest, u8, u16, u32 } from '../fields.ts';
import { alive, anybody, anyLifeCycle, command, nothing } from './declaration.ts';

export const sessionCommands = {
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
} as const;
