/** Commands: digital tokens under secret keys. */

import * as P from 'micro-packed';
import { bytes, bytes16 } from '../fields.ts';
import { command, nothing } from './declaration.ts';
import { piecesCommands } from './pieces.ts';

export const tokensCommands = {
  /**
   * Asks the authority for the secret keys of digital tokens, with a key that lives until the officer
   * logs out, signed by the device key.
   */
  requestTokenKeys: command({
    code: 0x84,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['registered'],
    charged: false,
    request: nothing,
    response: P.struct({ request: bytes16 }),
  }),
  /** Takes the keys that were asked for, in place of those before. */
  installTokenKeys: command({
    code: 0x85,
    channel: 'sealed',
    callers: ['cryptoOfficer'],
    states: ['idle'],
    enters: 'cryptoOfficer',
    lifeCycles: ['registered'],
    charged: false,
    request: P.struct({ keys: bytes16 }),
    response: nothing,
  }),
  /**
   * Charges as `createIndicium` does, for an indicium of 20 bytes under the postal key; gives the token
   * of the vendor key with it. A repeated request id gives the same.
   */
  createLiteIndicium: command({
    code: 0x86,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: true,
    /** That of `createIndicium`; its kind is `postage`. */
    request: piecesCommands.createIndicium.request,
    response: P.struct({ indicium: bytes(20), vendorToken: bytes(6) }),
  }),
} as const;
