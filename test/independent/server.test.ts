/** The second server and the real driver (docs/channel.md; requirements.md F2). */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryLink } from '#driver/link/memory';
import { type Meter, openMeter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { issueCompactCertificate } from '#protocol/documents/compact-certificate';
import { testAuthority, testMeterId } from '#test/support/imitation';
import { identity, registers, trust } from '#test/support/imitation-host';
import { type SecondMeter, type SecondMeterOptions, secondMeter } from '#test/support/second-meter';
import { failureOf, settle } from '#test/support/settle';
import { AGE_MAX_MS } from './records.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function made(options: Partial<SecondMeterOptions> = {}): SecondMeter {
  const validity = { validFrom: 20_000_101, validTo: 99_991_231 };
  return secondMeter({
    host: identity,
    meterId: testMeterId,
    certify: (publicKey) =>
      issueCompactCertificate(nodeCrypto, testAuthority, {
        serial: 1,
        subject: testMeterId,
        usage: 'device',
        publicKey,
        ...validity,
      }),
    ...options,
  });
}

const open = (meter: SecondMeter): Promise<Meter> =>
  openMeter(memoryLink(meter.line), { identity, trust });

test('a session with the real driver carries requests, and says who is there', async () => {
  const second = made();
  const meter = await open(second);

  for (let count = 0; count < 5; count++) expect(await meter.registers()).toEqual(registers);

  expect(meter.server?.meterId).toEqual(testMeterId);
  expect(second.performed).toBe(5);
  await meter.close();
  expect(second.directions).toBeUndefined();
});

describe('the driver refuses', () => {
  const end = (bytes: Uint8Array, back: number) => bytes.length - back;
  const flip = (at: number) => (bytes: Uint8Array) => {
    const place = at < 0 ? end(bytes, -at) : at;
    return bytes.with(place, (bytes[place] as number) ^ 1);
  };

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['a byte less', (bytes) => bytes.subarray(0, -1)],
    ['a byte more', (bytes) => Uint8Array.of(...bytes, 0)],
    ['version 0', (bytes) => bytes.with(5, 0)],
    ['version 2', (bytes) => bytes.with(5, 2)],
    ['another suite', (bytes) => bytes.with(6, 2)],
    ['another meter', flip(8)],
    ['another server key', flip(20)],
    ['another ephemeral key', flip(60)],
    ['another certificate', flip(100)],
    ['SigS changed', flip(-90)],
    ['MacS changed', flip(-1)],
  ])('message 2 with %s, and sends no message 3', async (_, change) => {
    const second = made();
    second.changeMessage2 = change;

    const error = await failureOf(settle(open(second)));

    expect(error).toMatchObject({ stage: 'handshake' });
    expect(second.directions).toBeUndefined();
  });

  test.each<[string, Partial<SecondMeterOptions>]>([
    ['without a certificate', { certify: () => new Uint8Array() }],
    ['with another number than its certificate', { meterId: new Uint8Array(8).fill(0x30) }],
  ])('a server %s', async (_, options) => {
    expect(await failureOf(settle(open(made(options))))).toMatchObject({ stage: 'handshake' });
  });

  test('nothing, where the server refuses it: a host that it does not know', async () => {
    const second = made({ host: nodeCrypto.generateKeyPair() });

    expect(await failureOf(settle(open(second)))).toMatchObject({ status: 'authenticationFailed' });
  });
});

describe('records to the driver', () => {
  test.each<[string, (records: Uint8Array[]) => Uint8Array]>([
    ['repeated', ([first]) => first as Uint8Array],
    [
      'changed',
      (records) => (records.at(-1) as Uint8Array).map((byte, at) => (at === 0 ? byte ^ 1 : byte)),
    ],
    ['cut', (records) => (records.at(-1) as Uint8Array).subarray(1)],
    ['empty', () => new Uint8Array()],
  ])('%s end its session', async (_, choose) => {
    const second = made();
    const meter = await open(second);
    const said: Uint8Array[] = [];
    second.changeRecord = (record) => {
      said.push(record);
      return record;
    };
    await meter.registers();
    second.changeRecord = (record) => choose([...said, record]);

    const error = await failureOf(settle(meter.registers()));

    expect(error).toMatchObject({ stage: 'session' });
    expect(meter.isOpen).toBe(false);
  });
});

describe('keys are replaced by time', () => {
  test('by the server, whose clock the driver does not see', async () => {
    const second = made();
    const meter = await open(second);

    for (const [passedMs, epoch] of [
      [AGE_MAX_MS - 1, 0],
      [1, 1],
      [7 * AGE_MAX_MS, 2],
    ] as const) {
      second.nowMs += passedMs;
      expect(await meter.registers()).toEqual(registers);
      expect([second.directions?.a.epoch, second.directions?.b.epoch]).toEqual([0, epoch]);
    }
  });

  test('by the driver, whose clock the server does not see', async () => {
    const second = made();
    const meter = await open(second);

    for (const [passedMs, epoch] of [
      [AGE_MAX_MS - 1, 0],
      [1, 1],
      [7 * AGE_MAX_MS, 2],
    ] as const) {
      vi.advanceTimersByTime(passedMs);
      expect(await meter.registers()).toEqual(registers);
      expect([second.directions?.a.epoch, second.directions?.b.epoch]).toEqual([epoch, 0]);
    }
  });
});
