/**
 * The postal authority: certificates, licences, rates, value, inspections and the verification of evidence.
 *
 * Its services are the routes of routes.ts, called as methods here, over HTTP by whoever serves them.
 */

import { keyId } from '#protocol/documents/key-id';
import type { RequestOf, ResponseOf } from '#protocol/http/route';
import { findCertificate } from './certificates.ts';
import { type AuthorityContext, type AuthorityOptions, openContext } from './context.ts';
import { listFindings } from './findings.ts';
import { askForReport, takeReport } from './inspection.ts';
import { grantLicence } from './licences.ts';
import { allotMeter, certifyMeter } from './meters.ts';
import { currentRateTable, publishRateTable } from './rates.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';
import type { authorityRoutes } from './routes.ts';
import { answerValueRequest, providerAccount, registerProvider } from './value.ts';
import { verifyEvidence } from './verification.ts';

type AuthorityRoutes = typeof authorityRoutes;
type Name = keyof AuthorityRoutes;

/** One method for each route; a refusal is a value and has changed nothing. */
export type AuthorityServices = {
  readonly [N in Name]: (
    request: RequestOf<AuthorityRoutes[N]>,
  ) => Promise<AuthorityOutcome<ResponseOf<AuthorityRoutes[N]>>>;
};

/** Open until it is disposed, which closes the data base. */
export type Authority = AuthorityServices & AsyncDisposable;

/**
 * Opens the authority on its data base, making or bringing up to date the tables.
 * @throws Error where the data base cannot be opened
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const context = await openContext(options);
  return {
    ...servicesOf(context),
    async [Symbol.asyncDispose]() {
      await context.db.destroy();
    },
  };
}

function servicesOf(context: AuthorityContext): AuthorityServices {
  const { publicKey } = context.keys;
  return {
    key: async () => ({ ok: true, value: { publicKey, keyId: keyId(context.crypto, publicKey) } }),
    certificate: async ({ serial }) => {
      const certificate = await findCertificate(context, serial);
      return certificate === undefined
        ? refuseBecause('certificateUnknown')
        : { ok: true, value: { certificate } };
    },
    currentRateTable: () => currentRateTable(context),
    publishRateTable: (order) => publishRateTable(context, order),
    registerProvider: (applicant) => registerProvider(context, applicant),
    providerAccount: (which) => providerAccount(context, which),
    answerValueRequest: (request) => answerValueRequest(context, request),
    allotMeter: (order) => allotMeter(context, order),
    certifyMeter: (keys) => certifyMeter(context, keys),
    grantLicence: (order) => grantLicence(context, order),
    askForReport: (which) => askForReport(context, which),
    takeReport: (report) => takeReport(context, report),
    verifyEvidence: async (scan) => ({ ok: true, value: await verifyEvidence(context, scan) }),
    listFindings: async (from) => ({
      ok: true,
      value: { findings: await listFindings(context, from) },
    }),
  };
}
