/** Records, written from docs/channel.md section 6. */

import { derive, join, little, open, seal, text } from './algorithms.ts';
import type { TrafficSecrets } from './handshake.ts';

/** One direction of a session as it stands; a record that was sealed or opened gives the next one. */
export interface Direction {
  readonly key: Buffer;
  readonly rekey: Buffer;
  readonly epoch: number;
  readonly sequence: number;
  /** When the epoch began, by the clock of whoever seals. */
  readonly sinceMs: number;
}

export const RECORDS_MAX = 2 ** 20;
export const AGE_MAX_MS = 3_600_000;
const DATA = text('PMA1 record');

export const directionOf = (key: Buffer, rekey: Buffer, sinceMs: number): Direction => ({
  key,
  rekey,
  epoch: 0,
  sequence: 0,
  sinceMs,
});

export const directionsOf = (secrets: TrafficSecrets, nowMs: number) => ({
  a: directionOf(secrets.keyA, secrets.rekeyA, nowMs),
  b: directionOf(secrets.keyB, secrets.rekeyB, nowMs),
});

function nextEpoch(from: Direction, label: string, context: Buffer, sinceMs: number): Direction {
  const epoch = from.epoch + 1;
  const both = derive(from.rekey, label, join(little(epoch, 4), context), 2);
  return { ...directionOf(both.subarray(0, 32), both.subarray(32), sinceMs), epoch };
}

const byTime = (from: Direction, nowMs: number): Direction =>
  nextEpoch(from, 'PMA1 rekey time', little(from.sequence, 8), nowMs);

const nonceOf = ({ epoch, sequence }: Direction): Buffer =>
  join(little(epoch, 4), little(sequence, 8));

function counted(from: Direction, nowMs: number, recordsMax: number): Direction {
  const sequence = from.sequence + 1;
  if (sequence < recordsMax) return { ...from, sequence };
  return nextEpoch(from, 'PMA1 rekey', Buffer.alloc(0), nowMs);
}

/** @param recordsMax less than the standard only where a test has no patience */
export function sealRecord(
  from: Direction,
  plain: Uint8Array,
  nowMs: number,
  recordsMax: number = RECORDS_MAX,
): { readonly record: Buffer; readonly next: Direction; readonly used: Direction } {
  const used = nowMs - from.sinceMs >= AGE_MAX_MS ? byTime(from, nowMs) : from;
  const record = seal(used.key, nonceOf(used), DATA, plain);
  return { record, used, next: counted(used, nowMs, recordsMax) };
}

export function openRecord(
  from: Direction,
  record: Uint8Array,
  recordsMax: number = RECORDS_MAX,
): { readonly plain: Buffer; readonly next: Direction } | undefined {
  if (record.length < 16 || record.length > 16_384) return undefined;
  for (const used of [from, byTime(from, 0)]) {
    const plain = open(used.key, nonceOf(used), DATA, record);
    if (plain !== undefined) return { plain, next: counted(used, 0, recordsMax) };
  }
  return undefined;
}
