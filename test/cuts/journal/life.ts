/**
 * A journal used until its flash is worn out: every commit compared with what it must be, power switched off and on all its
 * life long, and at the end the last state still there.
 */

import { createMemoryFlash, type FlashDevice } from '#emulator/flash';
import type { WearFailure } from '#emulator/flash/wear';
import { flashLayout } from '#firmware/flash-layout';
import type { Journal } from '#firmware/journal';
import type { Crypto } from '#protocol/crypto';
import { REFILL_VALUE } from './model.ts';
import { partWithRing } from './part.ts';
import { findPiece, type JournalModule, open, perform, powerUp } from './steps.ts';

export interface LifeOptions {
  readonly module: JournalModule;
  readonly crypto: Crypto;
  readonly seed: number;
  readonly failure: WearFailure;
  /** Sectors of the ring. */
  readonly sectors: number;
  readonly endurance: number;
  /** Told of commits since the last call. */
  readonly progress: (commits: number) => void;
}

export interface Life {
  readonly commits: number;
  readonly pieces: number;
  readonly powerUps: number;
  readonly erases: number;
  readonly erasesMin: number;
  readonly erasesMax: number;
  /** The most that a power-up reads of the flash: when the ring has gone round, half way, and at the end. */
  readonly readsYoungMax: number;
  readonly readsMiddleMax: number;
  readonly readsOldMax: number;
  readonly kibYoungMax: number;
  readonly kibMiddleMax: number;
  readonly kibOldMax: number;
  /** How long it took, in the middle of each of those. */
  readonly youngUsMax: number;
  readonly middleUsMax: number;
  readonly oldUsMax: number;
}

/** Commits between two power-ups. */
const COMMITS_A_DAY = 1_000;
const POSTAGE = 1;
/** Power-ups of the meter that is worn out. */
const LAST_BOOTS = 3;
/** Power-ups whose cost is compared: the first of them come when the ring has gone round and the code is warm. */
const COMPARED = 10;
const YOUNG_FROM = 10;

interface Books {
  spent: number;
  left: number;
  pieces: number;
  commits: number;
}

interface Cost {
  readonly reads: number;
  readonly bytes: number;
  readonly ms: number;
}

function compare({ state }: Journal, { spent, left, pieces }: Books): void {
  const isRight =
    state.ascending === spent && state.descending === left && state.pieceCount === pieces;
  if (!isRight)
    throw new Error(
      `${state.pieceCount} pieces, ${state.ascending} spent, ${state.descending} left; not ${pieces}, ${spent}, ${left}`,
    );
}

/** One piece, with a refill before it where funds are short. What is in the books is what was durable. */
function commitPiece(journal: Journal, books: Books): void {
  if (books.left < POSTAGE) {
    perform(journal, 'refill', 0);
    books.left += REFILL_VALUE;
    books.commits += 1;
  }
  perform(journal, 'charge', POSTAGE);
  books.spent += POSTAGE;
  books.left -= POSTAGE;
  books.pieces += 1;
  books.commits += 1;
  compare(journal, books);
  perform(journal, 'sign', 0);
  books.commits += 1;
}

function isWornOut(error: unknown): boolean {
  return error instanceof Error && error.message === 'flashFailed';
}

/** @throws Error where the journal says anything but what was committed */
export function liveOut(options: LifeOptions): Life {
  const { module, crypto, seed, failure, sectors, endurance, progress } = options;
  const flash = createMemoryFlash({
    geometry: partWithRing(sectors),
    seed,
    endurance,
    enduranceSpread: Math.floor(endurance / 10),
    wearFailure: failure,
  });
  const books: Books = { spent: 0, left: 0, pieces: 0, commits: 0 };
  const costs: Cost[] = [];

  function switchedOn(): Journal {
    const { reads, bytesRead } = { ...flash.counters };
    const beginMs = performance.now();
    const journal = powerUp(module, flash, crypto);
    const ms = performance.now() - beginMs;
    const { counters } = flash;
    costs.push({ reads: counters.reads - reads, bytes: counters.bytesRead - bytesRead, ms });
    compare(journal, books);
    if (books.pieces > 0) {
      const piece = findPiece(journal, books.pieces);
      if (piece?.isSigned !== true) throw new Error(`piece ${books.pieces} is lost`);
    }
    return journal;
  }

  try {
    for (let journal = switchedOn(); ; journal = switchedOn()) {
      const before = books.commits;
      try {
        while (books.commits - before < COMMITS_A_DAY) commitPiece(journal, books);
      } finally {
        progress(books.commits - before);
      }
    }
  } catch (error) {
    if (!isWornOut(error)) throw error;
  }
  checkEnd(module, flash, crypto, books);
  const { commits, pieces } = books;
  return { commits, pieces, ...lifeOf(flash, costs) };
}

/** The flash takes no record any more: what it says is the last state that was committed, at every power-up. */
function checkEnd(module: JournalModule, flash: FlashDevice, crypto: Crypto, books: Books): void {
  for (let boot = 0; boot < LAST_BOOTS; boot += 1) {
    const journal = open(module, flash, crypto);
    if (journal === undefined) throw new Error('at the end nothing can be read');
    compare(journal, books);
  }
}

function lifeOf(flash: FlashDevice, costs: readonly Cost[]): Omit<Life, 'commits' | 'pieces'> {
  const wear = flash.wear.slice(flashLayout(flash).journalOffset / flash.sectorSize);
  const middleFrom = Math.max(YOUNG_FROM, costs.length >> 1);
  const young = mostOf(costs.slice(YOUNG_FROM, YOUNG_FROM + COMPARED));
  const middle = mostOf(costs.slice(middleFrom, middleFrom + COMPARED));
  const old = mostOf(costs.slice(-COMPARED));
  if (middle.reads > young.reads || middle.bytes > young.bytes)
    throw new Error(`a power-up reads ${middle.bytes} bytes, ${young.bytes} when it was young`);
  return {
    powerUps: costs.length,
    erases: wear.reduce((sum, erases) => sum + erases, 0),
    erasesMin: Math.min(...wear),
    erasesMax: Math.max(...wear),
    readsYoungMax: young.reads,
    readsMiddleMax: middle.reads,
    readsOldMax: old.reads,
    kibYoungMax: Math.ceil(young.bytes / 1024),
    kibMiddleMax: Math.ceil(middle.bytes / 1024),
    kibOldMax: Math.ceil(old.bytes / 1024),
    youngUsMax: Math.round(young.ms * 1000),
    middleUsMax: Math.round(middle.ms * 1000),
    oldUsMax: Math.round(old.ms * 1000),
  };
}

/** Of the costs of power-ups: the most reads and bytes, and the time of the one in the middle. */
function mostOf(costs: readonly Cost[]): Cost {
  const times = costs.map(({ ms }) => ms).sort((a, b) => a - b);
  return {
    reads: Math.max(...costs.map(({ reads }) => reads)),
    bytes: Math.max(...costs.map(({ bytes }) => bytes)),
    ms: times[times.length >> 1] ?? 0,
  };
}
