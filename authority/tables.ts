/** The tables of the authority, one interface each. Money in whole mills, instants in milliseconds since 1970 UTC. */

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
}

interface ValueIssueTable {
  provider_id: number;
  request_id: Uint8Array;
  sequence: number;
  amount: number;
  issue: Uint8Array;
}

interface ChallengeTable {
  challenge: Uint8Array;
  meter_id: string;
  asked_ms: number;
}

interface StatusReportTable {
  challenge: Uint8Array;
  meter_id: string;
  journal_sequence: number;
  report: Uint8Array;
  /** The checks as JSON: what was answered, answered again to the same report. */
  checks: string;
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

export interface AuthorityTables {
  counters: CounterTable;
  certificates: CertificateTable;
  meters: MeterTable;
  licences: LicenceTable;
  rate_tables: RateTableTable;
  providers: ProviderTable;
  value_issues: ValueIssueTable;
  challenges: ChallengeTable;
  status_reports: StatusReportTable;
  sightings: SightingTable;
  findings: FindingTable;
}
