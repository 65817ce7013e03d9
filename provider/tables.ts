/** The tables of the provider, one interface each. Money in whole mills, instants in milliseconds since 1970 UTC. */

import type { MovementKind } from '#protocol/documents/batch';
import type { TransactionKind } from '#protocol/documents/receipt';
import type { RefillKind, RefillReason } from '#protocol/documents/refill';
import type { SpoilageReason } from '#protocol/documents/spoilage';
import type { withdrawalVerdicts } from '#protocol/documents/withdrawal';
import type { AccountName } from '#protocol/state';
import type { ClaimState, Rejection } from './claim-pieces.ts';
import type { CreditTables } from './credit/tables.ts';
import type { EntryKind } from './transaction-log.ts';
import type { WithdrawalObstacle } from './withdrawal.ts';

/** Numbers that are given once, by name. */
interface CounterTable {
  name: string;
  value: number;
}

/** The master PSD: one row. */
interface PoolTable {
  pool_id: number;
  ascending: number;
  descending: number;
  /** Issued for spoiled pieces, and not yet back in its meter. */
  spoilage: number;
  refunded: number;
  /** The highest number of an issue that is in it. */
  issue_sequence: number;
}

interface PurchaseTable {
  request_id: Uint8Array;
  amount: number;
  /** The signed request, sent again as it is until it is answered. */
  request: Uint8Array;
  /** The authority's value issue; null until it is credited. */
  issue: Uint8Array | null;
  asked_ms: number;
}

interface CustomerTable {
  customer_id: number;
  name: string;
  is_closed: 0 | 1;
  balance: number;
  /** Everything ever paid in. */
  paid_in: number;
  /** What was billed and not paid yet, and how much of that there may be. */
  owed: number;
  credit_max: number;
  /** Everything that came back from meters that were withdrawn. */
  returned: number;
  /** How many transactions there were: the place of the last one. */
  transactions: number;
}

interface PaymentTable {
  customer_id: number;
  request_id: Uint8Array;
  amount: number;
  place: number;
}

export interface TransactionTable {
  customer_id: number;
  /** 1, 2, 3 ... without end; the receipt number is made of it. */
  place: number;
  kind: TransactionKind;
  /** What moved; 0 where a refill was declined. */
  amount: number;
  balance_after: number;
  owed_after: number;
  meter_id: string | null;
  time_ms: number;
  /** Signed; null of a transaction that is older than receipts. */
  receipt: Uint8Array | null;
}

export interface MeterTable {
  meter_id: string;
  customer_id: number;
  /** Compact certificate of the device key. */
  certificate: Uint8Array;
  /** Everything ever bought into its two registers, and what came back of it. */
  credited: number;
  certificate_credited: number;
  withdrawn: number;
  certificate_withdrawn: number;
  /** What was approved for spoiled pieces, and what of it has gone to the meter. */
  spoilage_approved: number;
  spoilage_credited: number;
  /** How far a current account is settled. */
  settled: number;
  /** Sequence of the last refill or withdrawal that was answered. */
  refill_sequence: number;
  /** The ascending registers in the last requests that were answered. */
  ascending: number;
  certificate_ascending: number;
  /** The latest order of the authority that is known. */
  lock_order: Uint8Array | null;
  /** Whether it has proved that nothing is left in it. */
  is_withdrawn: 0 | 1;
}

interface RefillTable {
  meter_id: string;
  sequence: number;
  nonce: Uint8Array;
  request: Uint8Array;
  /** The signed answer: these bytes, whenever the request comes again. */
  authorisation: Uint8Array;
  kind: RefillKind;
  account: AccountName;
  requested: number;
  amount: number;
  reason: RefillReason;
  time_ms: number;
}

interface WithdrawalTable {
  meter_id: string;
  sequence: number;
  request: Uint8Array;
  /** The signed answer: these bytes, whenever the request comes again. */
  authorisation: Uint8Array;
  verdict: (typeof withdrawalVerdicts)[number];
  obstacle: WithdrawalObstacle | null;
  postal: number;
  certificate: number;
  time_ms: number;
  /** The proof of the meter; null until it arrives. */
  proof: Uint8Array | null;
  is_told: 0 | 1;
}

interface ClaimTable {
  claim_id: number;
  customer_id: number;
  request_id: Uint8Array;
  meter_id: string;
  reason: SpoilageReason;
  /** The signed request to the authority; null where no piece was left for it. */
  request: Uint8Array | null;
  /** Its answer; null until it is there. */
  answer: Uint8Array | null;
  approved: number;
  submitted_ms: number;
}

interface ClaimPieceTable {
  claim_id: number;
  place: number;
  meter_id: string;
  /** Null where the bytes are no indicium. */
  piece_count: number | null;
  amount: number;
  indicium: Uint8Array;
  state: ClaimState;
  rejection: Rejection | null;
}

/** What moved to or from meters, by the entry of the transaction log that says so. */
interface MovementTable {
  entry: number;
  meter_id: string;
  sequence: number;
  kind: MovementKind;
  account: AccountName;
  amount: number;
  time_ms: number;
}

interface BatchTable {
  number: number;
  /** The last entry of the transaction log that it covers. */
  log_count: number;
  batch: Uint8Array;
  is_complete: 0 | 1;
  is_told: 0 | 1;
}

/** Only written, never changed. */
interface TransactionLogTable {
  number: number;
  kind: EntryKind;
  time_ms: number;
  entry: string;
  chain: Uint8Array;
}

/** Where the transaction log stands: one row. */
interface TransactionLogHeadTable {
  head_id: number;
  number: number;
  chain: Uint8Array;
}

interface FindingTable {
  finding_id: number;
  kind: string;
  meter_id: string;
  text: string;
  evidence: Uint8Array;
  found_ms: number;
  /** The batch that told the authority of it; null where none has. */
  batch_number: number | null;
}

/** The certificates of the keys of the authority, as far as they are known; never changed. */
interface AuthorityKeyTable {
  sequence: number;
  certificate: Uint8Array;
}

export interface ProviderTables extends CreditTables {
  authority_keys: AuthorityKeyTable;
  counters: CounterTable;
  pool: PoolTable;
  purchases: PurchaseTable;
  customers: CustomerTable;
  payments: PaymentTable;
  transactions: TransactionTable;
  meters: MeterTable;
  refills: RefillTable;
  withdrawals: WithdrawalTable;
  claims: ClaimTable;
  claim_pieces: ClaimPieceTable;
  movements: MovementTable;
  batches: BatchTable;
  transaction_log: TransactionLogTable;
  transaction_log_head: TransactionLogHeadTable;
  findings: FindingTable;
}
