/**
 * Tickets (requirements.md C7): evidence of the right to come in, ride or use something, signed by a key of the user. At most
 * 126 bytes, so that a Data Matrix of 44 × 44 holds one (domain.md 1.5).
 */

import { equalBytes } from '../bytes.ts';
import type { Crypto } from '../crypto.ts';
import { bytes8, mills24, oneOf, u8, u32 } from '../fields.ts';
import type { Mills } from '../mills.ts';
import { type Result, refuse } from '../result.ts';
import { dateOf } from './date.ts';
import { checked, keyIdField, meterId } from './document-fields.ts';
import { keyId } from './key-id.ts';
import { signedDocument } from './signed-document.ts';
import { type KeyGrantFields, keyGrantDocument } from './user-key.ts';

/** `admission` to an event · `travel` · `voucher` for some use of something · `stamp` of a tax, on goods. */
export const ticketKinds = ['admission', 'travel', 'voucher', 'stamp'] as const;
export type TicketKind = (typeof ticketKinds)[number];

const SEAT_SIZE_MAX = 16;
/** A seat, a row, a licence plate: printable ASCII, or nothing. */
export const isSeat = (seat: Uint8Array): boolean =>
  seat.length <= SEAT_SIZE_MAX && seat.every((byte) => byte >= 0x20 && byte <= 0x7e);
const seatField = checked(bytes8, 'a seat', isSeat);
const usesField = checked(u8, 'one use at least', (uses) => uses > 0);

export interface Ticket {
  readonly meterId: Uint8Array;
  /** Certificate services of the meter with this one: no two tickets of a meter have the same. */
  readonly number: number;
  /** When it was made, and when it may be used from and until, minutes since 1970-01-01 UTC. */
  readonly issued: number;
  readonly eventId: number;
  readonly kind: TicketKind;
  readonly validFrom: number;
  readonly validTo: number;
  readonly seat: Uint8Array;
  /** How often it lets in. */
  readonly uses: number;
  /** What the holder paid for it, which is not charged here. */
  readonly price: Mills;
  /** Key id of the key that signs. */
  readonly keyId: Uint8Array;
}

export const ticketDocument = signedDocument<Ticket>(
  'TTI1',
  {
    meterId,
    number: u32,
    issued: u32,
    eventId: u32,
    kind: oneOf(ticketKinds),
    validFrom: u32,
    validTo: u32,
    seat: seatField,
    uses: usesField,
    price: mills24,
    keyId: keyIdField,
  },
  ({ validFrom, validTo }) => validFrom <= validTo,
);

/**
 * A ticket by the grant of the key that signed it; whether it may be used now is the gate's to ask.
 * Refusals: `documentMalformed` · `documentForOtherMeter` · `keyMismatch` another key · `keyNotFor` signatures ·
 * `signatureInvalid` · `keyExpired` signed outside the validity of the key.
 */
export function verifyTicket(
  crypto: Crypto,
  grant: KeyGrantFields,
  ticket: Uint8Array,
): Result<Ticket> {
  const read = ticketDocument.read(ticket);
  if (!read.ok) return read;
  if (!equalBytes(read.value.meterId, grant.meterId)) return refuse('documentForOtherMeter');
  if (!equalBytes(read.value.keyId, keyId(crypto, grant.publicKey))) return refuse('keyMismatch');
  if (!grant.uses.sign) return refuse('keyNotFor');
  const signed = ticketDocument.verify(crypto, grant.publicKey, ticket);
  if (!signed.ok) return signed;
  const day = dateOf(signed.value.issued * MINUTE_MS);
  return day < grant.validFrom || day > grant.validTo ? refuse('keyExpired') : signed;
}

export const MINUTE_MS = 60_000;

/** The grant of a key as a gate keeps it. Refusals: `documentMalformed`, `signatureInvalid`. */
export const verifyGrant = (
  crypto: Crypto,
  authorityKey: Uint8Array,
  grant: Uint8Array,
): Result<KeyGrantFields> => keyGrantDocument.verify(crypto, authorityKey, grant);
