/** The tables of the authority, one interface each. Money in whole mills, instants in milliseconds since 1970 UTC. */

import type { ColumnType } from 'kysely';
import type { MovementKind } from '#protocol/documents/batch';
import type { LockAction } from '#protocol/documents/orders';
import type { RevocationReason } from '#protocol/documents/user-key';
import type { AccountKindName, AccountName, LockReasonName } from '#protocol/state';

/** A column that need not be given when the row is made. */
type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>;

/** Numbers that are given once, by name. */
interface CounterTable {
  name: string;
  value: number;
}

interface CertificateTable {
  serial: number;
  /** Meter id, or the id of a provider in the same form. */
  subject: string;
  usage: string;
  public_key: Uint8Array;
  certificate: Uint8Array;
  issued_ms: number;
}

interface MeterTable {
  meter_id: string;
  /** Sequence of its last licence; 0 where it has none. */
  licence_sequence: number;
  made_ms: number;
  /** Of its last licence; null where it has none. */
  provider_id: Nullable<number>;
  account_kind: Nullable<AccountKindName>;
  warn_hours: Nullable<number>;
  lock_hours: Nullable<number>;
  /** When it was last heard of: an inspection, a refill, or its first licence. */
  contact_ms: Nullable<number>;
  /** When its last report was accepted. */
  report_ms: Nullable<number>;
  /** Serial of the certificate of the device key that it signs with; null before anything was signed. */
  device_serial: Nullable<number>;
  /** The last order to it; 0 and null where there is none. */
  lock_sequence: number;
  lock_action: Nullable<LockAction>;
  /** How far its security log was handed in. */
  log_count: number;
  log_head: Uint8Array;
  /** What was refunded of its spoiled pieces. */
  spoilage_refunded: number;
  /** The proof of its withdrawal. */
  withdrawal: Nullable<Uint8Array>;
}

interface LockOrderTable {
  meter_id: string;
  sequence: number;
  action: LockAction;
  reason: LockReasonName;
  document: Uint8Array;
  /** Why, for a person. */
  cause: string;
  ordered_ms: number;
}

interface LicenceTable {
  licence_number: number;
  meter_id: string;
  sequence: number;
  licence: Uint8Array;
  issued_ms: number;
}

interface RateTableTable {
  version: number;
  valid_from: number;
  valid_to: number;
  rate_table: Uint8Array;
  issued_ms: number;
}

interface ProviderTable {
  provider_id: number;
  name: string;
  public_key: Uint8Array;
  certificate: Uint8Array;
  issued_total: number;
  issue_sequence: number;
  /** What of it was issued for spoiled pieces. */
  spoilage_total: number;
  /** What came back from meters of this provider that were withdrawn. */
  withdrawn_total: number;
}

interface ValueIssueTable {
  provider_id: number;
  request_id: Uint8Array;
  sequence: number;
  amount: number;
  issue: Uint8Array;
}

interface SpoilageAnswerTable {
  provider_id: number;
  request_id: Uint8Array;
  request: Uint8Array;
  answer: Uint8Array;
  amount: number;
  /** Number of the issue; null where nothing was issued. */
  sequence: number | null;
}

/** Pieces whose postage came back, and pieces that only redate one of those: neither may be seen in the mail. */
interface RefundTable {
  meter_id: string;
  piece_count: number;
  /** 0 of a piece that redates a refunded one. */
  amount: number;
  refunded_ms: number;
}

/** Which piece redates which, as security logs tell. */
interface RedateTable {
  meter_id: string;
  piece_count: number;
  original: number;
}

interface BatchTable {
  provider_id: number;
  number: number;
  batch: Uint8Array;
  received_ms: number;
}

/** Answers of providers to meters, as their batches tell them. */
export interface MovementTable {
  meter_id: string;
  sequence: number;
  provider_id: number;
  kind: MovementKind;
  account: AccountName;
  amount: number;
  time_ms: number;
}

interface ChallengeTable {
  challenge: Uint8Array;
  meter_id: string;
  asked_ms: number;
  /** Counted with the reports, so that it tells whether it was asked before or after one was taken. */
  number: number;
}

interface StatusReportTable {
  challenge: Uint8Array;
  meter_id: string;
  journal_sequence: number;
  report: Uint8Array;
  /** The checks as JSON: what was answered, answered again to the same report. */
  checks: string;
  received_ms: number;
  /** Counted with the challenges. */
  number: number;
  /** What the meter gets; null where something speaks against it. */
  acknowledgement: Uint8Array | null;
}

/** The security logs of meters as they were handed in; never changed. */
interface LogRecordTable {
  meter_id: string;
  count: number;
  record: Uint8Array;
  received_ms: number;
}

/** The first sight of each genuine indicium: under meter and piece there can be only one. */
interface SightingTable {
  meter_id: string;
  piece_count: number;
  /** The 64 signed bytes: all that tells one indicium from another, and what plausibility compares. */
  core: Uint8Array;
  first_seen_ms: number;
  times_seen: number;
}

interface FindingTable {
  finding_id: number;
  kind: string;
  meter_id: string;
  text: string;
  evidence: Uint8Array;
  found_ms: number;
}

/** The certificates of the authority's own keys. */
interface RootTable {
  public_key: Uint8Array;
  /** Of the key; 0 where none was counted. */
  sequence: number;
  certificate: Uint8Array;
  /** By this key for the one behind it, which tells of revocations from then on. */
  status_certificate: Nullable<Uint8Array>;
  made_ms: number;
}

/** `approved`: somebody or a rule has let it pass · `issued`: it has its certificate. */
export const keyRequestStates = ['pending', 'approved', 'refused', 'issued'] as const;
export type KeyRequestState = (typeof keyRequestStates)[number];

/** What meters ask certificates for. */
export interface KeyRequestTable {
  number: number;
  meter_id: string;
  key_number: number;
  public_key: Uint8Array;
  /** Names, apart by spaces. */
  uses: string;
  organization: string;
  common_name: string;
  /** What both look like, for comparison. */
  organization_look: string;
  name_look: string;
  request: Uint8Array;
  csr: Uint8Array;
  state: KeyRequestState;
  /** Why it was refused, for a person. */
  reason: Nullable<string>;
  /** A rule, or the operator. */
  decided_by: Nullable<string>;
  asked_ms: number;
  decided_ms: Nullable<number>;
}

/** X.509 certificates of keys in meters. */
export interface UserCertificateTable {
  /** Hexadecimal. */
  serial: string;
  request_number: number;
  root_key: Uint8Array;
  certificate: Uint8Array;
  grant_document: Uint8Array;
  valid_from: number;
  valid_to: number;
  issued_ms: number;
}

/** Which of them count no more, from the moment the order was signed. */
export interface RevocationTable {
  serial: string;
  meter_id: string;
  key_number: number;
  reason: RevocationReason;
  /** 0 or 1, as the next one. */
  is_forced: number;
  is_charged: number;
  /** Why, for a person. */
  cause: string;
  /** Of the user; null where it was forced. */
  request: Nullable<Uint8Array>;
  order_document: Uint8Array;
  /** The same by a later key of the authority. */
  order_anew: Nullable<Uint8Array>;
  ordered_ms: number;
  confirmation: Nullable<Uint8Array>;
  confirmed_ms: Nullable<number>;
  /** By the clock of the meter. */
  destroyed_ms: Nullable<number>;
  paid: Nullable<number>;
  due: Nullable<number>;
}

interface CrlTable {
  number: number;
  root_key: Uint8Array;
  crl: Uint8Array;
  /** How many certificates are on it. */
  entries: number;
  this_ms: number;
}

export interface AuthorityTables {
  counters: CounterTable;
  certificates: CertificateTable;
  meters: MeterTable;
  licences: LicenceTable;
  rate_tables: RateTableTable;
  providers: ProviderTable;
  value_issues: ValueIssueTable;
  lock_orders: LockOrderTable;
  spoilage_answers: SpoilageAnswerTable;
  refunds: RefundTable;
  redates: RedateTable;
  batches: BatchTable;
  movements: MovementTable;
  log_records: LogRecordTable;
  challenges: ChallengeTable;
  status_reports: StatusReportTable;
  sightings: SightingTable;
  findings: FindingTable;
  roots: RootTable;
  key_requests: KeyRequestTable;
  user_certificates: UserCertificateTable;
  revocations: RevocationTable;
  crls: CrlTable;
}
