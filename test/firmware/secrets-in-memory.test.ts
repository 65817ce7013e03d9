/**
 * What of its secrets a meter leaves in the memory of its processor, in its flash and on its lines, looked for in every form
 * (requirements.md A6; architecture.md decision 13). The keys are known because they pass through the crypto engine; a
 * meter without one has the same, since both compute the same bytes.
 */

import { expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import type { Cpu } from '#emulator/cpu/cpu';
import { createQuickJsCpu } from '#emulator/cpu/quickjs';
import { findSecret } from '#emulator/secret-scan';
import type { CryptoEngine } from '#hw/crypto-engine';
import { ascii } from '#protocol/bytes';
import type { KeyRequestFields, KeyUse } from '#protocol/documents/user-key';
import { mills } from '#protocol/mills';
import { keyWrapSharedInfo } from '#protocol/shared-info';
import { type Bench, createBench } from '#test/differential/bench';
import { authority, meterId, password, repeatingCrypto } from '#test/differential/documents';
import { createHost, type Host, unknown } from '#test/differential/host';
import { load, logIn, make, must, refill } from '#test/differential/stages';
import {
  agentRequest,
  keyUnderPassword,
  NONE,
  receivedKey,
  unwrapped,
} from '#test/support/security-services';
import { grantFor, holder, keyRequestIn, transaction } from '#test/support/user-keys';

type Use = 'private' | 'cipher';

/** The same processor; every key that the image hands to the crypto engine is kept. */
function listening(cpu: Cpu, keys: Map<string, Use>): Cpu {
  const kept = (use: Use, key: ArrayBuffer): ArrayBuffer => {
    keys.set(Buffer.from(key).toString('hex'), use);
    return key;
  };
  const through = (engine: CryptoEngine): CryptoEngine => ({
    ...engine,
    sign: (key) => engine.sign(kept('private', key)),
    agree: (key, other) => engine.agree(kept('private', key), other),
    publicKey: (key) => engine.publicKey(kept('private', key)),
    sealBegin: (key, nonce) => engine.sealBegin(kept('cipher', key), nonce),
    openBegin: (key, nonce) => engine.openBegin(kept('cipher', key), nonce),
  });
  return {
    ...cpu,
    boot(program, hardware) {
      const { cryptoEngine } = hardware;
      if (cryptoEngine === undefined) return cpu.boot(program, hardware);
      return cpu.boot(program, { ...hardware, cryptoEngine: through(cryptoEngine) });
    },
  };
}

/** The scalar that public keys are probed with (firmware/self-test.ts). */
const PROBE = `${'00'.repeat(31)}01`;

/** Keys of the known answers, and what the fuses of these boards give: a blank meter uses them too. */
async function keysOfBlankMeter(): Promise<Set<string>> {
  const keys = new Map<string, Use>();
  const cpu = listening(createQuickJsCpu(), keys);
  await using bench = createBench(cpu, { seed: 1, cryptoEngine: true });
  bench.apply({ op: 'powerOn' });
  return new Set([...keys.keys(), PROBE]);
}

interface Life {
  readonly bench: Bench;
  readonly host: Host;
  /** Everything that left the board. */
  readonly sent: string[];
}

/** Made, licensed, refilled, and at work. */
function live(bench: Bench): Life {
  const sent: string[] = [];
  const host = createHost(
    repeatingCrypto('secrets'),
    (input) => {
      const output = bench.apply(input);
      sent.push(...output);
      return output;
    },
    unknown(),
  );
  bench.apply({ op: 'powerOn' });
  make(host);
  load(host);
  must(host, 'inspectionReport', { challenge: new Uint8Array(16).fill(9) });
  return { bench, host, sent };
}

/** Which of the keys are found, and where. */
function found(keys: Iterable<string>, { bench, sent }: Life): string[] {
  const places = {
    memory: bench.board.memory() ?? new Uint8Array(0),
    flash: bench.flash.contents(),
    lines: sent.join('\n'),
  };
  expect(places.memory.length).toBeGreaterThan(1 << 20);
  return [...keys].flatMap((key) =>
    findSecret(Buffer.from(key, 'hex'), places).map(
      ({ place, form }) => `${key} in ${place}, ${form}`,
    ),
  );
}

const KEYS = new Map<string, Use>();

test('with a crypto engine no private key is anywhere, and no key of a session once it has ended', async () => {
  const isOfBlank = await keysOfBlankMeter();
  const cpu = listening(createQuickJsCpu(), KEYS);
  await using bench = createBench(cpu, { seed: 3, cryptoEngine: true });
  const life = live(bench);
  const secret = (use: Use): string[] =>
    [...KEYS].flatMap(([key, kind]) => (kind === use && !isOfBlank.has(key) ? [key] : []));
  const duringSession = found(secret('cipher'), life);

  must(life.host, 'closeSession', {});

  expect(secret('private').length).toBeGreaterThanOrEqual(5); // device, indicium, one for each handshake
  expect(found(secret('private'), life)).toEqual([]);
  expect(duringSession.length).toBeGreaterThan(0);
  expect(found(secret('cipher'), life)).toEqual([]);
});

test.each([true, false])(
  'passwords and the secret of the fuses are nowhere, crypto engine: %s',
  async (cryptoEngine) => {
    await using bench = createBench(createQuickJsCpu(), { seed: 3, cryptoEngine });
    const life = live(bench);

    const secrets = [password('user'), password('cryptoOfficer'), new Uint8Array(16).fill(0x5e)];

    expect(
      found(
        secrets.map((secret) => Buffer.from(secret).toString('hex')),
        life,
      ),
    ).toEqual([]);
  },
);

test('a password that was changed or set is nowhere, nor is the one before it', async () => {
  await using bench = createBench(createQuickJsCpu(), { seed: 3, cryptoEngine: true });
  const life = live(bench);
  const text = (word: string): Uint8Array => new TextEncoder().encode(word);
  const [changed, set] = [text('changed by the officer'), text('set for the user')];
  logIn(life.host, 'cryptoOfficer');

  must(life.host, 'changePassword', {
    oldPassword: password('cryptoOfficer'),
    newPassword: changed,
  });
  must(life.host, 'resetUserPassword', { newPassword: set, userKey: new Uint8Array(0) });

  const secrets = [password('cryptoOfficer'), changed, set];
  expect(
    found(
      secrets.map((secret) => Buffer.from(secret).toString('hex')),
      life,
    ),
  ).toEqual([]);
});

/** A key of the user, active. */
function takeKey({ host }: Life, use: KeyUse): KeyRequestFields {
  logIn(host, 'cryptoOfficer');
  const request = keyRequestIn(
    must(host, 'requestKey', { ...holder(use), organization: ascii('Works') }).request,
  );
  const grant = grantFor(request, ascii('certificate'), { meterId }, authority);
  must(host, 'installKey', { requestId: transaction(), grant });
  logIn(host, 'user');
  return request;
}

test.each([true, false])(
  'of keys on their way to others nothing is left, crypto engine: %s',
  async (cryptoEngine) => {
    await using bench = createBench(createQuickJsCpu(), { seed: 3, cryptoEngine });
    const life = live(bench);
    const { host } = life;
    refill(host, { kind: 'purchase', account: 'certificate', amount: mills(50_000) });
    const agent = takeKey(life, 'issue');
    const passwordKey = nodeCrypto.sha256(ascii('stretched'));
    const asked = { ...agentRequest(), number: agent.number };
    const wanted = { ...asked, receiverKey: NONE, passwordKey };
    const underPassword = must(host, 'agentCertificate', wanted);
    const toReceiver = must(host, 'agentCertificate', { ...asked, requestId: transaction() });
    const { number, publicKey } = takeKey(life, 'agree');
    const { contentKey, ...wrapped } = must(host, 'encryptKey', {
      requestId: transaction(),
      receiverKey: publicKey,
    });
    must(host, 'decryptKey', {
      ...wrapped,
      requestId: transaction(),
      number,
      sharedInfo: keyWrapSharedInfo,
      wrapKeySize: 32,
    });

    must(host, 'closeSession', {});

    const born = [keyUnderPassword(underPassword, passwordKey), receivedKey(toReceiver)].map(
      (key) => Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url').toString('hex'),
    );
    const carried = [passwordKey, unwrapped(toReceiver)].map((key) =>
      Buffer.from(key).toString('hex'),
    );
    expect(contentKey).toHaveLength(32);
    expect(found(born, life)).toEqual([]);
    expect(found(carried, life)).toEqual([]);
  },
);

test('without a crypto engine nothing is left of any private key once the meter is zeroized', async () => {
  const isOfBlank = await keysOfBlankMeter();
  const secret = [...KEYS].flatMap(([key, use]) =>
    use === 'private' && !isOfBlank.has(key) ? [key] : [],
  );
  await using bench = createBench(createQuickJsCpu(), { seed: 3, cryptoEngine: false });
  const life = live(bench);
  const halves = secret.map((key) =>
    Buffer.from(nodeCrypto.publicKeyOf(Buffer.from(key, 'hex'))).toString('hex'),
  );
  expect(found(halves, life).length).toBeGreaterThan(0); // so these are this meter's keys

  logIn(life.host, 'cryptoOfficer');
  must(life.host, 'zeroize', {});

  expect(found(secret, life)).toEqual([]);
});
