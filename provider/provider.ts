/**
 * The provider: customers, the pool, and the refills of meters.
 *
 * Its services are the routes of routes.ts, called as methods here, over HTTP by whoever serves them.
 */

import type { RequestOf, ResponseOf } from '#protocol/http/route';
import { openContext, type ProviderContext, type ProviderOptions } from './context.ts';
import { closeAccount, listTransactions, openAccount, payIn, readCustomer } from './customers.ts';
import { listFindings } from './findings.ts';
import { enrolMeter, readMeter } from './meters.ts';
import { buyValue, finishPurchases, readPool } from './pool.ts';
import { refill } from './refill.ts';
import type { ProviderOutcome } from './refusals.ts';
import type { providerRoutes } from './routes.ts';

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
    ...servicesOf(context),
    async [Symbol.asyncDispose]() {
      await context.db.destroy();
    },
  };
}

function servicesOf(context: ProviderContext): ProviderServices {
  const { keys, providerId } = context;
  return {
    identity: async () => ({ ok: true, value: { providerId, publicKey: keys.publicKey } }),
    refill: (request) => refill(context, request),
    openAccount: (applicant) => openAccount(context, applicant),
    readCustomer: (which) => readCustomer(context, which),
    closeAccount: (which) => closeAccount(context, which),
    payIn: (payment) => payIn(context, payment),
    listTransactions: (from) => listTransactions(context, from),
    enrolMeter: (enrolment) => enrolMeter(context, enrolment),
    readMeter: (which) => readMeter(context, which),
    readPool: async () => ({ ok: true, value: await readPool(context) }),
    buyValue: (order) => buyValue(context, order),
    finishPurchases: () => finishPurchases(context),
    listFindings: async (from) => ({
      ok: true,
      value: { findings: await listFindings(context, from) },
    }),
  };
}
