/** Sequences of guesses with power cuts at any byte, each decided by one number; and a single guess cut at every byte. */

import { seeded, seedOf } from '#emulator/flash/seeded';
import type { TearMode } from '#emulator/flash/tear';
import type { ImageFile } from '#emulator/image-file';
import { smallCard } from '#test/support/meter';
import { type Attacker, createAttacker } from './attacker.ts';

export interface Tally {
  readonly guesses: number;
  readonly judged: number;
  readonly cuts: number;
  readonly lockedOut: number;
  readonly violations: readonly string[];
}

const STEPS_MAX = 24;
/** Programs and erases of a session and a guess, and of a power-up behind it. */
const OPERATIONS = 5;
const RECORD_SIZE = 256;
const TEARS: readonly TearMode[] = ['prefix', 'suffix', 'weak'];
/** One guess in so many is the right password. */
const RIGHT_ONE_IN = 12;

/** @param seed decides everything */
export async function runSequence(seed: number, image?: ImageFile): Promise<Tally> {
  const random = seeded(seedOf(seed, 0x7a55));
  const flash = await smallCard();
  await using attacker = createAttacker({ flash, seed, ...(image && { image }) });
  const cutsBefore = flash.counters.cuts;
  let guesses = 0;
  let judged = 0;
  let lockedOut = 0;
  const steps = 3 + random.below(STEPS_MAX - 2);
  for (let step = 0; step < steps; step++) {
    rest(attacker, random.below(4));
    if (random.below(2) === 0)
      flash.losePowerAfter(random.below(OPERATIONS), {
        tear: TEARS[random.below(TEARS.length)] ?? 'prefix',
        tornBytes: random.below(RECORD_SIZE + 1),
        seed: random.next(),
        unsynced: random.below(2) === 0 ? 'kept' : 'lost',
      });
    const before = attacker.judged;
    const isRight = random.below(RIGHT_ONE_IN) === 0;
    const { said } = attacker.guess(isRight ? 'right' : 'wrong');
    guesses += 1;
    if (attacker.judged !== before) judged += 1;
    if (said === 'lockedOut') lockedOut += 1;
  }
  const cuts = flash.counters.cuts - cutsBefore;
  const violations = attacker.violations.map((what) => `seed ${seed}: ${what}`);
  return { guesses, judged, cuts, lockedOut, violations };
}

/** What an attacker does before a guess: mostly waits as long as must be, sometimes a millisecond less, or not at all. */
function rest(attacker: Attacker, choice: number): void {
  if (choice === 0) attacker.powerCycle();
  if (choice === 1) attacker.wait(Math.max(0, attacker.owedMs - 1));
  if (choice >= 2) attacker.wait(attacker.owedMs);
}

/** How many wrong guesses there are before the one that is cut. */
export const guessesBefore = [0, 1, 5, 9] as const;

/** A guess is cut at every byte of each of its programs, and another one is made at once when power is back. */
export async function cutEverywhere(
  before: number,
  everyBytes = 1,
  image?: ImageFile,
): Promise<Tally> {
  const flash = await smallCard();
  await using prepared = createAttacker({ flash, seed: before, ...(image && { image }) });
  for (let tries = 0; tries < before; tries++) {
    prepared.wait(prepared.owedMs);
    prepared.guess('wrong');
  }
  const start = flash.snapshot();
  const lengths = await lengthsOfGuess(before, image);
  const violations: string[] = [];
  let cuts = 0;
  let judged = 0;
  for (const [operation, length] of lengths.entries())
    for (let tornBytes = 0; tornBytes <= length; tornBytes += everyBytes) {
      const again = await smallCard();
      again.restore(start);
      const found = await cutOnce(again, before, operation, tornBytes, image);
      cuts += 1;
      judged += found.judged;
      violations.push(...found.violations);
    }
  return { guesses: 2 * cuts, judged, cuts, lockedOut: 0, violations };
}

async function cutOnce(
  flash: Awaited<ReturnType<typeof smallCard>>,
  before: number,
  operation: number,
  tornBytes: number,
  image: ImageFile | undefined,
) {
  await using attacker = createAttacker({ flash, seed: before, ...(image && { image }) });
  attacker.wait(2 ** 11 * 1000);
  flash.losePowerAfter(operation, { tornBytes });
  attacker.guess('wrong');
  const first = attacker.judged;
  const { said, detail } = attacker.guess('wrong');
  const where = `${before} before, operation ${operation}, byte ${tornBytes}`;
  const violations = attacker.violations.map((what) => `${where}: ${what}`);
  // what was judged before this power cycle is not in its count: the meter must have it
  const isDelayed = said === 'passwordDelayed' || said === 'lockedOut';
  if (before + first > 0 && !isDelayed) violations.push(`${where}: at once it says ${said}`);
  attacker.wait(2 ** 11 * 1000);
  const then = attacker.guess('wrong');
  const left = then.said === 'lockedOut' ? -1 : then.detail;
  if (left > 10 - before - attacker.judged) violations.push(`${where}: ${left} tries are left`);
  return { judged: attacker.judged, violations, detail };
}

/** The lengths of the programs of one wrong guess, in their order. */
async function lengthsOfGuess(before: number, image: ImageFile | undefined): Promise<number[]> {
  const flash = await smallCard();
  await using attacker = createAttacker({ flash, seed: before, ...(image && { image }) });
  using trace = flash.traceOperations();
  attacker.guess('wrong');
  return trace.operations.map(({ length }) => length);
}
