/**
 * The host's side of the link: one request outstanding, the same one sent again after a time-out, three tries
 * (requirements.md F1, F4; architecture.md decision 8).
 *
 * The device answers a repeated request from its record, so sending again never performs anything twice.
 */

import { equalBytes } from '#protocol/bytes';
import { createAssembler, encodeMessage, type Message, RESET_SIZE } from '#protocol/message';
import type { Content } from '#protocol/responder';
import { LinkError, type LinkErrorFields } from './errors.ts';
import type { Link } from './link/link.ts';

/** How often a request is sent before the meter counts as silent. */
const TRIES = 3;
/** How long an answer may take before the request is sent again. */
const ANSWER_TIMEOUT_MS = 3_000;
/** How long the first answer may take: whoever is there answers a reset at once. */
const RESET_TIMEOUT_MS = 1_000;

/** One request: made when its turn has come, and read even if whoever asked has left meanwhile. */
export interface Task<T> {
  make(): Content;
  read(answer: Content): T;
  /** For one try. */
  readonly timeoutMs?: number | undefined;
  /** Until the request is sent. From then on it is carried through, since the meter may perform it. */
  readonly signal?: AbortSignal | undefined;
}

export interface Exchange {
  readonly address: string;
  /** Whether nothing is outstanding and nothing waits. */
  readonly isIdle: boolean;
  /**
   * Sends a request behind those that wait, and reads its answer.
   * @throws LinkError where the link is closed or three tries got no answer; what make and read throw
   */
  request<T>(task: Task<T>): Promise<T>;
  /** False once the link was closed or the exchange was ended. */
  readonly isOpen: boolean;
  /** Stops listening, and rejects all that waits. The link stays as it is. */
  end(why: Ending): void;
}

/** Why an exchange is over, and what to do. */
export type Ending = Pick<LinkErrorFields, 'what' | 'advice' | 'cause'>;

const LOST = 'See to cable and power, then reconnect.';
const NOBODY =
  'See whether a meter is at this port and switched on, and whether the speed is right.';
const CLOSED: Ending = { what: 'the line to the meter is closed', advice: LOST };

export interface ExchangeOptions {
  randomBytes(size: number): Uint8Array;
  /** For one try of a request; 3,000 unless given. */
  readonly timeoutMs?: number | undefined;
}

/** A message that was sent and whose answer is awaited. */
interface Outstanding {
  readonly sent: Message;
  resolve(answer: Message): void;
  reject(reason: LinkError): void;
}

/**
 * Begins anew on a link: the device forgets the last exchange, and what it still sends for that one is ignored.
 * @throws LinkError (stage `reset`) where nobody answers
 */
export async function openExchange(link: Link, options: ExchangeOptions): Promise<Exchange> {
  const { timeoutMs = ANSWER_TIMEOUT_MS } = options;
  const wire = createWire(link);
  const nonce = options.randomBytes(RESET_SIZE);
  let sequence = 0;
  let queue: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const resetTimeoutMs = Math.min(RESET_TIMEOUT_MS, timeoutMs);
  await wire.transact({ kind: 'reset', sequence, payload: nonce }, resetTimeoutMs);

  async function perform<T>(task: Task<T>): Promise<T> {
    task.signal?.throwIfAborted();
    wire.throwIfEnded();
    sequence = (sequence + 1) & 0xffff;
    const message = { sequence, ...task.make() };
    const answer = await wire.transact(message, task.timeoutMs ?? timeoutMs);
    return task.read(answer as Content);
  }

  return {
    address: link.address,
    get isIdle() {
      return waiting === 0;
    },
    get isOpen() {
      return wire.ending === undefined;
    },
    request(task) {
      waiting += 1;
      const performed = queue
        .then(() => perform(task))
        .finally(() => {
          waiting -= 1;
        });
      queue = performed.catch(() => undefined); // told to who asked; the next one takes its turn all the same
      return performed;
    },
    end: wire.end,
  };
}

/** Sends one message and waits for its answer, as often as it takes. */
function createWire(link: Link) {
  let outstanding: Outstanding | undefined;
  let ending: Ending | undefined;

  const assembler = createAssembler((message) => {
    if (outstanding !== undefined && isAnswer(outstanding.sent, message))
      outstanding.resolve(message);
  });

  function end(why: Ending): void {
    ending ??= why;
    if (outstanding !== undefined) outstanding.reject(failure(outstanding.sent, why, true));
  }

  function failure({ kind }: Pick<Message, 'kind'>, why: Ending, wasSent: boolean): LinkError {
    const isReset = kind === 'reset';
    const stage = isReset ? 'reset' : 'request';
    return new LinkError({
      stage,
      address: link.address,
      isUncertain: wasSent && !isReset,
      ...why,
    });
  }

  link.onData((bytes) => {
    if (ending === undefined) assembler.push(bytes);
  });
  link.onClose((cause) => end({ ...CLOSED, cause }));

  /** One try; undefined where no answer came in time. */
  async function attempt(sent: Message, timeoutMs: number): Promise<Message | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Message | undefined>();
    outstanding = { sent, resolve, reject };
    const timer = setTimeout(resolve, timeoutMs, undefined);
    send(sent).catch((cause) => reject(failure(sent, { ...CLOSED, cause }, true)));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      outstanding = undefined;
    }
  }

  async function send(message: Message): Promise<void> {
    for (const frame of encodeMessage(message)) await link.send(frame);
  }

  async function transact(
    request: Omit<Message, 'direction'>,
    timeoutMs: number,
  ): Promise<Message> {
    const sent: Message = { direction: 'request', ...request };
    for (let tries = 0; tries < TRIES; tries++) {
      if (ending !== undefined) throw failure(sent, ending, tries > 0);
      const answer = await attempt(sent, timeoutMs);
      if (answer !== undefined) return answer;
      assembler.reset();
    }
    const what = `no answer in ${TRIES} tries of ${timeoutMs} ms`;
    throw failure(sent, { what, advice: request.kind === 'reset' ? NOBODY : LOST }, true);
  }

  return {
    transact,
    end,
    get ending() {
      return ending;
    },
    throwIfEnded(): void {
      if (ending !== undefined) throw failure({ kind: 'open' }, ending, false);
    },
  };
}

/** A reset is answered by its own random bytes; anything else that comes before is of an exchange long past. */
function isAnswer(sent: Message, { direction, kind, sequence, payload }: Message): boolean {
  if (direction !== 'response' || sequence !== sent.sequence) return false;
  if (sent.kind === 'reset') return kind === 'reset' && equalBytes(payload, sent.payload);
  return kind !== 'reset';
}
