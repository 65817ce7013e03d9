/**
 * `npm start` in a clean copy of the repository, and what it leaves in the hands of Debian's programs, which know nothing of
 * ours: dmtxread reads the label, openssl verifies the signature (requirements.md C1, C3).
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { previewPng } from '#driver/print/preview';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { parseWithNpos } from '#test/support/npos-picture';
import { repositoryRoot } from '#tools/sources';

const made = ['node_modules', '.git', 'build', 'dist', 'out'];
const copy = mkdtempSync(join(tmpdir(), 'clean-copy-'));
const path = (name: string): string => join(copy, 'out', name);
const out = (name: string): Buffer => readFileSync(path(name));

beforeAll(() => {
  cpSync(repositoryRoot, copy, {
    recursive: true,
    filter: (file) => !made.includes(basename(file)),
  });
  symlinkSync(join(repositoryRoot, 'node_modules'), join(copy, 'node_modules'));
  const startMs = performance.now();
  execFileSync('npm', ['start', '--silent'], { cwd: copy, stdio: ['ignore', 'ignore', 'inherit'] });
  const durationMs = Math.round(performance.now() - startMs);
  process.stdout.write(`${JSON.stringify({ lane: 'story', durationMs })}\n`);
}, 120_000);
afterAll(() => rmSync(copy, { recursive: true }));

/** What dmtxread finds in a picture. */
function dmtxread(picture: string): Buffer {
  return execFileSync('dmtxread', ['--stop-after=1', picture]);
}

test('dmtxread reads from the label exactly the bytes of the indicium', () => {
  expect(dmtxread(path('label.png'))).toEqual(out('indicium.bin'));
});

test('so it does from what the printer gets, drawn by npos', async () => {
  const drawn = path('drawn.png');
  writeFileSync(drawn, previewPng(await parseWithNpos(out('label.escpos'))));

  expect(dmtxread(drawn)).toEqual(out('indicium.bin'));
});

/** r ‖ s as openssl takes it: SEQUENCE { INTEGER r, INTEGER s } in DER (RFC 3279), made by openssl. */
function derSignature(signature: Buffer): string {
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)].map((half) =>
    half.toString('hex'),
  );
  const description = path('signature.conf');
  const der = path('signature.der');
  writeFileSync(
    description,
    `asn1=SEQUENCE:signature\n[signature]\nr=INTEGER:0x${r}\ns=INTEGER:0x${s}\n`,
  );
  execFileSync('openssl', ['asn1parse', '-genconf', description, '-noout', '-out', der]);
  return der;
}

/** Whether `openssl dgst` accepts the signature of the label for these bytes. */
function opensslAccepts(signed: Uint8Array): boolean {
  const content = path('signed.bin');
  writeFileSync(content, signed);
  const signature = derSignature(out('indicium.bin').subarray(64));
  const key = path('device-public-key.pem');
  const parameters = ['dgst', '-sha256', '-verify', key, '-signature', signature, content];
  const { status, stdout } = spawnSync('openssl', parameters, { encoding: 'utf8' });
  expect(stdout.trim()).toBe(status === 0 ? 'Verified OK' : 'Verification failure');
  return status === 0;
}

test('openssl verifies the signature over the first 64 bytes, and refuses every one of 64 flipped bits', () => {
  const signed = out('indicium.bin').subarray(0, 64);

  expect(opensslAccepts(signed)).toBe(true);
  for (let at = 0; at < signed.length; at++)
    expect(opensslAccepts(signed.with(at, (signed[at] as number) ^ (1 << (at % 8))))).toBe(false);
});

test('the certificate is for the key that openssl reads from the PEM file', () => {
  const certificate = readCompactCertificate(Uint8Array.from(out('device-certificate.bin')));
  const compressed = ['-ec_conv_form', 'compressed', '-outform', 'DER'];

  const der = execFileSync('openssl', [
    ...['pkey', '-pubin', '-in', path('device-public-key.pem')],
    ...compressed,
  ]);

  expect(certificate.ok && Buffer.from(certificate.value.publicKey)).toEqual(der.subarray(-33));
});

test('the result is right to the mill', () => {
  expect(JSON.parse(out('result.json').toString())).toMatchObject({
    postageMills: 780,
    before: { ascendingMills: 0, descendingMills: 100_000, pieceCount: 0 },
    after: { ascendingMills: 780, descendingMills: 99_220, pieceCount: 1 },
    printing: 'confirmed',
    verdict: { accepted: true },
    secondSight: { accepted: false },
  });
});
