/** The state machine: xstate walks the same table and must agree (requirements.md A1). */

import { expect, test } from 'vitest';
import { createMachine, transition } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { createStateHolder, eventNames, nextState, stateMachine } from '#firmware/state-machine';
import { stateNames } from '#protocol/state';

const machine = createMachine(stateMachine);

test('every state and every event give what xstate gives', () => {
  for (const state of stateNames)
    for (const event of eventNames) {
      const [after] = transition(machine, machine.resolveState({ value: state }), { type: event });

      expect(nextState(state, event) ?? state, `${state} ${event}`).toBe(after.value);
    }
});

test('every state is reached from power-off, and these are the shortest ways', () => {
  const events = eventNames.map((type) => ({ type }));

  const paths = getShortestPaths(machine, { events });

  const ways = paths.map(({ state, steps }) => [
    state.value,
    steps
      .map(({ event }) => event.type)
      .filter((type) => type !== 'xstate.init')
      .join(' '),
  ]);
  expect(Object.fromEntries(ways)).toMatchInlineSnapshot(`
    {
      "cryptoOfficer": "powerOn testsPassed beginKeyEntry keysLoaded beginOfficerService",
      "error": "powerOn fault",
      "idle": "powerOn testsPassed beginKeyEntry keysLoaded",
      "keyEntry": "powerOn testsPassed beginKeyEntry",
      "powerOff": "",
      "selfTest": "powerOn",
      "uninitialized": "powerOn testsPassed",
      "user": "powerOn testsPassed beginKeyEntry keysLoaded beginUserService",
    }
  `);
  expect(ways.map(([state]) => state).toSorted()).toEqual([...stateNames].toSorted());
});

test('the whole transition table', () => {
  const table = stateNames.map((state) => {
    const ways = eventNames.filter((event) => nextState(state, event) !== undefined);
    return `${state}: ${ways.map((event) => `${event} → ${nextState(state, event)}`).join(', ')}`;
  });

  expect(table.join('\n')).toMatchInlineSnapshot(`
    "powerOff: powerOn → selfTest
    selfTest: testsPassed → uninitialized, fault → error
    uninitialized: beginSelfTest → selfTest, beginKeyEntry → keyEntry, fault → error
    keyEntry: keysLoaded → idle, keyEntryEnded → uninitialized, fault → error
    idle: beginUserService → user, beginOfficerService → cryptoOfficer, logOut → uninitialized, fault → error
    user: serviceEnded → idle, fault → error
    cryptoOfficer: serviceEnded → idle, fault → error
    error: "
  `);
});

test('nothing leads out of the error state but power', () => {
  expect(eventNames.filter((event) => nextState('error', event) !== undefined)).toEqual([]);
});

test('a transition that is not declared is a fault and moves nothing', () => {
  const shown: string[] = [];
  const states = createStateHolder((state) => shown.push(state));
  states.move('powerOn');

  expect(() => states.move('keysLoaded')).toThrow('internalFault');

  expect(states.current).toBe('selfTest');
  expect(shown).toEqual(['selfTest']);
});
