/** The handlers of the certificate half of the meter: what its registers pay for beside postage (requirements.md C2, C7, D1-D6, E1, E2). */

import type { Handlers } from '#protocol/dispatch';
import type { Device } from './device.ts';
import { agentCertificate } from './services/agent.ts';
import { credits, installCredit, pay } from './services/credit.ts';
import { hashContent, postmark, validatePostmark } from './services/postmarks.ts';
import {
  authenticate,
  decryptKey,
  encryptKey,
  signContent,
  verifySignature,
} from './services/security.ts';
import { createTicket } from './services/tickets.ts';
import { createLiteIndicium, installTokenKeys, requestTokenKeys } from './services/tokens.ts';
import {
  dropKey,
  importKey,
  installKey,
  requestKey,
  requestRevocation,
  revokeKey,
  userKeys,
} from './services/user-keys.ts';

type CertificateHandlers = Pick<
  Handlers,
  | 'hashContent'
  | 'postmark'
  | 'validatePostmark'
  | 'requestKey'
  | 'installKey'
  | 'userKeys'
  | 'requestRevocation'
  | 'revokeKey'
  | 'importKey'
  | 'dropKey'
  | 'agentCertificate'
  | 'signContent'
  | 'verifySignature'
  | 'encryptKey'
  | 'decryptKey'
  | 'authenticate'
  | 'installCredit'
  | 'pay'
  | 'credits'
  | 'createTicket'
  | 'requestTokenKeys'
  | 'installTokenKeys'
  | 'createLiteIndicium'
>;

/** @param device of this power cycle; throws where there is none */
export function certificateHandlers(device: () => Device): CertificateHandlers {
  return {
    hashContent: (request) => hashContent(device(), request),
    postmark: (request) => postmark(device(), request),
    validatePostmark: (request) => validatePostmark(device(), request),
    requestKey: (request) => requestKey(device(), request),
    installKey: (request) => installKey(device(), request),
    userKeys: () => userKeys(device()),
    requestRevocation: (request) => requestRevocation(device(), request),
    revokeKey: (request) => revokeKey(device(), request),
    importKey: (request) => importKey(device(), request),
    dropKey: (request) => dropKey(device(), request),
    agentCertificate: (request) => agentCertificate(device(), request),
    signContent: (request) => signContent(device(), request),
    verifySignature: (request) => verifySignature(device(), request),
    encryptKey: (request) => encryptKey(device(), request),
    decryptKey: (request) => decryptKey(device(), request),
    authenticate: (request) => authenticate(device(), request),
    installCredit: (request) => installCredit(device(), request),
    pay: (request) => pay(device(), request),
    credits: () => credits(device()),
    createTicket: (request) => createTicket(device(), request),
    requestTokenKeys: () => requestTokenKeys(device()),
    installTokenKeys: (request) => installTokenKeys(device(), request),
    createLiteIndicium: (request) => createLiteIndicium(device(), request),
  };
}
