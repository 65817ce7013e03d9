/** Signed and encrypted messages, and key files, between our host and OpenSSL (requirements.md D3, D6, D7). */

import { createCipheriv } from 'node:crypto';
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
import { fileKeyOf } from '#driver/evidence/key-file/password';
import { encodeEncryptedKey } from '#driver/evidence/key-file/pkcs8';
import { encodeKeyBundle } from '#driver/evidence/key-file/pkcs12';
import { readCertificate } from '#driver/evidence/x509/certificate';
import { nodeCrypto } from '#driver/node-crypto';
import { ascii, equalBytes } from '#protocol/bytes';
import { certificateTime, oids } from '#protocol/der';
import type { OpenSsl } from '#test/support/openssl';
import { below, privateKeyInfo, rootOf } from '#test/support/x509-authority';
import { type Check, demand } from '../check.ts';

const root = rootOf();
const purpose = oids.emailProtection;
const signer = below(root, { commonName: 'A Signer', usage: 'signAndBind', purpose });
const receiver = below(root, { commonName: 'A Receiver', usage: 'agree', purpose });
const content = ascii('Content,\r\nof two lines.');
const AT = String(Date.UTC(2026, 5, 1) / 1000);

function prepare(openssl: OpenSsl): void {
  openssl.write('content', content);
  openssl.writePem('root.pem', 'CERTIFICATE', root.certificate);
  openssl.writePem('signer.pem', 'CERTIFICATE', signer.certificate);
  openssl.writePem('signer.key', 'PRIVATE KEY', privateKeyInfo(signer.keys));
  openssl.writePem('receiver.pem', 'CERTIFICATE', receiver.certificate);
  openssl.writePem('receiver.key', 'PRIVATE KEY', privateKeyInfo(receiver.keys));
}

/** A detached signature, whose attributes are what a meter signs. */
function signature(): Uint8Array {
  const { certificate, keys } = signer;
  const time = certificateTime(Date.UTC(2026, 5, 1));
  const signedAttributes = signedAttributesOf(ids.data, sha256(content), certificate, time);
  return encodeSignedData({
    contentType: ids.data,
    certificates: [certificate],
    signer: certificate,
    signedAttributes,
    signature: nodeCrypto.sign(keys.privateKey, signedAttributes),
  });
}

const verify = [
  ...['cms', '-verify', '-inform', 'DER', '-in', 'signature.p7s', '-content', 'content'],
  ...['-binary', '-CAfile', 'root.pem', '-attime', AT, '-out', 'verified'],
] as const;

function isOurs(message: Uint8Array, signed: Uint8Array): boolean {
  const read = readSignedData(message);
  const certificate = read && signerOf(read);
  demand(read !== undefined && certificate !== undefined, 'the message could not be read');
  return isSignatureOf(read, certificate, sha256(signed));
}

function opened(message: Uint8Array): Uint8Array | undefined {
  const envelope = readEnvelope(message);
  const mine = envelope && recipientOf(envelope, receiver.certificate);
  demand(envelope !== undefined && mine !== undefined, 'the message has nothing for the receiver');
  const key = unwrap(receiver.keys.privateKey, mine, mine.sharedInfo);
  return key && openEnvelope(envelope, key);
}

const encrypting = (cipher: string, form: 'DER' | 'SMIME', ...more: readonly string[]) => [
  ...['cms', '-encrypt', '-binary', `-${cipher}`, '-in', 'content', '-outform', form],
  ...['-out', 'message', '-recip', 'receiver.pem', '-keyopt', 'ecdh_kdf_md:sha256', ...more],
];

const signing: readonly Check[] = [
  {
    name: 'cms -verify takes a detached signature, and refuses it for other content',
    holds(openssl) {
      prepare(openssl);
      openssl.write('signature.p7s', signature());
      openssl.run(...verify);
      demand(equalBytes(openssl.read('verified'), content), 'other content came out');
      openssl.write('content', ascii('Content.'));
      const { status, text } = openssl.ask(...verify);
      demand(status !== 0 && text.includes('verification failure'), text);
    },
  },
  {
    name: 'what cms -sign made is valid to us, and not for other content',
    holds(openssl) {
      prepare(openssl);
      const made = ['cms', '-sign', '-binary', '-in', 'content', '-signer', 'signer.pem'];
      openssl.run(...made, '-inkey', 'signer.key', '-outform', 'DER', '-out', 'made.p7s');
      const message = openssl.read('made.p7s');
      demand(isOurs(message, content), 'refused');
      demand(!isOurs(message, ascii('Content.')), 'taken for other content');
    },
  },
];

const encryption: readonly Check[] = [
  ...(['aes-256-gcm', 'aes-256-cbc'] as const).map((cipher) => ({
    name: `cms -decrypt opens a message under ${cipher}`,
    holds(openssl: OpenSsl) {
      prepare(openssl);
      const key = nodeCrypto.randomBytes(32);
      const agreed = wrapFor(receiver.keys.publicKey, key);
      const recipients = [{ certificate: receiver.certificate, agreed }];
      openssl.write('message', encodeEnvelope(recipients, encryptContent(key, content, cipher)));
      const decrypt = ['cms', '-decrypt', '-inform', 'DER', '-binary', '-in', 'message'];
      openssl.run(...decrypt, '-recip', 'receiver.pem', '-inkey', 'receiver.key', '-out', 'out');
      demand(equalBytes(openssl.read('out'), content), 'other content came out');
    },
  })),
  ...(['aes-256-gcm', 'aes256', 'aes128'] as const).map((cipher) => ({
    name: `what cms -encrypt -${cipher} made is opened`,
    holds(openssl: OpenSsl) {
      prepare(openssl);
      const wrap = cipher === 'aes128' ? ['-aes256-wrap'] : [];
      openssl.run(...encrypting(cipher, 'DER', ...wrap));
      const found = opened(openssl.read('message'));
      demand(found !== undefined && equalBytes(found, content), 'other content came out');
    },
  })),
  {
    name: 'a message that cms -encrypt streamed, of lengths without end, is opened',
    holds(openssl) {
      prepare(openssl);
      openssl.run(...encrypting('aes256', 'DER', '-stream'));
      const message = openssl.read('message');
      demand(message[1] === 0x80, 'it is of definite length');
      const found = opened(message);
      demand(found !== undefined && equalBytes(found, content), 'other content came out');
    },
  },
  {
    name: 'a message of cms -encrypt that was changed is not opened under GCM',
    holds(openssl) {
      prepare(openssl);
      openssl.run(...encrypting('aes-256-gcm', 'DER'));
      const message = openssl.read('message');
      message[message.length - 1] = (message.at(-1) ?? 0) ^ 1;
      demand(opened(message) === undefined, 'opened');
    },
  },
  {
    name: 'what cms -encrypt makes where it is told nothing, SHA-1 and Triple DES, is refused',
    holds(openssl) {
      prepare(openssl);
      const encrypt = ['cms', '-encrypt', '-binary', '-in', 'content', '-outform', 'DER'];
      openssl.run(...encrypt, '-out', 'message', 'receiver.pem');
      demand(readEnvelope(openssl.read('message')) === undefined, 'read');
    },
  },
];

const PASSWORD = new TextEncoder().encode('Pässwörter kosten 3 €');

/** As a meter encrypts a key under what the host made of a password. */
async function encryptedKey(): Promise<Uint8Array> {
  const fileKey = await fileKeyOf(PASSWORD);
  const iv = nodeCrypto.randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', fileKey.key, iv);
  const parts = [cipher.update(privateKeyInfo(receiver.keys)), cipher.final()];
  return encodeEncryptedKey(fileKey, { iv, ciphertext: Uint8Array.from(Buffer.concat(parts)) });
}

const keyFiles: readonly Check[] = [
  {
    name: 'pkcs8 opens an encrypted key, and not with another password',
    async holds(openssl) {
      openssl.write('password', PASSWORD);
      openssl.write('key.p8', await encryptedKey());
      const open = ['pkcs8', '-inform', 'DER', '-in', 'key.p8', '-passin'];
      openssl.run(...open, 'file:password', '-outform', 'DER', '-out', 'key.der');
      openssl.run('pkey', '-in', 'key.der', '-inform', 'DER', '-pubout', '-out', 'key.pub');
      openssl.writePem('receiver.pem', 'CERTIFICATE', receiver.certificate);
      const { text } = openssl.run('x509', '-in', 'receiver.pem', '-noout', '-pubkey');
      demand(new TextDecoder().decode(openssl.read('key.pub')) === text, 'another key came out');
      demand(openssl.ask(...open, 'pass:another').status !== 0, 'another password opens it');
    },
  },
  {
    name: 'pkcs12 opens a key with its certificates, and finds a MAC of SHA-256',
    async holds(openssl) {
      openssl.write('password', PASSWORD);
      const certificates = [receiver.certificate, root.certificate];
      const bundle = { encryptedKey: await encryptedKey(), certificates };
      openssl.write('key.p12', encodeKeyBundle(bundle, PASSWORD));
      const open = ['pkcs12', '-in', 'key.p12', '-info', '-nodes', '-passin'];
      const { text } = openssl.run(...open, 'file:password');
      demand(text.includes('MAC: sha256, Iteration 100000'), text);
      demand(text.split('BEGIN CERTIFICATE').length === 3, 'two certificates are wanted');
      const { stdout } = openssl.run(
        ...open.slice(0, 3),
        '-clcerts',
        '-nokeys',
        '-passin',
        'file:password',
      );
      const body = /-----BEGIN CERTIFICATE-----([\w+/=\s]+)-----END/.exec(`${stdout}`)?.[1] ?? '';
      const der = Uint8Array.from(Buffer.from(body, 'base64'));
      demand(equalBytes(der, receiver.certificate), 'the key has another certificate');
      demand(readCertificate(der) !== undefined, 'no certificate');
      demand(openssl.ask(...open, 'pass:another').status !== 0, 'another password opens it');
    },
  },
];

export const messageChecks: readonly Check[] = [...signing, ...encryption, ...keyFiles];
