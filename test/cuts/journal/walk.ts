/** A seeded walk of the real journal beside its model, with power cut anywhere on the way: in steps, and in power-ups. */

import { createMemoryFlash, type FlashDevice, type FlashOperation } from '#emulator/flash';
import { type Seeded, seeded, seedOf } from '#emulator/flash/seeded';
import { tearModes } from '#emulator/flash/tear';
import { PowerLost } from '#emulator/power';
import type { Journal } from '#firmware/journal';
import type { Crypto } from '#protocol/crypto';
import {
  emptyModel,
  isPossible,
  type ModelState,
  next,
  postageOf,
  stepNames,
  tell,
} from './model.ts';
import { partWithRing } from './part.ts';
import { findPiece, type JournalModule, perform, powerUp, tellOf } from './steps.ts';

export interface WalkOptions {
  readonly module: JournalModule;
  readonly crypto: Crypto;
  readonly seed: number;
  readonly steps: number;
  /** Told of every step and every cut, for a walk that is looked into. */
  readonly tell?: (line: string) => void;
}

export interface Walk {
  readonly steps: number;
  readonly cuts: number;
  readonly rolledBack: number;
  readonly completed: number;
  /** Power-ups that were cut themselves. */
  readonly cutRecoveries: number;
  /** Programs that the chip refused because a cut program is not seen. */
  readonly refused: number;
}

/** Gone round often. */
const GEOMETRY = partWithRing(4);
/** Of 256: how often power is cut in a step, in a power-up; how often it is switched off without a cut. */
const chances = { step: 128, powerUp: 64, off: 32 } as const;
/** The most operations of a step or a power-up. */
const OPERATIONS_MAX = 3;
/** Pieces looked for after every step. */
const PIECES_FOUND = 6;

/** Which sector holds the record of each piece, as long as it was not erased. */
interface Places {
  /** Told of all that a step or a power-up did to the flash. */
  follow(operations: readonly FlashOperation[]): void;
  /** The last program was the record of this piece. */
  settle(counter: number): void;
  isKept(counter: number): boolean;
}

function createPlaces(): Places {
  const sectors = new Map<number, number>();
  let last = -1;
  return {
    follow(operations) {
      for (const { op, offset } of operations) {
        const sector = Math.floor(offset / GEOMETRY.sectorSize);
        if (op === 'program') last = sector;
        else for (const [counter, at] of sectors) if (at === sector) sectors.delete(counter);
      }
    },
    settle: (counter) => void sectors.set(counter, last),
    isKept: (counter) => sectors.has(counter),
  };
}

/** Lets power fail in one of the next operations, in any mode at any place. */
function armCut(flash: FlashDevice, random: Seeded): void {
  const tear = tearModes[random.below(tearModes.length)] as (typeof tearModes)[number];
  const cut = { tear, tornBytes: random.below(GEOMETRY.sectorSize), seed: random.next() };
  const narrow = random.below(4) > 0 ? { ...cut, tornBytes: cut.tornBytes % 160 } : cut;
  flash.losePowerAfter(random.below(OPERATIONS_MAX), narrow);
}

/** @returns false where power failed on the way */
function isCarriedOut(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof PowerLost) return false;
    throw error;
  }
}

/** @throws Error where the journal is not what the model is, after a step or after a cut */
export function walk({ module, crypto, seed, steps, tell: say }: WalkOptions): Walk {
  const random = seeded(seedOf(seed, 0x3a1));
  const flash = createMemoryFlash({ geometry: GEOMETRY, seed });
  const places = createPlaces();
  const counts = { cuts: 0, rolledBack: 0, completed: 0, cutRecoveries: 0 };
  let state: ModelState = emptyModel;
  let journal = powerUp(module, flash, crypto);

  function traced(action: () => void): boolean {
    using trace = flash.traceOperations();
    const isDone = isCarriedOut(action);
    places.follow(trace.operations);
    return isDone;
  }

  function recover(): Journal {
    for (let found: Journal | undefined; ; ) {
      flash.restorePower();
      if (random.below(256) < chances.powerUp) armCut(flash, random);
      const isUp = traced(() => {
        found = powerUp(module, flash, crypto);
      });
      if (isUp && found !== undefined) {
        say?.(`  up: record ${found.state.sequence}, ${tellOf(found)}`);
        return disarmed(flash, found);
      }
      say?.(`  the power-up is cut; weak bytes ${weakBytes(flash)}`);
      counts.cutRecoveries += 1;
    }
  }

  /** Whether the journal says what the model does, but for a last piece whose record was overwritten. */
  function isTold(told: string, model: ModelState): boolean {
    const isKept = places.isKept(model.pieces.length);
    return told === tell(model) || (!isKept && told === tell(model, false));
  }

  /** The two outcomes of a cut. */
  function settled(before: ModelState, after: ModelState): ModelState {
    const told = tellOf(journal);
    if (told === tell(after) || (after.pieces === before.pieces && isTold(told, after))) {
      counts.completed += 1;
      return after;
    }
    if (!isTold(told, before))
      throw new Error(`neither: ${told}; before: ${tell(before)}; after: ${tell(after)}`);
    counts.rolledBack += 1;
    return before;
  }

  function checkAll(): void {
    const told = tellOf(journal);
    if (!isTold(told, state)) throw new Error(`${told}, not ${tell(state)}`);
    const { pieces } = state;
    for (let counter = pieces.length; counter > pieces.length - PIECES_FOUND; counter -= 1)
      if (counter > 0) checkPiece(journal, state, counter, places.isKept(counter));
  }

  for (let done = 0; done < steps; done += 1) {
    const possible = stepNames.filter((name) => isPossible(state, name));
    const step = possible[random.below(possible.length)];
    if (step === undefined) throw new Error('the model is stuck');
    const after = next(state, step);
    const pieces = state.pieces.length;
    if (random.below(256) < chances.step) armCut(flash, random);
    const isDone = traced(() => perform(journal, step, postageOf(state)));
    say?.(`${done} ${step}${isDone ? '' : ` is cut; weak bytes ${weakBytes(flash)}`}`);
    if (isDone) {
      disarmed(flash, journal);
      state = after;
    } else {
      counts.cuts += 1;
      journal = recover();
      state = settled(state, after);
    }
    if (state.pieces.length > pieces) places.settle(state.pieces.length); // behind a cut the pin holds it too
    if (isDone && random.below(256) < chances.off) journal = recover();
    checkAll();
  }
  return { steps, ...counts, refused: flash.counters.refused };
}

const weakBytes = (flash: FlashDevice): string =>
  [...new Set(flash.weakBits.map((bit) => bit >> 3))].join();

/** A cut that was armed and did not come about is taken back. */
function disarmed(flash: FlashDevice, journal: Journal): Journal {
  flash.losePowerAfter(Number.MAX_SAFE_INTEGER);
  return journal;
}

function checkPiece(
  journal: Journal,
  { pieces }: ModelState,
  counter: number,
  isKept: boolean,
): void {
  const found = findPiece(journal, counter);
  const { postage, isSigned } = pieces[counter - 1] as ModelState['pieces'][number];
  if (found === undefined) {
    if (isKept) throw new Error(`piece ${counter} is forgotten, and its record is there`);
    return;
  }
  const isRight = found.postage === postage && found.isSigned === isSigned;
  if (!isRight) throw new Error(`piece ${counter} of ${postage} is found as ${found.postage}`);
}
