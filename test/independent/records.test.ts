/** Where the real record layer replaces keys by count, seen from the second implementation (docs/channel.md section 6). */

import { expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import type { Crypto } from '#protocol/crypto';
import { createRecordLayer } from '#protocol/record';
import { directionOf, openRecord, RECORDS_MAX } from './records.ts';

test('after 2^20 records of a direction, not one earlier or later', () => {
  const last = RECORDS_MAX - 1;
  let sealed = 0;
  const sparing: Crypto = {
    ...nodeCrypto,
    // Sealing a million records is left out; that they are counted is what matters.
    seal: (...given) => (sealed++ < last ? new Uint8Array() : nodeCrypto.seal(...given)),
  };
  const bytes = (value: number) => new Uint8Array(32).fill(value);
  const keys = { send: bytes(1), sendRekey: bytes(2), receive: bytes(3), receiveRekey: bytes(4) };
  const layer = createRecordLayer(sparing, keys, () => 0);
  for (let count = 0; count < last; count++) layer.seal(Uint8Array.of(0));

  const lastOfEpoch = layer.seal(Uint8Array.of(1));
  const firstOfNext = layer.seal(Uint8Array.of(2));

  const direction = directionOf(Buffer.from(bytes(1)), Buffer.from(bytes(2)), 0);
  const opened = openRecord({ ...direction, sequence: last }, lastOfEpoch);
  expect([...(opened?.plain ?? [])]).toEqual([1]);
  expect(opened?.next).toMatchObject({ epoch: 1, sequence: 0 });
  expect([...((opened && openRecord(opened.next, firstOfNext)?.plain) ?? [])]).toEqual([2]);
});
