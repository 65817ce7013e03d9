/** No value and no currency is made or lost, whatever is asked in whatever order (architecture.md decision 9). */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import { mills } from '#protocol/mills';
import {
  booksOf,
  granted,
  linkTo,
  makeCustomer,
  makeOffice,
  memory,
  readAnswer,
  requestId,
  signRequest,
  type TestMeter,
  type TestOffice,
} from '#test/support/back-office';

type Act =
  | {
      readonly kind: 'pay' | 'buy';
      readonly customer: number;
      readonly id: number;
      readonly amount: number;
    }
  | { readonly kind: 'refill'; readonly customer: number; readonly amount: number }
  | { readonly kind: 'print'; readonly customer: number; readonly amount: number }
  | { readonly kind: 'repeat' | 'forge' | 'skip'; readonly customer: number }
  | { readonly kind: 'cutLink' | 'mendLink' | 'finish' };

const customer = fc.nat(1);
const amount = fc.integer({ min: 1, max: 100_000 });
const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('pay' as const, 'buy' as const),
      customer,
      id: fc.nat(5),
      amount,
    }),
    fc.record({ kind: fc.constant('refill' as const), customer, amount }),
    fc.record({ kind: fc.constant('print' as const), customer, amount }),
    fc.record({
      kind: fc.constantFrom('repeat' as const, 'forge' as const, 'skip' as const),
      customer,
    }),
    fc.record({
      kind: fc.constantFrom('cutLink' as const, 'mendLink' as const, 'finish' as const),
    }),
  ),
  { maxLength: 25 },
);

/** The meter of a customer, as far as its registers go. */
interface Member {
  readonly customerId: number;
  readonly meter: TestMeter;
  ascending: number;
  descending: number;
  sequence: number;
  lastRequest: Uint8Array | undefined;
}

class LinkCut extends Error {
  override readonly name = 'LinkCut';
}

test('issued = pool + credited to meters (+ under way); paid in = balances + credited; nothing is negative', async () => {
  await fc.assert(
    fc.asyncProperty(acts, async (list) => {
      const base = await makeOffice();
      const link = { isCut: false };
      const provider = await base.reopen(memory(), {
        async answerValueRequest(request) {
          const answer = await linkTo(base.authority).answerValueRequest(request);
          if (link.isCut) throw new LinkCut('the answer is lost'); // issued, but not heard of
          return answer;
        },
      });
      const office = { ...base, provider };
      const members: Member[] = [];
      for (let place = 0; place < 2; place++) {
        const made = await makeCustomer(office, { pool: 0, balance: 0 });
        members.push({ ...made, ascending: 0, descending: 0, sequence: 0, lastRequest: undefined });
      }

      for (const act of list) {
        await perform(office, members, link, act);
        await expectConserved(office, members);
      }

      link.isCut = false;
      granted(await provider.finishPurchases({}));
      const books = await booksOf(office, members);
      expect(books.inPool + books.credited).toBe(books.issued);
      for (const each of [provider, base.provider, base.authority])
        await each[Symbol.asyncDispose]();
    }),
    { numRuns: 25 },
  );
});

async function perform(
  office: TestOffice,
  members: readonly Member[],
  link: { isCut: boolean },
  act: Act,
): Promise<void> {
  const { provider } = office;
  switch (act.kind) {
    case 'pay': {
      const { customerId } = members[act.customer] as Member;
      await provider.payIn({ customerId, requestId: requestId(act.id), amount: mills(act.amount) });
      return;
    }
    case 'buy':
      await provider.buyValue({ requestId: requestId(act.id), amount: mills(act.amount) });
      return;
    case 'refill':
      return refill(office, members[act.customer] as Member, act.amount);
    case 'print': {
      const member = members[act.customer] as Member;
      const spent = Math.min(act.amount, member.descending);
      member.ascending += spent;
      member.descending -= spent;
      return;
    }
    case 'repeat': {
      const { lastRequest } = members[act.customer] as Member;
      if (lastRequest !== undefined) granted(await provider.refill({ request: lastRequest }));
      return;
    }
    case 'forge': {
      const { meter, sequence } = members[act.customer] as Member;
      const device = nodeCrypto.generateKeyPair();
      await provider.refill({
        request: signRequest({ ...meter, device }, { sequence: sequence + 1 }),
      });
      return;
    }
    case 'skip': {
      const { meter, sequence } = members[act.customer] as Member;
      await provider.refill({ request: signRequest(meter, { sequence: sequence + 2 }) });
      return;
    }
    case 'cutLink':
    case 'mendLink':
      link.isCut = act.kind === 'cutLink';
      return;
    case 'finish':
      granted(await provider.finishPurchases({}));
  }
}

async function refill(office: TestOffice, member: Member, wanted: number): Promise<void> {
  const request = signRequest(member.meter, {
    sequence: member.sequence + 1,
    amount: mills(wanted),
    ascending: mills(member.ascending),
    descending: mills(member.descending),
  });
  const answer = readAnswer(office, await office.provider.refill({ request }));
  member.sequence += 1;
  member.descending += answer.amount;
  member.lastRequest = request;
}

async function expectConserved(office: TestOffice, members: readonly Member[]): Promise<void> {
  const books = await booksOf(office, members);
  const inMeters = members.reduce(
    (sum, { ascending, descending }) => sum + ascending + descending,
    0,
  );
  expect(books.credited).toBe(inMeters);
  expect(books.sold).toBe(books.credited);
  expect(books.paidIn).toBe(books.balance + books.credited);
  expect(books.inPool + books.credited).toBeLessThanOrEqual(books.issued);
}
