/**
 * Whoever is killed at whatever statement, provider or authority: a movement is undone or done, never half, and asking again
 * ends it once (domain.md R13, R15).
 */

import { describe, expect, test } from 'vitest';
import { mills } from '#protocol/mills';
import type { AccountName } from '#protocol/state';
import {
  type Books,
  booksOf,
  type CustomerOptions,
  granted,
  makeCustomer,
  requestId,
  type TestOffice,
} from '#test/support/back-office';
import { crashed, makeStage, type Victim } from '#test/support/killed-office';
import { done, easyTerms, type RuleMeter, ruleMeter } from '#test/support/rule-meter';

/** What every act here is done with: a customer, the meter, and a request or a proof made ahead. */
interface Scene {
  readonly customerId: number;
  readonly meter: RuleMeter;
  readonly document: Uint8Array;
}

type Act = (office: TestOffice, scene: Scene) => Promise<unknown>;

interface Case {
  readonly name: string;
  readonly arrange: (office: TestOffice) => Promise<Scene>;
  readonly act: Act;
  /** What finishes it where the authority was away; nothing where asking again does. */
  readonly finish?: Act;
  /** What it changes in the books. */
  readonly moved: Partial<Books>;
  /** Whether it asks the authority. */
  readonly isFar?: true;
  /** Whether each answer is a new one. */
  readonly isNew?: true;
}

/** One try in so many ends with a reconciliation, which costs as much as the rest of it. */
const RECONCILED = 5;

const nothing = new Uint8Array(0);

async function load(
  { provider }: TestOffice,
  meter: RuleMeter,
  account: AccountName,
  amount: number,
): Promise<void> {
  const request = done(meter.requestRefill({ kind: 'purchase', account, amount: mills(amount) }));
  meter.commitRefill(granted(await provider.refill({ request })).authorisation);
}

/** A meter with 50.000, of which a piece of 1.000 is spent. */
async function loaded(office: TestOffice, options: CustomerOptions = {}): Promise<Scene> {
  const { terms = { spoilageCap: 10_000 } } = options;
  const { customerId, meter: keys } = await makeCustomer(office, { ...options, terms });
  const { accountKind = 'separate' } = terms;
  const meter = ruleMeter(keys, office.clock, { ...easyTerms, accountKind, spoilageCap: 10_000 });
  if (accountKind === 'separate') await load(office, meter, 'postal', 50_000);
  return { customerId, meter, document: done(meter.print(1_000)) };
}

const claim: Act = ({ provider }, { customerId, meter, document }) =>
  provider.submitClaim({
    customerId,
    requestId: requestId(3),
    meterId: meter.keys.meterId,
    reason: 'misprint',
    indicia: [document],
  });
const refill: Act = ({ provider }, { document }) => provider.refill({ request: document });
const withdraw: Act = ({ provider }, { document }) => provider.withdraw({ request: document });
const prove: Act = ({ provider }, { document }) => provider.proveWithdrawal({ report: document });

const cases: readonly Case[] = [
  {
    name: 'a payment, of which something was owed',
    async arrange(office) {
      const scene = await loaded(office, {
        balance: 0,
        creditMax: 5_000,
        terms: { accountKind: 'current' },
      });
      const wish = { kind: 'settlement', account: 'postal', amount: mills(1_000) } as const;
      const request = done(scene.meter.requestRefill(wish));
      granted(await office.provider.refill({ request }));
      return scene;
    },
    act: ({ provider }, { customerId }) =>
      provider.payIn({ customerId, requestId: requestId(7), amount: mills(1_500) }),
    moved: { paidIn: mills(1_500), balance: mills(500), owed: mills(0) },
  },
  {
    name: 'a purchase of value',
    isFar: true,
    arrange: loaded,
    act: ({ provider }) => provider.buyValue({ requestId: requestId(9), amount: mills(77_000) }),
    finish: ({ provider }) => provider.finishPurchases({}),
    moved: { issued: mills(1_077_000), inPool: mills(1_027_000) },
  },
  {
    name: 'a refill of the certificate account',
    isFar: true,
    async arrange(office) {
      const scene = await loaded(office);
      const wish = { kind: 'purchase', account: 'certificate', amount: mills(5_000) } as const;
      return { ...scene, document: done(scene.meter.requestRefill(wish)) };
    },
    act: refill,
    moved: {
      certificateCredited: mills(5_000),
      balance: mills(145_000),
      inPool: mills(945_000),
      sold: mills(55_000),
    },
  },
  {
    name: 'a settlement that is billed in part',
    isFar: true,
    async arrange(office) {
      const terms = { accountKind: 'current' } as const;
      const scene = await loaded(office, { balance: 400, creditMax: 1_000, terms });
      const wish = { kind: 'settlement', account: 'postal', amount: mills(1_000) } as const;
      return { ...scene, document: done(scene.meter.requestRefill(wish)) };
    },
    act: refill,
    moved: {
      settled: mills(1_000),
      balance: mills(0),
      owed: mills(600),
      inPool: mills(999_000),
      sold: mills(1_000),
    },
  },
  {
    name: 'a claim',
    isFar: true,
    arrange: loaded,
    act: claim,
    finish: ({ provider }) => provider.finishClaims({}),
    moved: { issued: mills(1_001_000), forSpoilage: mills(1_000) },
  },
  {
    name: 'a refill for spoiled pieces',
    isFar: true,
    async arrange(office) {
      const scene = await loaded(office);
      await claim(office, scene);
      const wish = { kind: 'spoilage', account: 'postal', amount: mills(900) } as const;
      return { ...scene, document: done(scene.meter.requestRefill(wish)) };
    },
    act: refill,
    moved: { spoilageCredited: mills(900), forSpoilage: mills(100), sold: mills(50_900) },
  },
  {
    name: 'an agreement to a withdrawal',
    isFar: true,
    async arrange(office) {
      const scene = await loaded(office);
      return { ...scene, document: scene.meter.requestWithdrawal() };
    },
    act: withdraw,
    moved: {},
  },
  {
    name: 'the proof of a withdrawal',
    isFar: true,
    async arrange(office) {
      const scene = await loaded(office);
      const request = scene.meter.requestWithdrawal();
      const { authorisation } = granted(await office.provider.withdraw({ request }));
      return { ...scene, document: scene.meter.commitWithdrawal(authorisation) ?? nothing };
    },
    act: prove,
    finish: ({ provider }) => provider.finishWithdrawals({}),
    moved: {
      returned: mills(49_000),
      withdrawn: mills(49_000),
      refunded: mills(49_000),
      balance: mills(199_000),
    },
  },
  {
    name: 'a reconciliation',
    isFar: true,
    isNew: true,
    arrange: loaded,
    act: ({ provider }) => provider.reconcile({}),
    moved: {},
  },
];

const membersOf = ({ customerId, meter }: Scene) => [{ customerId, meter: meter.keys }];

async function expectLaws(office: TestOffice, scene: Scene): Promise<Books> {
  const books = await booksOf(office, membersOf(scene));
  const { credited, certificateCredited, spoilageCredited, settled } = books;
  const bought = credited + certificateCredited + settled;
  expect(books.sold).toBe(bought + spoilageCredited);
  expect(books.paidIn + books.returned + books.owed).toBe(books.balance + bought);
  expect(books.refunded).toBe(books.withdrawn);
  expect(books.inPool + books.forSpoilage + books.sold).toBeLessThanOrEqual(books.issued);
  expect(granted(await office.provider.auditLog({}))).toMatchObject({ isSound: true });
  return books;
}

describe.each(cases)('$name', ({ arrange, act, finish, moved, isFar, isNew }) => {
  const victims: readonly Victim[] = isFar ? ['provider', 'authority'] : ['provider'];
  test.each(victims)('where the %s is killed', async (victim) => {
    await using stage = await makeStage(arrange);
    const { arranged: scene } = stage;
    const whole = await stage.open(victim);
    const before = await booksOf(whole.office, membersOf(scene));
    whole.killAfter(Number.POSITIVE_INFINITY);
    await act(whole.office, scene);
    const total = whole.performed;
    await whole.close();
    expect(total).toBeGreaterThan(victim === 'provider' ? 8 : 0);

    for (let statements = 0; statements < total; statements++) {
      const attempt = await stage.open(victim);
      attempt.killAfter(statements);
      const isCrashed = await crashed(act(attempt.office, scene));
      // where the authority is killed, the provider goes on without its answer
      if (victim === 'provider') expect(isCrashed).toBe(true);
      const office = await attempt.restart();

      const { issued: _, ...after } = await expectLaws(office, scene);
      const { issued: __, ...untouched } = { ...before };
      const { issued: ___, ...done } = { ...before, ...moved };
      expect([untouched, done]).toContainEqual(after);

      await act(office, scene);
      if (finish !== undefined) await finish(office, scene);
      const answers = [await act(office, scene), await act(office, scene)];
      if (!isNew) expect(answers[1]).toEqual(answers[0]);
      expect(await expectLaws(office, scene)).toEqual({ ...before, ...moved });
      if (statements % RECONCILED === 0) {
        const compared = granted(await office.provider.reconcile({}));
        expect(compared).toMatchObject({ isEqual: true, underWay: 0 });
      }
      await attempt.close();
    }
  });
});

test('a refill whose answer is lost on the way', async () => {
  await using stage = await makeStage(async (office) => {
    const scene = await loaded(office);
    const wish = { kind: 'purchase', account: 'postal', amount: mills(2_000) } as const;
    return { ...scene, document: done(scene.meter.requestRefill(wish)) };
  });
  const { arranged: scene } = stage;
  const attempt = await stage.open('provider');
  const lost = await refill(attempt.office, scene);

  const office = await attempt.restart();

  expect(await refill(office, scene)).toEqual(lost);
  expect(await booksOf(office, membersOf(scene))).toMatchObject({ credited: 52_000 });
  await attempt.close();
});
