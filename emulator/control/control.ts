/** The control of a board as an object, the same in its own process and over HTTP. */

import type { Rig } from '../rig/rig.ts';
import { type ControlEvent, type EventsOptions, eventsOf } from './events.ts';
import type { AnyOperation, RequestOf, ResponseOf } from './operation.ts';
import { type OperationName, operations } from './operations.ts';
import { type ControlHost, perform, performersOf } from './perform.ts';
import { ControlRefusedError } from './refusals.ts';

type Operations = typeof operations;
/** A request of which nothing must be said may be left out. */
type Given<Request> = Record<never, never> extends Request ? [request?: Request] : [Request];

/** One method for each operation; each throws {@link ControlRefusedError} where it is refused. */
export type Control = {
  readonly [K in OperationName]: (
    ...given: Given<RequestOf<Operations[K]>>
  ) => Promise<ResponseOf<Operations[K]>>;
} & {
  /** What happens to the board from now on. */
  events(options?: EventsOptions): AsyncGenerator<ControlEvent, void>;
};

/** Makes the methods of a control of what performs one operation. */
export function controlBy(
  call: (name: OperationName, operation: AnyOperation, request: unknown) => Promise<unknown>,
  events: Control['events'],
): Control {
  const methods = (Object.entries(operations) as [OperationName, AnyOperation][]).map(
    ([name, operation]) => [name, (request: unknown = {}) => call(name, operation, request)],
  );
  return { ...(Object.fromEntries(methods) as Omit<Control, 'events'>), events } as Control;
}

/** The control of a board of this process. @param host who opens ports for forks; without one they are made by the rig alone */
export function controlOf(rig: Rig, host?: ControlHost): Control {
  const performers = performersOf(rig, host);
  return controlBy(
    async (name, { request: shape }, request) => {
      const performed = await perform(performers, name, shape.encode(request));
      if (!performed.ok) throw new ControlRefusedError(performed.problem);
      return performed.value;
    },
    (options) => eventsOf(rig, options),
  );
}
