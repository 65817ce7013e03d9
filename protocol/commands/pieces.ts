/** Commands: what is printed. */

import * as P from 'micro-packed';
import { pieceKinds, requestId } from '../command-layouts.ts';
import { bytes, listOf, mills24, mills48, oneOf, u8, u16, u32, u40 } from '../fields.ts';
import { command, nothing } from './declaration.ts';

export const piecesCommands = {
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
} as const;
