/** The routes of the authority: what it does for providers, meters and its operator, declared once (docs/http.md). */

import { indiciumFlags } from '#protocol/documents/indicium';
import { formatMeterId, parseMeterId } from '#protocol/documents/meter-id';
import { rateKinds } from '#protocol/documents/rate-table';
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
import { checkOutcomes } from './check.ts';
import { FINDINGS_LIMIT } from './findings.ts';
import { CHALLENGE_SIZE, reportCheckNames } from './inspection.ts';
import { evidenceCheckNames } from './verification.ts';

const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;
/** The largest document here is a rate table of 100 services. */
const document = hex(1, 2_048);
const publicKey = hex(33);
const certificate = hex(130);
const meterId = parsed('a meter number as TS01-0000000042', parseMeterId, formatMeterId);
const model = parsed(
  'four characters of 0-9 and A-Z',
  (given) => (/^[0-9A-Z]{4}$/.test(given) ? given : undefined),
  (value) => value,
);
const instant = whole(0, 2 ** 48 - 1);
const date = whole(19_700_101, 99_991_231);
const number = whole(0, U32_MAX);
const rate = record({
  serviceId: whole(0, U16_MAX),
  kind: choice(rateKinds),
  minimum: amount,
  maximum: amount,
});

const checkOf = <const T extends readonly string[]>(names: T) =>
  record({ name: choice(names), outcome: choice(checkOutcomes), text: text(1_000) });

const flags = record(
  Object.fromEntries(indiciumFlags.map((name) => [name, flag])) as Record<
    (typeof indiciumFlags)[number],
    typeof flag
  >,
);
const indicium = record({
  certificateSerial: number,
  meterId,
  ascending: amount,
  descending: amount,
  postage: amount,
  mailingDate: date,
  originZip: number,
  destination: whole(0, 2 ** 40 - 1),
  rateCategory: number,
  pieceCount: number,
  serviceId: whole(0, U16_MAX),
  flags,
});

export const authorityRoutes = {
  key: route({
    method: 'GET',
    path: '/key',
    access: 'open',
    summary: 'The public key of the authority and its short name.',
    request: record({}),
    response: record({ publicKey, keyId: hex(8) }),
  }),
  currentRateTable: route({
    method: 'GET',
    path: '/rate-tables/current',
    access: 'open',
    summary: 'The signed rate table that is valid today.',
    request: record({}),
    response: record({ rateTable: document }),
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
  takeReport: route({
    method: 'POST',
    path: '/status-reports',
    access: 'open',
    summary: 'Takes the signed status report of a meter that answers a challenge.',
    request: record({ report: document }),
    response: record({ accepted: flag, checks: list(checkOf(reportCheckNames), 100) }),
  }),

  publishRateTable: route({
    method: 'POST',
    path: '/rate-tables',
    access: 'token',
    summary: 'Publishes the next edition of the rate table.',
    request: record({ validFrom: date, validTo: date, rates: list(rate, 100) }),
    response: record({ version: number, rateTable: document }),
  }),
  registerProvider: route({
    method: 'POST',
    path: '/providers',
    access: 'token',
    summary: 'Registers a provider by its public key and certifies it.',
    request: record({ name: text(100), publicKey }),
    response: record({ providerId: number, certificate }),
  }),
  providerAccount: route({
    method: 'GET',
    path: '/providers/:providerId',
    access: 'token',
    summary: 'What was issued to a provider.',
    request: record({ providerId: number }),
    response: record({ name: text(100), issuedTotal: amount, issues: number }),
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
    summary: 'Licenses a meter: origin, limits and the provider that may refill it.',
    request: record({
      meterId,
      originZip: whole(0, 99_999),
      providerId: number,
      descendingMax: amount,
      postageMin: amount,
      postageMax: amount,
    }),
    response: record({ licence: document }),
  }),
  askForReport: route({
    method: 'POST',
    path: '/meters/:meterId/challenges',
    access: 'token',
    summary: 'Begins an inspection: a challenge for the status report.',
    request: record({ meterId }),
    response: record({ challenge: hex(CHALLENGE_SIZE) }),
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
    request: record({ after: whole(0, Number.MAX_SAFE_INTEGER) }),
    response: record({
      findings: list(
        record({
          findingId: whole(1, Number.MAX_SAFE_INTEGER),
          kind: text(40),
          meterId: text(40),
          text: text(1_000),
          evidence: document,
          foundMs: instant,
        }),
        FINDINGS_LIMIT,
      ),
    }),
  }),
} as const;
