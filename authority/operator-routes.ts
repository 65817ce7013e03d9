/** The routes of the authority that are its operator's. */

import { lockActions } from '#protocol/documents/orders';
import { LOG_RECORD_SIZE, logEventNames } from '#protocol/documents/security-log';
import { reconciliationShape } from '#protocol/http/reconciliation';
import { route } from '#protocol/http/route';
import {
  amount,
  choice,
  flag,
  hex,
  list,
  nullable,
  record,
  text,
  whole,
} from '#protocol/http/shape';
import { accountKindNames, lockReasonNames } from '#protocol/state';
import { contactStates, OVERDUE_LIMIT } from './deadlines.ts';
import { FINDINGS_LIMIT } from './findings.ts';
import { ORDERS_LIMIT } from './lock-orders.ts';
import { LOG_RECORDS_LIMIT } from './meter-log.ts';
import {
  certificate,
  checkOf,
  count,
  date,
  document,
  indicium,
  instant,
  meterId,
  model,
  number,
  publicKey,
  rate,
  rateTable,
  serviceId,
  U16_MAX,
} from './shapes.ts';
import { evidenceCheckNames } from './verification.ts';

export const operatorRoutes = {
  publishRateTable: route({
    method: 'POST',
    path: '/rate-tables',
    access: 'token',
    summary: 'Publishes the next edition of the rate table.',
    request: record({ validFrom: date, validTo: date, rates: list(rate, 100) }),
    response: record({ version: number, rateTable }),
  }),
  registerProvider: route({
    method: 'POST',
    path: '/providers',
    access: 'token',
    summary: 'Registers a provider by its public key and certifies it.',
    request: record({ name: text(100), publicKey }),
    response: record({ providerId: number, certificate }),
  }),
  certifyCreditIssuer: route({
    method: 'POST',
    path: '/providers/:providerId/credit-issuer',
    access: 'token',
    summary:
      'Certifies a provider as an issuer of credit; the certificate that it has, while that is valid.',
    request: record({ providerId: number }),
    response: record({ certificate }),
  }),
  providerAccount: route({
    method: 'GET',
    path: '/providers/:providerId',
    access: 'token',
    summary: 'What was issued to a provider.',
    request: record({ providerId: number }),
    response: record({
      name: text(100),
      issuedTotal: amount,
      spoilageTotal: amount,
      withdrawnTotal: amount,
      issues: number,
    }),
  }),
  reconcile: route({
    method: 'GET',
    path: '/providers/:providerId/reconciliation',
    access: 'token',
    summary:
      "Compares the books of a provider, as its last batches tell them, with the authority's.",
    request: record({ providerId: number }),
    response: reconciliationShape,
  }),
  allotMeter: route({
    method: 'POST',
    path: '/meters',
    access: 'token',
    summary: 'Allots the number of a meter that is about to be made.',
    request: record({ model }),
    response: record({ meterId }),
  }),
  certifyMeter: route({
    method: 'POST',
    path: '/meters/:meterId/certificates',
    access: 'token',
    summary: 'Certifies the two keys born in a meter; the same keys get the same certificates.',
    request: record({ meterId, deviceKey: publicKey, indiciumKey: publicKey, proof: hex(64) }),
    response: record({ device: certificate, indicium: certificate }),
  }),
  grantLicence: route({
    method: 'POST',
    path: '/meters/:meterId/licences',
    access: 'token',
    summary:
      'Licenses a meter: origin, provider and limits. What is left out is as in an ordinary licence (docs/documents.md).',
    request: record({
      meterId,
      originZip: whole(0, 99_999),
      providerId: number,
      descendingMax: amount,
      postageMin: amount,
      postageMax: amount,
      validTo: nullable(date),
      accountKind: nullable(choice(accountKindNames)),
      certificateDescendingMax: nullable(amount),
      highValue: nullable(amount),
      refillMin: nullable(amount),
      refillMax: nullable(amount),
      refillMultiple: nullable(amount),
      lowFunds: nullable(amount),
      dayAmountMax: nullable(amount),
      dayPiecesMax: nullable(number),
      inspectionWarnHours: nullable(whole(0, U16_MAX)),
      inspectionLockHours: nullable(whole(1, U16_MAX)),
      spoilageCap: nullable(whole(0, 10_000)),
      services: nullable(list(serviceId, 255)),
    }),
    response: record({ licence: document }),
  }),
  readMeter: route({
    method: 'GET',
    path: '/meters/:meterId',
    access: 'token',
    summary: 'What the authority knows of a meter.',
    request: record({ meterId }),
    response: record({
      licenceSequence: number,
      lock: nullable(choice(lockActions)),
      isWithdrawn: flag,
      logCount: number,
      contactMs: nullable(instant),
      reportMs: nullable(instant),
      spoilageRefunded: amount,
    }),
  }),
  orderLock: route({
    method: 'POST',
    path: '/meters/:meterId/orders',
    access: 'token',
    summary: 'Orders a meter to lock, to unlock, or to stop for ever.',
    request: record({ meterId, action: choice(lockActions), reason: choice(lockReasonNames) }),
    response: record({ sequence: number, order: document }),
  }),
  listOrders: route({
    method: 'GET',
    path: '/meters/:meterId/orders/:after',
    access: 'token',
    summary: `The orders to a meter after a sequence, at most ${ORDERS_LIMIT}; 0 for the first ones.`,
    request: record({ meterId, after: number }),
    response: record({
      orders: list(
        record({
          sequence: number,
          action: choice(lockActions),
          reason: choice(lockReasonNames),
          cause: text(1_000),
          orderedMs: instant,
        }),
        ORDERS_LIMIT,
      ),
    }),
  }),
  listLogRecords: route({
    method: 'GET',
    path: '/meters/:meterId/log/:after',
    access: 'token',
    summary: `The records of a meter's security log after a number, at most ${LOG_RECORDS_LIMIT}; 0 for the first ones.`,
    request: record({ meterId, after: number }),
    response: record({
      records: list(
        record({
          count: number,
          event: choice(logEventNames),
          timeMs: instant,
          a: instant,
          b: instant,
          c: instant,
          record: hex(LOG_RECORD_SIZE),
        }),
        LOG_RECORDS_LIMIT,
      ),
    }),
  }),
  listOverdue: route({
    method: 'GET',
    path: '/overdue-meters',
    access: 'token',
    summary: `The meters whose inspection is due, overdue, or long forgotten, the longest first, at most ${OVERDUE_LIMIT}.`,
    request: record({}),
    response: record({
      meters: list(
        record({
          meterId,
          contactMs: instant,
          dueMs: instant,
          lockMs: instant,
          state: choice(contactStates),
        }),
        OVERDUE_LIMIT,
      ),
    }),
  }),
  verifyEvidence: route({
    method: 'POST',
    path: '/verifications',
    access: 'token',
    summary: 'Judges the bytes of a scanned symbol and records that it was seen.',
    request: record({ evidence: document, seenMs: nullable(instant) }),
    response: record({
      accepted: flag,
      format: nullable(choice(['tessera', 'ibi', 'ibiLite'])),
      checks: list(checkOf(evidenceCheckNames), 100),
      indicium: nullable(indicium),
      firstSeenMs: nullable(instant),
    }),
  }),
  listFindings: route({
    method: 'GET',
    path: '/findings/:after',
    access: 'token',
    summary: `What speaks of fraud or defects, at most ${FINDINGS_LIMIT} after a number; 0 for the first ones.`,
    request: record({ after: count }),
    response: record({
      findings: list(
        record({
          findingId: whole(1, Number.MAX_SAFE_INTEGER),
          kind: text(40),
          meterId: text(40),
          text: text(1_000),
          evidence: hex(0, 2_048),
          foundMs: instant,
        }),
        FINDINGS_LIMIT,
      ),
    }),
  }),
} as const;
