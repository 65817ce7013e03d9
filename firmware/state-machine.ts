/**
 * The finite state machine of W fig. 8 as data (requirements.md A1): the only way between two states is a transition
 * declared here. The states are those of the source; `user` and `cryptoOfficer` last as long as one service, as there.
 *
 * The table has the form of an xstate machine: the tests let xstate walk it and compare. In the image a look-up does the
 * same without the 36 KB that xstate adds to it (ARCHITECTURE.md, decisions).
 */

import type { StateName } from '#protocol/state';
import { Fault } from './fault.ts';

export const eventNames = [
  'powerOn',
  'testsPassed',
  'beginSelfTest',
  'beginKeyEntry',
  'keysLoaded',
  'keyEntryEnded',
  'beginUserService',
  'beginOfficerService',
  'serviceEnded',
  'logOut',
  'fault',
] as const;
export type EventName = (typeof eventNames)[number];

interface StateNode {
  readonly on: Readonly<Partial<Record<EventName, StateName>>>;
}

/** `fault` stands on each live state and not above them all: in the error state nothing moves any more. */
export const stateMachine: {
  readonly id: 'meter';
  readonly initial: StateName;
  readonly states: Readonly<Record<StateName, StateNode>>;
} = {
  id: 'meter',
  initial: 'powerOff',
  states: {
    powerOff: { on: { powerOn: 'selfTest' } },
    selfTest: { on: { testsPassed: 'uninitialized', fault: 'error' } },
    uninitialized: {
      on: { beginSelfTest: 'selfTest', beginKeyEntry: 'keyEntry', fault: 'error' },
    },
    keyEntry: { on: { keysLoaded: 'idle', keyEntryEnded: 'uninitialized', fault: 'error' } },
    idle: {
      on: {
        beginUserService: 'user',
        beginOfficerService: 'cryptoOfficer',
        logOut: 'uninitialized',
        fault: 'error',
      },
    },
    user: { on: { serviceEnded: 'idle', fault: 'error' } },
    cryptoOfficer: { on: { serviceEnded: 'idle', fault: 'error' } },
    error: { on: {} },
  },
};

/** The state that follows; undefined where the transition is not declared. */
export function nextState(state: StateName, event: EventName): StateName | undefined {
  return stateMachine.states[state].on[event];
}

export interface StateHolder {
  readonly current: StateName;
  /** @throws Fault `internalFault` for a transition that is not declared */
  move(event: EventName): void;
}

/** The state of one power cycle. `onChange` shows it on the indicator. */
export function createStateHolder(onChange: (state: StateName) => void): StateHolder {
  let current: StateName = stateMachine.initial;
  return {
    get current() {
      return current;
    },
    move(event) {
      const next = nextState(current, event);
      if (next === undefined) throw new Fault('internalFault');
      current = next;
      onChange(current);
    },
  };
}
