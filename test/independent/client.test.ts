/** The second client and the real meter: the signed image on a board (docs/channel.md; requirements.md F2). */

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { type CommandName, commands } from '#protocol/command';
import { verifyCompactCertificate } from '#protocol/documents/compact-certificate';
import { toHex } from '#test/support/golden';
import { authorityKeys, meterAt, meterId, TODAY } from '#test/support/meter';
import { type Change, type SecondHost, secondHost } from '#test/support/second-host';
import type { ConfirmedHandshake } from './handshake.ts';
import { AGE_MAX_MS } from './records.ts';

const request = (name: CommandName): Uint8Array => Uint8Array.of(commands[name].code);
const registers = request('registers');
const ask = (host: SecondHost) => host.send(host.seal(registers)).status;

const flip =
  (at: number): Change =>
  (bytes) =>
    bytes.with(at < 0 ? bytes.length + at : at, (bytes.at(at) as number) ^ 1);
const set =
  (at: number, value: number): Change =>
  (bytes) =>
    bytes.with(at, value);
const noPoint: Change = (bytes) => {
  const copy = bytes.slice();
  copy.set([2, ...new Uint8Array(31), 1], 42);
  return copy;
};

describe('a session with the real meter', () => {
  test.each(['user', 'cryptoOfficer'] as const)('of a %s carries requests', async (role) => {
    await using meter = await meterAt('refilled');
    const host = secondHost(meter.board);

    const { status, server } = host.openSession(role);

    const { certificate, serverKey } = server as ConfirmedHandshake['server'];
    const claim = { usage: 'device', date: TODAY, subject: meterId } as const;
    expect(status).toBe('ok');
    expect(
      verifyCompactCertificate(nodeCrypto, authorityKeys.publicKey, certificate, claim),
    ).toMatchObject({
      ok: true,
      value: { publicKey: Uint8Array.from(serverKey) },
    });
    expect([ask(host), ask(host), ask(host)]).toEqual(['ok', 'ok', 'ok']);
  });

  test('that was not made yet has no certificate and a number of zeros', async () => {
    await using meter = await meterAt('blank');
    const host = secondHost(meter.board);

    const opened = host.openSession('cryptoOfficer');

    expect(opened.status).toBe('ok');
    expect(toHex(opened.server?.meterId as Uint8Array)).toBe('0000000000000000');
    expect(opened.server?.certificate.length).toBe(0);
    expect(host.send(host.seal(request('status'))).status).toBe('ok');
  });

  test('ends after the answer to closeSession', async () => {
    await using meter = await meterAt('made');
    const host = secondHost(meter.board);
    host.openSession();

    expect(host.send(host.seal(request('closeSession'))).status).toBe('ok');
    expect(ask(host)).toBe('sessionEnded');
  });
});

describe('the meter refuses', () => {
  test.each<[string, Change, string]>([
    ['a byte less', (bytes) => bytes.subarray(0, -1), 'malformedRequest'],
    ['a byte more', (bytes) => Uint8Array.of(...bytes, 0), 'malformedRequest'],
    ['another magic', set(4, 2), 'malformedRequest'],
    ['version 0', set(5, 0), 'versionUnsupported'],
    ['an unknown suite', set(7, 0xee), 'versionUnsupported'],
    ['the role 0', set(8, 0), 'malformedRequest'],
    ['the role 3', set(8, 3), 'malformedRequest'],
    ['another role', set(8, 2), 'authenticationFailed'],
    ['another host', flip(20), 'authenticationFailed'],
    ['no point', noPoint, 'authenticationFailed'],
  ])('message 1 with %s, and has no handshake then', async (_, change, status) => {
    await using meter = await meterAt('made');
    const host = secondHost(meter.board);
    const before = host.hello();

    expect(host.hello('user', change).status).toBe(status);
    expect(host.confirm(before.begun, before.message2).status).toBe('authenticationFailed');
  });

  test.each<[string, Change, string]>([
    ['a byte less', (bytes) => bytes.subarray(0, -1), 'malformedRequest'],
    ['a byte more', (bytes) => Uint8Array.of(...bytes, 0), 'malformedRequest'],
    ['SigC changed', flip(5), 'authenticationFailed'],
    ['MacC changed', flip(-1), 'authenticationFailed'],
  ])('message 3 with %s, and the right one after it', async (_, change, status) => {
    await using meter = await meterAt('made');
    const host = secondHost(meter.board);
    const { begun, message2 } = host.hello();

    expect(host.confirm(begun, message2, change).status).toBe(status);
    expect(host.confirm(begun, message2).status).toBe('authenticationFailed');
  });

  test.each<[string, Change, string]>([
    ['a byte less', (bytes) => bytes.subarray(0, -1), 'client: malformedRequest'],
    ['version 2', set(5, 2), 'client: versionUnsupported'],
    ['another suite', set(6, 0xee), 'client: versionUnsupported'],
    ['another meter', flip(7), 'client: authenticationFailed'],
    ['SigS changed', flip(-96), 'client: authenticationFailed'],
    ['MacS changed', flip(-1), 'client: authenticationFailed'],
  ])('nothing, but its message 2 with %s is refused', async (_, change, status) => {
    await using meter = await meterAt('made');
    const host = secondHost(meter.board);
    const { begun, message2 } = host.hello();

    expect(host.confirm(begun, change(message2)).status).toBe(status);
  });
});

describe('the wrong order', () => {
  test('of messages: 3 before 1, 3 twice, 3 of the handshake before', async () => {
    await using meter = await meterAt('made');
    const host = secondHost(meter.board);
    const early = host.hello();
    const late = host.hello();

    expect(host.confirm(early.begun, early.message2).status).toBe('authenticationFailed');
    expect(host.confirm(late.begun, late.message2).status).toBe('authenticationFailed');
    expect(host.openSession().status).toBe('ok');
    expect(host.confirm(late.begun, late.message2).status).toBe('authenticationFailed');
    expect(ask(host)).toBe('ok');
  });

  test('of records: one before any session, two exchanged, one repeated, one left out', async () => {
    await using meter = await meterAt('made');
    const host = secondHost(meter.board);

    expect(host.send(new Uint8Array(17)).status).toBe('sessionEnded');
    host.openSession();
    const [, second] = [host.seal(registers), host.seal(registers)];
    expect(host.send(second).status).toBe('sessionEnded');
    expect(ask(host)).toBe('sessionEnded');
    host.openSession();
    const first = host.seal(registers);
    expect(host.send(first).status).toBe('ok');
    expect(host.send(first).status).toBe('sessionEnded');
    host.openSession();
    host.seal(registers);
    expect(ask(host)).toBe('sessionEnded');
  });

  test('of sessions: a later one ends the one before, a handshake alone does not', async () => {
    await using meter = await meterAt('made');
    const [user, officer] = [secondHost(meter.board, 0), secondHost(meter.board, 1)];
    user.openSession();

    const begun = officer.hello('cryptoOfficer');
    expect(ask(user)).toBe('ok');
    expect(officer.confirm(begun.begun, begun.message2).status).toBe('ok');

    expect(ask(officer)).toBe('ok');
    expect(ask(user)).toBe('sessionEnded');
    expect(ask(officer)).toBe('ok');
  });
});

describe('keys are replaced by time', () => {
  test('by the client, whose clock the meter does not see', async () => {
    await using meter = await meterAt('made');
    const host = secondHost(meter.board);
    host.openSession();

    for (const [passedMs, epoch] of [
      [AGE_MAX_MS - 1, 0],
      [1, 1],
      [5 * AGE_MAX_MS, 2],
      [1, 2],
    ] as const) {
      host.nowMs += passedMs;
      expect(ask(host)).toBe('ok');
      expect([host.directions.a.epoch, host.directions.b.epoch]).toEqual([epoch, 0]);
    }
  });

  test('by the meter, whose clock the client does not see', async () => {
    await using meter = await meterAt('made');
    const host = secondHost(meter.board);
    host.openSession();

    for (const [passedMs, epoch] of [
      [AGE_MAX_MS - 1, 0],
      [1, 1],
      [5 * AGE_MAX_MS, 2],
      [1, 2],
    ] as const) {
      meter.clock.advance(passedMs);
      expect(ask(host)).toBe('ok');
      expect([host.directions.a.epoch, host.directions.b.epoch]).toEqual([0, epoch]);
    }
  });

  test('and a record that was held back before does not go missing unseen', async () => {
    await using meter = await meterAt('made');
    const host = secondHost(meter.board);
    host.openSession();
    ask(host);

    host.seal(registers);
    host.nowMs += AGE_MAX_MS;

    expect(ask(host)).toBe('sessionEnded');
  });
});
