/** The key of a host that takes the place of another, on the real image (requirements.md F3). */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryLink } from '#driver/link/memory';
import { type Meter, openMeter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { connectMemory } from '#emulator/ports/memory';
import type { KeyPair } from '#protocol/crypto';
import type { Role } from '#protocol/state';
import { atEachCut } from '#test/support/each-cut';
import {
  authorityKeys,
  flashAt,
  hostKeys,
  meterAt,
  meterId,
  passwords,
  type TestMeter,
} from '#test/support/meter';
import { expectRefused } from '#test/support/refusal';

const fresh = nodeCrypto.generateKeyPair();
const trust = { authorityKey: authorityKeys.publicKey, meterId };

const sessionWith = (meter: TestMeter, identity: KeyPair, role: Role): Promise<Meter> =>
  openMeter(memoryLink(connectMemory(meter.board)), { identity, role, trust });

describe.each(['user', 'cryptoOfficer'] as const)('the key of the %s', (role) => {
  let meter: TestMeter;
  let host: Meter;
  beforeAll(async () => {
    meter = await meterAt('refilled');
    host = await meter.loggedIn(role);
  });
  afterAll(() => meter[Symbol.asyncDispose]());

  test.each([
    ['of zeros', new Uint8Array(33)],
    ['that is no point', Uint8Array.of(2, ...new Uint8Array(31), 1)],
  ])('is not replaced by one %s', async (_name, key) => {
    await expectRefused(meter, () => host.changeHostKey(key), 'fieldOutOfRange');
  });

  test('that is there already is no change', async () => {
    const before = meter.flash.contents();

    await host.changeHostKey(hostKeys[role].publicKey);

    expect(Buffer.compare(meter.flash.contents(), before)).toBe(0);
  });

  test('is replaced: the session goes on, the old key opens none, the new one does', async () => {
    await host.changeHostKey(fresh.publicKey);

    expect((await host.status()).caller).toBe(role);
    await expect(sessionWith(meter, hostKeys[role], role)).rejects.toMatchObject({
      status: 'authenticationFailed',
    });
    await using again = await sessionWith(meter, fresh, role);
    await again.logIn(passwords[role]());
    expect((await again.status()).caller).toBe(role);
  });
});

test('the key of one role is not that of the other afterwards', async () => {
  await using meter = await meterAt('refilled');
  await (await meter.loggedIn('user')).changeHostKey(fresh.publicKey);

  await expect(sessionWith(meter, fresh, 'cryptoOfficer')).rejects.toMatchObject({
    status: 'authenticationFailed',
  });
  await meter.loggedIn('cryptoOfficer');
});

test('a power cut at every operation of the flash leaves the old key or the new one, never both', async () => {
  const found = new Set<string>();

  await atEachCut(
    (await flashAt('refilled')).contents(),
    (meter) => meter.loggedIn('user'),
    (user) => user.changeHostKey(fresh.publicKey, { timeoutMs: 20 }),
    async (meter, boot) => {
      const opens: string[] = [];
      for (const [name, keys] of [
        ['old', hostKeys.user],
        ['new', fresh],
      ] as const) {
        const session = await sessionWith(meter, keys, 'user').catch(() => undefined);
        if (session === undefined) continue;
        opens.push(name);
        await session.close();
      }
      expect(opens).toHaveLength(1);
      if (boot === 0) found.add(opens[0] as string);
    },
  );

  expect([...found].toSorted()).toEqual(['new', 'old']);
});
