/**
 * The provider: customers, the pool, and the refills of meters.
 *
 * Its services are the routes of routes.ts, called as methods here, over HTTP by whoever serves them.
 */

import type { RequestOf, ResponseOf } from '#protocol/http/route';
import { finishClaims, listClaims, readClaim, submitClaim } from './claims.ts';
import { setClock } from './clock-settings.ts';
import { openContext, type ProviderContext, type ProviderOptions } from './context.ts';
import { decideCredit, listCreditRequests, requestCredit } from './credit/requests.ts';
import { readCreditLine, settlePayment } from './credit/settlement.ts';
import { setCreditTerms } from './credit/terms.ts';
import { closeAccount, openAccount, readCustomer } from './customers.ts';
import { listFindings } from './findings.ts';
import { enrolMeter, listRefills, readMeter } from './meters.ts';
import { payIn } from './payments.ts';
import { buyValue, finishPurchases, readPool, withdrawing } from './pool.ts';
import { reconcile } from './reconciliation.ts';
import { refill } from './refill.ts';
import { type ProviderOutcome, refuseBecause } from './refusals.ts';
import type { providerRoutes } from './routes.ts';
import { auditLog, LogHaltedError, listLog } from './transaction-log.ts';
import { listTransactions } from './transactions.ts';
import { withdraw } from './withdrawal.ts';
import { finishWithdrawals, listWithdrawals, proveWithdrawal } from './withdrawal-proof.ts';

type ProviderRoutes = typeof providerRoutes;
type Name = keyof ProviderRoutes;

/** One method for each route; a refusal is a value and has changed nothing but the list of findings. */
export type ProviderServices = {
  readonly [N in Name]: (
    request: RequestOf<ProviderRoutes[N]>,
  ) => Promise<ProviderOutcome<ResponseOf<ProviderRoutes[N]>>>;
};

/** Open until it is disposed, which closes the data base. */
export type Provider = ProviderServices & AsyncDisposable;

/**
 * Opens the provider on its data base, making or bringing up to date the tables.
 * @throws Error where the data base cannot be opened
 */
export async function openProvider(options: ProviderOptions): Promise<Provider> {
  const context = await openContext(options);
  return {
    ...halting(servicesOf(context)),
    async [Symbol.asyncDispose]() {
      await context.db.destroy();
    },
  };
}

/** A service that finds the transaction log damaged refuses, and has changed nothing. */
function halting(services: ProviderServices): ProviderServices {
  const guarded = Object.entries(services).map(([name, service]) => [
    name,
    async (request: never) => {
      try {
        return await service(request);
      } catch (failure) {
        if (failure instanceof LogHaltedError) return refuseBecause('logHalted', failure.message);
        throw failure;
      }
    },
  ]);
  return Object.fromEntries(guarded);
}

function servicesOf(context: ProviderContext): ProviderServices {
  const { db, keys, providerId } = context;
  return {
    identity: async () => ({ ok: true, value: { providerId, publicKey: keys.publicKey } }),
    refill: (request) => refill(context, request),
    withdraw: (request) => withdraw(context, request),
    proveWithdrawal: (proof) => proveWithdrawal(context, proof),
    setClock: (asked) => setClock(context, asked),
    openAccount: (applicant) => openAccount(context, applicant),
    readCustomer: (which) => readCustomer(context, which),
    closeAccount: (which) => closeAccount(context, which),
    payIn: (payment) => payIn(context, payment),
    listTransactions: (from) => listTransactions(context, from),
    enrolMeter: (enrolment) => enrolMeter(context, enrolment),
    readMeter: (which) => readMeter(context, which),
    listRefills: (from) => listRefills(context, from),
    submitClaim: (claim) => submitClaim(context, claim),
    readClaim: (which) => readClaim(context, which),
    listClaims: (from) => listClaims(context, from),
    finishClaims: () => finishClaims(context),
    listWithdrawals: (which) => listWithdrawals(context, which),
    finishWithdrawals: () => finishWithdrawals(context),
    readPool: async () => ({
      ok: true,
      value: { ...(await readPool(context)), withdrawing: await withdrawing(context) },
    }),
    buyValue: (order) => buyValue(context, order),
    finishPurchases: () => finishPurchases(context),
    requestCredit: (asked) => requestCredit(context, asked),
    settlePayment: (brought) => settlePayment(context, brought),
    setCreditTerms: (terms) => setCreditTerms(context, terms),
    listCreditRequests: async (from) => ({
      ok: true,
      value: { requests: await listCreditRequests(context, from) },
    }),
    decideCredit: (decision) => decideCredit(context, decision),
    readCreditLine: (which) => readCreditLine(context, which),
    reconcile: () => reconcile(context),
    auditLog: async () => ({ ok: true, value: await auditLog(context) }),
    listLog: async ({ after }) => ({ ok: true, value: { entries: await listLog(db, after) } }),
    listFindings: async (from) => ({
      ok: true,
      value: { findings: await listFindings(context, from) },
    }),
  };
}
