/** One request outstanding, resent after a time-out, three tries; performed once whatever the line does (F1, decision 8). */

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LinkError } from '#driver/errors';
import { type Exchange, openExchange } from '#driver/exchange';
import { memoryLink } from '#driver/link/memory';
import { nodeCrypto } from '#driver/node-crypto';
import { encodeMessage } from '#protocol/message';
import { type Content, createResponder } from '#protocol/responder';
import { createLine, type Fate, type Fates } from '#test/support/faulty-line';
import { failureOf, settle } from '#test/support/settle';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const { randomBytes } = nodeCrypto;

/** A device that answers with the request it got, and keeps a list of them; the reset arrives whatever the fates. */
async function connected(fates: Fates = () => 'arrives') {
  const performed: string[] = [];
  let isOpen = false;
  const line = createLine(
    (direction) => (isOpen ? fates(direction) : 'arrives'),
    (bytes) => responder.receive(bytes),
  );
  const responder = createResponder({
    send: line.deliver,
    handle(kind, payload) {
      performed.push(Buffer.from(payload).toString());
      return { kind, payload };
    },
  });
  const exchange = await openExchange(memoryLink(line.end, 'memory:test'), { randomBytes });
  isOpen = true;
  return { exchange, performed, line };
}

/** Sends a text and gives the text that came back. */
function ask(exchange: Exchange, text: string, signal?: AbortSignal): Promise<string> {
  return exchange.request({
    signal,
    make: (): Content => ({ kind: 'open', payload: Uint8Array.from(Buffer.from(text)) }),
    read: ({ payload }) => Buffer.from(payload).toString(),
  });
}

/** Gives each frame the next fate of the list, and lets everything behind arrive. */
function inOrder(...fates: readonly Fate[]): Fates {
  const left = [...fates];
  return () => left.shift() ?? 'arrives';
}

describe('a request is performed once and answered', () => {
  test.each<[string, readonly Fate[]]>([
    ['when all is well', []],
    ['when it is lost', ['lost']],
    ['when its answer is lost', ['arrives', 'lost']],
    ['when it is damaged', ['damaged']],
    ['when its answer is damaged', ['arrives', 'damaged']],
    ['when it is doubled', ['twice']],
    ['when its answer is doubled', ['arrives', 'twice']],
    ['when it is late', ['late']],
    ['when its answer is late', ['arrives', 'late']],
    ['when noise comes before it', ['afterNoise']],
    ['when noise comes before its answer', ['arrives', 'afterNoise']],
    ['when it is lost twice', ['lost', 'lost']],
    ['when answer, request and answer are lost', ['arrives', 'lost', 'arrives', 'lost']],
  ])('%s', async (_, fates) => {
    const { exchange, performed } = await connected(inOrder(...fates));

    const first = await settle(ask(exchange, 'first'));
    const second = await settle(ask(exchange, 'second'));

    expect([first, second]).toEqual(['first', 'second']);
    expect(performed).toEqual(['first', 'second']);
  });
});

test('whatever the line does, each request is answered by its own answer or fails, and none is performed twice', async () => {
  const fates: readonly Fate[] = ['arrives', 'lost', 'twice', 'damaged', 'late', 'afterNoise'];
  const anyFates = fc.array(fc.constantFrom(...fates), { maxLength: 60 });

  await fc.assert(
    fc.asyncProperty(anyFates, async (script) => {
      const { exchange, performed } = await connected(inOrder(...script));
      const texts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

      const outcomes = await settle(Promise.allSettled(texts.map((text) => ask(exchange, text))));

      outcomes.forEach((outcome, index) => {
        if (outcome.status === 'fulfilled') expect(outcome.value).toBe(texts[index]);
        else expect(outcome.reason).toMatchObject({ stage: 'request', isUncertain: true });
      });
      expect(new Set(performed).size).toBe(performed.length);
      expect(performed).toEqual(texts.filter((text) => performed.includes(text)));
    }),
  );
});

test('three tries, then an error that says that the request may have been performed', async () => {
  const { exchange, performed } = await connected((direction) =>
    direction === 'response' ? 'lost' : 'arrives',
  );

  const error = await failureOf(settle(ask(exchange, 'once')));

  expect(error).toBeInstanceOf(LinkError);
  expect(error).toMatchObject({ stage: 'request', isUncertain: true, address: 'memory:test' });
  expect((error as Error).message).toMatchInlineSnapshot(
    `"memory:test: no answer in 3 tries of 3000 ms. See to cable and power, then reconnect."`,
  );
  expect(performed).toEqual(['once']);
});

test('nobody answers the reset: the error says where to look, and nothing was asked', async () => {
  const line = createLine(
    () => 'lost',
    () => undefined,
  );

  const error = await failureOf(settle(openExchange(memoryLink(line.end), { randomBytes })));

  expect(error).toMatchObject({ stage: 'reset', isUncertain: false });
});

test('an answer to an exchange long past is not taken for the answer to the reset', async () => {
  const line = createLine(
    () => 'arrives',
    () => {
      for (const kind of ['open', 'reset'] as const) {
        const old = {
          direction: 'response',
          kind,
          sequence: 0,
          payload: new Uint8Array(8),
        } as const;
        for (const frame of encodeMessage(old)) line.deliver(frame);
      }
    },
  );

  const error = await failureOf(settle(openExchange(memoryLink(line.end), { randomBytes })));

  expect(error).toMatchObject({ stage: 'reset' });
});

describe('the end of the line', () => {
  test('rejects what is outstanding and what waits, at once', async () => {
    const { exchange, line } = await connected(() => 'lost');
    const outstanding = failureOf(ask(exchange, 'outstanding'));
    const waiting = failureOf(ask(exchange, 'waiting'));
    await vi.advanceTimersByTimeAsync(0);

    line.end.unplug();

    expect(await outstanding).toMatchObject({ stage: 'request', isUncertain: true });
    expect(await waiting).toMatchObject({ stage: 'request', isUncertain: false });
    expect(exchange.isOpen).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('before a request: it is not sent, and certainly not performed', async () => {
    const { exchange, line, performed } = await connected();
    line.end.unplug();

    const error = await failureOf(ask(exchange, 'too late'));

    expect(error).toMatchObject({ isUncertain: false });
    expect(performed).toEqual([]);
  });
});

describe('a signal', () => {
  test('takes back what was not sent yet', async () => {
    const { exchange, performed } = await connected(inOrder('lost'));
    const controller = new AbortController();
    const first = ask(exchange, 'first');
    const second = failureOf(ask(exchange, 'second', controller.signal));

    controller.abort();
    await settle(first);

    expect(await second).toMatchObject({ name: 'AbortError' });
    expect(performed).toEqual(['first']);
  });

  test('does not take back what was sent: the next one waits for its answer', async () => {
    const { exchange, performed } = await connected(inOrder('arrives', 'lost'));
    const controller = new AbortController();
    const first = ask(exchange, 'first', controller.signal);
    await vi.advanceTimersByTimeAsync(0);

    controller.abort();
    const answers = await settle(Promise.all([first, ask(exchange, 'second')]));

    expect(answers).toEqual(['first', 'second']);
    expect(performed).toEqual(['first', 'second']);
  });
});

test('what a request or its reading throws reaches who asked, and the next one is served', async () => {
  const { exchange } = await connected();
  const broken = exchange.request({
    make: () => ({ kind: 'open', payload: new Uint8Array(1) }),
    read() {
      throw new RangeError('senseless');
    },
  });

  expect(await failureOf(broken)).toBeInstanceOf(RangeError);
  expect(await ask(exchange, 'next')).toBe('next');
});

test('a sequence of 70,000 requests passes the end of its numbers', async () => {
  const { exchange, performed } = await connected();

  for (let count = 0; count < 70_000; count++) await ask(exchange, 'x');

  expect(performed).toHaveLength(70_000);
});

test('requests of many frames are carried in both directions, and resent whole', async () => {
  const { exchange } = await connected(inOrder('arrives', 'lost', 'arrives', 'damaged'));
  const text = 'long '.repeat(3_000);

  expect(await settle(ask(exchange, text))).toBe(text);
});
