/**
 * The postal authority: certificates, licences, rates, value, inspections and the verification of evidence.
 *
 * Its services are the routes of routes.ts, called as methods here, over HTTP by whoever serves them.
 */

import { keyId } from '#protocol/documents/key-id';
import type { FileFields } from '#protocol/http/file-route';
import type { RequestOf, ResponseOf } from '#protocol/http/route';
import { takeBatch } from './batches.ts';
import { findCertificate } from './certificates.ts';
import { setClock } from './clock-settings.ts';
import { type AuthorityContext, type AuthorityOptions, openContext } from './context.ts';
import { listOverdue } from './deadlines.ts';
import { laterDeviceCertificates, renewCertificates } from './device-keys.ts';
import type { authorityFiles } from './file-routes.ts';
import { listFindings } from './findings.ts';
import { askForReport, takeReport } from './inspection.ts';
import { grantLicence, latestLicence } from './licences.ts';
import { latestOrder, listOrders, orderLock } from './lock-orders.ts';
import { listLogRecords } from './meter-log.ts';
import { allotMeter, certifyMeter, readMeter } from './meters.ts';
import { currentRateTable, nextRateTable, publishRateTable } from './rates.ts';
import { reconcile } from './reconciliation.ts';
import { type AuthorityOutcome, refuseBecause } from './refusals.ts';
import type { authorityRoutes } from './routes.ts';
import { answerSpoilageRequest } from './spoilage.ts';
import { listRevocations, takeConfirmation } from './user-keys/confirmations.ts';
import {
  approveKeyRequest,
  listKeyRequests,
  refuseKeyRequest,
  showKeyRequest,
} from './user-keys/decisions.ts';
import { takeKeyCertificate } from './user-keys/issuing.ts';
import { readKeyRequest, takeKeyRequest } from './user-keys/requests.ts';
import { forceRevocation, revocationOrders, takeRevocation } from './user-keys/revocations.ts';
import { answerValueRequest, providerAccount, registerProvider } from './value.ts';
import { verifyEvidence } from './verification.ts';
import { takeWithdrawal } from './withdrawals.ts';
import { pemOf } from './x509/pem.ts';
import { appointSuccessor, listRoots } from './x509/roots.ts';
import { answerStatus, revocationList, rootCertificate } from './x509/status.ts';

type AuthorityRoutes = typeof authorityRoutes;
type Name = keyof AuthorityRoutes;

/** One method for each route; a refusal is a value and has changed nothing. */
export type AuthorityServices = {
  readonly [N in Name]: (
    request: RequestOf<AuthorityRoutes[N]>,
  ) => Promise<AuthorityOutcome<ResponseOf<AuthorityRoutes[N]>>>;
};

type Files = typeof authorityFiles;

/** What the world's own tools ask for, as bytes. */
export type AuthorityFiles = {
  readonly [N in keyof Files]: (
    fields: FileFields,
    body: Uint8Array,
  ) => Promise<AuthorityOutcome<Uint8Array>>;
};

/** Open until it is disposed, which closes the data base. */
export interface Authority extends AuthorityServices, AsyncDisposable {
  readonly files: AuthorityFiles;
  /** Says that the key that comes next may tell of what this one has issued: before it takes its place. */
  readonly appointSuccessor: (publicKey: Uint8Array) => Promise<void>;
}

/**
 * Opens the authority on its data base, making or bringing up to date the tables.
 * @throws Error where the data base cannot be opened
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const context = await openContext(options);
  return {
    ...servicesOf(context),
    files: filesOf(context),
    appointSuccessor: (publicKey) => appointSuccessor(context, publicKey),
    async [Symbol.asyncDispose]() {
      await context.db.destroy();
    },
  };
}

function servicesOf(context: AuthorityContext): AuthorityServices {
  const { publicKey } = context.keys;
  return {
    key: async () => ({ ok: true, value: { publicKey, keyId: keyId(context.crypto, publicKey) } }),
    authorityKeys: async () => ({
      ok: true,
      value: { certificates: context.authorityKeys },
    }),
    certificate: async ({ serial }) => {
      const certificate = await findCertificate(context, serial);
      return certificate === undefined
        ? refuseBecause('certificateUnknown')
        : { ok: true, value: { certificate } };
    },
    currentRateTable: () => currentRateTable(context),
    nextRateTable: () => nextRateTable(context),
    publishRateTable: (order) => publishRateTable(context, order),
    licence: (which) => latestLicence(context, which),
    setClock: (asked) => setClock(context, asked),
    registerProvider: (applicant) => registerProvider(context, applicant),
    providerAccount: (which) => providerAccount(context, which),
    reconcile: (which) => reconcile(context, which),
    answerSpoilageRequest: (request) => answerSpoilageRequest(context, request),
    takeWithdrawal: (proof) => takeWithdrawal(context, proof),
    takeBatch: (batch) => takeBatch(context, batch),
    answerValueRequest: (request) => answerValueRequest(context, request),
    allotMeter: (order) => allotMeter(context, order),
    certifyMeter: (keys) => certifyMeter(context, keys),
    renewCertificates: (asked) => renewCertificates(context, asked),
    deviceCertificates: (which) => laterDeviceCertificates(context, which),
    grantLicence: (order) => grantLicence(context, order),
    readMeter: (which) => readMeter(context, which),
    orderLock: (order) => orderLock(context, order),
    askForReport: (which) => askForReport(context, which),
    takeReport: (taken) => takeReport(context, taken),
    ...listsOf(context),
    ...certificatesOf(context),
    verifyEvidence: async (scan) => ({ ok: true, value: await verifyEvidence(context, scan) }),
  };
}

type Certificates =
  | 'requestCertificate'
  | 'keyRequest'
  | 'keyCertificate'
  | 'revokeCertificate'
  | 'revocationOrders'
  | 'confirmRevocation'
  | 'roots'
  | 'listKeyRequests'
  | 'showKeyRequest'
  | 'approveKeyRequest'
  | 'refuseKeyRequest'
  | 'forceRevocation'
  | 'listRevocations';

/** Certificates of keys in meters. */
function certificatesOf(context: AuthorityContext): Pick<AuthorityServices, Certificates> {
  return {
    requestCertificate: (asked) => takeKeyRequest(context, asked),
    keyRequest: (which) => readKeyRequest(context, which),
    keyCertificate: (which) => takeKeyCertificate(context, which),
    revokeCertificate: (asked) => takeRevocation(context, asked),
    revocationOrders: (which) => revocationOrders(context, which),
    confirmRevocation: (confirmed) => takeConfirmation(context, confirmed),
    roots: async () => {
      const roots = await listRoots(context);
      return { ok: true, value: { roots: roots.map(({ certificate }) => certificate) } };
    },
    listKeyRequests: async (from) => ({
      ok: true,
      value: { requests: await listKeyRequests(context, from) },
    }),
    showKeyRequest: (which) => showKeyRequest(context, which),
    approveKeyRequest: (which) => approveKeyRequest(context, which),
    refuseKeyRequest: (which) => refuseKeyRequest(context, which),
    forceRevocation: (which) => forceRevocation(context, which),
    listRevocations: async (from) => ({
      ok: true,
      value: { revocations: await listRevocations(context, from) },
    }),
  };
}

function filesOf(context: AuthorityContext): AuthorityFiles {
  const asPem = (outcome: AuthorityOutcome<Uint8Array>): AuthorityOutcome<Uint8Array> =>
    outcome.ok ? { ok: true, value: pemOf('CERTIFICATE', outcome.value) } : outcome;
  const told = async (question: Uint8Array): Promise<AuthorityOutcome<Uint8Array>> => ({
    ok: true,
    value: await answerStatus(context, question),
  });
  return {
    rootDer: () => rootCertificate(context, undefined),
    rootPem: async () => asPem(await rootCertificate(context, undefined)),
    rootOf: ({ name }) => rootCertificate(context, name),
    crl: () => revocationList(context, undefined),
    crlOf: ({ name }) => revocationList(context, name),
    askOcsp: (_, question) => told(question),
    askOcspByPath: ({ question = '' }) => told(Buffer.from(question, 'base64')),
  };
}

type Lists = 'lockOrder' | 'listOrders' | 'listLogRecords' | 'listOverdue' | 'listFindings';

/** What is told of what is on record. */
function listsOf(context: AuthorityContext): Pick<AuthorityServices, Lists> {
  const ofMeter = async <T>(
    meterId: Uint8Array,
    read: () => Promise<T>,
  ): Promise<AuthorityOutcome<T>> => {
    const known = await readMeter(context, { meterId });
    return known.ok ? { ok: true, value: await read() } : known;
  };
  return {
    lockOrder: ({ meterId }) =>
      ofMeter(meterId, async () => ({ order: await latestOrder(context, meterId) })),
    listOrders: (from) =>
      ofMeter(from.meterId, async () => ({ orders: await listOrders(context, from) })),
    listLogRecords: (from) =>
      ofMeter(from.meterId, async () => ({ records: await listLogRecords(context, from) })),
    listOverdue: async () => ({ ok: true, value: { meters: await listOverdue(context) } }),
    listFindings: async (from) => ({
      ok: true,
      value: { findings: await listFindings(context, from) },
    }),
  };
}
