/** Secret keys of digital tokens at the authority, and what it says of lite indicia (requirements.md C2, C8, G9). */

import { beforeEach, expect, test } from 'vitest';
import type { Authority } from '#authority/authority';
import { nodeCrypto } from '#driver/node-crypto';
import type { KeyPair } from '#protocol/crypto';
import { readCompactCertificate } from '#protocol/documents/compact-certificate';
import { joinLite, liteCore, tokenOf } from '#protocol/documents/lite-indicium';
import {
  openTokenKeys,
  tokenKeyRequestDocument,
  tokenKeysDocument,
} from '#protocol/documents/token-keys';
import { mills } from '#protocol/mills';
import {
  granted,
  makeAuthority,
  makeMeter,
  refusalOf,
  signIndicium,
  type TestMeter,
} from '#test/support/back-office';

let authority: Authority;
let authorityKeys: KeyPair;
let meter: TestMeter;
let moment: KeyPair;
beforeEach(async () => {
  const made = await makeAuthority();
  authority = made.authority;
  authorityKeys = made.keys;
  meter = await makeMeter(authority);
  moment = nodeCrypto.generateKeyPair();
});

function requestOf(signer: KeyPair = meter.device): Uint8Array {
  const certificate = readCompactCertificate(meter.deviceCertificate);
  if (!certificate.ok) throw new Error(certificate.status);
  return tokenKeyRequestDocument.sign(nodeCrypto, signer.privateKey, {
    meterId: meter.meterId,
    deviceSerial: certificate.value.serial,
    publicKey: moment.publicKey,
  });
}

async function askFor(request: Uint8Array) {
  const { keys } = granted(await authority.answerTokenKeyRequest({ request }));
  const document = tokenKeysDocument.verify(nodeCrypto, authorityKeys.publicKey, keys);
  if (!document.ok) throw new Error(document.status);
  const opened = openTokenKeys(nodeCrypto, moment.privateKey, document.value);
  if (opened === undefined) throw new Error('they do not open');
  return { ...document.value, keys: opened };
}

async function judge(indicium: Uint8Array) {
  return granted(await authority.verifyEvidence({ evidence: indicium, seenMs: undefined }));
}
const failed = (verdict: Awaited<ReturnType<typeof judge>>): readonly string[] =>
  verdict.checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name);

async function liteOf(pieceCount = 1, postage = 780): Promise<Uint8Array> {
  const { model, serial, keys } = await askFor(requestOf());
  const core = liteCore({ pieceCount, model, serial, postage: mills(postage), serviceId: 1 });
  return joinLite(core, tokenOf(nodeCrypto, keys.subarray(0, 32), core));
}

test('keys are sealed for the meter that asks, and the same request gets the same', async () => {
  const request = requestOf();
  const first = await askFor(request);
  const again = await askFor(request);

  expect(again.keys).toEqual(first.keys);
  expect(again.sealedKeys).not.toEqual(first.sealedKeys);
  moment = nodeCrypto.generateKeyPair();
  const other = await askFor(requestOf());
  expect(other.serial).toBe(first.serial);
  expect(other.keys).not.toEqual(first.keys);
});

test('a request that the device key did not sign is refused', async () => {
  const request = requestOf(meter.indicium);

  expect(refusalOf(await authority.answerTokenKeyRequest({ request }))).toBe('signatureInvalid');
});

test('a lite indicium is accepted once; the second sight is a duplicate and locks the meter', async () => {
  const indicium = await liteOf();

  expect(await judge(indicium)).toMatchObject({ accepted: true, format: 'ibiLite' });
  const second = await judge(indicium);

  expect(second.accepted).toBe(false);
  expect(failed(second)).toEqual(['duplicate']);
  expect(granted(await authority.lockOrder({ meterId: meter.meterId })).order).toBeDefined();
});

test('any changed bit is found, and says nothing against the meter', async () => {
  const indicium = await liteOf();
  for (const at of [2, 11, 13, 14, 19]) {
    const changed = Uint8Array.from(indicium);
    changed[at] = (changed[at] as number) ^ 1;

    expect(failed(await judge(changed))).toEqual(['signature']);
  }
  expect(granted(await authority.lockOrder({ meterId: meter.meterId })).order).toBeUndefined();
});

test('two contents, or two forms, under one number are a forgery', async () => {
  await judge(await liteOf(1));
  expect(failed(await judge(await liteOf(1, 900)))).toContain('forgery');

  await judge(signIndicium(meter, { pieceCount: 2 }));
  expect(failed(await judge(await liteOf(2)))).toEqual(['forgery']);
});

test('one that names no meter of ours is of another vendor', async () => {
  const core = liteCore({ pieceCount: 1, model: 9, serial: 9, postage: mills(1), serviceId: 1 });

  const verdict = await judge(joinLite(core, new Uint8Array(6)));

  expect(verdict).toMatchObject({ accepted: false, format: 'ibiLite' });
  expect(failed(verdict)).toEqual([]);
});
