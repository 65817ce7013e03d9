/** `npm start`: the whole story, read again with other readers than our own (requirements.md C1, C3). */

import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scanSymbols } from '#authority/scan/scan';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { type ProcessEnded, storyIn } from '#test/support/cli';
import { parseWithNpos } from '#test/support/npos-picture';
import { readSymbol } from '#test/support/symbol-reader';

const directory = mkdtempSync(join(tmpdir(), 'story-'));
const out = (name: string): Buffer => readFileSync(join(directory, 'out', name));
let ended: ProcessEnded;
beforeAll(async () => {
  ended = await storyIn(directory);
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true }));

test('it succeeds, without a word of complaint', () => {
  expect(ended.stderr).toBe('');
  expect(ended.exitCode).toBe(0);
});

test('it shows every command, and how to go on by hand', () => {
  const commands = [...ended.stdout.matchAll(/^\$ tessera (\w+(?: [a-z]\w*)?)/gm)].map(
    ([, words]) => words,
  );

  expect(commands).toEqual([
    'authority init',
    'provider init',
    'provider buy',
    'provider customer',
    'provider pay',
    'meter status',
    'meter make',
    'meter register',
    'meter refill',
    'print',
    'verify out',
    'verify out',
    'meter sync',
    'authority unlock',
    'meter locks',
  ]);
  expect(ended.stdout).toContain('tessera emulate --dir lab/meter --pty lab/ttyMeter\n');
});

test('it leaves what it promises and nothing else, and cleans up behind itself', () => {
  expect(readdirSync(directory)).toEqual(['out']);
  expect(readdirSync(join(directory, 'out')).sort()).toEqual([
    'device-certificate.bin',
    'device-public-key.pem',
    'indicium.bin',
    'label.escpos',
    'label.png',
    'result.json',
  ]);
  const [, lab = ''] = /throw-away directory here: (.*)\n/.exec(ended.stdout) ?? [];
  expect(lab).toMatch(/tessera-\w+$/);
  expect(() => readdirSync(lab)).toThrow('ENOENT');
});

test('zxing reads from the label exactly the bytes of the indicium', async () => {
  const symbols = await scanSymbols(out('label.png'));

  expect(symbols.map(({ bytes }) => Buffer.from(bytes))).toEqual([out('indicium.bin')]);
});

test('so it does from what the printer gets', async () => {
  const printed = await parseWithNpos(out('label.escpos'));

  expect(Buffer.from((await readSymbol(printed)) ?? [])).toEqual(out('indicium.bin'));
});

test('its signature holds under the key of the device, and under no other bytes', () => {
  const key = {
    key: createPublicKey(out('device-public-key.pem')),
    dsaEncoding: 'ieee-p1363',
  } as const;
  const [signed, signature] = [
    out('indicium.bin').subarray(0, 64),
    out('indicium.bin').subarray(64),
  ];

  expect(verify('sha256', signed, key, signature)).toBe(true);
  for (let byte = 0; byte < signed.length; byte++)
    expect(verify('sha256', signed.with(byte, (signed[byte] as number) ^ 1), key, signature)).toBe(
      false,
    );
});

test('the certificate is for that key', () => {
  const certificate = readCompactCertificate(Uint8Array.from(out('device-certificate.bin')));
  const { x } = createPublicKey(out('device-public-key.pem')).export({ format: 'jwk' });

  expect(certificate).toMatchObject({ ok: true, value: { usage: 'indicium' } });
  expect(certificate.ok && Buffer.from(certificate.value.publicKey.subarray(1))).toEqual(
    Buffer.from(x as string, 'base64url'),
  );
});

test('the result is right to the mill', () => {
  const { verdict, secondSight, locked, condition, ...figures } = JSON.parse(
    out('result.json').toString(),
  );

  expect(figures).toEqual({
    meter: 'TS01-0000000001',
    postageMills: 780,
    before: { ascendingMills: 0, descendingMills: 100_000, pieceCount: 0 },
    after: { ascendingMills: 780, descendingMills: 99_220, pieceCount: 1 },
    printing: 'confirmed',
  });
  expect(verdict.accepted).toBe(true);
  expect(verdict.checks.filter(({ outcome }: { outcome: string }) => outcome === 'fail')).toEqual(
    [],
  );
  expect(secondSight.accepted).toBe(false);
  expect(
    secondSight.checks
      .filter(({ outcome }: { outcome: string }) => outcome === 'fail')
      .map(({ name }: { name: string }) => name),
  ).toEqual(['duplicate']);
  expect(locked).toMatchObject({ locks: { locked: true }, reason: 'duplicate' });
  expect(condition).toMatchObject({
    locks: { locked: false },
    lockReason: 'none',
    lockSequence: 2,
  });
  expect(condition.logAcknowledged).toBe(7);
});
