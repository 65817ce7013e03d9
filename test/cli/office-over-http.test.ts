/** Every exchange of meters, provider and authority works over HTTP as it does near at hand (docs/http.md). */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { authorityRefusals } from '#authority/refusals';
import { authorityRoutes } from '#authority/routes';
import { type HttpClient, httpClient } from '#cli/server/http-client';
import { type HttpServer, serve } from '#cli/server/http-server';
import { mills } from '#protocol/mills';
import type { Provider } from '#provider/provider';
import { providerRefusals } from '#provider/refusals';
import { providerRoutes } from '#provider/routes';
import {
  makeCustomer,
  makeOffice,
  memory,
  requestId,
  type TestMeter,
  type TestOffice,
} from '#test/support/back-office';
import { done, easyTerms, type RuleMeter, ruleMeter } from '#test/support/rule-meter';

const token = new Uint8Array(32).fill(7);
let office: TestOffice;
let servers: HttpServer[];
let authority: HttpClient<typeof authorityRoutes>;
let provider: HttpClient<typeof providerRoutes>;

beforeEach(async () => {
  const base = await makeOffice();
  const common = { token, port: 0, onFault: (fault: unknown) => console.error(fault) };
  const ofAuthority = await serve({
    ...common,
    name: 'authority',
    routes: authorityRoutes,
    services: base.authority,
    refusals: authorityRefusals,
  });
  // as `tessera provider serve` reaches it: without its token
  const link = httpClient(authorityRoutes, { url: ofAuthority.url });
  const services: Provider = await base.reopen(memory(), link);
  office = { ...base, provider: services };
  const ofProvider = await serve({
    ...common,
    name: 'provider',
    routes: providerRoutes,
    services,
    refusals: providerRefusals,
  });
  servers = [ofProvider, ofAuthority];
  authority = httpClient(authorityRoutes, { url: ofAuthority.url, token });
  provider = httpClient(providerRoutes, { url: ofProvider.url, token });
});
afterEach(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
});

async function makeMeter(): Promise<{ customerId: number; keys: TestMeter; meter: RuleMeter }> {
  const { customerId, meter: keys } = await makeCustomer(office, {
    terms: { spoilageCap: 10_000 },
  });
  const meter = ruleMeter(keys, office.clock, { ...easyTerms, spoilageCap: 10_000 });
  const wish = { kind: 'purchase', account: 'postal', amount: mills(50_000) } as const;
  const request = done(meter.requestRefill(wish));
  meter.commitRefill((await provider.refill({ request })).authorisation);
  return { customerId, keys, meter };
}

test('a life of a meter: refill, spoilage, inspection, order, withdrawal, books', async () => {
  const { customerId, keys, meter } = await makeMeter();
  const { meterId } = keys;
  const indicia = [done(meter.print(780)), done(meter.print(1_000))];
  const claim = { customerId, requestId: requestId(1), meterId, reason: 'damaged' } as const;
  expect(await provider.submitClaim({ ...claim, indicia })).toMatchObject({
    state: 'refunded',
    approved: 1_780,
    pieces: [{ piece: 1, rejection: undefined }, { piece: 2 }],
  });
  const back = { kind: 'spoilage', account: 'postal', amount: mills(1_780) } as const;
  const request = done(meter.requestRefill(back));
  meter.commitRefill((await provider.refill({ request })).authorisation);

  const { challenge, logCount } = await authority.askForReport({ meterId });
  const report = meter.report(challenge);
  const verdict = await authority.takeReport({ report, log: meter.exportLog(logCount) });
  expect(verdict).toMatchObject({ accepted: true, acknowledgement: expect.any(Uint8Array) });
  expect(verdict.order).toBeUndefined();
  const { records } = await authority.listLogRecords({ meterId, after: 0 });
  expect(records).toHaveLength(4);

  const offered = await provider.withdraw({ request: meter.requestWithdrawal() });
  const proof = meter.commitWithdrawal(offered.authorisation) ?? new Uint8Array(0);
  expect(await provider.proveWithdrawal({ report: proof })).toEqual({
    postal: 50_000,
    certificate: 0,
  });
  expect((await provider.listWithdrawals({ meterId })).withdrawals).toMatchObject([
    { verdict: 'agreed', isProved: true, isToldToAuthority: true },
  ]);
  expect(await authority.readMeter({ meterId })).toMatchObject({
    lock: 'revoke',
    isWithdrawn: true,
  });
  expect(await provider.reconcile({})).toMatchObject({ isEqual: true, differences: [] });
  expect(await provider.auditLog({})).toMatchObject({ isSound: true });
});

test('the fullest log that a meter holds goes through at once', async () => {
  const { keys, meter } = await makeMeter();
  const { meterId } = keys;
  for (let count = meter.exportLog(0).length / 64; count < 512; count++) meter.note('reprinted');
  const { challenge, logCount } = await authority.askForReport({ meterId });

  const log = meter.exportLog(logCount);
  const { accepted } = await authority.takeReport({ report: meter.report(challenge), log });

  expect(log).toHaveLength(32_768);
  expect(accepted).toBe(true);
});

test('what a licence or a rate table does not state may be left out of the request', async () => {
  const { keys } = await makeMeter();
  const { providerId } = office;
  const order = {
    meterId: keys.meterId,
    originZip: 20260,
    providerId,
    descendingMax: mills(1_000),
    postageMin: mills(1),
    postageMax: mills(2),
  };

  const { licence } = await authority.grantLicence({ ...order, dayPiecesMax: 5 });

  expect((await authority.licence(keys)).licence).toEqual(licence);
  expect((await authority.nextRateTable({})).rateTable).toBeUndefined();
  await expect(authority.grantLicence({ ...order, accountKind: 'current' })).rejects.toMatchObject({
    error: 'accountKindFixed',
  });
});
