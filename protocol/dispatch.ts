/**
 * From request bytes to response bytes: parse → channel, state, life cycle and caller → handler → encode.
 *
 * Made from the command table; the firmware gives the handlers, so a service that is left out does not compile.
 */

import {
  type CommandName,
  commandName,
  commandOf,
  commands,
  type RequestOf,
  type ResponseOf,
} from './command.ts';
import { decode } from './fields.ts';
import { type Refusal, type Result, refuse } from './result.ts';
import { type CallerName, type LifeCycleName, type StateName, stateNames } from './state.ts';
import { statuses } from './status.ts';

export type Handlers = {
  readonly [N in CommandName]: (request: RequestOf<N>) => Result<ResponseOf<N>>;
};

/** What decides whether a request may be performed now. */
export interface Situation {
  readonly channel: 'open' | 'sealed';
  readonly state: StateName;
  readonly lifeCycle: LifeCycleName;
  readonly caller: CallerName;
}

/** Whether the table allows a command in a situation; the refusal names the first reason against it. */
export function allows(name: CommandName, situation: Situation): Refusal | undefined {
  const command = commandOf(name);
  if (!command.states.includes(situation.state)) return refuse('wrongState');
  if (command.channel === 'sealed' && situation.channel === 'open')
    return refuse('sessionRequired');
  if (!command.lifeCycles.includes(situation.lifeCycle)) return refuse('wrongLifeCycle');
  if (!command.callers.includes(situation.caller)) return refuse('wrongRole');
  return undefined;
}

/** Code, status, state: what every response begins with. A refusal adds its detail, success the response's layout. */
const RESPONSE_HEAD_SIZE = 4;

function head(code: number, status: number, state: StateName, size: number): Uint8Array {
  const response = new Uint8Array(RESPONSE_HEAD_SIZE + size);
  response[0] = code;
  response[1] = status & 0xff;
  response[2] = status >> 8;
  response[3] = stateNames.indexOf(state);
  return response;
}

export function encodeRefusal(code: number, refusal: Refusal, state: StateName): Uint8Array {
  const response = head(code, statuses[refusal.status].code, state, 6);
  new DataView(response.buffer).setUint32(RESPONSE_HEAD_SIZE, refusal.detail >>> 0, true);
  new DataView(response.buffer).setUint16(
    RESPONSE_HEAD_SIZE + 4,
    Math.floor(refusal.detail / 2 ** 32),
    true,
  );
  return response;
}

export function encodeSuccess(name: CommandName, response: unknown, state: StateName): Uint8Array {
  const body = commandOf(name).response.encode(response);
  const bytes = head(commands[name].code, 0, state, body.length);
  bytes.set(body, RESPONSE_HEAD_SIZE);
  return bytes;
}

/**
 * Performs one request.
 * @param bytes code and body, as they came out of the link or the record
 * @param situation asked for again after the handler, since the answer names the state the meter is in then
 * @param run calls the handler; the firmware moves its state machine around it
 */
export function dispatch(
  bytes: Uint8Array,
  situation: () => Situation,
  run: (name: CommandName, request: never) => Result<unknown>,
): Uint8Array {
  const code = bytes[0] ?? 0;
  const name = commandName(code);
  const before = situation();
  if (name === undefined) return encodeRefusal(code, refuse('unknownCommand'), before.state);
  const refusal = allows(name, before);
  if (refusal !== undefined) return encodeRefusal(code, refusal, before.state);
  const request = decode(commandOf(name).request, bytes.subarray(1), 'malformedRequest');
  if (!request.ok) return encodeRefusal(code, request, before.state);

  const result = run(name, request.value as never);

  const after = situation().state;
  return result.ok ? encodeSuccess(name, result.value, after) : encodeRefusal(code, result, after);
}

/** A response as the host sees it: the value, or the number of the status with its detail. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T; readonly state: StateName }
  | {
      readonly ok: false;
      readonly code: number;
      readonly detail: number;
      readonly state: StateName;
    };

/** Encodes a request for the wire: code, then the layout of the command. */
export function encodeRequest<N extends CommandName>(name: N, request: RequestOf<N>): Uint8Array {
  const body = commandOf(name).request.encode(request);
  const bytes = new Uint8Array(1 + body.length);
  bytes[0] = commands[name].code;
  bytes.set(body, 1);
  return bytes;
}

/**
 * Reads the response to a request.
 * @returns undefined where the bytes are no response to this command: the link or the meter is broken
 */
export function decodeResponse<N extends CommandName>(
  name: N,
  bytes: Uint8Array,
): Answer<ResponseOf<N>> | undefined {
  const state = stateNames[bytes[3] ?? 0xff];
  if (bytes.length < RESPONSE_HEAD_SIZE || bytes[0] !== commands[name].code || state === undefined)
    return undefined;
  const code = (bytes[1] as number) | ((bytes[2] as number) << 8);
  const body = bytes.subarray(RESPONSE_HEAD_SIZE);
  if (code !== 0) {
    if (body.length !== 6) return undefined;
    const view = new DataView(body.buffer, body.byteOffset, 6);
    return {
      ok: false,
      code,
      detail: view.getUint32(0, true) + view.getUint16(4, true) * 2 ** 32,
      state,
    };
  }
  const value = decode(commandOf(name).response, body, 'malformedRequest');
  return value.ok ? { ok: true, value: value.value as ResponseOf<N>, state } : undefined;
}
