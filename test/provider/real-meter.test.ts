/** The offices and the real image agree: a meter is made, refilled in every way, inspected, locked, set right and withdrawn (requirements.md A8, A9, B6, B7). */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultRates } from '#authority/default-rates';
import { memoryLink } from '#driver/link/memory';
import { type Meter, openMeter } from '#driver/meter';
import { nodeCrypto } from '#driver/node-crypto';
import { createManualClock, type ManualClock } from '#emulator/clock';
import { connectMemory } from '#emulator/ports/memory';
import { addDays, dateOf } from '#protocol/documents/date';
import type { RefillKind } from '#protocol/documents/refill';
import { mills } from '#protocol/mills';
import type { AccountName, Role } from '#protocol/state';
import {
  DAY_MS,
  granted,
  type LicenceTerms,
  license,
  makeOffice,
  requestId,
  type TestOffice,
} from '#test/support/back-office';
import { makeBoard, type TestBoard } from '#test/support/board';

const password = (role: Role): Uint8Array => new TextEncoder().encode(`password of ${role}`);
const keys = { user: nodeCrypto.generateKeyPair(), cryptoOfficer: nodeCrypto.generateKeyPair() };

/** The driver judges certificates by the time of the day. */
const nowMs = Date.now();

let office: TestOffice;
let clock: ManualClock;
let device: TestBoard;
let meterId: Uint8Array;
let customerId: number;
let counter: number;

beforeEach(async () => {
  office = await makeOffice();
  office.clock.timeMs = nowMs;
  const today = dateOf(nowMs);
  const table = { validFrom: today, validTo: addDays(today, 30), rates: defaultRates };
  granted(await office.authority.publishRateTable(table));
  clock = createManualClock(nowMs);
  device = makeBoard({ clock });
  counter = 0;
  const { authority, provider, keys: authorityKeys } = office;
  ({ meterId } = granted(await authority.allotMeter({ model: 'TS01' })));
  await using maker = await openMeter(memoryLink(connectMemory(device.board)), {
    identity: keys.cryptoOfficer,
    role: 'cryptoOfficer',
    trust: 'unmade',
  });
  const born = await maker.initialize({
    meterId,
    authorityKey: authorityKeys.publicKey,
    userKey: keys.user.publicKey,
    userPassword: password('user'),
    officerPassword: password('cryptoOfficer'),
  });
  const certificates = granted(await authority.certifyMeter({ meterId, ...born }));
  await maker.installCertificates(certificates);
  granted(await provider.buyValue({ requestId: requestId(1), amount: mills(1_000_000) }));
  const applicant = { name: 'Customer', creditMax: mills(0) };
  ({ customerId } = granted(await provider.openAccount(applicant)));
  const payment = { customerId, requestId: requestId(1), amount: mills(200_000) };
  granted(await provider.payIn(payment));
  granted(await provider.enrolMeter({ customerId, certificate: certificates.device }));
});
afterEach(async () => {
  await device.board[Symbol.asyncDispose]();
});

async function loggedIn(role: Role): Promise<Meter> {
  const authorityKey = office.keys.publicKey;
  const link = memoryLink(connectMemory(device.board));
  const trust = { authorityKey, meterId };
  const meter = await openMeter(link, { identity: keys[role], role, trust });
  await meter.logIn(password(role));
  return meter;
}

async function register(terms: LicenceTerms): Promise<void> {
  const { authority, providerKeys } = office;
  await using officer = await loggedIn('cryptoOfficer');
  const licence = await license(authority, { meterId } as never, providerKeys, terms);
  await officer.register(licence);
  await officer.installRateTable(granted(await authority.currentRateTable({})).rateTable);
}

async function refill(amount: number, kind: RefillKind, account: AccountName): Promise<number> {
  await using user = await loggedIn('user');
  const wish = await user.refillRequest({ kind, account, amount: mills(amount) });
  const { authorisation } = granted(await office.provider.refill(wish));
  return (await user.refillCommit(authorisation)).credited;
}

async function print(postage: number): Promise<Uint8Array> {
  await using user = await loggedIn('user');
  counter += 1;
  const { indicium } = await user.createIndicium({
    requestId: { counter, nonce: 1 },
    kind: 'postage',
    original: 0,
    serviceId: 100,
    weightMg: 0,
    zone: 0,
    extras: [],
    postage: mills(postage),
    isConfirmed: true,
    mailingDate: dateOf(nowMs),
    destination: 0,
  });
  return indicium;
}

async function inspect() {
  const { authority } = office;
  await using user = await loggedIn('user');
  const { challenge, logCount } = granted(await authority.askForReport({ meterId }));
  const { report } = await user.inspectionReport(challenge);
  const { records } = await user.readLog(logCount + 1);
  const verdict = granted(await authority.takeReport({ report, log: records }));
  const { acknowledgement } = verdict;
  if (acknowledgement !== undefined) await user.acknowledgeInspection(acknowledgement);
  return verdict;
}

const failed = ({ checks }: Awaited<ReturnType<typeof inspect>>) =>
  checks.filter(({ outcome }) => outcome === 'fail');

describe('a prepaid meter', () => {
  test('is refilled in every way, inspected twice, and withdrawn, and the three books are equal', async () => {
    const { authority, provider } = office;
    await register({ spoilageCap: 10_000 });
    expect(await refill(50_000, 'purchase', 'postal')).toBe(50_000);
    expect(await refill(5_000, 'purchase', 'certificate')).toBe(5_000);
    const piece = await print(5_000);
    const verified = await print(1_000);
    const claim = { customerId, requestId: requestId(7), meterId, reason: 'damaged' } as const;
    const { state } = granted(await provider.submitClaim({ ...claim, indicia: [piece] }));
    expect(state).toBe('refunded');
    expect(await refill(5_000, 'spoilage', 'postal')).toBe(5_000);
    const sight = await authority.verifyEvidence({ evidence: verified, seenMs: nowMs });
    expect(granted(sight).accepted).toBe(true);

    const verdicts = [await inspect(), await inspect()];
    expect(verdicts.flatMap(failed)).toEqual([]);
    expect(verdicts.map(({ accepted }) => accepted)).toEqual([true, true]);
    expect(granted(await provider.reconcile({}))).toMatchObject({ isEqual: true, unreported: 0 });

    await using officer = await loggedIn('cryptoOfficer');
    const { authorisation } = granted(await provider.withdraw(await officer.withdrawalRequest()));
    await officer.withdrawalCommit(authorisation);
    await using anybody = await openMeter(memoryLink(connectMemory(device.board)));
    const proof = await anybody.withdrawalReport();
    expect(granted(await provider.proveWithdrawal(proof))).toEqual({
      postal: 49_000,
      certificate: 5_000,
    });
    expect(granted(await provider.reconcile({}))).toMatchObject({
      isEqual: true,
      toMeters: 60_000,
      returned: 54_000,
      unreported: 0,
    });
    const account = granted(await provider.readCustomer({ customerId }));
    expect(account).toMatchObject({ balance: 145_000 + 54_000, returned: 54_000 });
  });

  test('is locked from afar, still inspected, unlocked, and told the time', async () => {
    const { authority, provider } = office;
    await register({});
    await refill(50_000, 'purchase', 'postal');
    const evidence = await print(1_000);
    for (let sight = 0; sight < 2; sight++)
      granted(await authority.verifyEvidence({ evidence, seenMs: nowMs }));
    await using anybody = await openMeter(memoryLink(connectMemory(device.board)));
    const apply = async (order: Uint8Array | undefined) =>
      anybody.applyLockOrder(order ?? new Uint8Array(0));

    await apply(granted(await authority.lockOrder({ meterId })).order);
    await expect(print(1_000)).rejects.toMatchObject({ status: 'locked' });
    const locked = await inspect();
    expect({ accepted: locked.accepted, failed: failed(locked) }).toEqual({
      accepted: true,
      failed: [],
    });
    const unlock = { meterId, action: 'unlock', reason: 'none' } as const;
    await apply(granted(await authority.orderLock(unlock)).order);
    expect(failed(await inspect())).toEqual([]);
    expect((await print(1_000)).length).toBe(128);

    for (const party of [authority, provider]) {
      office.clock.timeMs += 30_000;
      const { challenge } = await anybody.challengeClock();
      const { setting } = granted(await party.setClock({ meterId, challenge }));
      await anybody.setClock(setting);
      expect((await anybody.status()).timeMs).toBe(office.clock.timeMs);
    }
  });

  test('that was off for too long is overdue in both books, until it is inspected', async () => {
    const { authority } = office;
    await register({ inspectionWarnHours: 24, inspectionLockHours: 48 });
    await refill(50_000, 'purchase', 'postal');
    clock.advance(3 * DAY_MS);
    office.clock.timeMs += 3 * DAY_MS;
    const states = async () =>
      granted(await authority.listOverdue({})).meters.map(({ state }) => state);
    expect(await states()).toEqual(['overdue']);
    await expect(print(1_000)).rejects.toMatchObject({ status: 'inspectionOverdue' });

    expect((await inspect()).accepted).toBe(true);

    expect(await states()).toEqual([]);
    await using user = await loggedIn('user');
    expect((await user.condition()).locks.inspectionOverdue).toBe(false);
  });
});

test('a current account settles what it has spent, and is inspected and withdrawn', async () => {
  const { provider } = office;
  await register({ accountKind: 'current' });
  await print(7_000);
  await print(500);
  expect(await refill(7_000, 'settlement', 'postal')).toBe(7_000);
  expect(failed(await inspect())).toEqual([]);
  expect(granted(await provider.reconcile({}))).toMatchObject({ isEqual: true, toMeters: 7_000 });
  await using officer = await loggedIn('cryptoOfficer');
  const early = granted(await provider.withdraw(await officer.withdrawalRequest()));
  await officer.withdrawalCommit(early.authorisation);
  await officer.close();
  expect(early.obstacle).toBe('unsettled');
  expect(await refill(500, 'settlement', 'postal')).toBe(500);

  await using again = await loggedIn('cryptoOfficer');
  const { authorisation, obstacle } = granted(
    await provider.withdraw(await again.withdrawalRequest()),
  );
  await again.withdrawalCommit(authorisation);
  await using anybody = await openMeter(memoryLink(connectMemory(device.board)));
  const proof = await anybody.withdrawalReport();

  expect(obstacle).toBeUndefined();
  expect(granted(await provider.proveWithdrawal(proof))).toEqual({ postal: 0, certificate: 0 });
  expect(granted(await provider.reconcile({}))).toMatchObject({ isEqual: true, toMeters: 7_500 });
});
