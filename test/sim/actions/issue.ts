/** Somebody wants postage: a new piece, or one that went wrong before. */

import { defaultRates } from '#authority/default-rates';
import { JournalError } from '#driver/checked-lines';
import { RefusedError } from '#driver/errors';
import { issue as driverIssue, resume } from '#driver/issue';
import { openPendingJournal } from '#driver/pending';
import type { Piece } from '#driver/piece';
import { addDays, dateOf } from '#protocol/documents/date';
import { priceOf, type Rated } from '#protocol/documents/rate-table';
import { mills } from '#protocol/mills';
import { enqueue } from '../attempt.ts';
import type { Desk, Wish } from '../desk.ts';
import type { Action } from '../happening.ts';
import { PENDING_JOURNAL } from '../make-desk.ts';
import { loggedIn } from '../meter-access.ts';
import { printLabel } from '../person.ts';
import type { Random } from '../random.ts';
import { pieceRefusals } from '../refusals.ts';
import type { World } from '../world.ts';

/** Services of the default rate table with one price. */
const fixedServices = [1, 2, 3, 10, 20] as const;
/** Those that are weighed, how heavy a piece may be, in milligrams, and in how many zones. */
const weighedServices = [
  [30, 99_000, 1],
  [31, 368_000, 1],
  [40, 2_267_000, 4],
] as const;
const extraServices = [200, 201] as const;
const KEYED_IN = 100;
const DAYS_AHEAD_MAX = 3;

export const issue: Action = {
  weight: 40,
  begin(world, random) {
    const desk = random.pick(world.desks);
    const isRetry = random.chance(0.7);
    const isPrinted = random.chance(0.5);
    const fresh = newPiece(random);
    enqueue(world, desk, {
      name: 'issue',
      mayBeRefused: pieceRefusals,
      async run() {
        if (desk.stage !== 'registered') return;
        const before = isRetry ? openWishes(desk)[0] : undefined;
        const wish = before ?? makeWish(world, desk, fresh);
        const indicium = await grant(world, desk, wish);
        if (isPrinted && indicium !== undefined) await printLabel(desk, indicium);
      },
    });
  },
};

export const openWishes = (desk: Desk): Wish[] =>
  [...desk.wishes.values()].filter(({ state }) => state === 'open');

/** What somebody wants, and what it costs by the rates that every meter has. */
function newPiece(random: Random) {
  const rated = random.chance(0.5) ? fixedPiece(random) : weighedPiece(random);
  const isKeyedIn = random.chance(0.3);
  const price = priceOf({ rates: defaultRates }, rated);
  if (!price.ok) throw new Error(`there is no price for service ${rated.serviceId}`);
  const keyedIn = { serviceId: KEYED_IN, postage: mills(random.between(160, 20_000)) };
  return {
    ...(isKeyedIn ? keyedIn : { ...rated, postage: price.value.minimum }),
    daysAhead: random.between(0, DAYS_AHEAD_MAX),
    destination: random.chance(0.5) ? 0 : random.between(10_000, 99_999),
  };
}

function fixedPiece(random: Random): Rated {
  const extras = extraServices.filter(() => random.chance(0.15));
  return { serviceId: random.pick(fixedServices), weightMg: 0, zone: 0, extras };
}

function weighedPiece(random: Random): Rated {
  const [serviceId, weightMax, zones] = random.pick(weighedServices);
  const weightMg = random.between(1, weightMax);
  return { serviceId, weightMg, zone: random.below(zones), extras: [] };
}

function makeWish(
  world: World,
  desk: Desk,
  { daysAhead, ...piece }: ReturnType<typeof newPiece>,
): Wish {
  const mailingDate = addDays(dateOf(world.time.nowMs), daysAhead);
  return wishFor(desk, { ...piece, mailingDate });
}

/** Notes that somebody wants a piece. */
export function wishFor(desk: Desk, piece: Piece): Wish {
  const reference = `${desk.name} piece ${desk.wishes.size}`;
  const wish: Wish = { piece: { ...piece, reference }, state: 'open', indicium: undefined };
  desk.wishes.set(reference, wish);
  return wish;
}

/** Asks for a piece by the driver. @returns the indicium; undefined where the meter refuses it for good */
export async function grant(
  world: World,
  desk: Desk,
  wish: Wish,
  mayBeRefused: readonly unknown[] = pieceRefusals,
): Promise<Uint8Array | undefined> {
  const { host, disk } = desk.computer;
  const { issue = driverIssue } = world.defects;
  const meter = await loggedIn(world, desk, 'user');
  await using journal = await openPendingJournal(PENDING_JOURNAL, { disk });
  try {
    const indicium = await issue(meter, journal, wish.piece, {
      crypto: host.crypto,
      onResumed: ({ piece, indicium: resumed }) => {
        if (resumed !== undefined) settle(world, desk, piece.reference ?? '', resumed);
      },
    });
    settle(world, desk, wish.piece.reference, indicium);
    return indicium;
  } catch (error) {
    if (error instanceof RefusedError && mayBeRefused.includes(error.status))
      wish.state = 'refused';
    else if (error instanceof JournalError && error.message.includes('has forgotten'))
      wish.state = 'doubtful';
    else throw error;
    return undefined;
  }
}

/** A piece is there. */
function settle(world: World, desk: Desk, reference: string, indicium: Uint8Array): void {
  world.evidence.given(reference, indicium, desk.device.witness);
  const wish = desk.wishes.get(reference);
  if (wish?.state !== 'open') return;
  wish.state = 'issued';
  wish.indicium = indicium;
}

/** Finishes every piece that the journal does not have yet: one that a host lost with its power was told to somebody. */
export async function finishOpen(world: World, desk: Desk): Promise<void> {
  const { disk } = desk.computer;
  if (!disk.exists(PENDING_JOURNAL)) return;
  const meter = await loggedIn(world, desk, 'user');
  await using journal = await openPendingJournal(PENDING_JOURNAL, { disk });
  for (const { state, piece, indicium, reason } of await resume(meter, journal)) {
    const { reference = '' } = piece;
    const wish = desk.wishes.get(reference);
    if (indicium !== undefined) settle(world, desk, reference, indicium);
    else if (wish !== undefined && state === 'refused')
      wish.state = reason === 'requestForgotten' ? 'doubtful' : 'refused';
  }
}
