/** Answers queries for time-stamps by a meter: every query gets a response, of which the status says what came of it. */

import type { RefusalName } from '#protocol/status';
import { LinkError, RefusedError } from '../../errors.ts';
import {
  encodeGranted,
  encodeRejection,
  type Failure,
  readStampRequest,
  type StampRequest,
} from './exchange.ts';

export interface StampAnswer {
  /** TimeStampResp, DER. */
  readonly response: Uint8Array;
  /** What was found, where no time-stamp was given. */
  readonly failure?: Failure;
  readonly why?: string;
}

/** Refusals that are about the time, and not about the service. */
const timeless: readonly (RefusalName | undefined)[] = ['clockNotTrusted', 'clockFault'];

const rejection = (failure: Failure, why: string): StampAnswer => ({
  response: encodeRejection(failure, why),
  failure,
  why,
});

/**
 * @param query as it came, DER
 * @param give asks the meter for a token
 * @throws what `give` throws but for refusals and lost lines
 */
export async function answerQuery(
  query: Uint8Array,
  give: (request: StampRequest) => Promise<Uint8Array>,
): Promise<StampAnswer> {
  const read = readStampRequest(query);
  if (!read.ok) return rejection(read.failure, read.why);
  try {
    return { response: encodeGranted(await give(read.request)) };
  } catch (error) {
    if (error instanceof LinkError)
      return rejection('systemFailure', 'the meter cannot be reached: ask again');
    if (!(error instanceof RefusedError)) throw error;
    const { status } = error;
    const failure = timeless.includes(status) ? 'timeNotAvailable' : 'systemFailure';
    return rejection(failure, `the meter refuses: ${status ?? 'unknown status'}`);
  }
}
