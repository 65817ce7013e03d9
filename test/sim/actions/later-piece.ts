/** A piece that stands for an earlier one: a correction of its amount, or another date for it. */

import { addDays } from '#protocol/documents/date';
import { readIndicium } from '#protocol/documents/indicium';
import { mills } from '#protocol/mills';
import { enqueue } from '../attempt.ts';
import type { Desk } from '../desk.ts';
import type { Action } from '../happening.ts';
import { printLabel } from '../person.ts';
import { pieceRefusals } from '../refusals.ts';
import type { World } from '../world.ts';
import { grant, wishFor } from './issue.ts';

/** What a meter may say besides, to whoever asks for it twice or too late. */
const laterRefusals = [...pieceRefusals, 'originalUnknown', 'redatedAlready'] as const;

export const laterPiece: Action = {
  weight: 6,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const kind = random.chance(0.5) ? 'correction' : 'redate';
    const choice = random.below(1_000_000);
    const amount = mills(kind === 'redate' ? 0 : random.between(1, 500));
    enqueue(world, desk, {
      name: kind,
      mayBeRefused: laterRefusals,
      run: async () => {
        if (desk.stage === 'registered') await ask(world, desk, { kind, choice, amount });
      },
    });
  },
};

interface Asked {
  readonly kind: 'correction' | 'redate';
  /** Which of the earlier pieces. */
  readonly choice: number;
  readonly amount: ReturnType<typeof mills>;
}

async function ask(world: World, desk: Desk, { kind, choice, amount }: Asked): Promise<void> {
  const issued = [...desk.wishes.values()].filter(
    ({ state, piece }) => state === 'issued' && piece.kind === undefined,
  );
  const before = issued[choice % Math.max(1, issued.length)];
  const read = before?.indicium && readIndicium(before.indicium);
  if (before === undefined || !read?.ok) return;
  const { serviceId, mailingDate, destination } = before.piece;
  const wish = wishFor(desk, {
    ...{ serviceId, destination, kind },
    original: read.value.pieceCount,
    postage: amount,
    mailingDate: kind === 'redate' ? addDays(mailingDate, 1) : mailingDate,
  });
  const indicium = await grant(world, desk, wish, laterRefusals);
  if (indicium !== undefined) await printLabel(desk, indicium);
}
