/**
 * Everything that was said, said again at every later point, and every two neighbours exchanged: to the real meter, to the real
 * driver, and to the record layer alone (requirements.md F2; reliability.md section 7, goal 14).
 */

import { nodeCrypto } from '#driver/node-crypto';
import type { SessionKeys } from '#protocol/handshake';
import { createRecordLayer } from '#protocol/record';

export interface Counted {
  /** Repetitions that were tried. */
  readonly replayed: number;
  /** Neighbours that were exchanged. */
  readonly swapped: number;
  /** Records of another session in the same place. */
  readonly spliced: number;
  /** Of all of them: what was taken for new. */
  readonly accepted: number;
  /** Repetitions at once and byte for byte, which the link answers from its record without performing anything. */
  readonly answeredFromRecord: number;
}

export function sumOf(counts: Iterable<Partial<Counted>>): Counted {
  const total = { replayed: 0, swapped: 0, spliced: 0, accepted: 0, answeredFromRecord: 0 };
  for (const each of counts)
    for (const name of Object.keys(total) as (keyof Counted)[]) total[name] += each[name] ?? 0;
  return total;
}

/** How many records the layer alone is tried with, and how many an epoch of them has. */
const RECORDS = 40;
const EPOCH_RECORDS = 9;
const HOUR_MS = 3_600_000;

/** Both directions of a session over epochs by count and by time: each record again at each later point. */
export function replayToRecordLayer(): Counted {
  const counts: Partial<Counted>[] = [];
  const keys = (): SessionKeys => {
    const key = (value: number) => new Uint8Array(32).fill(value);
    return { send: key(1), sendRekey: key(2), receive: key(1), receiveRekey: key(2) };
  };
  const limits = { records: EPOCH_RECORDS, ageMs: HOUR_MS };
  let nowMs = 0;
  const sender = createRecordLayer(nodeCrypto, keys(), () => nowMs, limits);
  const records = Array.from({ length: RECORDS }, (_, at) => {
    nowMs = Math.floor(at / 5) * HOUR_MS; // an epoch begins by time after five records, or by count after nine
    return sender.seal(Uint8Array.of(at));
  });

  /** A receiver that has opened so many. */
  function receiverAfter(count: number) {
    const receiver = createRecordLayer(nodeCrypto, keys(), () => 0, limits);
    for (const [at, record] of records.slice(0, count).entries())
      if (receiver.open(record)?.[0] !== at)
        throw new Error(`record ${at} does not open in its turn`);
    return receiver;
  }

  for (let point = 1; point <= RECORDS; point++)
    for (const record of records.slice(0, point)) {
      const isTaken = receiverAfter(point).open(record) !== undefined;
      counts.push({ replayed: 1, accepted: isTaken ? 1 : 0 });
    }
  for (let at = 0; at + 1 < RECORDS; at++) {
    const receiver = receiverAfter(at);
    const [first, second] = records.slice(at, at + 2) as [Uint8Array, Uint8Array];
    const taken = [second, first].filter((record) => receiver.open(record) !== undefined);
    counts.push({ swapped: 1, accepted: taken.length });
  }
  return sumOf(counts);
}
