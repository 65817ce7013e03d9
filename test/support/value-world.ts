/** Three customers with their meters, a provider and an authority, and everything that moves value between them, in any order. */

import fc from 'fast-check';
import { expect } from 'vitest';
import { nodeCrypto } from '#driver/node-crypto';
import type { RefillKind } from '#protocol/documents/refill';
import { mills } from '#protocol/mills';
import type { AccountName } from '#protocol/state';
import {
  type CutLink,
  cuttable,
  granted,
  makeCustomer,
  makeOffice,
  memory,
  readAnswer,
  requestId,
  signRequest,
  type TestOffice,
} from './back-office.ts';
import { easyTerms, type RuleMeter, ruleMeter } from './rule-meter.ts';

export type Act =
  | {
      readonly kind: 'pay' | 'buy';
      readonly who: number;
      readonly id: number;
      readonly amount: number;
    }
  | {
      readonly kind: 'ask';
      readonly who: number;
      readonly refill: RefillKind;
      readonly account: AccountName;
      readonly amount: number;
    }
  | { readonly kind: 'print'; readonly who: number; readonly amount: number }
  | { readonly kind: 'claim' | 'scan'; readonly who: number; readonly piece: number }
  | {
      readonly kind:
        | 'deliver'
        | 'repeat'
        | 'forge'
        | 'skip'
        | 'offer'
        | 'prove'
        | 'inspect'
        | 'lock'
        | 'unlock';
      readonly who: number;
    }
  | { readonly kind: 'cutBefore' | 'cutAfter' | 'mend' | 'finish' | 'reconcile' };

const who = fc.nat(2);
const amount = fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 900 }));
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constantFrom('pay' as const, 'buy' as const), who, id: fc.nat(5), amount }),
  fc.record({
    kind: fc.constant('ask' as const),
    who,
    refill: fc.constantFrom<RefillKind>('purchase', 'spoilage', 'settlement'),
    account: fc.constantFrom<AccountName>('postal', 'certificate'),
    amount,
  }),
  fc.record({ kind: fc.constant('print' as const), who, amount }),
  fc.record({ kind: fc.constantFrom('claim' as const, 'scan' as const), who, piece: fc.nat(8) }),
  fc.record({
    kind: fc.constantFrom(
      'deliver' as const,
      'repeat' as const,
      'forge' as const,
      'skip' as const,
      'inspect' as const,
      'lock' as const,
      'unlock' as const,
    ),
    who,
  }),
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('offer' as const, 'prove' as const), who }),
  },
  fc.record({
    kind: fc.constantFrom(
      'cutBefore' as const,
      'cutAfter' as const,
      'mend' as const,
      'finish' as const,
      'reconcile' as const,
    ),
  }),
);
export const acts = fc.array(act, { minLength: 20, maxLength: 60 });

/** A customer with a meter, and what is on the way between it and the provider. */
export interface Member {
  readonly customerId: number;
  readonly meter: RuleMeter;
  readonly isCurrent: boolean;
  readonly pieces: Uint8Array[];
  lastRequest: Uint8Array | undefined;
  /** An authorisation that the meter has not taken yet, and what it moves. */
  answer: { readonly bytes: Uint8Array; readonly amount: number } | undefined;
  proof: Uint8Array | undefined;
  claims: number;
}

export interface World {
  readonly office: TestOffice;
  readonly line: CutLink;
  readonly members: readonly Member[];
}

export async function makeWorld(): Promise<World> {
  const base = await makeOffice();
  const line = cuttable(base.authority);
  const office = { ...base, provider: await base.reopen(memory(), line.link) };
  const members: Member[] = [];
  for (const accountKind of ['separate', 'separate', 'current'] as const) {
    const terms = { accountKind, spoilageCap: 10_000 };
    const made = await makeCustomer(office, {
      pool: 100_000,
      balance: 60_000,
      creditMax: 20_000,
      terms,
    });
    members.push({
      customerId: made.customerId,
      meter: ruleMeter(made.meter, base.clock, { ...easyTerms, ...terms }),
      isCurrent: accountKind === 'current',
      pieces: [],
      lastRequest: undefined,
      answer: undefined,
      proof: undefined,
      claims: 0,
    });
  }
  const world = { office, line, members };
  await begin(world);
  return world;
}

/** Everybody has some pieces that can be claimed, so that the rest has something to move. */
async function begin(world: World): Promise<void> {
  const wish = { kind: 'ask', refill: 'purchase', account: 'postal', amount: 20_000 } as const;
  for (const [who, { isCurrent }] of world.members.entries()) {
    if (!isCurrent) {
      await perform(world, { ...wish, who });
      await perform(world, { kind: 'deliver', who });
    }
    for (const amount of [780, 1_000, 5_000]) await perform(world, { kind: 'print', who, amount });
  }
}

/** What each does at the end, so that every kind of movement is seen in some runs whatever was drawn. */
export const lastActs: readonly Act[] = [0, 1, 2].flatMap((who): readonly Act[] => [
  { kind: 'mend' },
  { kind: 'unlock', who },
  { kind: 'deliver', who },
  { kind: 'claim', who, piece: 0 },
  { kind: 'ask', who, refill: 'spoilage', account: 'postal', amount: 780 },
  { kind: 'ask', who, refill: 'settlement', account: 'postal', amount: 1 },
  { kind: 'ask', who, refill: 'purchase', account: 'certificate', amount: 1 },
  { kind: 'deliver', who },
]);

/** @returns what has moved, for whoever counts what was seen */
export async function perform(world: World, each: Act): Promise<string | undefined> {
  const { office, line, members } = world;
  const { authority, provider } = office;
  switch (each.kind) {
    case 'cutBefore':
    case 'cutAfter':
      line.cut = each.kind === 'cutBefore' ? 'before' : 'after';
      return undefined;
    case 'mend':
      line.cut = 'none';
      return undefined;
    case 'finish':
      granted(await provider.finishPurchases({}));
      granted(await provider.finishClaims({}));
      granted(await provider.finishWithdrawals({}));
      return undefined;
    case 'reconcile': {
      const outcome = await provider.reconcile({});
      if (outcome.ok) expect(outcome.value).toMatchObject({ isEqual: true, differences: [] });
      return undefined;
    }
    case 'buy':
      await provider.buyValue({ requestId: requestId(each.id), amount: mills(each.amount) });
      return undefined;
    case 'lock':
    case 'unlock': {
      const { meterId } = (members[each.who] as Member).meter.keys;
      await authority.orderLock({ meterId, action: each.kind, reason: 'ordered' });
      return undefined;
    }
    default:
      return performOf(world, members[each.who] as Member, each);
  }
}

type ActOf = Extract<Act, { readonly who: number }>;

async function performOf(
  { office }: World,
  member: Member,
  each: ActOf,
): Promise<string | undefined> {
  const { provider, authority } = office;
  const { customerId, meter } = member;
  const { meterId } = meter.keys;
  switch (each.kind) {
    case 'pay': {
      const payment = { customerId, requestId: requestId(each.id), amount: mills(each.amount) };
      await provider.payIn(payment);
      return undefined;
    }
    case 'ask':
      return ask(office, member, each);
    case 'deliver':
      if (member.answer !== undefined) meter.commitRefill(member.answer.bytes);
      member.answer = undefined;
      return undefined;
    case 'print': {
      const piece = meter.isLeaving ? undefined : meter.print(each.amount);
      if (piece instanceof Uint8Array) member.pieces.push(piece);
      return undefined;
    }
    case 'claim':
      return claim(office, member, each.piece);
    case 'scan': {
      const evidence = member.pieces[each.piece];
      if (evidence !== undefined) await authority.verifyEvidence({ evidence, seenMs: undefined });
      return undefined;
    }
    case 'repeat':
      if (member.lastRequest !== undefined)
        granted(await provider.refill({ request: member.lastRequest }));
      return undefined;
    case 'forge': {
      const forger = { ...meter.keys, device: nodeCrypto.generateKeyPair() };
      const sequence = meter.registers.refillSequence + 1;
      await provider.refill({ request: signRequest(forger, { sequence }) });
      return undefined;
    }
    case 'skip': {
      const sequence = meter.registers.refillSequence + 2;
      await provider.refill({ request: signRequest(meter.keys, { sequence }) });
      return undefined;
    }
    case 'inspect': {
      if (member.proof !== undefined) return undefined;
      const { challenge, logCount } = granted(await authority.askForReport({ meterId }));
      const taken = { report: meter.report(challenge), log: meter.exportLog(logCount) };
      granted(await authority.takeReport(taken));
      return undefined;
    }
    case 'offer':
      return offer(office, member);
    case 'prove':
      return prove(office, member);
    default:
      return undefined;
  }
}

async function ask(
  office: TestOffice,
  member: Member,
  wish: Extract<Act, { kind: 'ask' }>,
): Promise<string | undefined> {
  const { meter } = member;
  if (meter.isLeaving || member.answer !== undefined) return undefined;
  const { spoilageApproved, spoilageCredited } = granted(
    await office.provider.readMeter(meter.keys),
  );
  const waiting = spoilageApproved - spoilageCredited;
  const most = wish.refill === 'spoilage' ? Math.max(1, waiting) : wish.amount;
  const request = meter.requestRefill({
    kind: wish.refill,
    account: wish.account,
    amount: mills(Math.min(wish.amount, most)),
  });
  if (!(request instanceof Uint8Array)) return undefined;
  const outcome = granted(await office.provider.refill({ request }));
  member.lastRequest = request;
  const answer = readAnswer(office, { ok: true, value: outcome });
  member.answer = { bytes: outcome.authorisation, amount: answer.amount };
  return answer.amount > 0 ? `${answer.account} ${answer.kind}` : undefined;
}

async function claim(
  { provider }: TestOffice,
  member: Member,
  place: number,
): Promise<string | undefined> {
  const piece = member.pieces[place];
  if (piece === undefined) return undefined;
  member.claims += 1;
  const { customerId, meter } = member;
  const { state } = granted(
    await provider.submitClaim({
      customerId,
      requestId: requestId(100 + member.claims),
      meterId: meter.keys.meterId,
      reason: 'damaged',
      indicia: [piece],
    }),
  );
  return state === 'refunded' ? 'claim refunded' : undefined;
}

async function offer({ provider }: TestOffice, member: Member): Promise<undefined> {
  const { meter } = member;
  if (member.answer !== undefined || meter.registers.refillPending > 0) return;
  if (member.proof !== undefined) return;
  const request = meter.requestWithdrawal();
  const { authorisation } = granted(await provider.withdraw({ request }));
  member.proof = meter.commitWithdrawal(authorisation);
}

export async function prove(
  { provider }: TestOffice,
  { proof }: Member,
): Promise<string | undefined> {
  if (proof === undefined) return undefined;
  granted(await provider.proveWithdrawal({ report: proof }));
  return 'withdrawn';
}
