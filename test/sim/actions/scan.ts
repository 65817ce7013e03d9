/** The post scans a label: a genuine one is taken the first time, and known the second time. */

import { hexToBytes } from '@noble/hashes/utils.js';
import type { authorityRoutes } from '#authority/routes';
import { ServerLinkError } from '#cli/server/http-client';
import type { ResponseOf } from '#protocol/http/route';
import type { Action } from '../happening.ts';
import { must, Violation } from '../violation.ts';
import type { World } from '../world.ts';

type Verdict = ResponseOf<(typeof authorityRoutes)['verifyEvidence']>;

export const scan: Action = {
  weight: 10,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const choice = random.below(1_000_000);
    const labels = desk.printer.paper.filter(
      ({ isWhole, indicium }) =>
        isWhole && !world.shown.has(indicium) && !world.claimed.has(indicium),
    );
    const label = labels[choice % Math.max(1, labels.length)];
    if (label !== undefined) void show(world, label.indicium);
  },
};

/** Shows an indicium to the authority, once, and judges the verdict. */
export async function show(world: World, hex: string): Promise<void> {
  const shown = world.shown.get(hex) ?? { surely: 0, perhaps: 0 };
  world.shown.set(hex, shown);
  const before = { ...shown };
  shown.perhaps += 1;
  try {
    const evidence = hexToBytes(hex);
    const verdict = await world.operator.authority.verifyEvidence({ evidence, seenMs: undefined });
    shown.perhaps -= 1;
    shown.surely += 1;
    world.tally.count('verification');
    judge(world, hex, before, verdict);
  } catch (error) {
    if (error instanceof Violation) world.alarm(error);
    else if (!(error instanceof ServerLinkError) || world.isHealed)
      world.alarm(new Violation('crash', `a scan: ${String(error)}`, error));
  }
}

function judge(
  world: World,
  hex: string,
  before: { readonly surely: number; readonly perhaps: number },
  { accepted, checks }: Verdict,
): void {
  const given = world.evidence.all.get(hex);
  const failed = checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name);
  const isSeen = before.surely > 0;
  const isRefunded = world.claimed.get(hex) === 'refunded';
  must(!isRefunded || !accepted, 'fraud', () => `a refunded label was taken: ${hex.slice(0, 100)}`);
  must(!isSeen || !accepted, 'fraud', () => `a label was taken twice: ${hex.slice(0, 100)}`);
  const desk = world.desks.find(({ meterId }) =>
    Buffer.from(meterId ?? []).equals(given?.fields.meterId ?? new Uint8Array()),
  );
  if (desk === undefined || desk.isCloned || given === undefined || world.claimed.has(hex)) return;
  const unfair = failed.filter((name) => name !== 'duplicate');
  must(
    unfair.length === 0,
    'refusal',
    () => `a genuine label of ${desk.name} fails ${unfair.join(', ')}`,
  );
  const isNew = before.surely + before.perhaps === 0;
  must(!isNew || accepted, 'refusal', () => `a new label of ${desk.name} is not taken`);
}
