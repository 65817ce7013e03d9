/** The routes of the authority that are for everybody. */

import { reconciliationShape } from '#protocol/http/reconciliation';
import { route } from '#protocol/http/route';
import { flag, hex, list, nullable, record } from '#protocol/http/shape';
import { DEVICE_CERTIFICATES_LIMIT } from './device-keys.ts';
import { CHALLENGE_SIZE } from './inspection.ts';
import { LOG_EXPORT_MAX } from './meter-log.ts';
import { reportCheckNames } from './report-checks.ts';
import {
  AUTHORITY_KEYS_LIMIT,
  authorityKey,
  certificate,
  checkOf,
  document,
  largeDocument,
  meterId,
  number,
  order,
  publicKey,
  rateTable,
} from './shapes.ts';

export const openRoutes = {
  key: route({
    method: 'GET',
    path: '/key',
    access: 'open',
    summary: 'The public key of the authority and its short name.',
    request: record({}),
    response: record({ publicKey, keyId: hex(8) }),
  }),
  authorityKeys: route({
    method: 'GET',
    path: '/keys',
    access: 'open',
    summary:
      'The certificates of all keys that the authority has had, the first one first; the last one has the hash of the next key.',
    request: record({}),
    response: record({ certificates: list(authorityKey, AUTHORITY_KEYS_LIMIT) }),
  }),
  currentRateTable: route({
    method: 'GET',
    path: '/rate-tables/current',
    access: 'open',
    summary: 'The signed rate table that is valid today.',
    request: record({}),
    response: record({ rateTable }),
  }),
  nextRateTable: route({
    method: 'GET',
    path: '/rate-tables/next',
    access: 'open',
    summary: 'The signed rate table that will take over next, for meters to load ahead.',
    request: record({}),
    response: record({ rateTable: nullable(rateTable) }),
  }),
  licence: route({
    method: 'GET',
    path: '/meters/:meterId/licence',
    access: 'open',
    summary: 'The latest licence of a meter.',
    request: record({ meterId }),
    response: record({ licence: document }),
  }),
  renewCertificates: route({
    method: 'POST',
    path: '/meters/renewals',
    access: 'open',
    summary:
      'Certifies another device key and another indicium key of a meter, which signed the request with the key that it has. The same keys get the same certificates.',
    request: record({ request: document }),
    response: record({ device: certificate, indicium: certificate }),
  }),
  deviceCertificates: route({
    method: 'GET',
    path: '/meters/:meterId/device-certificates/:after',
    access: 'open',
    summary: 'The certificates of the device key of a meter behind a serial, the earliest first.',
    request: record({ meterId, after: number }),
    response: record({ certificates: list(certificate, DEVICE_CERTIFICATES_LIMIT) }),
  }),
  answerTokenKeyRequest: route({
    method: 'POST',
    path: '/token-keys',
    access: 'open',
    summary:
      'Makes the secret keys of digital tokens for a meter, which signed the request, sealed so that it alone can open them. The same request gets the same keys.',
    request: record({ request: document }),
    response: record({ keys: document }),
  }),
  lockOrder: route({
    method: 'GET',
    path: '/meters/:meterId/order',
    access: 'open',
    summary: 'The latest order to lock, unlock or revoke a meter; null where there is none.',
    request: record({ meterId }),
    response: record({ order }),
  }),
  setClock: route({
    method: 'POST',
    path: '/meters/:meterId/clock-settings',
    access: 'open',
    summary: 'Tells the time, signed over the challenge of a meter.',
    request: record({ meterId, challenge: hex(CHALLENGE_SIZE) }),
    response: record({ setting: document }),
  }),
  askForReport: route({
    method: 'POST',
    path: '/meters/:meterId/challenges',
    access: 'open',
    summary:
      'Begins an inspection: a challenge for the report, and how many records of the security log are here already.',
    request: record({ meterId }),
    response: record({ challenge: hex(CHALLENGE_SIZE), logCount: number }),
  }),
  certificate: route({
    method: 'GET',
    path: '/certificates/:serial',
    access: 'open',
    summary: 'The certificate with a serial number.',
    request: record({ serial: number }),
    response: record({ certificate }),
  }),
  answerValueRequest: route({
    method: 'POST',
    path: '/value-issues',
    access: 'open',
    summary:
      "Issues value to a provider's pool, which signed the request. The same request gets the same issue for ever.",
    request: record({ request: document }),
    response: record({ issue: document }),
  }),
  answerSpoilageRequest: route({
    method: 'POST',
    path: '/spoilage-answers',
    access: 'open',
    summary:
      'Judges spoiled pieces for a provider, which signed the request, and issues their value to its pool. The same request gets the same answer for ever.',
    request: record({ request: largeDocument }),
    response: record({ answer: document }),
  }),
  takeWithdrawal: route({
    method: 'POST',
    path: '/withdrawals',
    access: 'open',
    summary:
      'Takes the signed proof that nothing is left in a meter, and revokes it. The same proof gets the same order.',
    request: record({ report: document }),
    response: record({ order: document }),
  }),
  takeBatch: route({
    method: 'POST',
    path: '/batches',
    access: 'open',
    summary:
      "Takes a provider's signed movements of value, and compares its books with ours. The same batch is taken once.",
    request: record({ batch: largeDocument }),
    response: reconciliationShape,
  }),
  takeReport: route({
    method: 'POST',
    path: '/status-reports',
    access: 'open',
    summary:
      'Takes the signed report of a meter that answers a challenge, with the records of its security log from the first that is not here to the last that the report counts. The acknowledgement is for the meter; null where something speaks against it.',
    request: record({ report: document, log: hex(0, LOG_EXPORT_MAX) }),
    response: record({
      accepted: flag,
      checks: list(checkOf(reportCheckNames), 100),
      acknowledgement: nullable(document),
      order,
    }),
  }),
} as const;
