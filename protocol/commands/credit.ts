/** Commands: lines of credit and payments from them. */

import * as P from 'micro-packed';
import { requestId } from '../command-layouts.ts';
import { creditUseNames } from '../documents/credit.ts';
import { bytes, bytes16, listOf, mills40, mills48, oneOf, u8, u32 } from '../fields.ts';
import { command, nothing, withKeys } from './declaration.ts';

/** A line of credit as the meter tells of it. */
export const creditLineLayout = P.struct({
  /** The line-of-credit certificate. */
  certificate: bytes16,
  rest: mills48,
  /** Payments so far. */
  payments: u32,
});

export const creditCommands = {
  /**
   * Takes a line-of-credit certificate with all of it left to spend, charges for that, and gives the
   * first payment certificate, of nothing.
   */
  installCredit: command({
    code: 0x80,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: true,
    request: P.struct({
      requestId,
      /** The line-of-credit certificate. */
      certificate: bytes16,
      /** The compact certificate of its issuer. */
      issuer: bytes16,
    }),
    response: P.struct({ payment: bytes16 }),
  }),
  /**
   * Pays from a line: subtracts the amount from what is left of it, charges for the service, and signs
   * a payment certificate. A repeated request id gives the same one.
   */
  pay: command({
    code: 0x81,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: true,
    request: P.struct({
      requestId,
      /** SHA-256 of the line-of-credit certificate. */
      credit: bytes(32),
      amount: mills40,
      use: oneOf(creditUseNames),
      /** What the merchant knows the payment by. */
      merchant: bytes(32),
    }),
    response: P.struct({ payment: bytes16 }),
  }),
  /** Gives all lines of credit with what is left of them. */
  credits: command({
    code: 0x82,
    channel: 'sealed',
    callers: ['user', 'cryptoOfficer'],
    states: ['idle'],
    lifeCycles: withKeys,
    charged: false,
    request: nothing,
    response: P.struct({ lines: listOf(u8, creditLineLayout) }),
  }),
} as const;
