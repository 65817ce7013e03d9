/** A meter of a customer that gives back what is in it, with a provider behind a line that can be cut. */

import type { RefillKind } from '#protocol/documents/refill';
import { mills } from '#protocol/mills';
import type { AccountName } from '#protocol/state';
import {
  booksOf,
  type CustomerOptions,
  cuttable,
  granted,
  makeCustomer,
  makeOffice,
  memory,
} from './back-office.ts';
import { done, easyTerms, ruleMeter } from './rule-meter.ts';

export async function makeLeaving(options: CustomerOptions = {}) {
  const base = await makeOffice();
  const line = cuttable(base.authority);
  const office = { ...base, provider: await base.reopen(memory(), line.link) };
  const { provider } = office;
  const customer = await makeCustomer(office, options);
  const { customerId, meter: keys } = customer;
  const { meterId } = keys;
  const { accountKind = 'separate', spoilageCap = 100 } = options.terms ?? {};
  const meter = ruleMeter(keys, base.clock, { ...easyTerms, accountKind, spoilageCap });
  const refill = async (
    amount: number,
    account: AccountName = 'postal',
    kind: RefillKind = 'purchase',
  ) => {
    const request = done(meter.requestRefill({ kind, account, amount: mills(amount) }));
    meter.commitRefill(granted(await provider.refill({ request })).authorisation);
  };
  const withdraw = async () => {
    const answer = granted(await provider.withdraw({ request: meter.requestWithdrawal() }));
    const proof = meter.commitWithdrawal(answer.authorisation);
    return { ...answer, proof };
  };
  const prove = async (report: Uint8Array = new Uint8Array(0)) =>
    provider.proveWithdrawal({ report });
  const books = () => booksOf(office, [customer]);
  const findings = async () =>
    granted(await provider.listFindings({ after: 0 })).findings.map(({ kind }) => kind);
  return {
    office,
    provider,
    line,
    customerId,
    keys,
    meterId,
    meter,
    refill,
    withdraw,
    prove,
    books,
    findings,
  };
}

/** A meter with 48.440 of postage and 5.000 for certificates, after two pieces. */
export async function makeLoaded() {
  const desk = await makeLeaving();
  await desk.refill(50_000);
  await desk.refill(5_000, 'certificate');
  done(desk.meter.print(780));
  done(desk.meter.print(780));
  return desk;
}
