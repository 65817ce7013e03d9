/**
 * The finite state machine of W fig. 8 as data (requirements.md A1): the only way between two states is a transition
 * declared here. The states are those of the source; `user` and `cryptoOfficer` last as long as one service, as there.
 */

import { createMachine, getInitialSnapshot, transition } from 'xstate';
import type { StateName } from '#protocol/state';
import { Fault } from './fault.ts';

export type EventName =
  | 'powerOn'
  | 'testsPassed'
  | 'beginSelfTest'
  | 'beginKeyEntry'
  | 'keysLoaded'
  | 'keyEntryEnded'
  | 'beginUserService'
  | 'beginOfficerService'
  | 'serviceEnded'
  | 'logOut'
  | 'fault';

/** Root-level transitions would fire in the error state too, so `fault` stands on each live state. */
export const stateMachine = createMachine({
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
    error: {},
  },
});

type Snapshot = ReturnType<typeof getInitialSnapshot<typeof stateMachine>>;

const initial = getInitialSnapshot(stateMachine);
const snapshots = new Map<StateName, Snapshot>([['powerOff', initial]]);
const decided = new Map<string, StateName | undefined>();

/** The state that follows; undefined where the transition is not declared. Each answer of the machine is kept. */
export function nextState(state: StateName, event: EventName): StateName | undefined {
  const question = `${state} ${event}`;
  if (decided.has(question)) return decided.get(question);
  const from = snapshots.get(state) ?? stateMachine.resolveState({ value: state });
  const [to] = transition(stateMachine, from, { type: event });
  const next = to.value === state ? undefined : (to.value as StateName);
  if (next !== undefined) snapshots.set(next, to);
  decided.set(question, next);
  return next;
}

export interface StateHolder {
  readonly current: StateName;
  /** @throws Fault `internalFault` for a transition that is not declared */
  move(event: EventName): void;
}

/** The state of one power cycle. `onChange` shows it on the indicator. */
export function createStateHolder(onChange: (state: StateName) => void): StateHolder {
  let current: StateName = 'powerOff';
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
