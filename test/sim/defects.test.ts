/** The checks of the simulation find what they are for, and the plan that shows it is cut down to a few entries. */

import { beforeAll, expect, test } from 'vitest';
import { knownDefects } from './defects.ts';
import { makeTemplate } from './make-template.ts';
import { makePlan, type Plan } from './plan.ts';
import { runPlan } from './run.ts';
import { shrink } from './shrink.ts';
import type { Template } from './world.ts';

const STEPS = 30;
/** Whatever changes in a world may let the defect of one seed go unnoticed, not that of so many. */
const SEEDS_MAX = 40;
const SHRINK_RUNS_MAX = 8;

let template: Template;
beforeAll(async () => {
  template = await makeTemplate();
});

test.each(knownDefects)('$what is found out', async ({ seed: firstSeed, foundAs, defects }) => {
  const run = async (plan: Plan) =>
    (await runPlan(plan, { template, defects: defects() })).violation;

  let plan = makePlan(firstSeed, STEPS);
  let violation = await run(plan);
  while (violation === undefined && plan.seed < firstSeed + SEEDS_MAX) {
    plan = makePlan(plan.seed + 1, STEPS);
    violation = await run(plan);
  }

  expect(foundAs, `seeds ${firstSeed} to ${plan.seed}`).toContain(violation?.kind);
  if (violation === undefined) return;
  const shrunk = await shrink(plan, violation, { run, runsMax: SHRINK_RUNS_MAX });
  expect(shrunk.plan.entries.length).toBeLessThan(STEPS);
  const keep = shrunk.plan.entries.map(({ place }) => place);
  expect(await run(makePlan(plan.seed, STEPS, keep))).toEqual(shrunk.violation);
});
