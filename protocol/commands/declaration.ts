/** What is declared of each command, and the lists that many of them share. */

import * as P from 'micro-packed';
import {
  type CallerName,
  callerNames,
  type LifeCycleName,
  lifeCycleNames,
  type StateName,
} from '../state.ts';

export interface Command<Request, Response> {
  /** The first byte of the request. */
  readonly code: number;
  /** `open`: in clear, without a session. `sealed`: only inside a session. */
  readonly channel: 'open' | 'sealed';
  readonly callers: readonly CallerName[];
  /** The states in which it may be requested. */
  readonly states: readonly StateName[];
  /** The service state the meter is in while it performs it; undefined where it stays in the state it was in. */
  readonly enters?: StateName;
  readonly lifeCycles: readonly LifeCycleName[];
  /** Whether a register is charged for it. */
  readonly charged: boolean;
  readonly request: P.CoderType<Request>;
  readonly response: P.CoderType<Response>;
}

export const command = <Request, Response>(
  declared: Command<Request, Response>,
): Command<Request, Response> => declared;

export const anyLifeCycle = lifeCycleNames;
export const withKeys = [
  'made',
  'registered',
  'withdrawing',
] as const satisfies readonly LifeCycleName[];
export const alive = ['blank', 'keyed', ...withKeys] as const satisfies readonly LifeCycleName[];
export const anybody = callerNames;
export const nothing = P.struct({});
