/** Worlds in which one part is wrong on purpose, for the tests that such a part is found out. */

import type { DatabaseSync } from 'node:sqlite';
import { bytesToHex } from '@noble/hashes/utils.js';
import { issue } from '#driver/issue';
import { formatMeterId } from '#protocol/documents/meter-id';
import { readRefillAuthorisation } from '#protocol/documents/refill';
import type { ProviderServices } from '#provider/provider';
import { patchedImage } from '#test/support/image-patch';
import type { ViolationKind } from './violation.ts';
import type { Defects } from './world.ts';

/** A provider that moves the money again when a request comes again, with all its books in order. */
function payingTwice(services: ProviderServices, database: DatabaseSync): ProviderServices {
  const known = new Set<string>();
  return {
    ...services,
    async refill(asked) {
      const outcome = await services.refill(asked);
      const key = bytesToHex(asked.request);
      if (outcome.ok && known.has(key)) moveAgain(database, outcome.value.authorisation);
      known.add(key);
      return outcome;
    },
  };
}

function moveAgain(database: DatabaseSync, authorisation: Uint8Array): void {
  const read = readRefillAuthorisation(authorisation);
  if (!read.ok) throw new Error('that is no authorisation');
  const { amount, kind } = read.value;
  if (kind !== 'purchase') return;
  const meter = formatMeterId(read.value.meterId);
  const customer = `(select customer_id from meters where meter_id = '${meter}')`;
  database.exec(`
    update meters set credited = credited + ${amount} where meter_id = '${meter}';
    update pool set descending = descending - ${amount}, ascending = ascending + ${amount};
    update customers set balance = balance - ${amount}, transactions = transactions + 1
      where customer_id = ${customer};
    insert into transactions
        (customer_id, place, kind, amount, balance_after, owed_after, meter_id, time_ms)
      select customer_id, transactions, 'purchase', ${amount}, balance, owed, '${meter}', 0
      from customers where customer_id = ${customer};`);
}

/** A driver that does not look at what was left unfinished before it asks for a piece again. */
const forgetfulIssue: typeof issue = (meter, journal, piece, options) =>
  issue(meter, { ...journal, entries: () => [] }, piece, options);

/** Signs, records the signature, and answers without a sync. */
const SYNC_BEFORE_ANSWER =
  /(appendSignature\(\{requestId:\w+\.requestId,signature:\w+,\.\.\.\w+\}\)),\w+\.sync\(\)/;

export interface KnownDefect {
  readonly what: string;
  /** Of a world in which it is found. */
  readonly seed: number;
  /** One of these is what it is found by. */
  readonly foundAs: readonly ViolationKind[];
  readonly defects: () => Defects;
}

export const knownDefects: readonly KnownDefect[] = [
  {
    what: 'a provider that pays a replayed refill twice',
    seed: 27,
    foundAs: ['money', 'books'],
    defects: () => ({ wrapProvider: payingTwice }),
  },
  {
    what: 'a driver that charges a retry as a new piece',
    seed: 34,
    foundAs: ['indicium'],
    defects: () => ({ issue: forgetfulIssue }),
  },
  {
    what: 'a meter that answers before its flash is synced',
    seed: 3,
    foundAs: ['durability'],
    defects: () => ({ image: patchedImage([SYNC_BEFORE_ANSWER, '$1']) }),
  },
  {
    what: 'a ledger that is off by one mill',
    seed: 1,
    foundAs: ['books'],
    defects: () => ({
      sql: {
        provider: `create trigger off_by_one after insert on refills when new.amount > 0
          begin update pool set descending = descending - 1; end`,
      },
    }),
  },
  {
    what: 'an authority that forgets what it saw',
    seed: 14,
    foundAs: ['fraud'],
    defects: () => ({
      sql: {
        authority: `create trigger forgets after insert on sightings
          begin delete from sightings where piece_count = new.piece_count; end`,
      },
    }),
  },
  {
    what: 'an authority that issues more than it books',
    seed: 8,
    foundAs: ['books'],
    defects: () => ({
      sql: {
        authority: `create trigger generous after insert on value_issues
          begin update providers set issued_total = issued_total - 1; end`,
      },
    }),
  },
  {
    what: 'an authority that takes a label that was paid back',
    seed: 11,
    foundAs: ['fraud'],
    defects: () => ({
      sql: {
        authority: `create trigger forgives after insert on refunds
          begin delete from refunds where piece_count = new.piece_count; end`,
      },
    }),
  },
  {
    what: 'a provider that takes back more than a meter held',
    seed: 27,
    foundAs: ['books'],
    defects: () => ({
      sql: {
        provider: `create trigger greedy after update of is_withdrawn on meters when new.is_withdrawn
          begin update pool set refunded = refunded + 1; end`,
      },
    }),
  },
];
