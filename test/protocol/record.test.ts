/** Records: in order and unchanged, or never again (requirements.md F2). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SessionKeys } from '#protocol/handshake';
import { nobleCrypto } from '#protocol/noble-crypto';
import {
  createRecordLayer,
  type EpochLimits,
  RECORD_PLAINTEXT_MAX,
  type RecordLayer,
} from '#protocol/record';
import { toHex } from '#test/support/golden';
import { readGoldenCases } from '#test/support/golden-cases';
import { seededRandom } from '#test/support/seeded-random';

const crypto = nobleCrypto(seededRandom('record'));
const text = (...bytes: number[]) => Uint8Array.from(bytes);

function keysOfBoth(): { client: SessionKeys; server: SessionKeys } {
  const [a, b, rekeyA, rekeyB] = [1, 2, 3, 4].map((value) => new Uint8Array(32).fill(value)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  return {
    client: { send: a, receive: b, sendRekey: rekeyA, receiveRekey: rekeyB },
    server: {
      send: b.slice(),
      receive: a.slice(),
      sendRekey: rekeyB.slice(),
      receiveRekey: rekeyA.slice(),
    },
  };
}

const noTime = () => 0;
const HOUR_MS = 3_600_000;
/** So many records in an epoch, whatever time passes. */
const count = (records: number): EpochLimits => ({ records, ageMs: Number.POSITIVE_INFINITY });

function session(records?: number): { client: RecordLayer; server: RecordLayer } {
  const { client, server } = keysOfBoth();
  const limits = records === undefined ? undefined : count(records);
  return {
    client: createRecordLayer(crypto, client, noTime, limits),
    server: createRecordLayer(crypto, server, noTime, limits),
  };
}

test('golden records', () => {
  const [golden] = readGoldenCases('record');
  if (golden === undefined) throw new Error('no golden case');
  const [send, sendRekey] = [golden.given('key').slice(), golden.given('rekey').slice()];
  const client = createRecordLayer(
    crypto,
    { send, sendRekey, receive: new Uint8Array(32), receiveRekey: new Uint8Array(32) },
    noTime,
    count(2),
  );

  for (const number of [1, 2, 3, 4, 5]) {
    expect(toHex(client.seal(golden.given(`plaintext ${number}`)))).toBe(
      toHex(golden.result(`record ${number}`)),
    );
    if (number % 2 === 0) {
      expect(toHex(send)).toBe(toHex(golden.given(`key of epoch ${number / 2}`)));
      expect(toHex(sendRekey)).toBe(toHex(golden.given(`rekey of epoch ${number / 2}`)));
    }
  }
});

describe('a session', () => {
  test('carries every record in both directions, over any number of epochs', () => {
    const records = fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 80 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 5 }), (given, recordsPerEpoch) => {
        const { client, server } = session(recordsPerEpoch);

        for (const [fromClient, plaintext] of given) {
          const [from, to] = fromClient ? [client, server] : [server, client];
          expect(to.open(from.seal(plaintext))).toEqual(plaintext);
        }
      }),
    );
  });

  test('takes records of the greatest size, and seals no larger one', () => {
    const { client, server } = session();
    const largest = new Uint8Array(RECORD_PLAINTEXT_MAX).fill(5);

    expect(server.open(client.seal(largest))).toEqual(largest);
    expect(() => client.seal(new Uint8Array(RECORD_PLAINTEXT_MAX + 1))).toThrow(RangeError);
    expect(client.isOpen).toBe(true);
  });

  test('hides equal texts: no two records are alike', () => {
    const { client, server } = session(3);
    const plaintext = text(1, 2, 3);

    const records = Array.from({ length: 8 }, () => toHex(client.seal(plaintext)));
    records.push(toHex(server.seal(plaintext)));

    expect(new Set(records).size).toBe(9);
  });

  test('replaces its keys by count, so that the old ones are gone', () => {
    const { client: keys } = keysOfBoth();
    const [before, rekeyBefore] = [keys.send.slice(), keys.sendRekey.slice()];
    const client = createRecordLayer(crypto, keys, noTime, count(2));

    client.seal(text(1));
    expect(keys.send).toEqual(before);
    client.seal(text(2));

    expect(keys.send).not.toEqual(before);
    expect(keys.sendRekey).not.toEqual(rekeyBefore);
  });

  test('leaves no key when it is wiped', () => {
    const { client: keys } = keysOfBoth();
    const client = createRecordLayer(crypto, keys, noTime);

    client.wipe();
    client.wipe();

    expect(Object.values(keys)).toEqual([0, 0, 0, 0].map(() => new Uint8Array(32)));
    expect(client.isOpen).toBe(false);
    expect(() => client.seal(text(1))).toThrow('the session has ended');
    expect(client.open(new Uint8Array(16))).toBeUndefined();
  });
});

describe('keys that have served their time', () => {
  /** Two ends whose clocks have nothing to do with each other. */
  function timed(limits?: EpochLimits) {
    const clocks = { client: 5_000, server: 9e9 };
    const { client, server } = keysOfBoth();
    const before = { send: client.send.slice(), sendRekey: client.sendRekey.slice() };
    return {
      clocks,
      keys: client,
      before,
      client: createRecordLayer(crypto, client, () => clocks.client, limits),
      server: createRecordLayer(crypto, server, () => clocks.server, limits),
    };
  }

  test('are replaced before the first record after an hour, by the sender alone', () => {
    const { clocks, keys, before, client, server } = timed();
    server.open(client.seal(text(1)));

    clocks.client += HOUR_MS - 1;
    server.open(client.seal(text(2)));
    expect(keys.send).toEqual(before.send);
    clocks.client += 1;
    const third = client.seal(text(3));

    expect(keys.send).not.toEqual(before.send);
    expect(keys.sendRekey).not.toEqual(before.sendRekey);
    expect(server.open(third)).toEqual(text(3));
    expect(client.open(server.seal(text(4)))).toEqual(text(4));
  });

  test('take every record with them, whenever time passes and whoever speaks', () => {
    const steps = fc.array(
      fc.tuple(fc.boolean(), fc.constantFrom(0, 0, 1, HOUR_MS - 1, HOUR_MS, 9 * HOUR_MS)),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (given, records) => {
        const { clocks, client, server } = timed({ records, ageMs: HOUR_MS });

        for (const [isClient, passedMs] of given) {
          clocks[isClient ? 'client' : 'server'] += passedMs;
          const [from, to] = isClient ? [client, server] : [server, client];
          expect(to.open(from.seal(text(7)))).toEqual(text(7));
        }
      }),
    );
  });

  test('count anew from when they were replaced by count', () => {
    const { clocks, keys, client } = timed({ records: 2, ageMs: HOUR_MS });
    clocks.client += HOUR_MS - 1;
    for (const value of [1, 2]) client.seal(text(value));
    const afterCount = keys.send.slice();

    clocks.client += HOUR_MS - 1;
    client.seal(text(3));

    expect(keys.send).toEqual(afterCount);
  });

  test('hide no record that was held back before', () => {
    const { clocks, client, server } = timed();
    server.open(client.seal(text(1)));
    client.seal(text(2));
    clocks.client += HOUR_MS;

    expect(server.open(client.seal(text(3)))).toBeUndefined();
    expect(server.isOpen).toBe(false);
  });

  test('open nothing any more: a record of before, once one of after has come', () => {
    const { clocks, client, server } = timed();
    const first = client.seal(text(1));
    server.open(first);
    clocks.client += HOUR_MS;
    server.open(client.seal(text(2)));

    expect(server.open(first)).toBeUndefined();
  });
});

describe('what ends a session', () => {
  type Attack = (records: Uint8Array[], ends: ReturnType<typeof session>) => Uint8Array | undefined;
  const attacks: [string, Attack][] = [
    ['a record repeated', ([first]) => first],
    ['a record lost', ([, , third]) => third],
    ['records exchanged', ([, , third]) => third],
    ['a record cut', ([, second]) => second?.subarray(0, -1)],
    ['a record cut to its tag', ([, second]) => second?.subarray(0, 16)],
    ['a record cut to less than a tag', ([, second]) => second?.subarray(0, 15)],
    ['nothing', () => new Uint8Array()],
    ['a byte more', ([, second]) => Uint8Array.of(...(second as Uint8Array), 0)],
    ['a record of the other direction', (_, { server }) => server.seal(text(2))],
    [
      'a record of another session',
      () => createRecordLayer(crypto, otherKeys(), noTime).seal(text(2)),
    ],
    ['a record above the limit', () => new Uint8Array(RECORD_PLAINTEXT_MAX + 17)],
  ];
  const otherKeys = (): SessionKeys => {
    const key = () => new Uint8Array(32).fill(9);
    return { send: key(), receive: key(), sendRekey: key(), receiveRekey: key() };
  };

  test.each(attacks)('%s', (_, attack) => {
    const ends = session();
    const records = [text(1), text(2), text(3)].map(ends.client.seal);
    expect(ends.server.open(records[0] as Uint8Array)).toEqual(text(1));

    const forged = attack(records, ends) as Uint8Array;

    expect(ends.server.open(forged)).toBeUndefined();
    expect(ends.server.isOpen).toBe(false);
    expect(ends.server.open(records[1] as Uint8Array)).toBeUndefined();
    expect(() => ends.server.seal(text(4))).toThrow('the session has ended');
  });

  test.each([0, 15, RECORD_PLAINTEXT_MAX + 17])(
    'a record of %i bytes, which the cipher is not troubled with',
    (size) => {
      const idle = { ...crypto, open: () => expect.unreachable() };
      const meter = createRecordLayer(idle, keysOfBoth().server, noTime);

      expect(meter.open(new Uint8Array(size))).toBeUndefined();
      expect(meter.isOpen).toBe(false);
    },
  );

  test('any bit changed', () => {
    const plaintext = text(1, 2, 3);
    const size = session().client.seal(plaintext).length;
    for (let bit = 0; bit < size * 8; bit++) {
      const { client, server } = session();
      const record = client.seal(plaintext);
      record[bit >> 3] = (record[bit >> 3] as number) ^ (1 << (bit & 7));

      expect(server.open(record)).toBeUndefined();
      expect(server.isOpen).toBe(false);
    }
  });

  test('a record of an earlier epoch', () => {
    const { client, server } = session(2);
    const records = [1, 2, 3, 4].map((value) => client.seal(text(value)));
    for (const record of records.slice(0, 2)) server.open(record);

    expect(server.open(records[0] as Uint8Array)).toBeUndefined();
    expect(server.isOpen).toBe(false);
  });

  test('sides that do not agree on the count of an epoch', () => {
    const { client, server } = keysOfBoth();
    const from = createRecordLayer(crypto, client, noTime, count(2));
    const to = createRecordLayer(crypto, server, noTime, count(3));

    const opened = [1, 2, 3].map((value) => to.open(from.seal(text(value))));

    expect(opened).toEqual([text(1), text(2), undefined]);
  });
});
