/**
 * What a provider tells the authority each day: every movement of value to and from meters since the last time, and what its
 * pool holds then, so that both books can be compared to the mill (requirements.md G7).
 */

import * as P from 'micro-packed';
import type { Crypto, KeyPair } from '../crypto.ts';
import { bytes, bytes16, listOf, mills48, oneOf, u8, u16, u32, u48 } from '../fields.ts';
import type { Mills } from '../mills.ts';
import { type AccountName, accountNames } from '../state.ts';
import { meterId } from './document-fields.ts';
import { type Issued, issuedDocument } from './signed-document.ts';
import { VALUE_REQUEST_ID_SIZE } from './value.ts';

/** The most movements in one batch. */
export const MOVEMENTS_MAX = 800;
/** The most requests under way in one batch, and the most suspects. */
export const UNDER_WAY_MAX = 50;
export const SUSPECTS_MAX = 20;

/** The kinds of a refill, and the withdrawal, which goes the other way. */
export const movementKinds = ['purchase', 'spoilage', 'settlement', 'withdrawal'] as const;
export type MovementKind = (typeof movementKinds)[number];

/** One answer to a meter that asked for value or gave it back. */
export interface Movement {
  readonly meterId: Uint8Array;
  /** Sequence of the refill or of the withdrawal: the numbers of a meter have no gaps. */
  readonly sequence: number;
  readonly kind: MovementKind;
  readonly account: AccountName;
  /** What moved; 0 where it was declined. */
  readonly amount: Mills;
  /** Clock of the provider, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}

/** Where the value is that was issued to a provider. */
export interface PoolState {
  /** Bought and still to be sold. */
  readonly descending: Mills;
  /** Issued for spoiled postage, and not yet back in its meter. */
  readonly spoilage: Mills;
  /** Everything ever moved to meters. */
  readonly ascending: Mills;
  /** Everything that came back from meters that were withdrawn. */
  readonly refunded: Mills;
}

export interface BatchFields extends PoolState {
  readonly providerId: number;
  /** 1, 2, 3 ... */
  readonly number: number;
  /** How many entries of the provider's transaction log it covers, and the chain that they reached: 32 bytes. */
  readonly logCount: number;
  readonly logHead: Uint8Array;
  /** Whether the pool is as it was after the last of these movements; otherwise more of them follow. */
  readonly isComplete: boolean;
  /** The highest number of an issue that is in the pool; 0 where none is. */
  readonly issueSequence: number;
  /** Ids of requests for value, or for spoiled postage, whose answer the provider does not have. */
  readonly underWay: readonly Uint8Array[];
  readonly movements: readonly Movement[];
  /** Refill and withdrawal requests, signed by meters, whose registers or numbers contradict the books. */
  readonly suspects: readonly Uint8Array[];
  /** Clock of the provider, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}
export type Batch = Issued<BatchFields>;

/** The fields of one movement, for the specification. */
export const movementFields = {
  meterId,
  sequence: u32,
  kind: oneOf(movementKinds),
  account: oneOf(accountNames),
  amount: mills48,
  timeMs: u48,
};

/** Signed by the provider. */
export const batchDocument = issuedDocument<BatchFields>(
  'TDB1',
  {
    providerId: u32,
    number: u32,
    logCount: u48,
    logHead: bytes(32),
    isComplete: P.bool,
    descending: mills48,
    spoilage: mills48,
    ascending: mills48,
    refunded: mills48,
    issueSequence: u32,
    underWay: listOf(u8, bytes(VALUE_REQUEST_ID_SIZE)),
    movements: listOf<Movement>(u16, P.struct(movementFields)),
    suspects: listOf(u8, bytes16),
    timeMs: u48,
  },
  ({ movements, underWay, suspects }) =>
    movements.length <= MOVEMENTS_MAX &&
    underWay.length <= UNDER_WAY_MAX &&
    suspects.length <= SUSPECTS_MAX,
);

/** @throws Error where a field does not fit: a bug of the caller */
export function signBatch(crypto: Crypto, provider: KeyPair, fields: BatchFields): Uint8Array {
  return batchDocument.issue(crypto, provider, fields);
}
