/** The handshake: keys for two who proved who they are, and no secret left behind (requirements.md F2). */

import { describe, expect, test } from 'vitest';
import { ascii } from '#protocol/bytes';
import type { Crypto, KeyPair } from '#protocol/crypto';
import {
  clientConfirm,
  clientHello,
  discardClient,
  discardServer,
  type ServerIdentity,
  type SessionKeys,
  serverAnswer,
  serverConfirm,
} from '#protocol/handshake';
import { createRecordLayer } from '#protocol/record';
import { toHex } from '#test/support/golden';
import { type GoldenCase, readGoldenCases } from '#test/support/golden-cases';
import { accepted, anybody, client, crypto, server } from '#test/support/handshake-parties';

const noTime = () => 0;

describe.each(readGoldenCases('handshake'))('golden handshake: $title', (golden) => {
  test('every message, and every key', () => {
    const role = golden.title.includes('crypto officer') ? 'cryptoOfficer' : 'user';
    const goldenClient = { ...keyPairOf(golden, 'client private key'), role } as const;
    const identity = {
      meterId: golden.given('meter id'),
      certificate: golden.given('certificate'),
    };
    const goldenServer = { ...keyPairOf(golden, 'server private key'), ...identity };

    const hello = clientHello(fixed(golden, 'client ephemeral private key'), goldenClient);
    const answer = accepted(
      serverAnswer(
        fixed(golden, 'server ephemeral private key'),
        goldenServer,
        hello.message1,
        anybody,
      ),
    );
    const confirmation = accepted(clientConfirm(crypto, hello.pending, answer.message2, anybody));
    const session = accepted(serverConfirm(crypto, answer.pending, confirmation.message3));

    expect(toHex(hello.message1)).toBe(toHex(golden.result('message 1')));
    expect(toHex(answer.message2)).toBe(toHex(golden.result('message 2')));
    expect(toHex(confirmation.message3)).toBe(toHex(golden.result('message 3')));
    expect(confirmation.keys).toEqual({
      send: golden.given('key A'),
      receive: golden.given('key B'),
      sendRekey: golden.given('rekey A'),
      receiveRekey: golden.given('rekey B'),
    });
    expect(confirmation.server).toEqual({ publicKey: goldenServer.publicKey, ...identity });
    expect(session).toEqual({
      role,
      clientKey: goldenClient.publicKey,
      keys: {
        send: confirmation.keys.receive,
        receive: confirmation.keys.send,
        sendRekey: confirmation.keys.receiveRekey,
        receiveRekey: confirmation.keys.sendRekey,
      },
    });
  });

  function keyPairOf(one: GoldenCase, name: string): KeyPair {
    const privateKey = one.given(name);
    return { privateKey, publicKey: crypto.publicKeyOf(privateKey) };
  }

  function fixed(one: GoldenCase, name: string): Crypto {
    return {
      ...crypto,
      randomBytes: () => one.given('nonce'),
      generateKeyPair: () => keyPairOf({ ...one, given: (key) => one.given(key).slice() }, name),
    };
  }
});

describe('two who trust each other', () => {
  test('get a session that carries records', () => {
    const hello = clientHello(crypto, client);
    const answer = accepted(serverAnswer(crypto, server, hello.message1, anybody));
    const confirmation = accepted(clientConfirm(crypto, hello.pending, answer.message2, anybody));
    const session = accepted(serverConfirm(crypto, answer.pending, confirmation.message3));

    const host = createRecordLayer(crypto, confirmation.keys, noTime);
    const meter = createRecordLayer(crypto, session.keys, noTime);

    expect(meter.open(host.seal(ascii('request')))).toEqual(ascii('request'));
    expect(host.open(meter.seal(ascii('response')))).toEqual(ascii('response'));
  });

  test('get other keys each time, and a different one for each purpose', () => {
    const keys = [1, 2].flatMap(() => {
      const hello = clientHello(crypto, client);
      const answer = accepted(serverAnswer(crypto, server, hello.message1, anybody));
      return Object.values(
        accepted(clientConfirm(crypto, hello.pending, answer.message2, anybody)).keys,
      ).map(toHex);
    });

    expect(new Set(keys).size).toBe(8);
  });

  test('are told to whom they speak', () => {
    const asked: unknown[] = [];
    const hello = clientHello(crypto, { ...client, role: 'cryptoOfficer' });

    const answer = accepted(
      serverAnswer(crypto, server, hello.message1, (role, key) => asked.push(role, key) > 0),
    );
    clientConfirm(crypto, hello.pending, answer.message2, (seen) => asked.push(seen) > 0);

    const { meterId, publicKey, certificate } = server;
    expect(asked).toEqual([
      'cryptoOfficer',
      client.publicKey,
      { meterId, publicKey, certificate } satisfies ServerIdentity,
    ]);
  });
});

describe('secrets', () => {
  const isWiped = (secret: Uint8Array) => secret.every((byte) => byte === 0);
  const areWiped = (keys: SessionKeys) => Object.values(keys).every(isWiped);

  function started() {
    const hello = clientHello(crypto, client);
    const answer = accepted(serverAnswer(crypto, server, hello.message1, anybody));
    return { hello, answer };
  }

  test('of a confirmed handshake: what led to the keys is wiped, the keys are not', () => {
    const { hello, answer } = started();
    const confirmation = accepted(clientConfirm(crypto, hello.pending, answer.message2, anybody));
    const session = accepted(serverConfirm(crypto, answer.pending, confirmation.message3));
    discardServer(answer.pending);
    discardClient(hello.pending);

    expect(isWiped(hello.pending.ephemeralKey)).toBe(true);
    expect(isWiped(answer.pending.confirmKey)).toBe(true);
    expect(Object.values(confirmation.keys).some(isWiped)).toBe(false);
    expect(Object.values(session.keys).some(isWiped)).toBe(false);
    expect(isWiped(client.privateKey)).toBe(false);
  });

  test.each<[string, (pendings: ReturnType<typeof started>) => void]>([
    [
      'that failed',
      ({ hello, answer }) => {
        clientConfirm(crypto, hello.pending, ascii('garbage'), anybody);
        serverConfirm(crypto, answer.pending, ascii('garbage'));
      },
    ],
    [
      'that was given up',
      ({ hello, answer }) => {
        discardClient(hello.pending);
        discardServer(answer.pending);
      },
    ],
  ])('of a handshake %s are all wiped', (_, end) => {
    const pendings = started();

    end(pendings);

    expect(isWiped(pendings.hello.pending.ephemeralKey)).toBe(true);
    expect(isWiped(pendings.answer.pending.confirmKey)).toBe(true);
    expect(areWiped(pendings.answer.pending.keys)).toBe(true);
  });

  test('of the algorithms are wiped behind them: shared secret and ephemeral key', () => {
    const handed: Uint8Array[] = [];
    const watching: Crypto = {
      ...crypto,
      agree(privateKey, publicKey) {
        const shared = crypto.agree(privateKey, publicKey);
        handed.push(privateKey, shared as Uint8Array);
        return shared;
      },
    };
    const hello = clientHello(watching, client);
    const answer = accepted(serverAnswer(watching, server, hello.message1, anybody));
    accepted(clientConfirm(watching, hello.pending, answer.message2, anybody));

    expect(handed.map(isWiped)).toEqual([true, true, true, true]);
  });
});
