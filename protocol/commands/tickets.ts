/** Commands: tickets. */

import * as P from 'micro-packed';
import { requestId } from '../command-layouts.ts';
import { ticketKinds } from '../documents/ticket.ts';
import { bytes8, bytes16, mills24, oneOf, u8, u16, u32 } from '../fields.ts';
import { command } from './declaration.ts';

export const ticketsCommands = {
  /**
   * Charges for a ticket and signs it. Its price is what the holder paid, and is not charged here. A
   * repeated request id gives the same one.
   */
  createTicket: command({
    code: 0x83,
    channel: 'sealed',
    callers: ['user'],
    states: ['idle'],
    enters: 'user',
    lifeCycles: ['registered'],
    charged: true,
    request: P.struct({
      requestId,
      /** Of a key for signatures. */
      number: u16,
      eventId: u32,
      kind: oneOf(ticketKinds),
      /** Minutes since 1970-01-01 UTC. */
      validFrom: u32,
      validTo: u32,
      /** At most 16 characters of printable ASCII. */
      seat: bytes8,
      /** How often it lets in, once at least. */
      uses: u8,
      price: mills24,
    }),
    response: P.struct({ ticket: bytes16 }),
  }),
} as const;
