/** The routes of the provider that are for everybody. */

import { route } from '#protocol/http/route';
import { amount, choice, hex, nullable, record, whole } from '#protocol/http/shape';
import { document, lockOrder, meterId } from './shapes.ts';
import { withdrawalObstacles } from './withdrawal.ts';

export const openRoutes = {
  identity: route({
    method: 'GET',
    path: '/identity',
    access: 'open',
    summary: 'Number and public key of the provider.',
    request: record({}),
    response: record({ providerId: whole(0, 0xffff_ffff), publicKey: hex(33) }),
  }),
  refill: route({
    method: 'POST',
    path: '/refills',
    access: 'open',
    summary:
      'Answers the signed refill request of a meter with a signed authorisation; the same request gets the same one for ever.',
    request: record({ request: document }),
    response: record({ authorisation: document, lockOrder }),
  }),
  withdraw: route({
    method: 'POST',
    path: '/withdrawals',
    access: 'open',
    summary:
      'Answers the signed withdrawal request of a meter with a signed authorisation, agreed or refused; the same request gets the same one for ever.',
    request: record({ request: document }),
    response: record({
      authorisation: document,
      obstacle: nullable(choice(withdrawalObstacles)),
      lockOrder,
    }),
  }),
  proveWithdrawal: route({
    method: 'POST',
    path: '/withdrawals/proofs',
    access: 'open',
    summary:
      'Takes the signed proof that nothing is left in a meter, and credits what was in it to the account, once.',
    request: record({ report: document }),
    response: record({ postal: amount, certificate: amount }),
  }),
  setClock: route({
    method: 'POST',
    path: '/meters/:meterId/clock-settings',
    access: 'open',
    summary: 'Tells the time, signed over the challenge of an enrolled meter.',
    request: record({ meterId, challenge: hex(16) }),
    response: record({ setting: document }),
  }),
} as const;
