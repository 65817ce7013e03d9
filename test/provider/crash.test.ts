/** A crash at any statement leaves a refill, a payment or a purchase undone or done, never half (domain.md R13, R15). */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '#cli/database';
import { mills } from '#protocol/mills';
import type { Provider } from '#provider/provider';
import {
  booksOf,
  granted,
  makeCustomer,
  makeOffice,
  readAnswer,
  requestId,
  signRequest,
  type TestOffice,
} from '#test/support/back-office';
import { ConnectionLost, type FailingDialect, failing } from '#test/support/failing-dialect';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'provider-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

interface Scene {
  readonly office: TestOffice;
  readonly customer: Awaited<ReturnType<typeof makeCustomer>>;
  readonly data: FailingDialect;
  /** Kills the process and starts it again on the same file. */
  readonly restart: () => Promise<TestOffice>;
}

async function makeScene(name: string): Promise<Scene> {
  const url = `sqlite:${join(directory, `${name}.sqlite`)}`;
  const data = failing(openDatabase(url));
  const office = await makeOffice(data.dialect);
  const customer = await makeCustomer(office);
  return {
    office,
    customer,
    data,
    async restart() {
      await office.provider[Symbol.asyncDispose]();
      return { ...office, provider: await office.reopen(openDatabase(url)) };
    },
  };
}

/** How many statements an act takes when nothing fails. */
async function statementsOf(act: (scene: Scene) => Promise<unknown>): Promise<number> {
  const scene = await makeScene('whole');
  scene.data.failAfter(Number.POSITIVE_INFINITY);
  await act(scene);
  return scene.data.performed;
}

async function crashed(act: Promise<unknown>): Promise<boolean> {
  try {
    await act;
    return false;
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error;
    return true;
  }
}

test('a refill', async () => {
  const total = await statementsOf(({ office, customer }) =>
    office.provider.refill({ request: signRequest(customer.meter) }),
  );
  expect(total).toBeGreaterThan(8);

  for (let statements = 0; statements < total; statements++) {
    const scene = await makeScene(`refill-${statements}`);
    const request = signRequest(scene.customer.meter);
    scene.data.failAfter(statements);

    expect(await crashed(scene.office.provider.refill({ request }))).toBe(true);
    const office = await scene.restart();

    const untouched = { inPool: 1_000_000, balance: 200_000, credited: 0 };
    expect(await booksOf(office, [scene.customer])).toMatchObject(untouched);
    const answer = readAnswer(office, await office.provider.refill({ request }));
    expect(answer).toMatchObject({ amount: 50_000, reason: 'ok' });
    const moved = { inPool: 950_000, balance: 150_000, credited: 50_000 };
    expect(await booksOf(office, [scene.customer])).toMatchObject(moved);
    await office.provider[Symbol.asyncDispose]();
  }
});

test('a refill whose answer is lost on the way', async () => {
  const scene = await makeScene('lost');
  const request = signRequest(scene.customer.meter);
  const lost = granted(await scene.office.provider.refill({ request }));

  const office = await scene.restart();

  expect(granted(await office.provider.refill({ request }))).toEqual(lost);
  expect(await booksOf(office, [scene.customer])).toMatchObject({ credited: 50_000 });
});

test('a payment', async () => {
  const pay = (provider: Provider, customerId: number) =>
    provider.payIn({ customerId, requestId: requestId(7), amount: mills(1_000) });
  const total = await statementsOf(({ office, customer }) =>
    pay(office.provider, customer.customerId),
  );

  for (let statements = 0; statements < total; statements++) {
    const scene = await makeScene(`payment-${statements}`);
    const { customerId } = scene.customer;
    scene.data.failAfter(statements);

    expect(await crashed(pay(scene.office.provider, customerId))).toBe(true);
    const office = await scene.restart();

    expect(await booksOf(office, [scene.customer])).toMatchObject({ balance: 200_000 });
    granted(await pay(office.provider, customerId));
    granted(await pay(office.provider, customerId));
    expect(await booksOf(office, [scene.customer])).toMatchObject({ balance: 201_000 });
    await office.provider[Symbol.asyncDispose]();
  }
});

test('a purchase: what the authority issued is credited once, by whoever finishes it', async () => {
  const order = { requestId: requestId(9), amount: mills(77_000) };
  const total = await statementsOf(({ office }) => office.provider.buyValue(order));

  for (let statements = 0; statements < total; statements++) {
    const scene = await makeScene(`purchase-${statements}`);
    scene.data.failAfter(statements);

    expect(await crashed(scene.office.provider.buyValue(order))).toBe(true);
    const office = await scene.restart();

    expect(await booksOf(office, [])).toMatchObject({ inPool: 1_000_000 });
    granted(await office.provider.finishPurchases({}));
    granted(await office.provider.buyValue(order));
    expect(await booksOf(office, [])).toMatchObject({ issued: 1_077_000, inPool: 1_077_000 });
    await office.provider[Symbol.asyncDispose]();
  }
});
