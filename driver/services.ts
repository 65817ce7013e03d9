/**
 * One method for each service of the command table, typed from it (architecture.md decision 3).
 *
 * A service that asks for nothing takes nothing, one that asks for a single value takes that value, any other the object
 * that the table describes. What it gives is the object that the table describes, or nothing.
 */

import {
  type CommandName,
  commandNames,
  commandOf,
  type RequestOf,
  type ResponseOf,
} from '#protocol/command';
import type { CallOptions } from './session.ts';

/** These make a session; {@link Meter} does that by itself. */
const sessionCommands = ['openSession', 'confirmSession', 'closeSession'] as const;
export type ServiceName = Exclude<CommandName, (typeof sessionCommands)[number]>;

type IsOne<Name, All = Name> = Name extends unknown ? ([All] extends [Name] ? true : false) : never;

/** A layout without fields names none in particular. */
type IsEmpty<T> = string extends keyof T ? true : false;

/** The name of the only field of a request; never where it has none or several. */
type OnlyField<N extends ServiceName> =
  IsEmpty<RequestOf<N>> extends true
    ? never
    : IsOne<keyof RequestOf<N>> extends true
      ? keyof RequestOf<N>
      : never;

/** What {@link OnlyField} knows when compiling, for when it runs; an entry that is missing or wrong does not compile. */
const onlyFields: {
  readonly [N in ServiceName as [OnlyField<N>] extends [never] ? never : N]: OnlyField<N>;
} = {
  logIn: 'password',
  register: 'licence',
  installRateTable: 'rateTable',
  refillCommit: 'authorisation',
  reprintIndicium: 'requestId',
  testPrint: 'isQualityPrint',
  inspectionReport: 'challenge',
  acknowledgeInspection: 'acknowledgement',
  readLog: 'from',
  applyLockOrder: 'order',
  setClock: 'setting',
  updateBegin: 'header',
  installAuthorityKey: 'certificate',
  changeHostKey: 'hostKey',
  dropKey: 'number',
  withdrawalCommit: 'authorisation',
};

export type Outcome<N extends ServiceName> =
  IsEmpty<ResponseOf<N>> extends true ? undefined : ResponseOf<N>;

type Parameters<N extends ServiceName> =
  IsEmpty<RequestOf<N>> extends true
    ? [options?: CallOptions]
    : [OnlyField<N>] extends [never]
      ? [request: RequestOf<N>, options?: CallOptions]
      : [value: RequestOf<N>[OnlyField<N>], options?: CallOptions];

/**
 * Each throws RefusedError where the meter refuses, LinkError where it cannot be reached or believed, and the reason of
 * the signal where it is aborted.
 */
export type Services = {
  readonly [N in ServiceName]: (...parameters: Parameters<N>) => Promise<Outcome<N>>;
};

/** Asks for one service. */
export type Call = <N extends ServiceName>(
  name: N,
  request: RequestOf<N>,
  options: CallOptions,
) => Promise<ResponseOf<N>>;

export const serviceNames = commandNames.filter(
  (name): name is ServiceName => !(sessionCommands as readonly CommandName[]).includes(name),
);

/** Makes the methods; `call` carries each request. */
export function services(call: Call): Services {
  return Object.fromEntries(
    serviceNames.map((name) => [name, method(name, call)]),
  ) as unknown as Services;
}

/** The table decides what a method takes, so its parameters are known to the compiler by {@link Services} alone. */
function method<N extends ServiceName>(name: N, call: Call) {
  const takesNothing = commandOf(name).request.size === 0;
  const givesNothing = commandOf(name).response.size === 0;
  const onlyField = (onlyFields as Partial<Record<ServiceName, string>>)[name];
  return async (...parameters: readonly unknown[]): Promise<unknown> => {
    const [value, options] = takesNothing ? [{}, parameters[0]] : parameters;
    const request = onlyField === undefined ? value : { [onlyField]: value };
    const outcome = await call(name, request as RequestOf<N>, (options ?? {}) as CallOptions);
    return givesNothing ? undefined : outcome;
  };
}
