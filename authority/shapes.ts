/** The shapes that several routes of the authority share. */

import { AUTHORITY_KEY_SIZE } from '#protocol/documents/authority-key';
import { indiciumFlags } from '#protocol/documents/indicium';
import { formatMeterId, parseMeterId } from '#protocol/documents/meter-id';
import { rateKinds } from '#protocol/documents/rate-table';
import {
  amount,
  choice,
  flag,
  hex,
  list,
  nullable,
  parsed,
  record,
  text,
  whole,
} from '#protocol/http/shape';
import { checkOutcomes } from './check.ts';
import { RATE_TABLE_SIZE_MAX } from './rates.ts';

export const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;
const U48_MAX = 2 ** 48 - 1;
export const document = hex(1, 2_048);
export const rateTable = hex(1, RATE_TABLE_SIZE_MAX);
/** Pieces of spoiled postage, or the movements of a day: the largest documents there are. */
export const largeDocument = hex(1, 30_000);
export const publicKey = hex(33);
export const certificate = hex(130);
export const authorityKey = hex(AUTHORITY_KEY_SIZE);
/** A key for each year would last a thousand. */
export const AUTHORITY_KEYS_LIMIT = 1_000;
export const meterId = parsed('a meter number as TS01-0000000042', parseMeterId, formatMeterId);
export const model = parsed(
  'four characters of 0-9 and A-Z',
  (given) => (/^[0-9A-Z]{4}$/.test(given) ? given : undefined),
  (value) => value,
);
export const instant = whole(0, U48_MAX);
export const date = whole(19_700_101, 99_991_231);
export const number = whole(0, U32_MAX);
export const rate = record({
  serviceId: whole(0, U16_MAX),
  kind: choice(rateKinds),
  minimum: amount,
  maximum: amount,
  steps: list(record({ weightMaxMg: number, prices: list(amount, 16) }), 32),
});

export const serviceId = whole(0, U16_MAX);
export const count = whole(0, Number.MAX_SAFE_INTEGER);
export const order = nullable(document);

export const checkOf = <const T extends readonly string[]>(names: T) =>
  record({ name: choice(names), outcome: choice(checkOutcomes), text: text(1_000) });

const flags = record(
  Object.fromEntries(indiciumFlags.map((name) => [name, flag])) as Record<
    (typeof indiciumFlags)[number],
    typeof flag
  >,
);
export const indicium = record({
  certificateSerial: number,
  meterId,
  ascending: amount,
  descending: amount,
  postage: amount,
  mailingDate: date,
  originZip: number,
  destination: whole(0, 2 ** 40 - 1),
  rateCategory: number,
  pieceCount: number,
  serviceId,
  flags,
});
