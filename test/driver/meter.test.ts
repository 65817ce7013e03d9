/** What a meter refuses, what is never sent to it, and which meter is trusted (requirements.md F2, D7). */

import { describe, expect, test } from 'vitest';
import { LinkError, RefusedError } from '#driver/errors';
import { memoryLink } from '#driver/link/memory';
import { openMeter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { pieceRequest } from '#driver/piece';
import type { RequestOf } from '#protocol/command';
import { mills } from '#protocol/mills';
import { ok, refuse } from '#protocol/result';
import {
  createImitation,
  type ImitationOptions,
  testAuthority,
  testMeterId,
} from '#test/support/imitation';
import { identity, openTo, trust } from '#test/support/imitation-host';
import { failureOf } from '#test/support/settle';

const password = new Uint8Array(8).fill(1);
const key = nodeCrypto.generateKeyPair().publicKey;
const version = { protocolVersion: 1, imageVersion: 0x10000, imageDigest: new Uint8Array(32) };
const piece = pieceRequest(
  { counter: 10, nonce: 11 },
  { serviceId: 1, postage: mills(780), mailingDate: 20_260_101, destination: 0 },
);

describe('a refusal', () => {
  const refusing = (...refusal: Parameters<typeof refuse>) =>
    openTo(createImitation({ services: { registers: () => refuse(...refusal) } }));

  test('tells name, number, state, detail and what to do', async () => {
    await using meter = await refusing('insufficientFunds', 1_234);

    const error = await failureOf(meter.registers());

    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({
      service: 'registers',
      status: 'insufficientFunds',
      code: 0x0301,
      state: 'uninitialized',
      detail: 1_234,
      detailMeaning: 'mills missing',
      advice: 'act',
      isTransient: false,
    });
    expect((error as Error).message).toBe(
      'registers refused: insufficientFunds 0x0301, state uninitialized. Not enough funds: refill the meter. (mills missing: 1234)',
    );
  });

  test('that passes by itself is transient', async () => {
    await using meter = await refusing('passwordDelayed', 900);

    expect(await failureOf(meter.registers())).toMatchObject({ advice: 'wait', isTransient: true });
  });

  test('leaves the session open', async () => {
    await using meter = await refusing('wrongRole');

    await failureOf(meter.registers());

    expect(await failureOf(meter.registers())).toMatchObject({ status: 'wrongRole' });
    expect(meter.isOpen).toBe(true);
  });

  test('of a newer meter is told by its number', () => {
    const error = new RefusedError({ service: 'status', code: 0x0777, detail: 0, state: 'idle' });

    expect(error).toMatchObject({ status: undefined, code: 0x0777, isTransient: false });
    expect(error.message).toContain('0x0777');
  });
});

describe('values that no field can hold are refused before anything is sent', () => {
  test.each<[string, Partial<RequestOf<'createIndicium'>>]>([
    ['a service below zero', { serviceId: -1 }],
    ['a service of 17 bits', { serviceId: 0x1_0000 }],
    ['postage beyond 24 bits', { postage: mills(0x100_0000) }],
    ['a broken destination', { destination: 0.5 }],
  ])('%s', async (_, field) => {
    const imitation = createImitation();
    await using meter = await openTo(imitation);

    const error = await failureOf(meter.createIndicium({ ...piece, ...field }));

    expect(error).toMatchObject({ status: 'fieldOutOfRange', state: undefined });
    expect(imitation.performed).toEqual([]);
    expect(meter.isOpen).toBe(true);
  });

  test('a document beyond what one message holds', async () => {
    await using meter = await openTo(createImitation());

    const error = await failureOf(meter.register(new Uint8Array(20_000)));

    expect(error).toMatchObject({ status: 'fieldOutOfRange' });
  });
});

describe('without an identity', () => {
  const services = { version: () => ok(version) };

  test('what is open to anybody can be asked for', async () => {
    await using meter = await openMeter(memoryLink(createImitation({ services }).connect()));

    expect(await meter.version()).toEqual(version);
    expect(meter.server).toBe(undefined);
  });

  test('nothing that belongs into a session is ever sent in clear, a password least of all', async () => {
    const sent: Uint8Array[] = [];
    const line = createImitation().connect();
    const spied = memoryLink({
      ...line,
      send(bytes) {
        sent.push(bytes);
        line.send(bytes);
      },
    });
    await using meter = await openMeter(spied);
    sent.length = 0;

    const error = await failureOf(meter.logIn(password));

    expect(error).toMatchObject({ status: 'sessionRequired', state: undefined });
    expect(sent).toEqual([]);
  });
});

describe('the meter is trusted', () => {
  test('by a certificate of the authority', async () => {
    const imitation = createImitation();

    await using meter = await openMeter(memoryLink(imitation.connect()), {
      identity,
      trust: { authorityKey: testAuthority.publicKey, meterId: testMeterId },
    });

    expect(meter.server).toMatchObject({
      meterId: testMeterId,
      publicKey: imitation.keys.publicKey,
    });
  });

  test('by its key', async () => {
    const imitation = createImitation();
    const { publicKey } = imitation.keys;

    await using meter = await openMeter(memoryLink(imitation.connect()), {
      identity,
      trust: { publicKey },
    });

    expect(meter.isOpen).toBe(true);
  });

  test('as a blank device that is about to be made', async () => {
    const imitation = createImitation({ validity: undefined, meterId: new Uint8Array(8) });

    await using meter = await openMeter(memoryLink(imitation.connect()), {
      identity,
      role: 'cryptoOfficer',
      trust: 'unmade',
    });

    expect(meter.isOpen).toBe(true);
  });
});

describe('the meter is not trusted, and learns nothing', () => {
  const other = nodeCrypto.generateKeyPair();
  const expired = { validFrom: 20_000_101, validTo: 20_010_101 };
  const coming = { validFrom: 99_980_101, validTo: 99_991_231 };

  test.each<[string, ImitationOptions, Parameters<typeof openMeter>[1] & object, RegExp]>([
    ['another authority', { authority: other }, { identity, trust }, /signature/],
    ['a certificate that has expired', { validity: expired }, { identity, trust }, /not valid/],
    ['a certificate of the future', { validity: coming }, { identity, trust }, /not valid/],
    ["another meter's certificate", { certifiedKey: key }, { identity, trust }, /another key/],
    ['no certificate', { validity: undefined }, { identity, trust }, /not made yet/],
    [
      'another meter than was asked for',
      {},
      { identity, trust: { ...trust, meterId: Uint8Array.from(Buffer.from('TS01\x2b\0\0\0')) } },
      /it is TS01-0000000042, not TS01-0000000043/,
    ],
    ['another key', {}, { identity, trust: { publicKey: other.publicKey } }, /another key/],
    ['made, where a blank one is meant', {}, { identity, trust: 'unmade' }, /made already/],
  ])('%s', async (_, imitation, options, why) => {
    const opening = openMeter(memoryLink(createImitation(imitation).connect()), options);

    const error = await failureOf(opening);

    expect(error).toBeInstanceOf(LinkError);
    expect(error).toMatchObject({ stage: 'handshake', message: expect.stringMatching(why) });
  });
});

test('a meter that does not know the host refuses it, and the line is closed', async () => {
  const line = createImitation({ knownKey: key }).connect();
  const link = memoryLink(line);
  const closed = new Promise((resolve) => link.onClose(resolve));

  const error = await failureOf(openMeter(link, { identity, trust }));

  expect(error).toMatchObject({ service: 'openSession', status: 'authenticationFailed' });
  expect(await closed).toBe(undefined);
});
