/** The meter for one test: at any stage of its life, the same for the same seed, and nobody else's (requirements.md H4). */

import { describe, expect, test } from 'vitest';
import { memoryLink } from '#driver/link/memory';
import { openMeter } from '#driver/meter';
import { pieceRequest } from '#driver/piece';
import { boardPorts } from '#emulator/board-ports';
import { cpuNames } from '#emulator/cpu/cpus';
import { connectMemory } from '#emulator/ports/memory';
import type { Rig } from '#emulator/rig/rig';
import { mills } from '#protocol/mills';
import { nobleCrypto } from '#protocol/noble-crypto';
import { seededRandom } from '#test/support/seeded-random';
import { emulatedMeter } from '#testing/emulated-meter';
import { FUNDS, lifeCycles, POSTAGE_SERVICE, parties } from '#testing/made-meter';

const MAILING = { mailingDate: 20260301, destination: 0 };
const stages = { blank: 'blank', made: 'made', registered: 'registered', funded: 'registered' };

test.each(lifeCycles)('is %s where that is asked for', async (lifeCycle) => {
  await using meter = await emulatedMeter({ lifeCycle });

  expect(await meter.driver.status()).toMatchObject({
    lifeCycle: stages[lifeCycle],
    state: 'uninitialized',
  });
});

test.each(cpuNames)('spends on %s like every meter', async (cpu) => {
  await using meter = await emulatedMeter({ lifeCycle: 'funded', cpu });
  const user = await meter.logIn('user');

  const piece = { serviceId: POSTAGE_SERVICE, postage: mills(37_000), ...MAILING };
  const { indicium } = await user.createIndicium(pieceRequest({ counter: 1, nonce: 2 }, piece));

  expect(indicium.length).toBeGreaterThan(64);
  expect(await user.registers()).toMatchObject({ ascending: 37_000, descending: FUNDS - 37_000 });
});

/** All that a meter answers to a host whose own noise repeats, from its handshake to its log-in, in hexadecimal. */
async function answersTo(rig: Rig, host: string): Promise<string> {
  const heard: string[] = [];
  const end = rig.onEvent((event) => {
    if (event.kind === 'bytes' && event.direction === 'fromMeter')
      heard.push(Buffer.from(event.bytes).toString('hex'));
  });
  await using meter = await openMeter(memoryLink(connectMemory(rig.lines, boardPorts.memory)), {
    identity: parties.hosts.user,
    trust: { authorityKey: parties.authority.publicKey, meterId: parties.meterId },
    crypto: nobleCrypto(seededRandom(host)),
  });
  await meter.logIn(parties.passwords.user());
  await meter.registers();
  end();
  return heard.join(' ');
}

describe.each(cpuNames)('on %s', (cpu) => {
  test('the same seed gives the same bytes, and another one others', async () => {
    const seeds = [7, 7, 8];

    const answers = await Promise.all(
      seeds.map(async (seed) => {
        await using meter = await emulatedMeter({ seed, cpu });
        return await answersTo(meter.rig, 'a host');
      }),
    );

    expect(answers[0]?.length).toBeGreaterThan(500);
    expect(answers[1]).toBe(answers[0]);
    expect(answers[2]).not.toBe(answers[0]);
  });

  test('forks answer the same to the same, and share nothing', async () => {
    await using meter = await emulatedMeter({ lifeCycle: 'funded', cpu });
    await using forks = new AsyncDisposableStack();
    const [first, second, third] = meter.rig.fork(3).map((rig) => forks.use(rig)) as [
      Rig,
      Rig,
      Rig,
    ];
    const digestOf = (rig: Rig): string => rig.board.flash.digest(); // a fork that boots writes to its own
    const before = [meter.rig, second].map(digestOf);
    const noise = meter.rig.entropy.state.position;

    const said = await answersTo(first, 'a host');
    first.board.flash.damage(0, new Uint8Array(4096));
    first.board.tamper.trigger();
    first.advance(1_000);

    expect([meter.rig, second].map(digestOf)).toEqual(before);
    expect(second.board.tamper.isTriggered).toBe(false);
    expect(await answersTo(second, 'a host')).toBe(said);
    expect(await answersTo(third, 'another host')).not.toBe(said);
    expect(meter.rig.entropy.state.position).toBe(noise);
    expect(meter.rig.clock.monotonicMs()).toBe(0);
  });
});

test('has ports for other processes where they are asked for', async () => {
  await using meter = await emulatedMeter({ ports: true });

  await using elsewhere = await openMeter(meter.tcp as string);
  const asked = await fetch(`${meter.controlUrl}/v1/status`);

  expect(await elsewhere.status()).toEqual(await meter.driver.status());
  expect(await asked.json()).toMatchObject({ isRunning: true });
});
