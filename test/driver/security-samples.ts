/** Samples of a request and its answer: certificates for others, and what the keys of the user do beside postmarks. */

import type { Meter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import type { ServiceName } from '#driver/services';
import { ascii } from '#protocol/bytes';
import type { RequestOf, ResponseOf } from '#protocol/command';
import type { securityCommands } from '#protocol/commands/security';
import { keyUsesOf } from '#protocol/documents/user-key';

export interface Sample<N extends ServiceName> {
  readonly ask: (meter: Meter) => Promise<unknown>;
  readonly request: RequestOf<N>;
  readonly response: ResponseOf<N>;
}

const key = nodeCrypto.generateKeyPair().publicKey;
const document = new Uint8Array(20).fill(3);
const requestId = { counter: 10, nonce: 11 };
const agentRequest = {
  requestId,
  number: 3,
  uses: keyUsesOf('sign'),
  commonName: ascii('Another'),
  validFrom: 20260101,
  validTo: 20261231,
  receiverKey: key,
  passwordKey: new Uint8Array(0),
} as const;
const judged = {
  requestId,
  content: document,
  certificate: document,
  publicKey: new Uint8Array(0),
  signature: new Uint8Array(64),
} as const;
const wrapped = {
  requestId,
  number: 3,
  ephemeralKey: key,
  sharedInfo: document,
  wrapKeySize: 32,
  wrappedKey: new Uint8Array(40).fill(3),
} as const;

export const securitySamples: {
  readonly [N in ServiceName & keyof typeof securityCommands]: Sample<N>;
} = {
  agentCertificate: {
    ask: (meter) => meter.agentCertificate(agentRequest),
    request: agentRequest,
    response: {
      certificate: document,
      encryptedKey: document,
      nonce: document,
      ephemeralKey: key,
      wrappedKey: document,
    },
  },
  signContent: {
    ask: (meter) => meter.signContent({ requestId, number: 3, content: document }),
    request: { requestId, number: 3, content: document },
    response: { signature: new Uint8Array(64) },
  },
  verifySignature: {
    ask: (meter) => meter.verifySignature(judged),
    request: judged,
    response: { verdict: 'certificateDates' },
  },
  encryptKey: {
    ask: (meter) => meter.encryptKey({ requestId, receiverKey: key }),
    request: { requestId, receiverKey: key },
    response: {
      ephemeralKey: key,
      wrappedKey: new Uint8Array(40).fill(1),
      contentKey: new Uint8Array(32).fill(2),
    },
  },
  decryptKey: {
    ask: (meter) => meter.decryptKey(wrapped),
    request: wrapped,
    response: { contentKey: document },
  },
  authenticate: {
    ask: (meter) => meter.authenticate({ requestId, number: 3, challenge: new Uint8Array(16) }),
    request: { requestId, number: 3, challenge: new Uint8Array(16) },
    response: { statement: document },
  },
};
