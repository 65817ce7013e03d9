/** Runs a plan in a world of its own: one entry after the other, every law after each, and at the end the healing. */

import { closeDay } from './actions/end-of-day.ts';
import { checkCharges } from './checks/charges.ts';
import { checkMoney } from './checks/money.ts';
import { reconcile } from './checks/reconcile.ts';
import type { FaultName } from './faults.ts';
import { happenings } from './happenings.ts';
import { heal } from './heal.ts';
import type { Entry, Plan } from './plan.ts';
import { randomOf } from './random.ts';
import type { TransactionName } from './tally.ts';
import { Violation, type ViolationKind } from './violation.ts';
import { type Defects, openWorld, type Template, type World } from './world.ts';

const DAY_MS = 86_400_000;

export interface FoundViolation {
  readonly kind: ViolationKind;
  readonly message: string;
  /** The last entry that had begun; undefined when all faults were over. */
  readonly entry: Entry | undefined;
}

export interface RunResult {
  readonly seed: number;
  readonly transactions: number;
  readonly tally: Readonly<Partial<Record<TransactionName, number>>>;
  readonly faults: Readonly<Partial<Record<FaultName, number>>>;
  /** Over everything that happened. */
  readonly digest: string;
  /** The first one. */
  readonly violation: FoundViolation | undefined;
}

export interface RunOptions {
  readonly template: Template;
  readonly defects?: Defects | undefined;
  /** Told each line of the trace. */
  readonly show?: ((line: string) => void) | undefined;
}

export async function runPlan(plan: Plan, options: RunOptions): Promise<RunResult> {
  const { template } = options;
  const world = await openWorld({ ...options, seed: plan.seed, template: desksOf(plan, template) });
  let entry: Entry | undefined;
  try {
    for (const { device } of world.desks) device.switchOn();
    for (entry of plan.entries) await perform(world, entry);
    entry = undefined;
    await heal(world);
    checkAll(world, reconcile);
  } catch (cause) {
    const stack = cause instanceof Error ? cause.stack : String(cause);
    if (!(cause instanceof Violation)) world.alarm(new Violation('crash', `${stack}`, cause));
    else if (!world.violations.includes(cause)) world.alarm(cause);
  } finally {
    await world[Symbol.asyncDispose]();
  }
  const [first] = world.violations;
  return {
    seed: plan.seed,
    transactions: world.tally.total,
    tally: world.tally.counts,
    faults: world.faults.counts,
    digest: world.trace.digest(),
    violation: first && { kind: first.kind, message: first.message, entry },
  };
}

/** The meters of this world: made ones first, and blank devices behind them. */
function desksOf({ desks, blankDesks }: Plan, template: Template): Template {
  const blank = template.desks.filter(({ stage }) => stage === 'blank');
  const made = template.desks.filter(({ stage }) => stage !== 'blank');
  return { ...template, desks: [...made.slice(0, desks), ...blank.slice(0, blankDesks)] };
}

async function perform(world: World, entry: Entry): Promise<void> {
  const { time, trace } = world;
  const day = Math.floor(time.nowMs / DAY_MS);
  trace.note(`step ${entry.place} ${entry.name}`);
  happenings[entry.name].begin(world, randomOf(entry.seed));
  const untilMs = time.nowMs + entry.gapMs + world.sleepMs;
  world.sleepMs = 0;
  for (let midnightMs = (day + 1) * DAY_MS; midnightMs <= untilMs; midnightMs += DAY_MS) {
    await time.runUntil(midnightMs);
    checkAll(world, reconcile);
    closeDay(world);
  }
  await time.runUntil(untilMs);
  checkAll(world, checkMoney);
}

/** @throws Violation, the first that was found */
function checkAll(world: World, check: (world: World) => void): void {
  const [found] = world.violations;
  if (found !== undefined) throw found;
  checkCharges(world);
  check(world);
}
