/**
 * No value and no currency is made or lost, whatever is asked in whatever order, and whatever answer is lost (architecture.md
 * decision 9). The meters keep their registers by the rules of the firmware.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { booksOf, granted } from '#test/support/back-office';

import {
  acts,
  lastActs,
  type Member,
  makeWorld,
  perform,
  prove,
  type World,
} from '#test/support/value-world';

test('issued = pool + reserved + meters + on the way + withdrawn; paid in + returned + owed = balances + bought', async () => {
  const seen = new Set<string>();

  await fc.assert(
    fc.asyncProperty(acts, async (list) => {
      const world = await makeWorld();
      for (const each of [...list, ...lastActs]) {
        const effect = await perform(world, each);
        if (effect !== undefined) seen.add(effect);
        await expectConserved(world);
      }
      await expectSettled(world);
      const { office } = world;
      for (const party of [office.provider, office.authority]) await party[Symbol.asyncDispose]();
    }),
    { numRuns: 25 },
  );

  // every kind of movement has happened in some of the runs
  expect([...seen].toSorted()).toEqual([
    'certificate purchase',
    'claim refunded',
    'postal purchase',
    'postal settlement',
    'postal spoilage',
    'withdrawn',
  ]);
});

async function expectConserved({ office, members }: World): Promise<number> {
  const books = await booksOf(
    office,
    members.map(({ customerId, meter }) => ({ customerId, meter: meter.keys })),
  );
  const { credited, certificateCredited, spoilageCredited, settled } = books;
  const bought = credited + certificateCredited + settled;
  const sum = (of: (member: Member) => number): number =>
    members.reduce((total, member) => total + of(member), 0);
  const inMeters = sum((member) => valueIn(member));
  const onTheWay = sum(({ answer }) => answer?.amount ?? 0);
  const gone = sum(
    ({ meter: { registers } }) => registers.withdrawn + registers.certificateWithdrawn,
  );
  const { withdrawing } = granted(await office.provider.readPool({}));

  expect(books.sold).toBe(bought + spoilageCredited);
  expect(inMeters + onTheWay + gone).toBe(books.sold);
  expect(books.refunded).toBe(books.withdrawn);
  expect(withdrawing).toBe(gone - books.refunded);
  expect(books.paidIn + books.returned + books.owed).toBe(books.balance + bought);
  const underWay = books.issued - books.inPool - books.forSpoilage - books.sold;
  expect(underWay).toBeGreaterThanOrEqual(0);
  return underWay;
}

/** Of a current account, what is settled; of another, what its registers hold and have spent. */
function valueIn({ isCurrent, meter }: Member): number {
  const { registers } = meter;
  if (isCurrent) return registers.settled;
  const { ascending, descending, certificateAscending, certificateDescending } = registers;
  return ascending + descending + certificateAscending + certificateDescending;
}

/** At the end all lines are mended, what is on the way arrives, and the three books are equal. */
async function expectSettled(world: World): Promise<void> {
  const { office, line, members } = world;
  const { authority, provider } = office;
  line.cut = 'none';
  for (const member of members) {
    if (member.answer !== undefined) member.meter.commitRefill(member.answer.bytes);
    member.answer = undefined;
    if (member.proof !== undefined) await prove(office, member);
  }
  office.clock.timeMs += 1;
  for (const { meter, proof } of members) {
    if (proof !== undefined) continue;
    const { meterId } = meter.keys;
    const { challenge, logCount } = granted(await authority.askForReport({ meterId }));
    const taken = { report: meter.report(challenge), log: meter.exportLog(logCount) };
    expect(granted(await authority.takeReport(taken)).accepted).toBe(true);
  }
  const compared = granted(await provider.reconcile({}));
  expect(compared).toMatchObject({
    isComplete: true,
    isEqual: true,
    underWay: 0,
    unreported: 0,
    differences: [],
  });
  expect(await expectConserved(world)).toBe(0);
  expect(granted(await provider.auditLog({}))).toMatchObject({ isSound: true });
}
