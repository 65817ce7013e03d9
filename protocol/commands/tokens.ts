/** Commands: digital tokens under secret keys. */

import * as P from 'micro-packed';
import { pieceKinds, requestId } from '../command-layouts.ts';
import { bytes, bytes16, listOf, mills24, oneOf, u8, u16, u32, u40 } from '../fields.ts';
import { command, nothing } from './declaration.ts';

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
   * of the vendor key with it. What is asked for is the same; its kind is `postage`. A repeated request
   * id gives the same.
   */
  createLiteIndicium: command({
    code: 0x86,
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
    response: P.struct({ indicium: bytes(20), vendorToken: bytes(6) }),
  }),
} as const;
