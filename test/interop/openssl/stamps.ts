/** Time-stamps between our host and OpenSSL, each made by the one and judged by the other (requirements.md D1, D2). */

import { sha256 } from '#driver/evidence/digest';
import {
  encodeGranted,
  readStampRequest,
  type StampRequest,
  tokenIn,
} from '#driver/evidence/postmark/exchange';
import { judgePostmark } from '#driver/evidence/postmark/judge';
import { encodeTimeStampToken, readTimeStampToken } from '#driver/evidence/postmark/time-stamp';
import { readCertificate } from '#driver/evidence/x509/certificate';
import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import { oids } from '#protocol/der';
import { encodeSignedAttributes, encodeTstInfo, postmarkSerial } from '#protocol/postmark';
import { authorityKeys, meterWith } from '#test/support/meter';
import type { OpenSsl } from '#test/support/openssl';
import { stampingCertificate, stampingFlash, transaction } from '#test/support/user-keys';
import { below, type Certified, privateKeyInfo, rootOf } from '#test/support/x509-authority';
import { type Check, demand } from '../check.ts';

const root = rootOf();
const stamper = below(root, {
  commonName: 'A Stamper',
  usage: 'sign',
  purpose: oids.timeStamping,
});
const message = ascii('A message that wants a postmark.');
const STAMPED_MS = Date.UTC(2026, 2, 1, 12, 0, 0, 250);
const AT = String(Math.floor(STAMPED_MS / 1000));

interface Stamping {
  readonly holder: Certified;
  readonly digest: Uint8Array;
  readonly nonce?: Uint8Array;
  readonly timeMs?: number;
}

/** A token as a meter would have it made, by a key of our own. */
function tokenBy({
  holder,
  digest,
  nonce = new Uint8Array(0),
  timeMs = STAMPED_MS,
}: Stamping): Uint8Array {
  const serial = postmarkSerial(42, 7);
  const tstInfo = encodeTstInfo({ isStreamed: false, digest, serial, timeMs, nonce });
  const signedAttributes = encodeSignedAttributes(nodeCrypto, tstInfo, sha256(holder.certificate));
  const signature = nodeCrypto.sign(holder.keys.privateKey, signedAttributes);
  return encodeTimeStampToken({ tstInfo, signedAttributes, signature }, holder.certificate);
}

/** The same by a real meter, on the first of March as well. */
async function tokenByMeter({ digest, nonce }: StampRequest): Promise<Uint8Array> {
  await using meter = meterWith(await stampingFlash());
  const user = await meter.loggedIn('user');
  const wish = { requestId: transaction(), number: 1, isStreamed: false, digest, nonce };
  return encodeTimeStampToken(await user.postmark(wish), stampingCertificate());
}

/** What a query of OpenSSL asks for. */
function asked(openssl: OpenSsl, ...options: readonly string[]): StampRequest {
  const read = readStampRequest(query(openssl, ...options));
  demand(read.ok, 'the query was refused');
  return read.request;
}

function query(openssl: OpenSsl, ...options: readonly string[]): Uint8Array {
  openssl.write('message', message);
  openssl.run('ts', '-query', '-data', 'message', '-sha256', ...options, '-out', 'query.tsq');
  return openssl.read('query.tsq');
}

/** Answers a query of OpenSSL, and has it judge the answer. */
function answer(openssl: OpenSsl, ...options: readonly string[]): Uint8Array {
  const response = encodeGranted(tokenBy({ holder: stamper, ...asked(openssl, ...options) }));
  openssl.write('answer.tsr', response);
  openssl.writePem('root.pem', 'CERTIFICATE', root.certificate);
  return response;
}

const verify = [
  ...['ts', '-verify', '-in', 'answer.tsr', '-CAfile', 'root.pem', '-attime', AT],
] as const;

/** What `openssl ts -reply` needs. */
const CONFIGURATION = `[tsa]
default_tsa = one
[one]
serial = serial
crypto_device = builtin
signer_cert = stamper.pem
certs = root.pem
signer_key = stamper.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
clock_precision_digits = 3
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`;

function byOpenSsl(openssl: OpenSsl): Uint8Array {
  const [fromMs, toMs] = [Date.now() - 86_400_000, Date.now() + 86_400_000];
  const today = rootOf(undefined, { fromMs, toMs });
  const wanted = { commonName: 'A Stamper', usage: 'sign', purpose: oids.timeStamping } as const;
  const holder = below(today, { ...wanted, fromMs, toMs });
  openssl.write('tsa.cnf', CONFIGURATION);
  openssl.write('serial', '01\n');
  openssl.writePem('root.pem', 'CERTIFICATE', today.certificate);
  openssl.writePem('stamper.pem', 'CERTIFICATE', holder.certificate);
  openssl.writePem('stamper.key', 'PRIVATE KEY', privateKeyInfo(holder.keys));
  query(openssl, '-cert');
  openssl.run('ts', '-reply', '-queryfile', 'query.tsq', '-config', 'tsa.cnf', '-out', 'reply.tsr');
  return today.certificate;
}

/** What we find about the reply of OpenSSL. */
function verdictOn(openssl: OpenSsl, rootCertificate: Uint8Array, digest: Uint8Array): string {
  const token = tokenIn(openssl.read('reply.tsr'));
  const timeStamp = token && readTimeStampToken(token);
  const trusted = readCertificate(rootCertificate);
  demand(timeStamp !== undefined && trusted !== undefined, 'the reply could not be read');
  return judgePostmark({ timeStamp, digest, roots: [trusted], nowMs: Date.now() }).verdict;
}

export const stampChecks: readonly Check[] = [
  {
    name: 'ts -verify takes a token for its query, with nonce and certificate',
    holds(openssl) {
      answer(openssl, '-cert');
      const { text } = openssl.run(...verify, '-queryfile', 'query.tsq');
      demand(text.includes('Verification: OK'), text);
    },
  },
  {
    name: 'ts -verify takes what a meter signed, for its query',
    async holds(openssl) {
      openssl.write('answer.tsr', encodeGranted(await tokenByMeter(asked(openssl, '-cert'))));
      openssl.writePem('root.pem', 'CERTIFICATE', rootOf(authorityKeys).certificate);
      openssl.run(...verify, '-queryfile', 'query.tsq');
    },
  },
  {
    name: 'ts -verify takes a token for the data',
    holds(openssl) {
      answer(openssl, '-cert', '-no_nonce');
      openssl.run(...verify, '-data', 'message');
    },
  },
  {
    name: 'ts -reply -text tells policy, serial number and time of a token',
    holds(openssl) {
      answer(openssl, '-cert');
      const { text } = openssl.run('ts', '-reply', '-in', 'answer.tsr', '-text');
      for (const part of [
        'Policy OID: 2.25.147690565125824454078295918340257905814.1',
        'Serial number: 0x2A00000007',
        'Time stamp: Mar  1 12:00:00.25 2026 GMT',
        'Accuracy: 0x01 seconds',
      ])
        demand(text.includes(part), `${part} is missing in\n${text}`);
    },
  },
  {
    name: 'ts -verify refuses a token for other data',
    holds(openssl) {
      answer(openssl, '-cert');
      openssl.write('message', ascii('Another message.'));
      const { status, text } = openssl.ask(...verify, '-data', 'message');
      demand(status !== 0 && text.includes('message imprint mismatch'), text);
    },
  },
  {
    name: 'ts -verify refuses a token of a certificate of another purpose',
    holds(openssl) {
      const other = below(root, {
        commonName: 'A Signer',
        usage: 'sign',
        purpose: oids.emailProtection,
      });
      const token = tokenBy({ ...asked(openssl, '-cert'), holder: other });
      openssl.write('answer.tsr', encodeGranted(token));
      openssl.writePem('root.pem', 'CERTIFICATE', root.certificate);
      const { status, text } = openssl.ask(...verify, '-queryfile', 'query.tsq');
      demand(status !== 0, text);
    },
  },
  {
    name: 'what ts -reply made is valid to us, and not for another digest',
    holds(openssl) {
      const trusted = byOpenSsl(openssl);
      const verdict = verdictOn(openssl, trusted, sha256(message));
      demand(verdict === 'valid', verdict);
      const other = verdictOn(openssl, trusted, sha256(ascii('Another message.')));
      demand(other === 'digestDifferent', other);
    },
  },
  {
    name: 'what ts -reply made is not valid under another root',
    holds(openssl) {
      byOpenSsl(openssl);
      const verdict = verdictOn(openssl, rootOf().certificate, sha256(message));
      demand(verdict === 'signature', verdict);
    },
  },
];
