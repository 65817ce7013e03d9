/** Commands: keys that take the place of others. */

import * as P from 'micro-packed';
import { bytes, bytes8, bytes16, rest } from '../fields.ts';
import { alive, anybody, command, nothing, withKeys } from './declaration.ts';

export const keysCommands = {
  /**
   * Takes a certificate of an authority key, from anybody: the announcement of the next key where
   * the meter has none yet, or the key that was announced, signed by the one it holds.
   */
  installAuthorityKey: command({
    code: 0x68,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: ['keyed', ...withKeys],
    charged: false,
    request: P.struct({ certificate: rest }),
    response: nothing,
  }),
  /**
   * Gives the authority key that the meter holds, and its certificate; empty where there is none
   * yet.
   */
  authorityKey: command({
    code: 0x69,
    channel: 'open',
    callers: anybody,
    states: ['uninitialized', 'idle'],
    lifeCycles: alive,
    charged: false,
    request: nothing,
    response: P.struct({ key: bytes8, certificate: bytes16 }),
  }),
  /**
   * Gives the role that is logged in another host key: the one before opens no session any more.
   */
  changeHostKey: command({
    code: 0x6a,
    channel: 'sealed',
    callers: ['user', 'cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: withKeys,
    charged: false,
    request: P.struct({ hostKey: bytes(33) }),
    response: nothing,
  }),
  /**
   * Lets another device key and another indicium key be born, which wait until they are certified,
   * and gives the request for that, signed by the device key that counts; the same keys until then.
   */
  renewKeys: command({
    code: 0x6b,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['made', 'registered'],
    charged: false,
    request: nothing,
    response: P.struct({ request: bytes16 }),
  }),
  /**
   * Takes the certificates of the keys that wait: they take the place of those before, which are
   * erased, and the session ends.
   */
  installRenewedKeys: command({
    code: 0x6c,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['made', 'registered'],
    charged: false,
    request: P.struct({ device: bytes16, indicium: bytes16 }),
    response: nothing,
  }),
} as const;
