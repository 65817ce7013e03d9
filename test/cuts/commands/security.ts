/** Certificates for others, and what keys of the user do beside postmarks, in the table of cuts (requirements.md B3, D3, D6). */

import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { ascii } from '#protocol/bytes';
import { authenticationDocument } from '#protocol/documents/authentication';
import { type KeyUse, keyUsesOf } from '#protocol/documents/user-key';
import { keyWrapSharedInfo } from '#protocol/shared-info';
import { isSignedBy, readX509 } from '#protocol/x509';
import {
  NONE,
  ORGANIZATION,
  receivedKey,
  receiver,
  unwrapped,
} from '#test/support/security-services';
import { holder, takeKey } from '#test/support/user-keys';
import type { Host } from '../meter/host.ts';
import type { CutCommand } from './act.ts';
import { nextTransaction, prepareServices } from './certificates.ts';
import { hex, officer, service, user } from './service.ts';

const content = ascii('What is signed.');
const receiverKey = receiver.publicKey;

/** A key of this use, and a transaction for the user. */
async function withKey(host: Host, use: KeyUse) {
  await prepareServices(host);
  const meter = await officer(host);
  const wanted = { ...holder(use), organization: ORGANIZATION };
  const { request } = await takeKey(meter, wanted, await nextTransaction(meter));
  const requestId = await nextTransaction(await user(host));
  return { requestId, number: request.number };
}

async function publicKeyOf(meter: Meter): Promise<Uint8Array> {
  return (await meter.userKeys()).keys[0]?.publicKey ?? NONE;
}

const agentCertificate = service({
  name: 'agentCertificate',
  from: 'refilled',
  who: user,
  isBorn: true,
  paper: async (host) => ({
    ...(await withKey(host, 'issue')),
    uses: keyUsesOf('sign'),
    commonName: ascii('An Employee'),
    validFrom: 20260301,
    validTo: 20260930,
    receiverKey,
    passwordKey: NONE,
  }),
  async ask(meter, paper) {
    const issued = await meter.agentCertificate(paper);
    const x509 = readX509(issued.certificate);
    if (x509 === undefined || !isSignedBy(nodeCrypto, x509, await publicKeyOf(meter)))
      throw new Error('the certificate does not verify');
    const { d = '' } = receivedKey(issued).export({ format: 'jwk' });
    const born = nodeCrypto.publicKeyOf(Uint8Array.from(Buffer.from(d, 'base64url')));
    if (hex(born) !== hex(x509.publicKey)) throw new Error('the private key is of another');
    return hex(issued.certificate);
  },
});

const signContent = service({
  name: 'signContent',
  from: 'refilled',
  who: user,
  paper: async (host) => ({ ...(await withKey(host, 'sign')), content }),
  async ask(meter, paper) {
    const { signature } = await meter.signContent(paper);
    if (!nodeCrypto.verify(await publicKeyOf(meter), content, signature))
      throw new Error('the signature does not verify');
    return hex(signature);
  },
});

const verifySignature = service({
  name: 'verifySignature',
  from: 'refilled',
  who: user,
  async paper(host) {
    await prepareServices(host);
    const signature = nodeCrypto.sign(receiver.privateKey, content);
    const requestId = await nextTransaction(await user(host));
    return { requestId, content, certificate: NONE, publicKey: receiverKey, signature };
  },
  async ask(meter, paper) {
    const { verdict } = await meter.verifySignature(paper);
    if (verdict !== 'valid') throw new Error(`the signature is judged ${verdict}`);
    return verdict;
  },
});

const encryptKey = service({
  name: 'encryptKey',
  from: 'refilled',
  who: user,
  isBorn: true,
  async paper(host) {
    await prepareServices(host);
    return { requestId: await nextTransaction(await user(host)), receiverKey };
  },
  async ask(meter, paper) {
    const { contentKey, wrappedKey, ephemeralKey } = await meter.encryptKey(paper);
    if (hex(unwrapped({ wrappedKey, ephemeralKey })) !== hex(contentKey))
      throw new Error('it is wrapped for another');
    return hex(contentKey) + hex(wrappedKey) + hex(ephemeralKey);
  },
});

const decryptKey = service({
  name: 'decryptKey',
  from: 'refilled',
  who: user,
  async paper(host) {
    const key = await withKey(host, 'agree');
    const meter = await user(host);
    const agreed = { requestId: key.requestId, receiverKey: await publicKeyOf(meter) };
    const { ephemeralKey, wrappedKey, contentKey } = await meter.encryptKey(agreed);
    const wrapped = { ephemeralKey, wrappedKey, sharedInfo: keyWrapSharedInfo, wrapKeySize: 32 };
    return { ...key, ...wrapped, requestId: await nextTransaction(meter), contentKey };
  },
  async ask(meter, { contentKey: right, ...paper }) {
    const { contentKey } = await meter.decryptKey(paper);
    if (hex(contentKey) !== hex(right)) throw new Error('it opens to another key');
    return hex(contentKey);
  },
});

const authenticate = service({
  name: 'authenticate',
  from: 'refilled',
  who: user,
  paper: async (host) => ({
    ...(await withKey(host, 'authenticate')),
    challenge: nodeCrypto.sha256(content),
  }),
  async ask(meter, paper) {
    const { statement } = await meter.authenticate(paper);
    const read = authenticationDocument.verify(nodeCrypto, await publicKeyOf(meter), statement);
    if (!read.ok) throw new Error(`the statement is ${read.status}`);
    return hex(statement);
  },
});

export const securityCuts: readonly CutCommand[] = [
  agentCertificate,
  signContent,
  verifySignature,
  encryptKey,
  decryptKey,
  authenticate,
];
