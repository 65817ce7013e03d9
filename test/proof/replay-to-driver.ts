/**
 * The meter's words to the real driver, again at every later point (test/proof/replay-matrix.ts). It hears one answer to one
 * request, so that there are no neighbours to exchange, but there are other sessions.
 */

import { memoryLink } from '#driver/link/memory';
import { openMeter } from '#driver/meter';
import { createAssembler, encodeMessage, type Message } from '#protocol/message';
import { ok } from '#protocol/result';
import type { LineEnd } from '#test/support/faulty-line';
import { createImitation } from '#test/support/imitation';
import { identity, registers, trust } from '#test/support/imitation-host';
import { type Counted, sumOf } from './replay-matrix.ts';

const WORDS = 12;

/** What becomes of the answer to a request of the session: what the driver hears instead, in order. */
type Distort = (answers: readonly Message[]) => readonly Message[];

/** A line on which sealed answers are replaced; the driver gives up at once where it hears nothing it takes. */
function distorted(line: LineEnd, distort: Distort): LineEnd {
  const answers: Message[] = [];
  let toHost: (bytes: Uint8Array) => void = () => undefined;
  const assembler = createAssembler((message) => {
    if (message.kind === 'sealed') answers.push(message);
    const heard = message.kind === 'sealed' ? distort(answers) : [message];
    for (const each of heard) for (const frame of encodeMessage(each)) toHost(frame);
  });
  line.onData((bytes) => assembler.push(bytes));
  return {
    ...line,
    onData(listener) {
      toHost = listener;
    },
  };
}

/** Asks so many times. @returns how many answers the driver took */
async function answersTaken(words: number, distort: Distort): Promise<number> {
  const services = { registers: () => ok(registers) };
  const line = distorted(createImitation({ services }).connect(), distort);
  const meter = await openMeter(memoryLink(line), { identity, trust });
  let taken = 0;
  try {
    for (let word = 0; word < words; word++) {
      await meter.registers({ timeoutMs: 5 });
      taken += 1;
    }
  } catch {
    // The session is over: that is what is counted.
  }
  await meter.close();
  return taken;
}

/** Repeats an answer in place of a later one, with the sequence number the driver waits for, or with its own. */
async function* repeated(): AsyncGenerator<Partial<Counted>> {
  for (let point = 1; point < WORDS; point++)
    for (let word = 0; word < point; word++)
      for (const isRenumbered of [true, false]) {
        const taken = await answersTaken(point + 1, (answers) => {
          const [old, newest] = [answers[word] as Message, answers.at(-1) as Message];
          if (answers.length <= point) return [newest];
          return [isRenumbered ? { ...old, sequence: newest.sequence } : old];
        });
        yield { replayed: 1, accepted: taken > point ? 1 : 0 };
      }
}

/** Gives in place of each answer what another session said there. */
async function* spliced(): AsyncGenerator<Partial<Counted>> {
  for (let word = 0; word < WORDS; word++) {
    const foreign = await recordOfAnother(word);
    const taken = await answersTaken(word + 1, (answers) => {
      const newest = answers.at(-1) as Message;
      return answers.length <= word ? [newest] : [{ ...newest, payload: foreign }];
    });
    yield { spliced: 1, accepted: taken > word ? 1 : 0 };
  }
}

/** What the meter seals in another session in answer to this word. */
async function recordOfAnother(word: number): Promise<Uint8Array> {
  let last: Uint8Array = new Uint8Array();
  await answersTaken(word + 1, (answers) => {
    last = (answers.at(-1) as Message).payload;
    return [answers.at(-1) as Message];
  });
  return last;
}

export async function replayToDriver(): Promise<Counted> {
  const counts: Partial<Counted>[] = [];
  for await (const count of repeated()) counts.push(count);
  for await (const count of spliced()) counts.push(count);
  return sumOf(counts);
}
