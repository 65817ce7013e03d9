/**
 * A meter as five regions that go on side by side (domain.md section 3): the states of FIPS 140-3, the stage of life, the
 * clock, the funds, and the refill under way. A transition of one region may need states of others; tests let xstate walk
 * all of them together and compare with what the meter is asked in.
 */

import { type EventName, eventNames, stateMachine } from '#firmware/state-machine';
import { type LifeCycleName, type StateName, stateNames } from '#protocol/state';

export const regionNames = ['fips', 'life', 'clock', 'funds', 'refill'] as const;
export type RegionName = (typeof regionNames)[number];

/** States of other regions, one of each of which there must be. */
export type Needs = Readonly<Partial<Record<RegionName, readonly string[]>>>;

export interface Move {
  readonly to: string;
  readonly needs?: Needs;
}

export interface Region {
  readonly initial: string;
  /** By state, by event. */
  readonly states: Readonly<Record<string, Readonly<Record<string, Move>>>>;
}

const withKeys = ['made', 'registered', 'withdrawing'] as const satisfies readonly LifeCycleName[];
const alive = ['blank', 'keyed', ...withKeys] as const satisfies readonly LifeCycleName[];
const notEnded: readonly LifeCycleName[] = [...alive, 'zeroized', 'tampered'];

/** What the events of the state machine need of the other regions, by the services that are behind them. */
const needsOf: Readonly<Partial<Record<EventName, Needs>>> = {
  testsPassed: { life: [...alive, 'zeroized', 'withdrawn'] }, // an opened housing leads into the error state at once
  beginKeyEntry: { life: alive },
  keysLoaded: { life: withKeys },
  beginUserService: { life: ['registered'] },
  beginOfficerService: { life: withKeys },
  serviceEnded: { life: withKeys }, // a service that destroys the keys ends in a restart
  keyEntryEnded: { life: alive },
};

/** Power may fail anywhere, and the housing be opened; a meter that is withdrawn has nothing left to give away. */
function fromOutside(state: StateName): Readonly<Record<string, Move>> {
  if (state === 'powerOff') return {};
  const opened = { housingOpened: { to: 'error', needs: { life: notEnded } } };
  return { powerLost: { to: 'powerOff' }, ...opened };
}

const fips: Region = {
  initial: stateMachine.initial,
  states: Object.fromEntries(
    stateNames.map((state) => {
      const moves = eventNames.flatMap((event) => {
        const to = stateMachine.states[state].on[event];
        const needs = needsOf[event];
        return to === undefined ? [] : [[event, { to, ...(needs && { needs }) }] as const];
      });
      return [state, { ...Object.fromEntries(moves), ...fromOutside(state) }];
    }),
  ),
};

const inKeyEntry: Needs = { fips: ['keyEntry'] };
const byUser: Needs = { fips: ['user'] };
const byOfficer: Needs = { fips: ['cryptoOfficer'] };
const unsettled: Needs = { ...byOfficer, refill: ['none'] };
const opened: Move = { to: 'tampered' };

const life: Region = {
  initial: 'blank',
  states: {
    blank: { keysBorn: { to: 'keyed', needs: inKeyEntry }, housingOpened: opened },
    keyed: { certified: { to: 'made', needs: inKeyEntry }, housingOpened: opened },
    made: {
      licensed: { to: 'registered', needs: { ...byOfficer, clock: ['trusted'] } },
      zeroized: { to: 'zeroized', needs: byOfficer },
      housingOpened: opened,
    },
    registered: {
      withdrawalOffered: { to: 'withdrawing', needs: unsettled },
      zeroized: { to: 'zeroized', needs: byOfficer },
      housingOpened: opened,
    },
    withdrawing: {
      withdrawalRefused: { to: 'registered', needs: byOfficer },
      withdrawalAgreed: { to: 'withdrawn', needs: byOfficer },
      zeroized: { to: 'zeroized', needs: byOfficer },
      housingOpened: opened,
    },
    zeroized: { housingOpened: opened },
    tampered: {},
    withdrawn: {},
  } satisfies Record<LifeCycleName, Readonly<Record<string, Move>>>,
};

const atRest: Needs = { fips: ['uninitialized', 'idle'], life: withKeys };
const batteryLost: Move = { to: 'notTrusted', needs: { fips: ['powerOff'] } };
const ranWrong: Move = { to: 'fault', needs: atRest };
const clockSet: Move = { to: 'trusted', needs: atRest };

const clock: Region = {
  initial: 'trusted',
  states: {
    trusted: { batteryLost, ranWrong },
    notTrusted: { clockSet },
    fault: { clockSet },
  },
};

const funds: Region = {
  initial: 'none',
  states: {
    none: { credited: { to: 'some', needs: { ...byUser, refill: ['pending'] } } },
    some: {
      lastMillSpent: { to: 'none', needs: { ...byUser, clock: ['trusted'] } },
      withdrawalAgreed: { to: 'none', needs: { ...byOfficer, life: ['withdrawing'] } },
    },
  },
};

const refill: Region = {
  initial: 'none',
  states: {
    none: { refillRequested: { to: 'pending', needs: byUser } },
    pending: {
      credited: { to: 'none', needs: byUser },
      refillDeclined: { to: 'none', needs: byUser },
    },
  },
};

export const regions: Readonly<Record<RegionName, Region>> = { fips, life, clock, funds, refill };

/** Every event of every region, once. */
export const regionEvents: readonly string[] = [
  ...new Set(
    regionNames.flatMap((region) => Object.values(regions[region].states).flatMap(Object.keys)),
  ),
];
