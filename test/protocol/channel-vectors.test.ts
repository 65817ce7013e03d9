/** What protocol/ makes of the vectors of the secure channel, which another implementation made (docs/channel.md section 10). */

import { describe, expect, test } from 'vitest';
import type { Crypto, KeyPair } from '#protocol/crypto';
import {
  type ClientPending,
  clientConfirm,
  clientHello,
  type ServerPending,
  serverAnswer,
  serverConfirm,
} from '#protocol/handshake';
import { createRecordLayer } from '#protocol/record';
import type { Role } from '#protocol/state';
import { VECTOR_RECORDS_MAX, vectorTimesMs } from '#test/independent/vectors';
import { toHex } from '#test/support/golden';
import { type GoldenCase, readGoldenCases } from '#test/support/golden-cases';
import { accepted, anybody, crypto, statusOf } from '#test/support/handshake-parties';

const cases = readGoldenCases('channel');
const sessions = cases.filter(({ title }) => title.startsWith('a '));
const refusals = cases.filter(({ title }) => title.includes(' is refused: '));
const [first] = sessions as [GoldenCase];

function keyPairOf(one: GoldenCase, name: string): KeyPair {
  const privateKey = one.given(name).slice();
  return { privateKey, publicKey: crypto.publicKeyOf(privateKey) };
}

/** The real algorithms, but what is drawn is given. */
const drawing = (one: GoldenCase, name: string): Crypto => ({
  ...crypto,
  randomBytes: () => one.given('nonce').slice(),
  generateKeyPair: () => keyPairOf(one, name),
});

const serverOf = (one: GoldenCase) => ({
  ...keyPairOf(one, 'server private key'),
  meterId: one.given('meter id'),
  certificate: one.given('certificate'),
});

/** The server's part, on the message 1 that the vectors give. */
function serverOn(one: GoldenCase, isKnown: Parameters<typeof serverAnswer>[3] = anybody) {
  const drawn = drawing(one, 'server ephemeral private key');
  return accepted(serverAnswer(drawn, serverOf(one), one.result('message 1'), isKnown));
}

/** A client that has sent the message 1 of the vectors, whatever it would offer itself. */
function clientOn(one: GoldenCase): ClientPending {
  return {
    message1: one.result('message 1'),
    client: keyPairOf(one, 'client private key'),
    ephemeralKey: one.given('client ephemeral private key').slice(),
    offer: Uint8Array.of(1),
    openingKey: new Uint8Array(),
    isSpent: false,
  };
}

test('the file has sessions, records and refusals', () => {
  expect([sessions.length, refusals.length, cases.length]).toEqual([4, 25, 31]);
});

describe.each(sessions)('$title', (golden) => {
  const role: Role = golden.title.includes('officer') ? 'cryptoOfficer' : 'user';

  test('the server gives the messages and keys, and takes message 3', () => {
    const { message2, pending } = serverOn(golden, (asked) => asked === role);
    const session = accepted(serverConfirm(crypto, pending, golden.result('message 3')));

    expect(toHex(message2)).toBe(toHex(golden.result('message 2')));
    expect(session.role).toBe(role);
    expect(toHex(session.clientKey)).toBe(toHex(keyPairOf(golden, 'client private key').publicKey));
    expect(session.keys).toEqual({
      receive: golden.given('key A'),
      send: golden.given('key B'),
      receiveRekey: golden.given('rekey A'),
      sendRekey: golden.given('rekey B'),
    });
  });

  test('the client takes message 2, and gives message 3 and keys', () => {
    const message2 = golden.result('message 2');

    const confirmed = accepted(clientConfirm(crypto, clientOn(golden), message2, anybody));

    expect(toHex(confirmed.message3)).toBe(toHex(golden.result('message 3')));
    expect(confirmed.server.certificate).toEqual(golden.given('certificate'));
    expect(confirmed.keys).toEqual({
      send: golden.given('key A'),
      receive: golden.given('key B'),
      sendRekey: golden.given('rekey A'),
      receiveRekey: golden.given('rekey B'),
    });
  });
});

test.each(sessions.slice(0, 3))('$title: message 1 is what our client says', (golden) => {
  const role = golden.title.includes('officer') ? 'cryptoOfficer' : 'user';
  const client = { ...keyPairOf(golden, 'client private key'), role } as const;

  const { message1 } = clientHello(drawing(golden, 'client ephemeral private key'), client);

  expect(toHex(message1)).toBe(toHex(golden.result('message 1')));
});

describe.each(['A', 'B'])('records of direction %s', (direction) => {
  const golden = cases.find(({ title }) => title === `records of direction ${direction}`);
  const given = (name: string) => (golden as GoldenCase).given(name).slice();
  const limits = { records: VECTOR_RECORDS_MAX, ageMs: 3_600_000 };
  const none = () => new Uint8Array(32);

  test('are sealed so, at these times, under these keys', () => {
    let nowMs = 77;
    const send = first.given(`key ${direction}`).slice();
    const sendRekey = first.given(`rekey ${direction}`).slice();
    const keys = { send, sendRekey, receive: none(), receiveRekey: none() };
    const layer = createRecordLayer(crypto, keys, () => nowMs, limits);

    vectorTimesMs.forEach((timeMs, at) => {
      nowMs = 77 + timeMs;
      const record = layer.seal(given(`plaintext ${at + 1}`));

      expect(toHex(record)).toBe(toHex((golden as GoldenCase).result(`record ${at + 1}`)));
    });
  });

  test('are opened without a clock', () => {
    const receive = first.given(`key ${direction}`).slice();
    const receiveRekey = first.given(`rekey ${direction}`).slice();
    const keys = { send: none(), sendRekey: none(), receive, receiveRekey };
    const layer = createRecordLayer(crypto, keys, () => 0, limits);

    for (const at of vectorTimesMs.keys())
      expect(layer.open((golden as GoldenCase).result(`record ${at + 1}`))).toEqual(
        given(`plaintext ${at + 1}`),
      );
  });
});

describe('refused', () => {
  const knownKey = keyPairOf(first, 'client private key').publicKey;
  const isKnown = (_: Role, key: Uint8Array) => toHex(key) === toHex(knownKey);

  test.each(refusals)('$title', (golden) => {
    const message = golden.given('message');
    const [what, status] = golden.title.split(' is refused: ') as [string, string];

    const answers: Record<string, () => string> = {
      'message 1': () => statusOf(serverAnswer(crypto, serverOf(first), message, isKnown)),
      'message 2': () => statusOf(clientConfirm(crypto, clientOn(first), message, anybody)),
      'message 3': () => statusOf(serverConfirm(crypto, pendingServer(), message)),
    };

    expect(answers[what.slice(0, 9)]?.()).toBe(status);
  });

  test('none of the first session itself', () => {
    expect(
      statusOf(serverAnswer(crypto, serverOf(first), first.result('message 1'), isKnown)),
    ).toBe('ok');
    expect(
      statusOf(clientConfirm(crypto, clientOn(first), first.result('message 2'), anybody)),
    ).toBe('ok');
    expect(statusOf(serverConfirm(crypto, pendingServer(), first.result('message 3')))).toBe('ok');
  });

  const pendingServer = (): ServerPending => serverOn(first).pending;
});
