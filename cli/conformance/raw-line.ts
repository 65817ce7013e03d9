/**
 * A host that sends any bytes, in clear or in a session, for what the driver would never send. It sends everything once:
 * what a meter does with a second time is what is being looked at.
 */

import type { Link } from '#driver/link/link';
import { equalBytes } from '#protocol/bytes';
import { type CommandName, commands, type RequestOf, type ResponseOf } from '#protocol/command';
import type { Crypto, KeyPair } from '#protocol/crypto';
import { decodeResponse, encodeRequest } from '#protocol/dispatch';
import { clientConfirm, clientHello } from '#protocol/handshake';
import {
  createAssembler,
  encodeMessage,
  type Message,
  type MessageKind,
  RESET_SIZE,
} from '#protocol/message';
import { createRecordLayer, type RecordLayer } from '#protocol/record';
import { type Role, type StateName, stateNames } from '#protocol/state';
import { type StatusName, statusName } from '#protocol/status';
import { must, Nonconformity } from './check.ts';

/** What a response says before its layout is looked at. */
export interface Reply {
  readonly kind: MessageKind;
  readonly command: number;
  readonly status: StatusName | undefined;
  readonly state: StateName | undefined;
  /** All of it. */
  readonly payload: Uint8Array;
}

export interface RawLine extends AsyncDisposable {
  send(bytes: Uint8Array): Promise<void>;
  /** The frames of a request, under the next sequence number or another. */
  frames(kind: MessageKind, payload: Uint8Array, sequence?: number): Uint8Array[];
  /** The number that {@link frames} gave last. */
  readonly sequence: number;
  /**
   * Sends frames and waits for the answer with this number.
   * @throws Nonconformity where none comes
   */
  answerTo(frames: readonly Uint8Array[], sequence?: number): Promise<Message>;
  open(request: Uint8Array): Promise<Reply>;
  /** Asks in clear for what the meter must answer. @throws Nonconformity where it refuses */
  ask<N extends CommandName>(name: N, request: RequestOf<N>): Promise<ResponseOf<N>>;
  /**
   * Everything that was answered so far: a reset is sent, and what comes before its answer is given. Bytes keep their
   * order, so nothing is waited for that does not come.
   */
  settle(): Promise<readonly Message[]>;
  /** Opens a session. @throws Nonconformity where the meter refuses it */
  openSession(identity: KeyPair, role: Role): Promise<void>;
  /** The next record of the session. */
  record(request: Uint8Array): Uint8Array;
  /** Puts a request through the session. */
  sealed(request: Uint8Array): Promise<Reply>;
  /** Reads what answered a record, in the session or in clear. */
  unsealed(answer: Message): Reply;
}

const RESETS_MAX = 3;
const RESET = { direction: 'request', kind: 'reset', sequence: 0 } as const;

export interface RawLineOptions {
  readonly crypto: Crypto;
  readonly timeoutMs: number;
}

/** Sends bytes, and waits for messages as they come. */
function createWire(link: Link, timeoutMs: number) {
  let received: Message[] = [];
  let wake: () => void = () => undefined;
  let closed: string | undefined;
  const assembler = createAssembler((message) => {
    received.push(message);
    wake();
  });
  link.onData(assembler.push);
  link.onClose((reason) => {
    closed = reason?.message ?? 'closed';
    wake();
  });

  /** The first message that is so, and what came before it. */
  async function until(isIt: (message: Message) => boolean): Promise<readonly Message[]> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, timeoutMs, undefined);
    try {
      for (let isOver = false; ; ) {
        const place = received.findIndex(isIt);
        if (place >= 0) return received.splice(0, place + 1);
        if (closed !== undefined) throw new Nonconformity(`the line ended: ${closed}`);
        if (isOver) return [];
        const next = Promise.withResolvers<undefined>();
        wake = () => next.resolve(undefined);
        isOver = await Promise.race([next.promise.then(() => false), promise.then(() => true)]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async function send(bytes: Uint8Array): Promise<void> {
    if (closed !== undefined) throw new Nonconformity(`the line ended: ${closed}`);
    await link.send(bytes);
  }

  return {
    send,
    until,
    forget(): void {
      received = [];
    },
  };
}

/** What came before the answer to a reset. */
async function settled(
  { send, until }: Pick<ReturnType<typeof createWire>, 'send' | 'until'>,
  { crypto, timeoutMs }: RawLineOptions,
): Promise<readonly Message[]> {
  for (let tries = 0; tries < RESETS_MAX; tries++) {
    const nonce = crypto.randomBytes(RESET_SIZE);
    for (const frame of encodeMessage({ ...RESET, payload: nonce })) await send(frame);
    const before = await until(
      ({ kind, payload }) => kind === 'reset' && equalBytes(payload, nonce),
    );
    if (before.length > 0) return before.slice(0, -1);
  }
  throw new Nonconformity(`no answer to ${RESETS_MAX} resets of ${timeoutMs} ms`);
}

export function rawLine(link: Link, { crypto, timeoutMs }: RawLineOptions): RawLine {
  const { send, until, forget } = createWire(link, timeoutMs);
  let sequence = 0;
  let records: RecordLayer | undefined;

  function frames(kind: MessageKind, payload: Uint8Array, number?: number): Uint8Array[] {
    sequence = number ?? (sequence + 1) & 0xffff;
    return encodeMessage({ direction: 'request', kind, sequence, payload });
  }

  async function answerTo(asked: readonly Uint8Array[], number = sequence): Promise<Message> {
    forget();
    for (const frame of asked) await send(frame);
    const answers = await until(
      (message) =>
        message.direction === 'response' && message.kind !== 'reset' && message.sequence === number,
    );
    const answer = answers.at(-1);
    must(answer !== undefined, `no answer in ${timeoutMs} ms`);
    return answer;
  }

  async function open(request: Uint8Array): Promise<Reply> {
    return replyOf(await answerTo(frames('open', request)));
  }

  async function ask<N extends CommandName>(
    name: N,
    request: RequestOf<N>,
  ): Promise<ResponseOf<N>> {
    const reply = await open(encodeRequest(name, request));
    const answer = decodeResponse(name, reply.payload);
    must(answer?.ok === true, `${name} is answered by ${reply.status ?? 'what is no response'}`);
    return answer.value;
  }

  function record(request: Uint8Array): Uint8Array {
    if (records === undefined) throw new Error('no session was opened');
    return records.seal(request);
  }

  function unsealed(answer: Message): Reply {
    if (answer.kind !== 'sealed') return replyOf(answer);
    const payload = records?.open(answer.payload);
    must(payload !== undefined, 'the answer does not open');
    return replyOf({ ...answer, payload });
  }

  return {
    send,
    frames,
    get sequence() {
      return sequence;
    },
    answerTo,
    open,
    ask,
    settle: () => settled({ send, until }, { crypto, timeoutMs }),
    async openSession(identity, role) {
      const hello = clientHello(crypto, { ...identity, role });
      const { message2 } = await ask('openSession', { message1: hello.message1 });
      const confirmed = clientConfirm(crypto, hello.pending, message2, () => true);
      must(confirmed.ok, 'the second message of the handshake does not hold');
      await ask('confirmSession', { message3: confirmed.value.message3 });
      records = createRecordLayer(crypto, confirmed.value.keys, () => performance.now());
    },
    record,
    async sealed(request) {
      return unsealed(await answerTo(frames('sealed', record(request))));
    },
    unsealed,
    async [Symbol.asyncDispose]() {
      records?.wipe();
      await link.close();
    },
  };
}

function replyOf({ kind, payload }: Message): Reply {
  const [command = 0, low = 0, high = 0, state = 0xff] = payload;
  return {
    kind,
    command,
    status: payload.length < 3 ? undefined : statusName(low | (high << 8)),
    state: stateNames[state],
    payload,
  };
}

/** The code of a command with any bytes behind it. */
export function requestWith(name: CommandName, body: Uint8Array = new Uint8Array()): Uint8Array {
  return Uint8Array.of(commands[name].code, ...body);
}
