/** HTTP without sockets: requests and answers as text, which take their time and can get lost. */

import type { Fetch } from '#cli/server/http-client';
import type { Faults } from './faults.ts';
import type { Office } from './office.ts';
import { type Random, randomOf } from './random.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How a bad network treats exchanges: probabilities from 0 to 1. */
export interface Weather {
  readonly requestLost: number;
  readonly answerLost: number;
  readonly answerLate: number;
}

export interface Network {
  /** A client of an office. @param from named in the trace */
  fetchFrom(office: () => Office, from: string): Fetch;
  /** Treats so many exchanges badly. */
  roughen(exchanges: number, weather: Weather, seed: number): void;
  mend(): void;
}

const LATENCY_MS = 20;
/** Longer than a client waits, at most. */
const DELAY_MS_MAX = 15_000;

export interface NetworkOptions {
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly faults: Faults;
}

export function createNetwork({ time, trace, faults }: NetworkOptions): Network {
  let rough: { left: number; readonly weather: Weather; readonly random: Random } | undefined;

  function fate(): { isLost: boolean; isUnanswered: boolean; delayMs: number } {
    if (rough === undefined || rough.left === 0)
      return { isLost: false, isUnanswered: false, delayMs: 0 };
    rough.left -= 1;
    const { weather, random } = rough;
    const isLost = random.chance(weather.requestLost);
    const isUnanswered = !isLost && random.chance(weather.answerLost);
    const isLate = !isLost && !isUnanswered && random.chance(weather.answerLate);
    if (isLost) faults.count('requestLost');
    if (isUnanswered) faults.count('answerLost');
    if (isLate) faults.count('answerLate');
    return { isLost, isUnanswered, delayMs: isLate ? random.below(DELAY_MS_MAX) : 0 };
  }

  async function exchange(
    office: Office,
    from: string,
    url: URL,
    { method, headers, body }: Parameters<Fetch>[1],
  ): Promise<Pick<Response, 'ok' | 'json'>> {
    const { isLost, isUnanswered, delayMs } = fate();
    const request = {
      method,
      path: url.pathname,
      authorization: headers['authorization'],
      body: body ?? '',
    };
    trace.note(`${from} > ${office.name} ${method} ${request.path} ${request.body}`);
    await time.pause(LATENCY_MS);
    if (isLost) return new Promise(() => undefined);
    const answer = await office.ask(request);
    trace.note(`${from} < ${office.name} ${answer.status} ${answer.body}`);
    if (isUnanswered) return new Promise(() => undefined);
    await time.pause(LATENCY_MS + delayMs);
    return { ok: answer.status < 300, json: async () => JSON.parse(answer.body) };
  }

  return {
    fetchFrom: (office, from) => (url, request) => {
      const { promise, resolve, reject } = Promise.withResolvers<Pick<Response, 'ok' | 'json'>>();
      request.signal.addEventListener('abort', () => reject(request.signal.reason));
      exchange(office(), from, url, request).then(resolve, reject);
      return promise;
    },
    roughen(exchanges, weather, seed) {
      rough = { left: exchanges, weather, random: randomOf(seed) };
    },
    mend() {
      rough = undefined;
    },
  };
}
