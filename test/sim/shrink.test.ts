/** A plan that fails is cut down to what it needs to fail. */

import { expect, test } from 'vitest';
import { makePlan, type Plan } from './plan.ts';
import type { FoundViolation } from './run.ts';
import { shrink } from './shrink.ts';

const STEPS = 100;

/** Fails in the last of some entries, where all of them are there. */
const failsBy = (places: readonly number[]) => async (plan: Plan) => {
  const there = plan.entries.filter(({ place }) => places.includes(place));
  if (there.length < places.length) return undefined;
  return { kind: 'money', message: 'lost', entry: there.at(-1) } satisfies FoundViolation;
};

test.each([[[0]], [[99]], [[3, 50]], [[7, 8, 70, 71, 72]]])(
  'of the plan the entries %j are left',
  async (places) => {
    const plan = makePlan(1, STEPS);
    const run = failsBy(places);
    const violation = (await run(plan)) as FoundViolation;

    const shrunk = await shrink(plan, violation, { run, runsMax: 500 });

    expect(shrunk.plan.entries.map(({ place }) => place)).toEqual(places);
    expect(shrunk.violation).toEqual(violation);
    expect(await run(makePlan(1, STEPS, places))).toEqual(violation);
  },
);

test('there is an end to it', async () => {
  const plan = makePlan(1, STEPS);
  const run = failsBy([3, 50]);

  const shrunk = await shrink(plan, (await run(plan)) as FoundViolation, { run, runsMax: 5 });

  expect(shrunk.runs).toBe(5);
  expect(await run(shrunk.plan)).toBeDefined();
});

test('another failure is not taken for it', async () => {
  const plan = makePlan(1, STEPS);
  const violation = { kind: 'money', message: 'lost', entry: plan.entries[50] } as const;
  const other = async () => ({ kind: 'crash', message: 'no', entry: undefined }) as const;

  const shrunk = await shrink(plan, violation, { run: other, runsMax: 500 });

  expect(shrunk.plan.entries).toHaveLength(51);
});
