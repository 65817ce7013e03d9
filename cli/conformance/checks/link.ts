/** Checks 101 to 119: frames, messages and repeated requests, whatever arrives (docs/link.md). */

import { equalBytes, joinBytes } from '#protocol/bytes';
import { encodeRequest } from '#protocol/dispatch';
import { encodeFrame, FRAME_DELIMITER } from '#protocol/frame';
import { clientHello } from '#protocol/handshake';
import { encodeMessage, FRAGMENT_SIZE, MESSAGE_SIZE_MAX, RESET_SIZE } from '#protocol/message';
import { type Check, must } from '../check.ts';
import { type RawLine, requestWith } from '../raw-line.ts';
import type { Station } from '../station.ts';

const version = requestWith('version');

/** Bytes that make no request: nothing may be answered, and a request behind them is. */
async function mustBeSilent(line: RawLine, bytes: Uint8Array, what: string): Promise<void> {
  await line.send(bytes);
  const answers = (await line.settle()).filter(({ kind }) => kind !== 'reset');
  must(answers.length === 0, `${what} was answered`);
}

/** Bytes with one request in them. */
async function mustAnswerOnce(line: RawLine, bytes: Uint8Array, what: string): Promise<void> {
  await line.send(bytes);
  const answers = (await line.settle()).filter(({ kind }) => kind !== 'reset');
  must(answers.length === 1, `${what} got ${answers.length} answers`);
}

const frameOf = (line: RawLine, payload = version): Uint8Array =>
  line.frames('open', payload)[0] as Uint8Array;

/** A request that is answered otherwise each time it is performed. */
async function drawing(line: RawLine, { crypto }: Station): Promise<Uint8Array> {
  const { lifeCycle } = await line.ask('status', {});
  if (lifeCycle !== 'blank') return requestWith('challengeClock');
  const maker = { ...crypto.generateKeyPair(), role: 'cryptoOfficer' } as const;
  return encodeRequest('openSession', { message1: clientHello(crypto, maker).message1 });
}

/** What ModemManager and other programs send to a port that they do not know, and worse (ports.md 4). */
const noises = [
  ...['AT\r', 'ATE1 E0\r', 'AT+GCAP\r', '~\0x\xf0~', '\xaa\xff\x03', '\r\n'.repeat(300)],
  ...['\xaa'.repeat(5_000), '\0'.repeat(3_000), '\xff'.repeat(3_000)],
  String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte)),
].map((text) => Buffer.from(text, 'latin1'));

/** Bodies of frames that are no fragment of a request which {@link encodeMessage} writes (docs/link.md 2). */
const foreignBodies: readonly (readonly [what: string, body: readonly number[]])[] = [
  ['a response', [0x81, 1, 0, 0, 1, ...version]],
  ['a message of kind 04', [0x04, 1, 0, 0, 1, ...version]],
  ['a message of kind 41', [0x41, 1, 0, 0, 1, ...version]],
  ['a message of kind 00', [0x00, 1, 0, 0, 1, ...version]],
  ['a fragment of a message without fragments', [0x01, 1, 0, 0, 0, ...version]],
  ['a fragment behind the last', [0x01, 1, 0, 1, 1, ...version]],
  ['a second fragment without a first', [0x01, 1, 0, 1, 2, ...version]],
  ['a first fragment that is not full', [0x01, 1, 0, 0, 2, ...version]],
  ['a message of 18 fragments', [0x01, 1, 0, 0, 18, ...new Uint8Array(FRAGMENT_SIZE)]],
  ['a body without a header', [0x01, 1, 0, 0]],
  ['a reset of seven bytes', [0x03, 1, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7]],
];

const ROUND_TRIPS = 50;

function percentile(sorted: readonly number[], part: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] as number;
  return Math.round(value * 1000) / 1000;
}

const F1 = { requirements: ['F1'], level: 'read', needs: [] } as const;

export const linkChecks: readonly Check[] = [
  {
    ...F1,
    id: 101,
    title: 'a reset is answered by its own eight bytes',
    async run({ line, crypto }) {
      await using raw = await line();
      await raw.settle();
      const nonces = [0, 1, 2].map(() => crypto.randomBytes(RESET_SIZE));
      await raw.send(joinBytes(...nonces.flatMap((nonce) => raw.frames('reset', nonce))));
      const answers = await raw.settle();
      const told = answers.map(({ payload }) => Buffer.from(payload).toString('hex'));
      const given = nonces.map((nonce) => Buffer.from(nonce).toString('hex'));
      must(told.join() === given.join(), `${given} are answered by ${told}`);
      return undefined;
    },
  },
  {
    ...F1,
    id: 102,
    title: 'a request with one bit changed anywhere is not performed',
    async run({ line }) {
      await using raw = await line();
      const frame = frameOf(raw);
      for (let at = 0; at < frame.length; at++) {
        const changed = frame.with(at, (frame[at] as number) ^ (1 << (at % 8)));
        await mustBeSilent(raw, changed, `a frame with a changed byte ${at}`);
      }
      return { frames: frame.length };
    },
  },
  {
    ...F1,
    id: 103,
    title: 'a frame that is cut off anywhere costs itself alone',
    async run({ line }) {
      await using raw = await line();
      const frame = frameOf(raw);
      for (let size = 0; size < frame.length; size++) {
        const bytes = joinBytes(frame.subarray(0, size), frame);
        await mustAnswerOnce(raw, bytes, `a request behind ${size} bytes of a frame`);
      }
      return { frames: frame.length };
    },
  },
  {
    ...F1,
    id: 104,
    title: 'no request hidden in another one is performed',
    async run({ line }) {
      await using raw = await line();
      const inner = frameOf(raw);
      const outer = frameOf(raw, joinBytes(requestWith('status'), inner));
      for (let at = 1; at < outer.length; at++) {
        await mustBeSilent(raw, outer.subarray(at), `what a request holds, from byte ${at}`);
        const changed = outer.with(at, (outer[at] as number) ^ 0x10);
        await mustBeSilent(raw, changed, `what a damaged request holds, byte ${at}`);
      }
      return undefined;
    },
  },
  {
    ...F1,
    id: 105,
    title: 'a frame of a length that is out of range is refused at once',
    async run({ line }) {
      await using raw = await line();
      for (const length of [0, 1, 4, 5, 1022, 1023, 4096, 0xffff]) {
        const head = Uint8Array.of(FRAME_DELIMITER, length & 0xff, length >> 8);
        await mustAnswerOnce(
          raw,
          joinBytes(head, frameOf(raw)),
          `a request behind length ${length}`,
        );
      }
      return undefined;
    },
  },
  {
    ...F1,
    id: 106,
    title: 'noise is survived, and what follows is answered',
    async run({ line }) {
      await using raw = await line();
      for (const [place, noise] of noises.entries()) {
        await mustBeSilent(raw, noise, `noise ${place}`);
        const bytes = joinBytes(noise, frameOf(raw));
        await mustAnswerOnce(raw, bytes, `a request behind noise ${place}`);
      }
      return { bytes: 2 * noises.reduce((sum, { length }) => sum + length, 0) };
    },
  },
  {
    ...F1,
    id: 107,
    title: 'a request may come byte by byte',
    needs: ['bytes'],
    async run({ line, pause }) {
      await using raw = await line();
      const [last, ...first] = [...frameOf(raw)].toReversed();
      for (const byte of first.toReversed()) {
        await raw.send(Uint8Array.of(byte));
        await pause(1);
      }
      await mustAnswerOnce(raw, Uint8Array.of(last as number), 'a request byte by byte');
      return undefined;
    },
  },
  {
    ...F1,
    id: 108,
    title: 'what is no fragment of a request gets no answer',
    async run({ line }) {
      await using raw = await line();
      for (const [what, body] of foreignBodies)
        await mustBeSilent(raw, encodeFrame(Uint8Array.from(body)), what);
      return undefined;
    },
  },
  {
    ...F1,
    id: 109,
    title: 'a request of 16,384 bytes in seventeen frames is put together',
    async run({ line }) {
      await using raw = await line();
      const payload = new Uint8Array(MESSAGE_SIZE_MAX).fill(0xff);
      const reply = await raw.open(payload);
      must(reply.status === 'unknownCommand', `it is answered by ${reply.status}`);
      return undefined;
    },
  },
  {
    ...F1,
    id: 110,
    title: 'a request of several frames of which one is lost is not performed',
    async run({ line }) {
      await using raw = await line();
      const payload = new Uint8Array(3 * FRAGMENT_SIZE).fill(0xff);
      for (const lost of [0, 1, 2]) {
        const frames = raw.frames('open', payload).filter((_, place) => place !== lost);
        await mustBeSilent(raw, joinBytes(...frames), `a request without frame ${lost}`);
      }
      return undefined;
    },
  },
  {
    ...F1,
    id: 111,
    title: 'a repeated request is answered from its record, a new one is performed',
    needs: ['working', 'sessions'],
    async run(station) {
      await using raw = await station.line();
      const frames = raw.frames('open', await drawing(raw, station));
      const first = await raw.answerTo(frames);
      const again = await raw.answerTo(frames);
      must(equalBytes(first.payload, again.payload), 'a repeated request has another answer');
      const next = await raw.answerTo(raw.frames('open', await drawing(raw, station)));
      must(!equalBytes(first.payload, next.payload), 'a new request has the answer of an old one');
      return undefined;
    },
  },
  {
    ...F1,
    id: 112,
    title: 'another request under the same number is performed',
    async run({ line }) {
      await using raw = await line();
      await raw.answerTo(raw.frames('open', requestWith('status'), 7), 7);
      const answer = await raw.answerTo(raw.frames('open', version, 7), 7);
      must(answer.payload[0] === version[0], 'it has the answer to the other one');
      return undefined;
    },
  },
  {
    ...F1,
    id: 113,
    title: 'a reset makes the last request forgotten',
    needs: ['working', 'sessions'],
    async run(station) {
      await using raw = await station.line();
      const frames = raw.frames('open', await drawing(raw, station));
      const number = raw.sequence;
      const first = await raw.answerTo(frames);
      await raw.settle();
      const again = await raw.answerTo(frames, number);
      must(!equalBytes(first.payload, again.payload), 'the answer is that of before the reset');
      return undefined;
    },
  },
  {
    ...F1,
    id: 114,
    title: `${ROUND_TRIPS} requests have ${ROUND_TRIPS} answers, each its own`,
    async run({ line }) {
      await using raw = await line();
      const timesMs: number[] = [];
      for (let round = 0; round < ROUND_TRIPS; round++) {
        const frames = raw.frames('open', version);
        const startMs = performance.now();
        await raw.answerTo(frames);
        timesMs.push(performance.now() - startMs);
      }
      const sorted = timesMs.toSorted((left, right) => left - right);
      return { medianMs: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) };
    },
  },
];
