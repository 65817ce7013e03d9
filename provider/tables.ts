/** The tables of the provider, one interface each. Money in whole mills, instants in milliseconds since 1970 UTC. */

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
  refunded: number;
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
  /** How many transactions there were: the place of the last one. */
  transactions: number;
}

interface PaymentTable {
  customer_id: number;
  request_id: Uint8Array;
  amount: number;
  place: number;
}

export const transactionKinds = ['payment', 'refill', 'refillDeclined'] as const;
export type TransactionKind = (typeof transactionKinds)[number];

interface TransactionTable {
  customer_id: number;
  /** 1, 2, 3 ... without end; the receipt number is made of it. */
  place: number;
  kind: TransactionKind;
  /** What moved; 0 where a refill was declined. */
  amount: number;
  balance_after: number;
  meter_id: string | null;
  time_ms: number;
}

interface MeterTable {
  meter_id: string;
  customer_id: number;
  /** Compact certificate of the device key. */
  certificate: Uint8Array;
  /** Everything ever credited, and what was given back of it. */
  credited: number;
  refunded: number;
  /** Sequence of the last refill that was answered. */
  refill_sequence: number;
  /** The ascending register in the last refill request that was answered. */
  ascending: number;
}

interface RefillTable {
  meter_id: string;
  sequence: number;
  nonce: Uint8Array;
  request: Uint8Array;
  /** The signed answer: these bytes, whenever the request comes again. */
  authorisation: Uint8Array;
  amount: number;
  time_ms: number;
}

interface FindingTable {
  finding_id: number;
  kind: string;
  meter_id: string;
  text: string;
  evidence: Uint8Array;
  found_ms: number;
}

export interface ProviderTables {
  counters: CounterTable;
  pool: PoolTable;
  purchases: PurchaseTable;
  customers: CustomerTable;
  payments: PaymentTable;
  transactions: TransactionTable;
  meters: MeterTable;
  refills: RefillTable;
  findings: FindingTable;
}
