/**
 * A session of the functions of protocol/ alone, short epochs and passing time included. It is a module of its own so that a
 * test can load it with a line of protocol/ changed.
 */

import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import { clientConfirm, clientHello, serverAnswer, serverConfirm } from '#protocol/handshake';
import { createRecordLayer } from '#protocol/record';
import type { Result } from '#protocol/result';
import { notingCrypto } from './noting-crypto.ts';
import type { Recording } from './recording.ts';

/** How many records an epoch has here. */
const EPOCH_RECORDS = 3;
const HOUR_MS = 3_600_000;

/** Hours after which each record is sealed. */
export const recordTimes = {
  /** The fourth opens an epoch by count, the fifth and the last one by time. */
  many: [0, 0, 0, 0.5, 2, 2, 4],
  byCount: [0, 0, 0, 0.5],
  byTime: [0, 0, 2, 2],
} as const satisfies Readonly<Record<string, readonly number[]>>;

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${result.status}`);
  return result.value;
}

export function recordProtocol(times: readonly number[] = recordTimes.many): Recording {
  const host = nodeCrypto.generateKeyPair();
  const server = {
    ...nodeCrypto.generateKeyPair(),
    meterId: ascii('TS01\x2a\0\0\0'),
    certificate: new Uint8Array(),
  };
  const { crypto, ephemerals, sealed, opened } = notingCrypto();
  const anybody = () => true;
  const hello = clientHello(crypto, { ...host, role: 'user' });
  const answer = value(serverAnswer(nodeCrypto, server, hello.message1, anybody));
  const confirmed = value(clientConfirm(crypto, hello.pending, answer.message2, anybody));
  const session = value(serverConfirm(nodeCrypto, answer.pending, confirmed.message3));
  let hours = 0;
  const clock = () => hours * HOUR_MS;
  const limits = { records: EPOCH_RECORDS, ageMs: HOUR_MS };
  const client = createRecordLayer(crypto, confirmed.keys, clock, limits);
  const meter = createRecordLayer(nodeCrypto, session.keys, clock, limits);
  for (const [place, passed] of times.entries()) {
    hours = passed;
    if (meter.open(client.seal(ascii(`request ${place}`))) === undefined)
      throw new Error('the meter cannot open it');
    if (client.open(meter.seal(ascii(`response ${place}`))) === undefined)
      throw new Error('the client cannot open it');
  }
  const [ephemeral] = ephemerals;
  if (ephemeral === undefined) throw new Error('no ephemeral key was drawn');
  const { message1 } = hello;
  const messages = { message1, message2: answer.message2, message3: confirmed.message3 };
  return { role: 'user', host, ephemeral, ...messages, a: sealed, b: opened };
}
