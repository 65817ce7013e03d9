/** Why an operation is not performed; a refusal has changed nothing. */

import type { Problem, RefusalCatalogue } from '#protocol/http/refusal';
import type { Advice } from '#protocol/status';

export const controlRefusals = {
  requestMalformed: {
    httpStatus: 400,
    advice: 'final',
    text: 'The request does not have the shape of its operation.',
  },
  valueOutOfRange: {
    httpStatus: 400,
    advice: 'final',
    text: 'A value is outside of what this board has.',
  },
  tokenRequired: {
    httpStatus: 401,
    advice: 'act',
    text: 'Send the token that the emulator was started with as a bearer token.',
  },
  hostWrong: {
    httpStatus: 403,
    advice: 'final',
    text: 'Only this computer may ask, by a name of its own: 127.0.0.1 or localhost, and from no web page.',
  },
  operationUnknown: {
    httpStatus: 404,
    advice: 'final',
    text: 'There is no such operation: GET /v1/capabilities lists them, GET /openapi.json describes them.',
  },
  methodWrong: {
    httpStatus: 405,
    advice: 'final',
    text: 'What reads is a GET, what changes is a POST.',
  },
  supplyTooLow: {
    httpStatus: 409,
    advice: 'act',
    text: 'There is too little voltage to run: setSurroundings first.',
  },
  stateOfAnotherBoard: {
    httpStatus: 409,
    advice: 'final',
    text: 'The state is of another board: start one from it with `tessera emulate --state`.',
  },
  memoryDoesNotFit: {
    httpStatus: 409,
    advice: 'act',
    text: 'The memory in the state does not fit here: say boots to start without it.',
  },
  stateDamaged: { httpStatus: 400, advice: 'final', text: 'That is no state of a board.' },
  stateOfNewerVersion: {
    httpStatus: 400,
    advice: 'act',
    text: 'The state was written by a newer version of this program.',
  },
  nothingRecorded: {
    httpStatus: 409,
    advice: 'act',
    text: 'Nothing was recorded: startTrace first.',
  },
  forksAtMost: {
    httpStatus: 409,
    advice: 'act',
    text: 'So many forks at a time are not run: end some.',
  },
  noFork: {
    httpStatus: 409,
    advice: 'final',
    text: 'This board did not come of forking: whoever started it ends it.',
  },
  hostMissing: {
    httpStatus: 409,
    advice: 'final',
    text: 'Nobody here opens ports: fork in the process with rig.fork().',
  },
  bodyTooLarge: { httpStatus: 413, advice: 'final', text: 'The body is too large.' },
  mediaTypeWrong: {
    httpStatus: 415,
    advice: 'final',
    text: 'A body is JSON: send it as application/json.',
  },
  tooManyStreams: {
    httpStatus: 429,
    advice: 'wait',
    text: 'So many streams of events are open already: close one.',
  },
  internalFault: {
    httpStatus: 500,
    advice: 'retry',
    text: 'The emulator met a fault; the board is as it was or as it should become.',
  },
} as const satisfies RefusalCatalogue;

export type ControlRefusal = keyof typeof controlRefusals;

/** An operation was refused, whether in this process or over HTTP. */
export class ControlRefusedError extends Error {
  override readonly name = 'ControlRefusedError';
  /** The name of the refusal. */
  readonly error: string;
  readonly advice: Advice;

  constructor({ error, message, advice }: Problem) {
    super(message);
    this.error = error;
    this.advice = advice;
  }
}
