/**
 * The interfaces of a meter in each state, as data (requirements.md A1, A3; domain.md R43, R44; FIPS 140-3 area 3). All
 * share the ports; what a request is, decides which interface it came by.
 */

import { type CommandName, commandNames, commandOf } from '#protocol/command';
import type { StateName } from '#protocol/state';

export interface Interfaces {
  /** Requests are heard. */
  readonly controlIn: boolean;
  /** What a request carries is taken. */
  readonly dataIn: boolean;
  /** Answers carry more than status. */
  readonly dataOut: boolean;
  /** `lamp`: shown only. `answers`: in each answer too. */
  readonly statusOut: 'none' | 'lamp' | 'answers';
}

/** A state that lasts as long as one service, which is performed to its end before anything else is heard or said. */
const WITHIN_A_SERVICE: Interfaces = {
  controlIn: false,
  dataIn: false,
  dataOut: false,
  statusOut: 'lamp',
};
const RESTING: Interfaces = { controlIn: true, dataIn: true, dataOut: true, statusOut: 'answers' };

export const interfacesOf: Readonly<Record<StateName, Interfaces>> = {
  powerOff: { controlIn: false, dataIn: false, dataOut: false, statusOut: 'none' },
  selfTest: WITHIN_A_SERVICE,
  uninitialized: RESTING,
  keyEntry: WITHIN_A_SERVICE,
  idle: RESTING,
  user: WITHIN_A_SERVICE,
  cryptoOfficer: WITHIN_A_SERVICE,
  error: { controlIn: true, dataIn: false, dataOut: false, statusOut: 'answers' },
};

/** Services that tell how the meter is: they are its status output, whatever they tell. */
export const statusServices: readonly CommandName[] = [
  'status',
  'condition',
  'version',
  'selfTest',
  'updateBegin',
  'updateStatus',
];

/** Whether the answer of a service carries data. */
export function putsDataOut(name: CommandName): boolean {
  return !statusServices.includes(name) && commandOf(name).response.size !== 0;
}

/** Whether a request of a service carries data. */
export function takesDataIn(name: CommandName): boolean {
  return commandOf(name).request.size !== 0;
}

/** The services that put data out in a state. */
export function dataServicesIn(state: StateName): readonly CommandName[] {
  return commandNames.filter((name) => commandOf(name).states.includes(state) && putsDataOut(name));
}
