/** The tables of digital tokens, one interface each. */

/** The secret keys of a meter; a meter that asks again gets others, and what it made before is still judged. */
interface TokenKeysTable {
  /** The request of the meter, which gets the same keys whenever it comes. */
  request: Uint8Array;
  meter_id: string;
  /** How lite indicia name the meter. */
  model: number;
  serial: number;
  /** The postal key, then the vendor key. In clear: it is as good as the data base is kept. */
  keys: Uint8Array;
  issued_ms: number;
}

interface LiteSightingTable {
  meter_id: string;
  piece_count: number;
  indicium: Uint8Array;
  first_seen_ms: number;
  times_seen: number;
}

export interface TokenTables {
  token_keys: TokenKeysTable;
  lite_sightings: LiteSightingTable;
}
