/** A piece is given up as spoiled and claimed; what is refunded comes back to the meter. */

import { openJob } from '#driver/batch/job';
import { manifestRows } from '#driver/batch/manifest';
import { openPendingJournal } from '#driver/pending';
import { type Claim, claimSpoiled } from '#driver/spoilage';
import { readIndicium } from '#protocol/documents/indicium';
import { formatMeterId } from '#protocol/documents/meter-id';
import { mills } from '#protocol/mills';
import { enqueue } from '../attempt.ts';
import type { Desk } from '../desk.ts';
import type { Action } from '../happening.ts';
import { PENDING_JOURNAL } from '../make-desk.ts';
import { refillRefusals } from '../refusals.ts';
import type { World } from '../world.ts';
import { load } from './refill.ts';

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export const claim: Action = {
  weight: 5,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const choice = random.below(1_000_000);
    enqueue(world, desk, {
      name: 'claim spoiled pieces',
      mayBeRefused: refillRefusals,
      async run() {
        if (desk.stage !== 'registered' || desk.isCloned) return;
        await giveUp(desk, choice);
        await claimAll(world, desk);
        await loadApproved(world, desk);
      },
    });
  },
};

/** One piece that is on no label yet is not wanted any more, nor stands another one for it. */
async function giveUp(desk: Desk, choice: number): Promise<void> {
  const { disk } = desk.computer;
  const wishes = [...desk.wishes.values()];
  const originals = new Set(wishes.map(({ piece }) => piece.original));
  const unused = wishes.filter(
    ({ state, piece, indicium }) =>
      state === 'issued' &&
      piece.kind === undefined &&
      indicium !== undefined &&
      !desk.ordered.has(hexOf(indicium)) &&
      !originals.has(pieceCountOf(indicium)),
  );
  const wish = unused[choice % Math.max(1, unused.length)];
  if (wish === undefined) return;
  await using journal = await openPendingJournal(PENDING_JOURNAL, { disk });
  const entries = journal.entries(formatMeterId(desk.meterId as Uint8Array));
  const entry = entries.findLast(({ piece }) => piece.reference === wish.piece.reference);
  if (entry?.state === 'issued') await journal.spoiled(entry, 'not wanted');
  wish.state = 'spoiled';
}

function pieceCountOf(bytes: Uint8Array): number | undefined {
  const read = readIndicium(bytes);
  return read.ok ? read.value.pieceCount : undefined;
}

/** All that was given up; what was claimed before is left out by the driver. */
export async function claimAll(world: World, desk: Desk): Promise<void> {
  const { provider } = desk.computer;
  const indicia = await spoiledOf(desk);
  if (indicia.length === 0) return;
  for (const bytes of indicia)
    if (!world.claimed.has(hexOf(bytes))) world.claimed.set(hexOf(bytes), 'claimed');
  const who = { customerId: desk.customerId as number, meterId: desk.meterId as Uint8Array };
  const claims = await claimSpoiled(provider, { ...who, reason: 'damaged' as const, indicia });
  world.tally.count('claim', claims.length);
  const { claims: all } = await provider.listClaims({ customerId: who.customerId, after: 0 });
  noteVerdicts(world, indicia, all);
}

async function spoiledOf(desk: Desk): Promise<Uint8Array[]> {
  const { disk } = desk.computer;
  const indicia = [...desk.wishes.values()].flatMap(({ state, indicium }) =>
    state === 'spoiled' && indicium !== undefined ? [indicium] : [],
  );
  for (const { directory, state } of desk.jobs) {
    if (state === 'wanted') continue;
    await using job = await openJob(directory, { disk });
    for await (const row of manifestRows(job))
      if (row.state === 'spoiled' && row.indicium !== undefined) indicia.push(row.indicium);
  }
  return indicia;
}

function noteVerdicts(
  world: World,
  indicia: readonly Uint8Array[],
  claims: readonly Claim[],
): void {
  for (const bytes of indicia) {
    const hex = hexOf(bytes);
    const pieceCount = world.evidence.all.get(hex)?.fields.pieceCount;
    const pieces = claims
      .flatMap((each) => each.pieces)
      .filter(({ piece }) => piece === pieceCount);
    const isRefunded = pieces.some(({ state }) => state === 'refunded');
    const isRejected = pieces.every(({ state }) => state === 'rejected');
    if (isRefunded) world.claimed.set(hex, 'refunded');
    else if (pieces.length > 0 && isRejected) world.claimed.set(hex, 'rejected');
  }
}

/** What was approved and has not come back yet. */
export async function loadApproved(world: World, desk: Desk): Promise<void> {
  if (desk.accountKind === 'current') return; // nothing is loaded into such a meter
  const meterId = desk.meterId as Uint8Array;
  await load(world, desk);
  const { spoilageApproved, spoilageCredited } = await desk.computer.provider.readMeter({
    meterId,
  });
  const amount = mills(spoilageApproved - spoilageCredited);
  if (amount > 0) await load(world, desk, { kind: 'spoilage', account: 'postal', amount });
}
