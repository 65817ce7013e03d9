/** Commands: from a blank device to a licensed meter, and the documents it holds. */

import * as P from 'micro-packed';
import { bytes, bytes8, bytes16, rest } from '../fields.ts';
import { anybody, command, nothing, withKeys } from './declaration.ts';

export const makingCommands = {
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
} as const;
