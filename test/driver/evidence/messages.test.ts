/** Envelopes and signatures without OpenSSL, which judges them in a lane (requirements.md D3, D6). */

import { expect, test } from 'vitest';
import { unwrap, wrapFor } from '#driver/evidence/cms/agreement';
import {
  encodeEnvelope,
  encryptContent,
  openEnvelope,
  readEnvelope,
  recipientOf,
} from '#driver/evidence/cms/enveloped-data';
import { ids } from '#driver/evidence/cms/oids';
import {
  encodeSignedData,
  isSignatureOf,
  readSignedData,
  signedAttributesOf,
  signerOf,
} from '#driver/evidence/cms/signed-data';
import { sha256 } from '#driver/evidence/digest';
import { readCertificate } from '#driver/evidence/x509/certificate';
import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import { certificateTime, oids } from '#protocol/der';
import { below, rootOf } from '#test/support/x509-authority';

const root = rootOf();
const purpose = oids.emailProtection;
const one = below(root, { commonName: 'One', usage: 'agree', purpose });
const other = below(root, { commonName: 'Other', usage: 'agree', purpose });
const stranger = below(root, { commonName: 'Stranger', usage: 'agree', purpose });
const content = ascii('content');

test.each(['aes-256-gcm', 'aes-256-cbc'] as const)(
  'an envelope under %s is opened by each of its recipients and by nobody else',
  (cipher) => {
    const key = nodeCrypto.randomBytes(32);
    const recipients = [one, other].map(({ certificate, keys }) => ({
      certificate,
      agreed: wrapFor(keys.publicKey, key),
    }));
    const envelope = readEnvelope(encodeEnvelope(recipients, encryptContent(key, content, cipher)));
    if (envelope === undefined) throw new Error('unreadable');

    for (const { certificate, keys } of [one, other]) {
      const mine = recipientOf(envelope, certificate);
      const unwrapped = mine && unwrap(keys.privateKey, mine, mine.sharedInfo);
      expect(unwrapped && openEnvelope(envelope, unwrapped)).toEqual(content);
      expect(mine && unwrap(stranger.keys.privateKey, mine)).toBeUndefined();
    }
    expect(recipientOf(envelope, stranger.certificate)).toBeUndefined();
    expect(openEnvelope(envelope, new Uint8Array(16))).toBeUndefined();
    if (cipher === 'aes-256-gcm')
      expect(openEnvelope(envelope, nodeCrypto.randomBytes(32))).toBeUndefined();
  },
);

test('a signature is that of its signer over its content, and of no other', () => {
  const signer = below(root, { commonName: 'Signer', usage: 'signAndBind', purpose });
  const time = certificateTime(Date.UTC(2026, 5, 1));
  const signedAttributes = signedAttributesOf(ids.data, sha256(content), signer.certificate, time);
  const message = encodeSignedData({
    contentType: ids.data,
    certificates: [],
    signer: signer.certificate,
    signedAttributes,
    signature: nodeCrypto.sign(signer.keys.privateKey, signedAttributes),
  });
  const read = readSignedData(message);
  const certificates = [one, signer].flatMap((each) => readCertificate(each.certificate) ?? []);
  const [wrong, right] = certificates;
  if (read === undefined || wrong === undefined || right === undefined)
    throw new Error('unreadable');

  expect(signerOf(read)).toBeUndefined();
  expect(signerOf(read, certificates)).toBe(right);
  expect(isSignatureOf(read, right, sha256(content))).toBe(true);
  expect(isSignatureOf(read, right, sha256(ascii('other')))).toBe(false);
  expect(isSignatureOf(read, wrong, sha256(content))).toBe(false);
});
