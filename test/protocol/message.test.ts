/** Messages: fragments in order make one, anything else makes none (requirements.md F1). */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFrameDecoder, encodeFrame } from '#protocol/frame';
import {
  createAssembler,
  encodeMessage,
  FRAGMENT_SIZE,
  MESSAGE_SIZE_MAX,
  type Message,
  RESET_SIZE,
} from '#protocol/message';
import { applyDamage, damage, noise } from '#test/support/byte-stream';
import { toHex as hex } from '#test/support/golden';
import { readGoldenCases } from '#test/support/golden-cases';

function bytesOf(size: number, first = 1): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => first + index);
}

function bodiesOf(message: Message): Uint8Array[] {
  const bodies: Uint8Array[] = [];
  const decoder = createFrameDecoder((body) => bodies.push(body));
  for (const frame of encodeMessage(message)) decoder.push(frame);
  return bodies;
}

function assemble(portions: readonly Uint8Array[]): Message[] {
  const seen: Message[] = [];
  const assembler = createAssembler((message) => seen.push(message));
  for (const portion of portions) assembler.push(portion);
  return seen;
}

const size = fc.oneof(
  fc.nat(60),
  fc.nat(MESSAGE_SIZE_MAX),
  fc.constantFrom(FRAGMENT_SIZE - 1, FRAGMENT_SIZE, FRAGMENT_SIZE + 1, 2 * FRAGMENT_SIZE),
);
const message: fc.Arbitrary<Message> = fc
  .record({
    direction: fc.constantFrom('request', 'response'),
    kind: fc.constantFrom('open', 'sealed', 'reset'),
    sequence: fc.nat(0xffff),
    size,
    first: fc.nat(255),
  })
  .map(({ size: length, first, ...rest }) => ({
    ...rest,
    payload: bytesOf(rest.kind === 'reset' ? RESET_SIZE : length, first),
  }));

const golden = readGoldenCases('message');

describe('golden messages', () => {
  const heads = [
    ['request', 'open', 0],
    ['response', 'open', 0],
    ['request', 'sealed', 0x1234],
    ['response', 'sealed', 0xffff],
    ['request', 'open', 1],
    ['request', 'reset', 0],
    ['response', 'reset', 0],
    ['request', 'sealed', 2],
    ['request', 'sealed', 3],
  ] as const;

  test('there is one for each head', () => {
    expect(golden).toHaveLength(heads.length);
  });

  test.each(golden.map((one, index) => ({ one, title: one.title, head: heads[index] })))(
    '$title',
    ({ one, head }) => {
      const [direction, kind, sequence] = head as (typeof heads)[number];
      const given = { direction, kind, sequence, payload: one.given('payload') };

      const frames = encodeMessage(given);

      expect(bodiesOf(given).map(hex)).toEqual(
        frames.map((_, index) => hex(one.result(`body ${index + 1}`))),
      );
      expect(frames.map(hex)).toEqual(
        frames.map((_, index) => hex(one.given(`frame ${index + 1}`))),
      );
      expect(assemble(frames)).toEqual([given]);
    },
  );
});

test('the examples of the specification are the golden bytes', () => {
  const specification = readFileSync(new URL('../../docs/link.md', import.meta.url), 'utf8');
  const spaced = (bytes: Uint8Array) => hex(bytes).replace(/..(?=.)/g, '$& ');
  const [frame] = readGoldenCases('frame');
  const [status] = golden;

  expect(specification).toContain(spaced(frame?.result() as Uint8Array));
  expect(specification).toContain(spaced(status?.given('frame 1') as Uint8Array));
});

describe('a message', () => {
  test('arrives as it was sent, of any size', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), (given) => {
        expect(assemble(given.flatMap(encodeMessage))).toEqual(given);
      }),
    );
  });

  test.each([
    [0, 1],
    [FRAGMENT_SIZE, 1],
    [FRAGMENT_SIZE + 1, 2],
    [MESSAGE_SIZE_MAX, 17],
  ])('of %i bytes takes %i frames', (length, count) => {
    const given = { direction: 'request', kind: 'open', sequence: 9, payload: bytesOf(length) };

    expect(encodeMessage(given as Message)).toHaveLength(count);
    expect(assemble(encodeMessage(given as Message))).toEqual([given]);
  });

  test.each<[string, Partial<Message>]>([
    ['is too large', { payload: new Uint8Array(MESSAGE_SIZE_MAX + 1) }],
    ['has a sequence below 0', { sequence: -1 }],
    ['has a sequence above 65,535', { sequence: 0x10000 }],
    ['has a sequence that is no integer', { sequence: 1.5 }],
    ['is a reset of another size', { kind: 'reset', payload: new Uint8Array(7) }],
  ])('is not sent where it %s', (_, part) => {
    const given = { direction: 'request', kind: 'open', sequence: 0, payload: bytesOf(1) } as const;

    expect(() => encodeMessage({ ...given, ...part })).toThrow(RangeError);
  });
});

describe('the assembler', () => {
  const large = (sequence: number, first = sequence): Message => ({
    direction: 'request',
    kind: 'sealed',
    sequence,
    payload: bytesOf(2 * FRAGMENT_SIZE + 5, first),
  });
  const [a1, a2, a3] = encodeMessage(large(1)) as [Uint8Array, Uint8Array, Uint8Array];
  const [b1, b2, b3] = encodeMessage(large(2)) as [Uint8Array, Uint8Array, Uint8Array];
  const inKind = (kind: Message['kind']) =>
    encodeMessage({ ...large(1), kind }) as [Uint8Array, Uint8Array];
  const inDirection = (direction: Message['direction']) =>
    encodeMessage({ ...large(1), direction }) as [Uint8Array, Uint8Array];
  const ofTwo = encodeMessage({ ...large(1), payload: bytesOf(FRAGMENT_SIZE + 5) }) as [
    Uint8Array,
    Uint8Array,
  ];
  const small: Message = { ...large(3), payload: bytesOf(4) };
  const [c1] = encodeMessage(small) as [Uint8Array];

  test.each<[string, Uint8Array[], Message[]]>([
    ['in order', [a1, a2, a3], [large(1)]],
    ['one lost', [a1, a3], []],
    ['the first lost', [a2, a3, b1, b2, b3], [large(2)]],
    ['two exchanged', [a2, a1, a3], []],
    ['one repeated', [a1, a2, a2, a3], []],
    ['sent again from the start', [a1, a2, a1, a2, a3], [large(1)]],
    ['two messages interleaved', [a1, b1, a2, b2, a3, b3], []],
    ['the second of another message', [a1, b2, a3], []],
    ['the second of the same sequence in another kind', [a1, inKind('open')[1], a3], []],
    ['the second of the same sequence in a response', [a1, inDirection('response')[1], a3], []],
    ['the second of two, not of three', [a1, ofTwo[1]], []],
    ['another message in between', [a1, c1, a2, a3], [small]],
    ['given up for the next message', [a1, a2, b1, b2, b3], [large(2)]],
  ])('fragments %s', (_, frames, expected) => {
    expect(assemble(frames)).toEqual(expected);
  });

  test('goes on with the message that a first fragment begins, though it dropped another', () => {
    expect(assemble([a1, a2, b1, b2, b3, a1, a2, a3])).toEqual([large(2), large(1)]);
  });

  test('forgets the message that has begun when it is reset', () => {
    const seen: Message[] = [];
    const assembler = createAssembler((one) => seen.push(one));

    assembler.push(a1);
    assembler.reset();
    assembler.push(a2);
    assembler.push(a3);
    assembler.push(b1.subarray(0, 100));
    assembler.reset();
    assembler.push(b1.subarray(100));
    assembler.push(c1);

    expect(seen).toEqual([small]);
    expect(assembler).toMatchObject({ droppedFrames: 3 });
    expect(assembler.frames).toMatchObject({ accepted: 4 });
  });

  const part = bytesOf(FRAGMENT_SIZE);
  test.each<[string, Uint8Array]>([
    ['has no whole header', Uint8Array.of(1, 0, 0, 0)],
    ['is of no kind', Uint8Array.of(0, 0, 0, 0, 1)],
    ['is of an unknown kind', Uint8Array.of(4, 0, 0, 0, 1)],
    ['has a reserved bit set', Uint8Array.of(0x11, 0, 0, 0, 1)],
    ['is of no fragments', Uint8Array.of(1, 0, 0, 0, 0)],
    ['is full and of no fragments', Uint8Array.of(1, 0, 0, 0, 0, ...part)],
    ['lies behind the last fragment', Uint8Array.of(1, 0, 0, 1, 1)],
    ['is one of 18', Uint8Array.of(1, 0, 0, 0, 18, ...part)],
    ['is short and not the last', Uint8Array.of(1, 0, 0, 0, 2, ...part.subarray(1))],
    ['is a reset of 7 bytes', Uint8Array.of(3, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7)],
    ['is a reset of 9 bytes', Uint8Array.of(3, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9)],
    ['is a reset in two fragments', Uint8Array.of(3, 0, 0, 0, 2, ...part)],
  ])('takes nothing from a frame that %s', (_, body) => {
    const assembler = createAssembler(() => expect.unreachable());

    assembler.push(encodeFrame(body));
    if (body[4] === 2) assembler.push(encodeFrame(Uint8Array.of(body[0] as number, 0, 0, 1, 2, 9)));

    expect(assembler.frames.accepted).toBeGreaterThan(0);
    expect(assembler.droppedFrames).toBe(assembler.frames.accepted);
  });

  test('refuses a last fragment that is empty or makes the message too large', () => {
    const fragments = Array.from({ length: 16 }, (_, index) =>
      encodeFrame(Uint8Array.of(1, 0, 0, index, 17, ...part)),
    );
    const last = (length: number) =>
      encodeFrame(Uint8Array.of(1, 0, 0, 16, 17, ...bytesOf(length)));

    expect(assemble([...fragments, last(0)])).toEqual([]);
    expect(assemble([...fragments, last(MESSAGE_SIZE_MAX - 16 * FRAGMENT_SIZE + 1)])).toEqual([]);
    expect(assemble([...fragments, last(MESSAGE_SIZE_MAX - 16 * FRAGMENT_SIZE)])).toHaveLength(1);
  });

  test('gives only messages that were sent, from fragments and noise in any order', () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(), damage, fc.boolean()), { maxLength: 30 }),
        noise,
        (given, picks, garbage) => {
          const frames = given.flatMap(encodeMessage);
          const stream = picks.map(([place, harm, isDamaged]) => {
            const frame = frames[place % frames.length] as Uint8Array;
            return isDamaged ? applyDamage(frame, harm) : frame;
          });

          const seen = assemble([...stream, garbage]);

          for (const one of seen) expect(given).toContainEqual(one);
        },
      ),
    );
  });

  test('is ready for the next message after anything', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5), { maxLength: 12 }),
        noise,
        message,
        (picks, garbage, next) => {
          const frames = [a1, a2, a3, b1, b2, b3];
          const before = picks.map((index) => frames[index] as Uint8Array);

          const seen = assemble([...before, garbage, ...encodeMessage(next)]);

          expect(seen.at(-1)).toEqual(next);
        },
      ),
    );
  });
});
