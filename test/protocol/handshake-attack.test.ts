/** The handshake under attack: nothing for anybody who changes, repeats or makes up a message (requirements.md F2). */

import { describe, expect, test } from 'vitest';
import { ascii, joinBytes } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import {
  clientConfirm,
  clientHello,
  type ServerIdentity,
  serverAnswer,
  serverConfirm,
} from '#protocol/handshake';
import { toHex } from '#test/support/golden';
import {
  accepted,
  anybody,
  client,
  crypto,
  server,
  statusOf,
} from '#test/support/handshake-parties';

/** Runs all three messages, each changed on its way; tells the first refusal, or `ok`. */
function run(change: {
  message1?: (bytes: Uint8Array) => Uint8Array;
  message2?: (bytes: Uint8Array) => Uint8Array;
  message3?: (bytes: Uint8Array) => Uint8Array;
}): string {
  const same = (bytes: Uint8Array) => bytes;
  const hello = clientHello(crypto, client);
  const answer = serverAnswer(crypto, server, (change.message1 ?? same)(hello.message1), anybody);
  if (!answer.ok) return answer.status;
  const message2 = (change.message2 ?? same)(answer.value.message2);
  const confirmation = clientConfirm(crypto, hello.pending, message2, anybody);
  if (!confirmation.ok) return confirmation.status;
  const message3 = (change.message3 ?? same)(confirmation.value.message3);
  return statusOf(serverConfirm(crypto, answer.value.pending, message3));
}

function flip(at: number, mask: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const changed = bytes.slice();
    changed[at] = (bytes[at] as number) ^ mask;
    return changed;
  };
}

const set =
  (at: number, value: number) =>
  (bytes: Uint8Array): Uint8Array =>
    bytes.with(at, value);

describe('every change on the way is refused', () => {
  const hello = clientHello(crypto, client);
  const answer = accepted(serverAnswer(crypto, server, hello.message1, anybody));
  const confirmation = accepted(clientConfirm(crypto, hello.pending, answer.message2, anybody));
  const sizes = {
    message1: hello.message1.length,
    message2: answer.message2.length,
    message3: confirmation.message3.length,
  };
  const refusals = ['authenticationFailed', 'versionUnsupported', 'malformedRequest'];

  test('none is not', () => {
    expect(run({})).toBe('ok');
    expect(sizes).toEqual({ message1: 91, message2: 309, message3: 101 });
  });

  test('any byte of message 1: by the server, or by the client on seeing its answer', () => {
    for (let at = 0; at < sizes.message1; at++)
      expect(refusals).toContain(run({ message1: flip(at, 1 << (at & 7)) }));
  });

  test('any byte of message 2', () => {
    const begun = clientHello(crypto, client);
    const { message2 } = accepted(serverAnswer(crypto, server, begun.message1, anybody));
    for (let at = 0; at < sizes.message2; at++) {
      const pending = { ...begun.pending, ephemeralKey: begun.pending.ephemeralKey.slice() };
      const changed = flip(at, 1 << (at & 7))(message2);

      expect(refusals).toContain(statusOf(clientConfirm(crypto, pending, changed, anybody)));
    }
  });

  test('any byte of message 3', () => {
    for (let at = 0; at < sizes.message3; at++) {
      const pending = { ...answer.pending, confirmKey: answer.pending.confirmKey.slice() };
      const changed = flip(at, 1 << (at & 7))(confirmation.message3);

      expect(refusals).toContain(statusOf(serverConfirm(crypto, pending, changed)));
    }
  });

  test.each(['message1', 'message2', 'message3'] as const)('%s cut or lengthened', (message) => {
    for (const size of [0, 1, 5, 50, sizes[message] - 1])
      expect(run({ [message]: (bytes: Uint8Array) => bytes.subarray(0, size) })).toBe(
        'malformedRequest',
      );
    expect(run({ [message]: (bytes: Uint8Array) => Uint8Array.of(...bytes, 0) })).toBe(
      'malformedRequest',
    );
  });

  test('the other s of the same signature, which would verify by itself', () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const otherS = (from: number) => (bytes: Uint8Array) => {
      const s = BigInt(`0x${toHex(bytes.subarray(from + 32, from + 64))}`);
      const changed = bytes.slice();
      changed.set(Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'), from + 32);
      return changed;
    };

    expect(run({ message2: otherS(sizes.message2 - 96) })).toBe('authenticationFailed');
    expect(run({ message3: otherS(5) })).toBe('authenticationFailed');
  });
});

describe('nobody is talked down', () => {
  const [version, suiteCount, suite, role] = [5, 6, 7, 8];

  test.each<[string, Parameters<typeof run>[0], string]>([
    ['an offer of version 0', { message1: set(version, 0) }, 'versionUnsupported'],
    ['an offer of a later version', { message1: set(version, 2) }, 'authenticationFailed'],
    ['an offer of an unknown suite', { message1: set(suite, 2) }, 'versionUnsupported'],
    ['an offer of no suite', { message1: withSuites() }, 'versionUnsupported'],
    ['an offer of one suite more', { message1: withSuites(1, 0) }, 'authenticationFailed'],
    ['a choice of version 0', { message2: set(version, 0) }, 'versionUnsupported'],
    ['a choice of a later version', { message2: set(version, 2) }, 'versionUnsupported'],
    ['a choice of another suite', { message2: set(suiteCount, 2) }, 'versionUnsupported'],
    ['the role nobody', { message1: set(role, 0) }, 'malformedRequest'],
    ['a role that does not exist', { message1: set(role, 3) }, 'malformedRequest'],
    ['a higher role', { message1: set(role, 2) }, 'authenticationFailed'],
  ])('%s', (_, change, status) => {
    expect(run(change)).toBe(status);
  });

  function withSuites(...suites: number[]): (bytes: Uint8Array) => Uint8Array {
    return (bytes) =>
      joinBytes(
        bytes.subarray(0, suiteCount),
        Uint8Array.of(suites.length, ...suites),
        bytes.subarray(role),
      );
  }

  test('an offer below the least version is refused by the server itself', () => {
    const { message1 } = clientHello(crypto, client);

    expect(statusOf(serverAnswer(crypto, server, set(version, 0)(message1), anybody))).toBe(
      'versionUnsupported',
    );
  });

  test('an offer of several suites and a later version is answered with what there is', () => {
    const { message1 } = clientHello(crypto, client);
    const offer = withSuites(9, 1, 7)(set(version, 3)(message1));

    const { message2 } = accepted(serverAnswer(crypto, server, offer, anybody));

    expect([message2[5], message2[6]]).toEqual([1, 1]);
  });
});

describe('somebody else', () => {
  const mallory = crypto.generateKeyPair();

  test('whose key is not known is refused before any work on the curve', () => {
    const { message1 } = clientHello(crypto, client);
    const work = () => expect.unreachable();
    const idle: Crypto = {
      ...crypto,
      agree: work,
      sign: work,
      verify: work,
      generateKeyPair: work,
    };

    expect(statusOf(serverAnswer(idle, server, message1, () => false))).toBe(
      'authenticationFailed',
    );
    expect(statusOf(serverAnswer(idle, server, ascii('garbage'), anybody))).toBe(
      'malformedRequest',
    );
  });

  test('whose key is known for another role only is refused', () => {
    const { message1 } = clientHello(crypto, { ...client, role: 'cryptoOfficer' });

    const answer = serverAnswer(crypto, server, message1, (role) => role === 'user');

    expect(statusOf(answer)).toBe('authenticationFailed');
  });

  test('who names the key of another client cannot confirm', () => {
    const hello = clientHello(crypto, { ...mallory, publicKey: client.publicKey, role: 'user' });
    const answer = accepted(serverAnswer(crypto, server, hello.message1, anybody));
    const { message3 } = accepted(clientConfirm(crypto, hello.pending, answer.message2, anybody));

    expect(statusOf(serverConfirm(crypto, answer.pending, message3))).toBe('authenticationFailed');
  });

  test('who names the key of another server is refused, and so is one who is not trusted', () => {
    const first = clientHello(crypto, client);
    const liar = { ...server, privateKey: mallory.privateKey };
    const lie = accepted(serverAnswer(crypto, liar, first.message1, anybody));
    const second = clientHello(crypto, client);
    const stranger = accepted(
      serverAnswer(crypto, { ...server, ...mallory }, second.message1, anybody),
    );
    const isTrusted = ({ publicKey }: ServerIdentity) =>
      toHex(publicKey) === toHex(server.publicKey);

    expect(statusOf(clientConfirm(crypto, first.pending, lie.message2, isTrusted))).toBe(
      'authenticationFailed',
    );
    expect(statusOf(clientConfirm(crypto, second.pending, stranger.message2, isTrusted))).toBe(
      'authenticationFailed',
    );
  });

  test('is not asked about before the proof: trust is for a key that was shown to be held', () => {
    const hello = clientHello(crypto, client);
    const liar = { ...server, privateKey: mallory.privateKey };
    const { message2 } = accepted(serverAnswer(crypto, liar, hello.message1, anybody));

    const confirmation = clientConfirm(crypto, hello.pending, message2, () => expect.unreachable());

    expect(statusOf(confirmation)).toBe('authenticationFailed');
  });

  test('who sends an ephemeral key that is no point is refused', () => {
    const noPoint = Uint8Array.of(2, ...new Uint8Array(31), 1);
    const { message1 } = clientHello(crypto, client);
    message1.set(noPoint, 42);

    expect(statusOf(serverAnswer(crypto, server, message1, anybody))).toBe('authenticationFailed');
  });
});

describe('what was said before', () => {
  function exchange() {
    const hello = clientHello(crypto, client);
    const answer = accepted(serverAnswer(crypto, server, hello.message1, anybody));
    return { hello, answer };
  }

  test('as a second message is refused in another handshake', () => {
    const [first, second] = [exchange(), exchange()];

    expect(
      statusOf(clientConfirm(crypto, second.hello.pending, first.answer.message2, anybody)),
    ).toBe('authenticationFailed');
  });

  test('as a third message is refused in another handshake, even one with the same first', () => {
    const { hello, answer } = exchange();
    const again = accepted(serverAnswer(crypto, server, hello.message1, anybody));
    const { message3 } = accepted(clientConfirm(crypto, hello.pending, answer.message2, anybody));

    expect(statusOf(serverConfirm(crypto, again.pending, message3))).toBe('authenticationFailed');
    expect(statusOf(serverConfirm(crypto, answer.pending, message3))).toBe('ok');
  });

  test('sent back to who said it is refused', () => {
    const { hello, answer } = exchange();

    expect(statusOf(serverAnswer(crypto, server, answer.message2, anybody))).toBe(
      'malformedRequest',
    );
    expect(statusOf(serverConfirm(crypto, answer.pending, answer.message2))).toBe(
      'malformedRequest',
    );
    expect(statusOf(clientConfirm(crypto, hello.pending, hello.message1, anybody))).toBe(
      'malformedRequest',
    );
  });

  test('is confirmed once: a pending handshake is spent by success and by failure', () => {
    const { hello, answer } = exchange();
    const { message3 } = accepted(clientConfirm(crypto, hello.pending, answer.message2, anybody));
    const other = exchange();

    expect(statusOf(clientConfirm(crypto, hello.pending, answer.message2, anybody))).toBe(
      'authenticationFailed',
    );
    expect(statusOf(serverConfirm(crypto, answer.pending, message3))).toBe('ok');
    expect(statusOf(serverConfirm(crypto, answer.pending, message3))).toBe('authenticationFailed');
    expect(statusOf(serverConfirm(crypto, other.answer.pending, message3))).toBe(
      'authenticationFailed',
    );
    expect(statusOf(serverConfirm(crypto, other.answer.pending, message3))).toBe(
      'authenticationFailed',
    );
  });

  test('is not confirmed again by whoever knows that a spent key is zeros', () => {
    const { hello, answer } = exchange();
    const { message3 } = accepted(clientConfirm(crypto, hello.pending, answer.message2, anybody));
    const { challenge } = answer.pending;
    accepted(serverConfirm(crypto, answer.pending, message3));
    const signature = message3.subarray(5, 69);
    const forged = message3.slice();
    forged.set(crypto.hmac(new Uint8Array(32), challenge, signature), 69);

    expect(statusOf(serverConfirm(crypto, answer.pending, forged))).toBe('authenticationFailed');
  });
});
