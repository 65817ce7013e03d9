/** Commands: log-in and passwords. */

import * as P from 'micro-packed';
import { bytes8 } from '../fields.ts';
import { command, nothing, withKeys } from './declaration.ts';

export const accessCommands = {
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
} as const;
