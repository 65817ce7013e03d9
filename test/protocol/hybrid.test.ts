/** The hybrid suite of the handshake: offered, chosen, refused, never talked down (docs/channel.md; requirements.md F2). */

import { describe, expect, test } from 'vitest';
import { memoryLink } from '#driver/link/memory';
import { openMeter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { connectMemory } from '#emulator/ports/memory';
import { joinBytes } from '#protocol/bytes';
import type { Crypto, Kem } from '#protocol/crypto';
import { clientConfirm, clientHello, serverAnswer, serverConfirm } from '#protocol/handshake';
import type { SuiteName } from '#protocol/handshake-layout';
import { ok } from '#protocol/result';
import { pairOf } from '#test/independent/algorithms';
import { accept, answer, begin, confirm } from '#test/independent/handshake';
import { toHex } from '#test/support/golden';
import { accepted, anybody, client, server, statusOf } from '#test/support/handshake-parties';
import { createImitation } from '#test/support/imitation';
import { identity, registers, trust } from '#test/support/imitation-host';
import { hostKeys, meterAt } from '#test/support/meter';
import { nobleKem } from '#test/support/noble-kem';

const both: readonly SuiteName[] = ['hybrid', 'classic'];
const nodeKem = nodeCrypto.kem as Kem;
const without: Crypto = { ...nodeCrypto, kem: undefined };
const withNoble: Crypto = { ...nodeCrypto, kem: nobleKem };

type Change = (bytes: Uint8Array) => Uint8Array;
const same: Change = (bytes) => bytes;

interface Run {
  readonly offered?: readonly SuiteName[];
  readonly host?: Crypto;
  readonly meter?: Crypto;
  readonly message1?: Change;
  readonly message2?: Change;
}

/** All three messages; the suite that was chosen and whether both sides have the same keys, or the refusal. */
function run({ offered = both, host = nodeCrypto, meter = nodeCrypto, ...change }: Run): string {
  const hello = clientHello(host, client, offered);
  const answered = serverAnswer(meter, server, (change.message1 ?? same)(hello.message1), anybody);
  if (!answered.ok) return `server: ${answered.status}`;
  const message2 = (change.message2 ?? same)(answered.value.message2);
  const confirmed = clientConfirm(host, hello.pending, message2, anybody);
  if (!confirmed.ok) return `client: ${confirmed.status}`;
  const session = serverConfirm(meter, answered.value.pending, confirmed.value.message3);
  if (!session.ok) return `server: ${session.status}`;
  const isSame = toHex(session.value.keys.receive) === toHex(confirmed.value.keys.send);
  return `suite ${message2[6]}, ${isSame ? 'same keys' : 'other keys'}`;
}

test('Node has ML-KEM-768, and that of noble is the same', () => {
  for (const [mine, theirs] of [
    [nodeKem, nobleKem],
    [nobleKem, nodeKem],
  ] as const) {
    const { openingKey, sealingKey } = mine.generateKeyPair();
    const sealed = theirs.encapsulate(sealingKey);

    expect([sealingKey.length, sealed?.ciphertext.length, sealed?.secret.length]).toEqual([
      1184, 1088, 32,
    ]);
    expect(mine.decapsulate(openingKey, sealed?.ciphertext as Uint8Array)).toEqual(sealed?.secret);
  }
});

test.each<[string, Run, string]>([
  ['both sides have it', {}, 'suite 2, same keys'],
  ['by another implementation', { meter: withNoble }, 'suite 2, same keys'],
  ['and the host by another one', { host: withNoble }, 'suite 2, same keys'],
  ['the meter has not', { meter: without }, 'suite 1, same keys'],
  ['the host does not offer it', { offered: ['classic'] }, 'suite 1, same keys'],
  ['it is insisted on', { offered: ['hybrid'] }, 'suite 2, same keys'],
  [
    'it is insisted on, and the meter has not',
    { offered: ['hybrid'], meter: without },
    'server: versionUnsupported',
  ],
])('%s', (_, given, outcome) => {
  expect(run(given)).toBe(outcome);
});

test('a host without it cannot offer it', () => {
  expect(() => clientHello(without, client, ['hybrid'])).toThrow('no KEM');
});

describe('on the way', () => {
  /** Takes the hybrid suite and its share out of message 1. */
  const stripped: Change = (bytes) =>
    joinBytes(bytes.subarray(0, 6), Uint8Array.of(1, 1), bytes.subarray(9, 92));
  const flip =
    (back: number): Change =>
    (bytes) =>
      bytes.with(bytes.length - back, (bytes.at(-back) as number) ^ 1);
  const [ciphertext, shareKey] = [96 + 500, 500];

  test.each<[string, Run, string]>([
    ['nobody strips it from the offer', { message1: stripped }, 'client: authenticationFailed'],
    [
      'nobody takes the share away',
      { message1: (m) => m.subarray(0, 92) },
      'client: authenticationFailed',
    ],
    ['nobody changes the share', { message1: flip(shareKey) }, 'client: authenticationFailed'],
    [
      'nobody changes the ciphertext',
      { message2: flip(ciphertext) },
      'client: authenticationFailed',
    ],
    ['a ciphertext is not cut', { message2: (m) => m.subarray(1) }, 'client: malformedRequest'],
    [
      'a choice of the classic suite does not fit',
      { message2: (m) => m.with(6, 1) },
      'client: malformedRequest',
    ],
    [
      'a share that is no key is refused',
      { message1: (m) => m.fill(0xff, 95) },
      'server: authenticationFailed',
    ],
    [
      'a share of another suite is refused',
      { message1: (m) => m.with(92, 9) },
      'server: malformedRequest',
    ],
    [
      'two shares are refused',
      { message1: (m) => joinBytes(m, m.subarray(92)) },
      'server: malformedRequest',
    ],
    ['half a share is refused', { message1: (m) => m.subarray(0, -1) }, 'server: malformedRequest'],
  ])('%s', (_, given, outcome) => {
    expect(run(given)).toBe(outcome);
  });
});

test('message sizes: 1,187 bytes more for the host, 1,088 for the meter', () => {
  const size = (offered: readonly SuiteName[]) => {
    const { message1 } = clientHello(nodeCrypto, client, offered);
    const { message2 } = accepted(serverAnswer(nodeCrypto, server, message1, anybody));
    return [message1.length, message2.length];
  };

  expect(size(['classic'])).toEqual([91, 309]);
  expect(size(['hybrid'])).toEqual([1_278, 1_397]);
});

test('the key that opens is wiped, whatever comes of the handshake', () => {
  const isWiped = ({ openingKey }: { openingKey: Uint8Array }) =>
    openingKey.length > 1_000 && openingKey.every((byte) => byte === 0);
  const [confirmed, failed] = [1, 2].map(() => clientHello(nodeCrypto, client, both)) as [
    ReturnType<typeof clientHello>,
    ReturnType<typeof clientHello>,
  ];
  const { message2 } = accepted(serverAnswer(nodeCrypto, server, confirmed.message1, anybody));

  accepted(clientConfirm(nodeCrypto, confirmed.pending, message2, anybody));
  clientConfirm(nodeCrypto, failed.pending, message2, anybody);

  expect([isWiped(confirmed.pending), isWiped(failed.pending)]).toEqual([true, true]);
});

describe('the second implementation', () => {
  test('as the client of the real server', () => {
    const host = pairOf(client.privateKey);
    const begun = begin(draw, host, 'user', { suites: [2, 1] });
    const answered = accepted(serverAnswer(nodeCrypto, server, begun.message1, anybody));
    const confirmed = confirm(begun, answered.message2, anybody);
    if (confirmed.refusal !== undefined) throw new Error(confirmed.refusal);

    expect(answered.message2[6]).toBe(2);
    expect(statusOf(serverConfirm(nodeCrypto, answered.pending, confirmed.message3))).toBe('ok');
    expect(toHex(answered.pending.keys.receive)).toBe(toHex(confirmed.schedule.keyA));
  });

  test('as the server of the real client', () => {
    const { meterId, certificate } = server;
    const party = { device: pairOf(server.privateKey), meterId, certificate, suites: [2, 1] };
    const hello = clientHello(nodeCrypto, client, both);
    const answered = answer(draw, party, hello.message1, anybody);
    if (answered.refusal !== undefined) throw new Error(answered.refusal);
    const confirmed = accepted(
      clientConfirm(nodeCrypto, hello.pending, answered.message2, anybody),
    );

    expect(answered.message2[6]).toBe(2);
    expect(accept(answered, confirmed.message3)).toBeUndefined();
    expect(toHex(confirmed.keys.send)).toBe(toHex(answered.schedule.keyA));
  });

  const draw = (size: number): Buffer => Buffer.from(nodeCrypto.randomBytes(size));
});

describe('the driver', () => {
  test('uses it with a meter that has it', async () => {
    const imitation = createImitation({ services: { registers: () => ok(registers) } });
    const link = memoryLink(imitation.connect());

    await using meter = await openMeter(link, { identity, trust, suites: both });

    expect(await meter.registers()).toEqual(registers);
  });

  test.each<[readonly SuiteName[], string]>([
    [both, 'ok'],
    [['hybrid'], 'versionUnsupported'],
  ])('offers %j to the image, which has it not: %s', async (offered, outcome) => {
    await using meter = await meterAt('blank');
    const opening = openMeter(memoryLink(connectMemory(meter.board)), {
      identity: hostKeys.cryptoOfficer,
      role: 'cryptoOfficer',
      trust: 'unmade',
      suites: offered,
    });

    const status = await opening.then(
      async (opened) => {
        await opened.close();
        return 'ok';
      },
      (error: { status: string }) => error.status,
    );

    expect(status).toBe(outcome);
  });
});
