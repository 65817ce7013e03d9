/**
 * The regions of a meter together: xstate walks every combination that can be reached, and what must never be is not among
 * them (requirements.md A1; domain.md section 3). The situations of the matrix are those that come out.
 */

import { expect, test } from 'vitest';
import { and, createMachine, or, stateIn } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { commandNames, commandOf } from '#protocol/command';
import {
  type Move,
  type RegionName,
  regionEvents,
  regionNames,
  regions,
} from '#tools/policy/regions';
import { scenes } from '#tools/policy/situations';

type Combination = Readonly<Record<RegionName, string>>;

function transitionOf({ to, needs }: Move) {
  if (needs === undefined) return { target: to };
  const guards = Object.entries(needs).map(([region, states]) =>
    or(states.map((state) => stateIn({ [region]: state }))),
  );
  return { target: to, guard: and(guards) };
}

const machine = createMachine({
  type: 'parallel',
  states: Object.fromEntries(
    regionNames.map((region) => {
      const { initial, states } = regions[region];
      const nodes = Object.entries(states).map(([state, moves]) => {
        const on = Object.entries(moves).map(([event, move]) => [event, transitionOf(move)]);
        return [state, { on: Object.fromEntries(on) }];
      });
      return [region, { initial, states: Object.fromEntries(nodes) }];
    }),
  ),
});

const paths = getShortestPaths(machine, { events: regionEvents.map((type) => ({ type })) });
const reachable = paths.map(({ state }) => state.value as unknown as Combination);

/** The reachable ones with these states. */
const those = (wanted: Partial<Combination>): readonly Combination[] =>
  reachable.filter((each) =>
    Object.entries(wanted).every(([region, state]) => each[region as RegionName] === state),
  );

test('every state of every region is reached, in so many combinations', () => {
  for (const region of regionNames)
    expect(new Set(reachable.map((each) => each[region]))).toEqual(
      new Set(Object.keys(regions[region].states)),
    );
  const all = regionNames.reduce(
    (count, region) => count * Object.keys(regions[region].states).length,
    1,
  );

  expect([reachable.length, all]).toMatchInlineSnapshot(`
    [
      290,
      768,
    ]
  `);
});

test('the longest of the shortest ways', () => {
  const ways = paths.map(({ state, steps }) => ({
    state: Object.values(state.value as unknown as Combination).join(' '),
    steps: steps.map(({ event }) => event.type).filter((type) => type !== 'xstate.init'),
  }));
  const longest = ways.toSorted((a, b) => b.steps.length - a.steps.length)[0];

  expect(longest).toMatchInlineSnapshot(`
    {
      "state": "idle withdrawing notTrusted some none",
      "steps": [
        "powerOn",
        "testsPassed",
        "beginKeyEntry",
        "keysBorn",
        "certified",
        "keysLoaded",
        "beginOfficerService",
        "licensed",
        "powerLost",
        "batteryLost",
        "powerOn",
        "testsPassed",
        "beginKeyEntry",
        "keysLoaded",
        "beginUserService",
        "refillRequested",
        "credited",
        "serviceEnded",
        "beginOfficerService",
        "withdrawalOffered",
        "serviceEnded",
      ],
    }
  `);
});

test.each<[string, Partial<Combination>]>([
  ['the user serves before the licence', { fips: 'user', life: 'made' }],
  ['the user serves while all is on its way back', { fips: 'user', life: 'withdrawing' }],
  ['somebody is logged in to a blank device', { fips: 'idle', life: 'blank' }],
  ['somebody is logged in though the keys are destroyed', { fips: 'idle', life: 'zeroized' }],
  ['somebody is logged in though all is paid back', { fips: 'idle', life: 'withdrawn' }],
  ['an opened meter rests as if nothing was', { fips: 'uninitialized', life: 'tampered' }],
  ['a withdrawn meter has funds', { life: 'withdrawn', funds: 'some' }],
  ['a refill is under way in a withdrawn meter', { life: 'withdrawn', refill: 'pending' }],
  [
    'a refill is under way while all is on its way back',
    { life: 'withdrawing', refill: 'pending' },
  ],
  ['a blank device has funds', { life: 'blank', funds: 'some' }],
  ['a meter without a licence has a refill under way', { life: 'made', refill: 'pending' }],
])('never: %s', (_, wanted) => {
  expect(those(wanted)).toEqual([]);
});

test('what can be reached at rest is what the matrix asks in, and nothing else', () => {
  const heard = (state: string): boolean =>
    commandNames.some((name) => (commandOf(name).states as readonly string[]).includes(state));
  const reached = reachable
    .filter(({ fips }) => heard(fips))
    .map(({ fips, life }) => `${fips} ${life}`);
  const asked = scenes.map(({ state, lifeCycle }) => `${state} ${lifeCycle}`);

  expect([...new Set(reached)].toSorted()).toEqual([...new Set(asked)].toSorted());
});

test('whatever is asked for is granted in a combination that can be reached', () => {
  const unreachable = commandNames.filter((name) => {
    const { states, lifeCycles } = commandOf(name);
    return !reachable.some(
      ({ fips, life }) =>
        (states as readonly string[]).includes(fips) &&
        (lifeCycles as readonly string[]).includes(life),
    );
  });

  expect(unreachable).toEqual([]);
});

test('a service is performed in a state that can be reached at its stage of life', () => {
  const performed = commandNames.flatMap((name) => {
    const { enters, lifeCycles } = commandOf(name);
    return enters === undefined ? [] : lifeCycles.map((life) => ({ name, fips: enters, life }));
  });

  const never = performed.filter(({ fips, life }) => those({ fips, life }).length === 0);
  expect(never).toEqual([]);
});
