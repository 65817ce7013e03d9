/** The tables of credit, one interface each. Money in whole mills, instants in milliseconds since 1970 UTC. */

/** One row: by which rules credit is given, and the word of the authority for who gives it. */
interface CreditTermsTable {
  terms_id: number;
  /** Compact certificate of the usage `creditIssuer`; null before the operator has installed it. */
  issuer: Uint8Array | null;
  automatic_max: number;
  line_max: number;
  days: number;
}

export const creditStates = ['open', 'granted', 'refused'] as const;
export type CreditState = (typeof creditStates)[number];

interface CreditRequestTable {
  request_id: number;
  request: Uint8Array;
  meter_id: string;
  amount: number;
  state: CreditState;
  asked_ms: number;
}

/** A line has the number of its request. */
interface CreditLineTable {
  serial: number;
  meter_id: string;
  certificate: Uint8Array;
  /** SHA-256 of the certificate, by which payments name it. */
  digest: Uint8Array;
  amount: number;
  valid_to: number;
}

/** Settled; each number of a line once. */
interface CreditPaymentTable {
  serial: number;
  number: number;
  /** The payment certificate without its signature, of which there can be many. */
  core: Uint8Array;
  amount: number;
  rest: number;
  settled_ms: number;
}

export interface CreditTables {
  credit_terms: CreditTermsTable;
  credit_requests: CreditRequestTable;
  credit_lines: CreditLineTable;
  credit_payments: CreditPaymentTable;
}
