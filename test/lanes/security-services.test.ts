/** Keys of a meter against OpenSSL (requirements.md D3, D6, D7): what it signs, wraps and issues, and what it is given to open. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { issueToReceiver, issueUnderPassword } from '#driver/evidence/agent';
import { readEnvelope } from '#driver/evidence/cms/enveloped-data';
import { sha256 } from '#driver/evidence/digest';
import { decryptBy, encryptTo } from '#driver/evidence/encrypt';
import type { MeterKey } from '#driver/evidence/meter-key';
import { signDetached } from '#driver/evidence/sign';
import { readCertificate } from '#driver/evidence/x509/certificate';
import type { Meter } from '#driver/meter';
import { ascii } from '#protocol/bytes';
import { oids } from '#protocol/der';
import { formatMeterId } from '#protocol/documents/meter-id';
import { keyUsesOf } from '#protocol/documents/user-key';
import { distinguishedName } from '#protocol/x509';
import { meterId, meterWith, type TestMeter } from '#test/support/meter';
import { type OpenSsl, openSslIn } from '#test/support/openssl';
import { keyFor, keyNumbers, ORGANIZATION, securityFlash } from '#test/support/security-services';
import { temporaryFolder } from '#test/support/temporary-folder';
import {
  below,
  type Certified,
  certifyAs,
  privateKeyInfo,
  rootOf,
  type Wanted,
} from '#test/support/x509-authority';

const AT = ['-attime', String(Date.UTC(2026, 2, 1, 12) / 1000)] as const;
const PASSWORD = 'correct horse';
const content = ascii('Content,\r\nof two lines.');
const root = rootOf();
const purpose = oids.emailProtection;
const somebody = below(root, { commonName: 'Somebody', usage: 'agree', purpose });
const wish = {
  uses: keyUsesOf('sign'),
  commonName: ascii('An Employee'),
  validFrom: 20260301,
  validTo: 20260930,
};

let meter: TestMeter;
let user: Meter;
beforeAll(async () => {
  meter = meterWith(await securityFlash());
  user = await meter.loggedIn('user');
});
afterAll(() => meter[Symbol.asyncDispose]());

/** A key of the meter, under a certificate of the root. */
function certified(use: 'issue' | 'sign' | 'agree', wanted: Omit<Wanted, 'commonName'>): MeterKey {
  const serialNumber = ascii(formatMeterId(meterId));
  const organization = use === 'issue' ? ORGANIZATION : new Uint8Array(0);
  const subject = distinguishedName({ organization, commonName: ascii('A Holder'), serialNumber });
  const { publicKey } = keyFor(use).request;
  const der = certifyAs({ ...wanted, commonName: 'A Holder' }, subject, publicKey, root);
  const certificate = readCertificate(der);
  if (certificate === undefined) throw new Error('no certificate');
  return { number: keyNumbers[use], certificate };
}

const agentUnder = (permitted: string): MeterKey =>
  certified('issue', { usage: 'authority', pathLength: 0, permitted });

const readable = ({ certificate }: Certified) => {
  const read = readCertificate(certificate);
  if (read === undefined) throw new Error('no certificate');
  return read;
};

function workshop(): OpenSsl & { readonly note: string } {
  const openssl = openSslIn(temporaryFolder());
  openssl.write('content', content);
  openssl.writePem('root.pem', 'CERTIFICATE', root.certificate);
  openssl.writePem('somebody.pem', 'CERTIFICATE', somebody.certificate);
  openssl.writePem('somebody.key', 'PRIVATE KEY', privateKeyInfo(somebody.keys));
  return { ...openssl, note: openssl.path('under-way.json') };
}

test('cms -verify accepts what a meter signed, and refuses it for another content', async () => {
  const openssl = workshop();
  const key = certified('sign', { usage: 'signAndBind', purpose });
  const options = { timeMs: Date.UTC(2026, 2, 1, 12) };

  const signature = await signDetached(user, openssl.note, key, sha256(content), options);

  openssl.write('signature.p7s', signature);
  openssl.write('other', 'Another content.');
  const verify = (name: string) =>
    openssl.ask(
      ...['cms', '-verify', '-inform', 'DER', '-in', 'signature.p7s', '-content', name],
      ...['-binary', '-CAfile', 'root.pem', ...AT, '-out', 'verified'],
    );
  expect(verify('content').text).toContain('successful');
  expect(verify('other').status).not.toBe(0);
});

test('cms -decrypt opens what a meter wrapped, and the meter what cms -encrypt made', async () => {
  const openssl = workshop();
  const key = certified('agree', { usage: 'agree', purpose });
  openssl.writePem('meter.pem', 'CERTIFICATE', key.certificate.der);

  const message = await encryptTo(user, openssl.note, readable(somebody), content);

  openssl.write('message.p7m', message ?? new Uint8Array(0));
  openssl.run(
    ...['cms', '-decrypt', '-binary', '-inform', 'DER', '-in', 'message.p7m'],
    ...['-recip', 'somebody.pem', '-inkey', 'somebody.key', '-out', 'opened'],
  );
  expect(Buffer.compare(openssl.read('opened'), content)).toBe(0);
  for (const cipher of ['-aes-256-cbc', '-aes-256-gcm']) {
    openssl.run(
      ...['cms', '-encrypt', '-binary', cipher, '-outform', 'DER', '-in', 'content'],
      ...['-out', 'theirs.p7m', '-recip', 'meter.pem', '-keyopt', 'ecdh_kdf_md:sha256'],
    );
    const envelope = readEnvelope(openssl.read('theirs.p7m'));
    const opened = envelope && (await decryptBy(user, openssl.note, key, envelope));
    expect(Buffer.compare(opened ?? new Uint8Array(0), content)).toBe(0);
  }
});

test('root, agent, holder: verify accepts the chain, and refuses it under another name or purpose', async () => {
  const openssl = workshop();
  const agent = agentUnder('Example Works');
  openssl.writePem('agent.pem', 'CERTIFICATE', agent.certificate.der);

  const issued = await issueToReceiver(user, openssl.note, agent, wish, readable(somebody));

  if (issued === undefined) throw new Error('not issued');
  openssl.writePem('holder.pem', 'CERTIFICATE', issued.certificate);
  const verify = (agentFile: string, purpose = 'smimesign') =>
    openssl.ask(
      ...['verify', '-x509_strict', ...AT, '-CAfile', 'root.pem', '-untrusted', agentFile],
      ...['-purpose', purpose, 'holder.pem'],
    );
  expect(verify('agent.pem').text).toContain('holder.pem: OK');
  expect(verify('agent.pem', 'sslclient').text).toContain('unsuitable certificate purpose');
  const constrained = agentUnder('Other Works').certificate.der;
  openssl.writePem('constrained.pem', 'CERTIFICATE', constrained);
  expect(verify('constrained.pem').text).toContain('permitted subtree violation');
  openssl.write('key.p7m', issued.message);
  openssl.run(
    ...['cms', '-decrypt', '-binary', '-inform', 'DER', '-in', 'key.p7m'],
    ...['-recip', 'somebody.pem', '-inkey', 'somebody.key', '-out', 'key.der'],
  );
  openssl.run('pkey', '-inform', 'DER', '-in', 'key.der', '-pubout', '-out', 'of-key.pem');
  openssl.run('x509', '-in', 'holder.pem', '-noout', '-pubkey', '-out', 'of-holder.pem');
  expect(openssl.read('of-key.pem')).toEqual(openssl.read('of-holder.pem'));
  openssl.write('text', content);
  openssl.run('dgst', '-sha256', '-sign', 'key.der', '-keyform', 'DER', '-out', 'sig', 'text');
  const judged = ['dgst', '-sha256', '-verify', 'of-holder.pem', '-signature', 'sig', 'text'];
  expect(openssl.run(...judged).text).toContain('Verified OK');
});

test('pkcs8 and pkcs12 open what is under a password, and not by another', async () => {
  const openssl = workshop();
  const agent = agentUnder('Example Works');
  const password = new TextEncoder().encode(PASSWORD);
  const above = [agent.certificate.der, root.certificate];

  const issued = await issueUnderPassword(user, openssl.note, agent, wish, password, above);

  openssl.writePem('holder.pem', 'CERTIFICATE', issued.certificate);
  openssl.writePem('key.pem', 'ENCRYPTED PRIVATE KEY', issued.key);
  openssl.write('bundle.p12', issued.bundle);
  openssl.run('x509', '-in', 'holder.pem', '-noout', '-pubkey', '-out', 'of-holder.pem');
  const pass = (given: string) => ['-passin', `pass:${given}`] as const;
  const pkey = ['pkey', '-in', 'key.pem', '-pubout', '-out', 'of-key.pem'] as const;
  openssl.run(...pkey, ...pass(PASSWORD));
  expect(openssl.read('of-key.pem')).toEqual(openssl.read('of-holder.pem'));
  expect(openssl.ask(...pkey, ...pass('another')).status).not.toBe(0);
  const pkcs12 = ['pkcs12', '-in', 'bundle.p12', '-nodes'] as const;
  const { text } = openssl.run(...pkcs12, ...pass(PASSWORD));
  expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
  expect(text.match(/BEGIN PRIVATE KEY/g)).toHaveLength(1);
  expect(openssl.ask(...pkcs12, ...pass('another')).status).not.toBe(0);
});
