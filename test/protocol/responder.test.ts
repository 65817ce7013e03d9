/** The device's side of the link: every request performed once, whatever is lost, repeated or damaged (F1). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAssembler, encodeMessage, type Message } from '#protocol/message';
import { type Content, createResponder } from '#protocol/responder';
import { applyDamage, damage, noise } from '#test/support/byte-stream';
import { toHex } from '#test/support/golden';

const content = (kind: Content['kind'], ...payload: number[]): Content => ({
  kind,
  payload: Uint8Array.from(payload),
});

/** A device whose every answer is the number of the request it performed. */
function device(handle?: (asked: Content, performed: number) => Content) {
  const performed: Content[] = [];
  const answers: Message[] = [];
  const sent: Uint8Array[] = [];
  const assembler = createAssembler((message) => answers.push(message));
  const responder = createResponder({
    send(bytes) {
      sent.push(bytes);
      assembler.push(bytes);
    },
    handle(kind, payload) {
      performed.push({ kind, payload });
      return handle?.({ kind, payload }, performed.length) ?? content('open', performed.length);
    },
  });
  return {
    performed,
    answers,
    sent,
    receive: responder.receive,
    ask(sequence: number, { kind, payload }: Omit<Message, 'direction' | 'sequence'>): Message {
      for (const frame of encodeMessage({ direction: 'request', kind, sequence, payload }))
        responder.receive(frame);
      return answers.at(-1) as Message;
    },
  };
}

const reset = (first: number) =>
  ({ kind: 'reset', payload: Uint8Array.of(first, 2, 3, 4, 5, 6, 7, 8) }) as const;

describe('a request', () => {
  test('is performed and answered under its sequence', () => {
    const meter = device(({ payload }) => content('sealed', ...payload, 9));

    const answer = meter.ask(7, content('open', 1, 2));

    expect(meter.performed).toEqual([content('open', 1, 2)]);
    expect(answer).toEqual({ direction: 'response', sequence: 7, ...content('sealed', 1, 2, 9) });
  });

  test('that is repeated gets the recorded answer, frame by frame, and is not performed again', () => {
    const large = new Uint8Array(3000).fill(1);
    const meter = device(() => ({ kind: 'sealed', payload: large }));
    meter.ask(7, content('open', 1));
    const first = meter.sent.splice(0);

    meter.ask(7, content('open', 1));

    expect(meter.performed).toHaveLength(1);
    expect(first).toHaveLength(3);
    expect(meter.sent).toEqual(first);
  });

  test.each<[string, number, Content]>([
    ['another payload', 7, content('open', 2)],
    ['a longer payload', 7, content('open', 1, 0)],
    ['another kind', 7, content('sealed', 1)],
    ['another sequence', 8, content('open', 1)],
  ])('with %s is another request', (_, sequence, other) => {
    const meter = device();
    meter.ask(7, content('open', 1));

    const answer = meter.ask(sequence, other);

    expect(meter.performed).toHaveLength(2);
    expect(answer.payload).toEqual(Uint8Array.of(2));
  });

  test('that is older than the last is performed again: one answer is kept', () => {
    const meter = device();
    meter.ask(1, content('open', 1));
    meter.ask(2, content('open', 1));

    meter.ask(1, content('open', 1));

    expect(meter.performed).toHaveLength(3);
  });

  test('whose handler throws is not answered, and performed when it is sent again', () => {
    const meter = device((_, performed) => {
      if (performed === 2) throw new Error('fault');
      return content('open', performed);
    });
    meter.ask(1, content('open', 1));

    expect(() => meter.ask(2, content('open', 1))).toThrow('fault');
    const answer = meter.ask(2, content('open', 1));

    expect(meter.answers).toHaveLength(2);
    expect(answer.payload).toEqual(Uint8Array.of(3));
  });
});

describe('a reset', () => {
  test('is answered with its own bytes and performs nothing', () => {
    const meter = device();

    const answer = meter.ask(3, reset(1));

    expect(answer).toEqual({ direction: 'response', sequence: 3, ...reset(1) });
    expect(meter.performed).toEqual([]);
  });

  test('makes the device forget its last answer', () => {
    const meter = device();
    meter.ask(7, content('open', 1));

    meter.ask(7, reset(1));
    meter.ask(7, content('open', 1));

    expect(meter.performed).toHaveLength(2);
  });

  test('that is repeated is answered again', () => {
    const meter = device();

    meter.ask(0, reset(1));
    meter.ask(0, reset(1));
    meter.ask(0, reset(2));

    expect(meter.answers.map(({ payload }) => payload[0])).toEqual([1, 1, 2]);
  });
});

test('responses that come in are nobody to answer', () => {
  const meter = device();
  const response = { direction: 'response', sequence: 1, ...content('open', 1) } as const;

  for (const frame of encodeMessage(response)) meter.receive(frame);
  for (const frame of encodeMessage({ ...response, ...reset(1) })) meter.receive(frame);

  expect([meter.performed, meter.sent]).toEqual([[], []]);
});

test('garbage and damaged requests are not performed and not answered', () => {
  const request: Message = { direction: 'request', sequence: 5, ...content('open', 1, 2, 3) };
  const [frame] = encodeMessage(request) as [Uint8Array];
  fc.assert(
    fc.property(noise, damage, noise, (before, harm, after) => {
      const damaged = applyDamage(frame, harm);
      fc.pre(!toHex(damaged).includes(toHex(frame)));
      const meter = device();

      for (const bytes of [before, damaged, after]) meter.receive(bytes);

      expect([meter.performed, meter.sent]).toEqual([[], []]);
    }),
  );
});

test('a host that sends again until it is answered has each request performed once, in order', () => {
  const line = fc.infiniteStream(fc.oneof(fc.constant(undefined), fc.constant('lose'), damage));
  fc.assert(
    fc.property(fc.array(fc.nat(2500), { minLength: 1, maxLength: 8 }), line, (sizes, fates) => {
      let tries = 0;
      const pass = (frame: Uint8Array, to: (bytes: Uint8Array) => void): void => {
        const fate = tries > 60 ? undefined : fates.next().value; // a line that never gets better proves nothing
        if (fate !== 'lose') to(fate === undefined ? frame : applyDamage(frame, fate));
      };
      const answers: Message[] = [];
      const host = createAssembler((message) => answers.push(message));
      const performed: Content[] = [];
      const meter = createResponder({
        send: (bytes) => pass(bytes, host.push),
        handle(kind, payload) {
          performed.push({ kind, payload });
          return { kind, payload: payload.subarray(0, 1500) };
        },
      });
      const requests = sizes.map((size, sequence): Message => {
        const payload = new Uint8Array(size).fill(sequence);
        return { direction: 'request', kind: 'sealed', sequence, payload };
      });

      for (const request of requests) {
        for (let attempt = 0; answers.at(-1)?.sequence !== request.sequence; attempt++) {
          expect(attempt).toBeLessThan(100);
          tries += 1;
          for (const frame of encodeMessage(request)) pass(frame, meter.receive);
        }
      }

      expect(performed).toEqual(requests.map(({ kind, payload }) => ({ kind, payload })));
    }),
  );
});
