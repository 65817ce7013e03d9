/** The routes about certificates of keys in meters: for hosts, which are open, and for the operator. */

import {
  type KeyUses,
  keyUseNames,
  keyUsesOf,
  revocationReasons,
} from '#protocol/documents/user-key';
import { route } from '#protocol/http/route';
import {
  amount,
  choice,
  flag,
  hex,
  list,
  nullable,
  parsed,
  record,
  text,
  whole,
} from '#protocol/http/shape';
import { document, instant, meterId, number, publicKey } from '../shapes.ts';
import { keyRequestStates } from '../tables.ts';
import { REVOCATIONS_LIMIT } from './confirmations.ts';
import { KEY_REQUESTS_LIMIT } from './decisions.ts';
import { REVOCATION_ORDERS_LIMIT } from './revocations.ts';

/** The number of a key in its meter. */
const key = whole(1, 0xffff);
const x509 = hex(1, 2_048);
const reason = choice(revocationReasons);
const serial = text(40);

const uses = parsed<KeyUses>(
  `uses apart by spaces: ${keyUseNames.join(', ')}`,
  (given) => {
    const names = given.split(' ');
    const known = keyUseNames.filter((name) => names.includes(name));
    return known.length === names.length ? keyUsesOf(...known) : undefined;
  },
  (value) => keyUseNames.filter((name) => value[name]).join(' '),
);

const standing = {
  number,
  state: choice(keyRequestStates),
  reason: nullable(text(1_000)),
};
const keyRequestRecord = record({
  ...standing,
  meterId,
  key,
  publicKey,
  uses,
  organization: parsed(
    'text of at most 64 characters',
    (given) => (given.length <= 64 ? given : undefined),
    (value) => value,
  ),
  commonName: text(64),
  decidedBy: nullable(text(200)),
  askedMs: instant,
  decidedMs: nullable(instant),
  serial: nullable(serial),
  csr: x509,
});

export const certificateRoutes = {
  requestCertificate: route({
    method: 'POST',
    path: '/key-requests',
    access: 'open',
    summary:
      'Asks for a certificate of a key in a meter, which signed the request (TUK1) around a PKCS#10 request. The same request gets its standing.',
    request: record({ request: document, csr: x509 }),
    response: record(standing),
  }),
  keyRequest: route({
    method: 'GET',
    path: '/meters/:meterId/key-requests/:key',
    access: 'open',
    summary: 'How far the request for a key of a meter is.',
    request: record({ meterId, key }),
    response: record(standing),
  }),
  keyCertificate: route({
    method: 'POST',
    path: '/meters/:meterId/keys/:key/certificate',
    access: 'open',
    summary:
      'The X.509 certificate of a key whose request was approved, the grant (TUG1) for the meter, and the root; the first call has it issued, every other one gets the same.',
    request: record({ meterId, key }),
    response: record({ certificate: x509, grant: document, root: x509 }),
  }),
  revokeCertificate: route({
    method: 'POST',
    path: '/revocations',
    access: 'open',
    summary:
      'Takes the request of a meter to revoke the certificate of one of its keys (TRR1), and gives the order (TRO1): the certificate is on the revocation list from then on. The same key gets the same order.',
    request: record({ request: document }),
    response: record({ order: document }),
  }),
  revocationOrders: route({
    method: 'GET',
    path: '/meters/:meterId/revocation-orders',
    access: 'open',
    summary: 'The orders to revoke that a meter has not confirmed, the oldest first.',
    request: record({ meterId }),
    response: record({ orders: list(document, REVOCATION_ORDERS_LIMIT) }),
  }),
  confirmRevocation: route({
    method: 'POST',
    path: '/revocation-confirmations',
    access: 'open',
    summary:
      'Takes the confirmation of a meter that it has destroyed a key (TRC1), with what was paid for it and what is due.',
    request: record({ confirmation: document }),
    response: record({ paid: amount, due: amount }),
  }),
  roots: route({
    method: 'GET',
    path: '/roots',
    access: 'open',
    summary: 'The X.509 certificates of all keys that the authority has had, the earliest first.',
    request: record({}),
    response: record({ roots: list(x509, 1_000) }),
  }),
  listKeyRequests: route({
    method: 'POST',
    path: '/key-requests/list',
    access: 'token',
    summary: `The requests for certificates after a number, at most ${KEY_REQUESTS_LIMIT}; 0 for the first ones. Those that wait for the operator alone where that is asked.`,
    request: record({ after: number, isPending: flag }),
    response: record({ requests: list(keyRequestRecord, KEY_REQUESTS_LIMIT) }),
  }),
  showKeyRequest: route({
    method: 'GET',
    path: '/key-requests/:number',
    access: 'token',
    summary: 'One request for a certificate, with what it says of its holder.',
    request: record({ number }),
    response: keyRequestRecord,
  }),
  approveKeyRequest: route({
    method: 'POST',
    path: '/key-requests/:number/approval',
    access: 'token',
    summary: 'The holder is who the name says: the certificate may be fetched.',
    request: record({ number }),
    response: record(standing),
  }),
  refuseKeyRequest: route({
    method: 'POST',
    path: '/key-requests/:number/refusal',
    access: 'token',
    summary: 'The holder is not, or cannot be shown to be, who the name says.',
    request: record({ number, reason: text(1_000) }),
    response: record(standing),
  }),
  forceRevocation: route({
    method: 'POST',
    path: '/key-requests/:number/revocation',
    access: 'token',
    summary:
      'Revokes the certificate that was issued for a request, by the word of the operator: at once on the list, in the meter at its next contact, and without a charge.',
    request: record({ number, reason }),
    response: record({ order: document }),
  }),
  listRevocations: route({
    method: 'POST',
    path: '/revocations/list',
    access: 'token',
    summary: `The revocations behind the number of a request, at most ${REVOCATIONS_LIMIT}; 0 for the first ones. Those with something to be paid alone where that is asked.`,
    request: record({ after: number, isDue: flag }),
    response: record({
      revocations: list(
        record({
          number,
          serial,
          meterId,
          key,
          reason,
          isForced: flag,
          cause: text(1_000),
          orderedMs: instant,
          destroyedMs: nullable(instant),
          paid: nullable(amount),
          due: nullable(amount),
        }),
        REVOCATIONS_LIMIT,
      ),
    }),
  }),
} as const;
