/** The host's words to the real image, again at every later point (test/proof/replay-matrix.ts). */

import { nodeCrypto } from '#driver/node-crypto';
import type { Board } from '#emulator/board';
import type { CommandName, RequestOf, ResponseOf } from '#protocol/command';
import { decodeResponse, encodeRequest } from '#protocol/dispatch';
import { clientConfirm, clientHello } from '#protocol/handshake';
import { createAssembler, encodeMessage, type Message, type MessageKind } from '#protocol/message';
import { mills } from '#protocol/mills';
import { createRecordLayer, type RecordLayer } from '#protocol/record';
import { hostKeys, meterAt, passwords, purchase, TODAY } from '#test/support/meter';
import { type Counted, sumOf } from './replay-matrix.ts';

type Frames = readonly Uint8Array[];

/** A host that keeps what it sent. */
function createHost(board: Board) {
  const received: Message[] = [];
  const assembler = createAssembler((message) => received.push(message));
  const close = board.onSend(0, (bytes) => assembler.push(bytes));
  let sequence = 0;

  function framesOf(kind: MessageKind, payload: Uint8Array): Frames {
    sequence = (sequence + 1) & 0xffff;
    return encodeMessage({ direction: 'request', kind, sequence, payload });
  }

  /** Sends frames; the last message that comes back. */
  function hear(frames: Frames): Message | undefined {
    received.length = 0;
    for (const frame of frames) board.receive(0, frame);
    return received.at(-1);
  }

  function ask<N extends CommandName>(name: N, request: RequestOf<N>) {
    const frames = framesOf('open', encodeRequest(name, request));
    const answer = decodeResponse(name, hear(frames)?.payload ?? new Uint8Array());
    if (answer?.ok !== true) throw new Error(`the meter does not answer ${name}`);
    return { frames, value: answer.value as ResponseOf<N> };
  }

  function openSession(): { opening: Frames[]; records: RecordLayer } {
    const hello = clientHello(nodeCrypto, { ...hostKeys.user, role: 'user' });
    const first = ask('openSession', { message1: hello.message1 });
    const confirmed = clientConfirm(nodeCrypto, hello.pending, first.value.message2, () => true);
    if (!confirmed.ok) throw new Error('the meter is not trusted');
    const third = ask('confirmSession', { message3: confirmed.value.message3 });
    const records = createRecordLayer(nodeCrypto, confirmed.value.keys, () => 0);
    return { opening: [first.frames, third.frames], records };
  }

  const registers = (): string => JSON.stringify(ask('status', {}).value.registers);
  return { framesOf, hear, openSession, registers, close };
}

/** What is said in each session: services of every kind, charged ones among them. */
function conversation(run: number): Uint8Array[] {
  const piece = (counter: number): RequestOf<'createIndicium'> => ({
    requestId: { counter, nonce: 5 },
    kind: 'postage',
    original: 0,
    serviceId: 1,
    weightMg: 0,
    zone: 0,
    extras: [],
    postage: mills(780),
    isConfirmed: false,
    mailingDate: TODAY,
    destination: 0,
  });
  return [
    encodeRequest('registers', {}),
    encodeRequest('logIn', { password: passwords.user() }),
    encodeRequest('createIndicium', piece(2 * run + 1)),
    encodeRequest('refillRequest', purchase(mills(1_000))),
    encodeRequest('createIndicium', piece(2 * run + 2)),
    encodeRequest('inspectionReport', { challenge: new Uint8Array(16) }),
    encodeRequest('logOut', {}),
    encodeRequest('status', {}),
  ];
}
const WORDS = conversation(0).length;

interface Word {
  readonly record: Uint8Array;
  readonly frames: Frames;
  readonly answer: Message;
}

export async function replayToMeter(): Promise<Counted> {
  await using meter = await meterAt('refilled');
  const host = createHost(meter.board);
  let run = 0;

  /** Opens a session, and says the first words of a conversation. */
  function saySome(words: number) {
    const { records } = host.openSession();
    const requests = conversation(run++);
    const said = requests.slice(0, words).map((request): Word => {
      const record = records.seal(request);
      const frames = host.framesOf('sealed', record);
      const answer = host.hear(frames);
      if (answer?.kind !== 'sealed') throw new Error('a word was not answered');
      return { record, frames, answer };
    });
    const rest = requests
      .slice(words)
      .map((request) => host.framesOf('sealed', records.seal(request)));
    return { said, rest };
  }

  /** Whether frames did more than nothing: something sealed in return, or other registers. */
  function isTaken(frames: Frames): boolean {
    const before = host.registers();
    const answer = host.hear(frames);
    return answer?.kind === 'sealed' || host.registers() !== before;
  }

  function* repeated(): Generator<Partial<Counted>> {
    for (let point = 1; point <= WORDS; point++)
      for (let word = 0; word < point; word++)
        for (const isVerbatim of [true, false]) {
          const { said } = saySome(point);
          const { record, frames, answer } = said[word] as Word;
          if (!isVerbatim || word < point - 1) {
            const again = isVerbatim ? frames : host.framesOf('sealed', record);
            yield { replayed: 1, accepted: isTaken(again) ? 1 : 0 };
            continue;
          }
          const again = host.hear(frames);
          const isKept = again !== undefined && Buffer.compare(again.payload, answer.payload) === 0;
          yield { replayed: 1, answeredFromRecord: isKept ? 1 : 0, accepted: isKept ? 0 : 1 };
        }
  }

  function* spliced(): Generator<Partial<Counted>> {
    for (let word = 0; word < WORDS; word++) {
      const foreign = saySome(word).rest[0] as Frames;
      saySome(word);
      yield { spliced: 1, accepted: isTaken(foreign) ? 1 : 0 };
    }
  }

  function* exchanged(): Generator<Partial<Counted>> {
    for (let word = 0; word + 1 < WORDS; word++) {
      const [first, second] = saySome(word).rest as [Frames, Frames];
      yield { swapped: 1, accepted: [second, first].filter(isTaken).length };
    }
  }

  /** Messages 1 and 3 of every session so far, after each: no session comes of them. */
  function* reopened(): Generator<Partial<Counted>> {
    const said: Frames[] = [];
    for (let session = 0; session < SESSIONS; session++) {
      const { opening } = host.openSession();
      for (const frames of said) {
        const answer = host.hear(frames)?.payload ?? new Uint8Array();
        const confirmed = decodeResponse('confirmSession', answer);
        yield { replayed: 1, accepted: confirmed?.ok === true ? 1 : 0 };
      }
      said.push(...opening);
    }
  }

  const counted = sumOf([...repeated(), ...exchanged(), ...spliced(), ...reopened()]);
  host.close();
  return counted;
}
const SESSIONS = 5;
