/**
 * A gate for tickets: works without a network, with the grants of the keys that sign them and a list of those that were used
 * (requirements.md C7). What several gates let in is compared when their lists are together.
 */

import { equalBytes } from '#protocol/bytes';
import { type Crypto, SIGNATURE_SIZE } from '#protocol/crypto';
import { keyId } from '#protocol/documents/key-id';
import {
  MINUTE_MS,
  type Ticket,
  ticketDocument,
  verifyGrant,
  verifyTicket,
} from '#protocol/documents/ticket';
import type { KeyGrantFields } from '#protocol/documents/user-key';
import { ok, type Result, refuse } from '#protocol/result';
import type { Entry, UsedList } from './used-list.ts';

/**
 * `enter` · `forged` it is no ticket, or none that its key signed · `unknownKey` of which this gate has no grant · `otherEvent` ·
 * `tooEarly` · `tooLate` · `usedUp` it let in as often as it may.
 */
export type GateVerdict =
  | 'enter'
  | 'forged'
  | 'unknownKey'
  | 'otherEvent'
  | 'tooEarly'
  | 'tooLate'
  | 'usedUp';

/** What a gate knows. */
export interface GateRules {
  /** Grants of keys whose tickets it takes, each by the authority. */
  readonly grants: readonly KeyGrantFields[];
  /** Any where left out. */
  readonly eventId?: number | undefined;
}

/** Reads grants from what the authority gave. Refusals as verifyGrant. */
export function readGrants(
  crypto: Crypto,
  authorityKeys: readonly Uint8Array[],
  files: readonly Uint8Array[],
): Result<readonly KeyGrantFields[]> {
  const grants: KeyGrantFields[] = [];
  for (const file of files) {
    const read = authorityKeys
      .map((key) => verifyGrant(crypto, key, file))
      .reduce(
        (best, next) => (best.ok ? best : next),
        refuse('signatureInvalid') as Result<KeyGrantFields>,
      );
    if (!read.ok) return read;
    grants.push(read.value);
  }
  return ok(grants);
}

export interface Judged {
  readonly verdict: Exclude<GateVerdict, 'usedUp'>;
  /** Undefined where it is no ticket. */
  readonly ticket: Ticket | undefined;
}

/** What the ticket and the clock say, whoever used it. */
export function judgeTicket(
  crypto: Crypto,
  { grants, eventId }: GateRules,
  bytes: Uint8Array,
  timeMs: number,
): Judged {
  const read = ticketDocument.read(bytes);
  if (!read.ok) return { verdict: 'forged', ticket: undefined };
  const ticket = read.value;
  const grant = grants.find(
    ({ publicKey, meterId }) =>
      equalBytes(keyId(crypto, publicKey), ticket.keyId) && equalBytes(meterId, ticket.meterId),
  );
  if (grant === undefined) return { verdict: 'unknownKey', ticket };
  if (!verifyTicket(crypto, grant, bytes).ok) return { verdict: 'forged', ticket };
  if (eventId !== undefined && ticket.eventId !== eventId) return { verdict: 'otherEvent', ticket };
  const minute = Math.floor(timeMs / MINUTE_MS);
  if (minute < ticket.validFrom) return { verdict: 'tooEarly', ticket };
  return { verdict: minute > ticket.validTo ? 'tooLate' : 'enter', ticket };
}

/** A ticket without its signature. */
const nameOf = (bytes: Uint8Array): string => hex(bytes.subarray(0, -SIGNATURE_SIZE));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Lets in, or does not; `enter` is on disk before it is said. */
export async function letIn(
  crypto: Crypto,
  rules: GateRules,
  used: UsedList,
  bytes: Uint8Array,
  { gate, timeMs }: Pick<Entry, 'gate' | 'timeMs'>,
): Promise<{ readonly verdict: GateVerdict; readonly ticket: Ticket | undefined }> {
  const judged = judgeTicket(crypto, rules, bytes, timeMs);
  const { verdict, ticket } = judged;
  if (verdict !== 'enter' || ticket === undefined) return judged;
  const name = nameOf(bytes);
  if (used.timesUsed(name) >= ticket.uses) return { verdict: 'usedUp', ticket };
  await used.add({ ticket: name, gate, timeMs });
  return judged;
}

/** A ticket that let in more often than it may, or two under one number. */
export interface Double {
  readonly meterId: Uint8Array;
  readonly number: number;
  readonly eventId: number;
  readonly uses: number;
  /** `uses`: too often · `contents`: two tickets with this number. */
  readonly kind: 'uses' | 'contents';
  readonly entries: readonly Entry[];
}

/** What the lists of all gates show together. The same entry in two lists, as in a copy of one, is one. */
export function findDoubles(lists: readonly (readonly Entry[])[]): readonly Double[] {
  const entries = new Map<string, Entry>();
  for (const entry of lists.flat())
    entries.set(`${entry.ticket} ${entry.gate} ${entry.timeMs}`, entry);
  const byNumber = new Map<string, { ticket: Ticket; entries: Entry[] }>();
  for (const entry of entries.values()) {
    const ticket = ticketIn(entry);
    const key = `${hex(ticket.meterId)} ${ticket.number}`;
    const known = byNumber.get(key) ?? { ticket, entries: [] };
    known.entries.push(entry);
    byNumber.set(key, known);
  }
  return [...byNumber.values()].flatMap(({ ticket, entries: used }) => {
    const { meterId, number, eventId, uses } = ticket;
    const kind = new Set(used.map((each) => each.ticket)).size > 1 ? 'contents' : 'uses';
    if (kind === 'uses' && used.length <= uses) return [];
    const inOrder = used.sort((one, other) => one.timeMs - other.timeMs);
    return [{ meterId, number, eventId, uses, kind, entries: inOrder } as const];
  });
}

function ticketIn({ ticket, gate }: Entry): Ticket {
  const core = Uint8Array.from(Buffer.from(ticket, 'hex'));
  const unsigned = new Uint8Array(core.length + SIGNATURE_SIZE);
  unsigned.set(core);
  const read = ticketDocument.read(unsigned);
  if (!read.ok) throw new Error(`the list of ${gate} holds what is no ticket`);
  return read.value;
}
