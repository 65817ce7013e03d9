/** The records of the security log: their bytes, and what an export must be to be believed (requirements.md A9, G6). */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { joinBytes } from '#protocol/bytes';
import { logMeaning } from '#protocol/documents/log-meaning';
import {
  EMPTY_LOG,
  encodeLogRecord,
  followsLog,
  LOG_RECORD_SIZE,
  type LogPosition,
  type LogRecord,
  logChain,
  logEventNames,
  readLogRecord,
  verifyLogExport,
} from '#protocol/documents/security-log';
import { readGolden, toHex } from '#test/support/golden';

const record: LogRecord = {
  event: 'corrected',
  count: 1,
  timeMs: Date.UTC(2026, 2, 1, 12),
  a: 70,
  b: 2,
  c: 1,
};
const golden = readGolden('security-log-record');

describe('the golden record', () => {
  test('is what its fields encode to, and decodes to them', () => {
    expect(toHex(encodeLogRecord(nodeCrypto, EMPTY_LOG.head, record))).toBe(toHex(golden.bytes));
    expect(readLogRecord(golden.bytes)).toEqual({ ok: true, value: record });
  });

  test('is chained as another implementation of SHA-256 finds', () => {
    const digest = createHash('sha256')
      .update(new Uint8Array(16))
      .update(golden.bytes.subarray(0, 48));

    expect(toHex(logChain(golden.bytes))).toBe(digest.digest('hex').slice(0, 32));
    expect(followsLog(nodeCrypto, EMPTY_LOG.head, golden.bytes)).toBe(true);
  });

  test.each<[string, number, number]>([
    ['of an unknown event', 0, logEventNames.length],
    ['of a later layout', 1, 2],
    ['with a reserved byte that is not zero', 30, 1],
    ['with the last reserved byte not zero', 47, 1],
  ])('%s is malformed', (_name, at, value) => {
    const wrong = golden.bytes.map((byte, place) => (place === at ? value : byte));

    expect(readLogRecord(wrong)).toMatchObject({ status: 'documentMalformed' });
  });

  test.each([0, 63, 65, 128])('of %i bytes is malformed', (size) => {
    const wrong = new Uint8Array(size);
    wrong.set(golden.bytes.subarray(0, size));

    expect(readLogRecord(wrong)).toMatchObject({ status: 'documentMalformed' });
  });
});

test('every event says what its figures mean, and none that has none', () => {
  expect(Object.keys(logMeaning)).toEqual([...logEventNames]);
});

const anyRecord = fc.record({
  event: fc.constantFrom(...logEventNames),
  timeMs: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  a: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  b: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  c: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
});

/** Records in a chain behind a position, and the position they reach. */
function chained(from: LogPosition, list: readonly Omit<LogRecord, 'count'>[]) {
  let { count, head } = from;
  const records: LogRecord[] = [];
  const bytes = list.map((each) => {
    count += 1;
    const encoded = encodeLogRecord(nodeCrypto, head, { ...each, count });
    records.push({ ...each, count });
    head = logChain(encoded);
    return encoded;
  });
  return { records, bytes, to: { count, head } };
}

const anyPosition = fc.record({
  count: fc.integer({ min: 0, max: 1_000_000 }),
  head: fc.uint8Array({ minLength: 16, maxLength: 16 }),
});

describe('an export', () => {
  test('is believed as it was written, from whatever position', () => {
    fc.assert(
      fc.property(anyPosition, fc.array(anyRecord, { maxLength: 12 }), (from, list) => {
        const { records, bytes, to } = chained(from, list);

        expect(verifyLogExport(nodeCrypto, from, to, joinBytes(...bytes))).toEqual({
          ok: true,
          value: records,
        });
      }),
    );
  });

  test('is not believed with a record dropped, doubled, swapped, changed, or from another log', () => {
    fc.assert(
      fc.property(
        anyPosition,
        fc.array(anyRecord, { minLength: 2, maxLength: 8 }),
        fc.nat(),
        fc.nat(),
        anyRecord,
        (from, list, placeSeed, bitSeed, other) => {
          const { bytes, to } = chained(from, list);
          const at = placeSeed % bytes.length;
          const each = bytes[at] as Uint8Array;
          const bit = bitSeed % (LOG_RECORD_SIZE * 8);
          const changed = each.map((byte, place) =>
            place === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte,
          );
          const next = (at + 1) % bytes.length;
          const swapped = bytes.with(at, bytes[next] as Uint8Array).with(next, each);
          const foreign = chained(from, list.with(at, other));
          const wrongs = [
            bytes.toSpliced(at, 1),
            bytes.toSpliced(at, 0, each),
            bytes.with(at, changed),
            swapped,
            [...bytes, ...chained(to, [other]).bytes],
          ];
          if (JSON.stringify(other) !== JSON.stringify(list[at])) wrongs.push(foreign.bytes);

          for (const wrong of wrongs) {
            const verdict = verifyLogExport(nodeCrypto, from, to, joinBytes(...wrong));
            expect(verdict.ok).toBe(false);
          }
        },
      ),
    );
  });

  test('that begins or ends elsewhere is not believed', () => {
    const list = Array.from({ length: 4 }, () => record);
    const { bytes, to } = chained(EMPTY_LOG, list);
    const exported = joinBytes(...bytes);
    const elsewhere = { count: 1, head: logChain(bytes[0] as Uint8Array) };

    for (const [from, end] of [
      [elsewhere, to],
      [EMPTY_LOG, elsewhere],
      [{ ...EMPTY_LOG, count: 1 }, to],
      [{ ...EMPTY_LOG, head: elsewhere.head }, to],
      [EMPTY_LOG, { ...to, count: 5 }],
      [EMPTY_LOG, { ...to, head: elsewhere.head }],
    ] as const)
      expect(verifyLogExport(nodeCrypto, from, end, exported)).toMatchObject({
        status: 'documentMismatch',
      });
    expect(verifyLogExport(nodeCrypto, elsewhere, to, exported.subarray(64)).ok).toBe(true);
  });

  test('of part of a record is malformed', () => {
    const { bytes, to } = chained(EMPTY_LOG, [record]);

    for (const size of [1, 63, 65, 127])
      expect(
        verifyLogExport(nodeCrypto, EMPTY_LOG, to, joinBytes(...bytes, ...bytes).subarray(0, size)),
      ).toMatchObject({ status: 'documentMalformed' });
  });
});
