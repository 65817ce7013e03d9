/**
 * Whatever comes in by the port of a meter that holds money: it answers its status afterwards, and no register has moved
 * (requirements.md F1, A1). fast-check prints the seed of what it finds.
 */

import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Board } from '#emulator/board';
import type { FlashDevice } from '#emulator/flash';
import { commandNames, commands } from '#protocol/command';
import type { MeterStatus } from '#protocol/command-layouts';
import { encodeRequest } from '#protocol/dispatch';
import { encodeFrame } from '#protocol/frame';
import type { MessageKind } from '#protocol/message';
import { mills } from '#protocol/mills';
import { makeBoard } from '#test/support/board';
import { letter } from '#test/support/mail';
import { FUNDS, flashAt, passwords, purchase } from '#test/support/meter';
import { type RawHost, rawHost, requestWith } from '#test/support/raw-host';

let board: Board;
let flash: FlashDevice;
let host: RawHost;
let registers: MeterStatus['registers'];
/** Frames of a session that was, and of requests in clear: valid but for what is done to them. */
let recorded: Uint8Array[];

const login = (): Uint8Array => {
  const password = passwords.user();
  return requestWith('logIn', Uint8Array.of(password.length, ...password));
};
const piece = encodeRequest('createIndicium', letter(1));

beforeAll(async () => {
  ({ board, flash } = makeBoard({ flash: await flashAt('refilled') }));
  host = rawHost(board);
  recorded = [
    ...host.frames('open', encodeRequest('status', {})),
    ...host.frames('open', encodeRequest('certificates', {})),
    ...host.frames('open', encodeRequest('openSession', { message1: new Uint8Array(80) })),
    ...host.frames('reset', new Uint8Array(8)),
    ...host.frames('open', new Uint8Array(3_000)),
  ];
  host.openSession('user');
  const refill = encodeRequest('refillRequest', purchase(mills(1)));
  for (const request of [login(), refill, piece])
    recorded.push(...host.frames('sealed', host.record(request)));
  host.openSession('user'); // the records above belong to no session any more
  ({ registers } = host.status());
});

afterAll(() => board[Symbol.asyncDispose]());

/** It answers, in no state but a resting one, and the money is what it was. */
function expectUntouched(): void {
  const status = host.status();
  expect(['uninitialized', 'idle']).toContain(status.state);
  expect(status).toMatchObject({ fault: 0, registersValid: true, lifeCycle: 'registered' });
  expect(status.registers).toEqual(registers);
  expect(status.registers).toMatchObject({ descending: FUNDS, ascending: 0, refillPending: 0 });
}

test('arbitrary bytes', () => {
  const contents = flash.contents();

  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_500 }), fc.nat(15), (bytes, port) => {
      board.receive(port, bytes);
      expectUntouched();
    }),
    { numRuns: 1500 },
  );

  expect(Buffer.compare(flash.contents(), contents)).toBe(0);
});

/** One thing that a bad line does to a frame. */
const fault = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(2_000), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(2_000) }),
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(2_000), byte: fc.nat(255) }),
  fc.record({ kind: fc.constant('repeat' as const) }),
);

function faulty(
  frame: Uint8Array,
  what: typeof fault extends fc.Arbitrary<infer T> ? T : never,
): Uint8Array {
  switch (what.kind) {
    case 'flip':
      return frame.map((byte, at) =>
        at === what.at % frame.length ? byte ^ (1 << what.bit) : byte,
      );
    case 'cut':
      return frame.slice(0, what.at % frame.length);
    case 'insert': {
      const at = what.at % frame.length;
      return Uint8Array.of(...frame.slice(0, at), what.byte, ...frame.slice(at));
    }
    case 'repeat':
      return Uint8Array.of(...frame, ...frame);
  }
}

test('frames that were valid, in any order, with faults of the line', () => {
  const contents = flash.contents();

  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(), fc.array(fault, { maxLength: 3 })), {
        minLength: 1,
        maxLength: 6,
      }),
      (sent) => {
        for (const [number, faults] of sent)
          board.receive(0, faults.reduce(faulty, recorded[number % recorded.length] as Uint8Array));
        expectUntouched();
      },
    ),
    { numRuns: 1000 },
  );

  expect(Buffer.compare(flash.contents(), contents)).toBe(0);
});

/** Bodies of frames: of any bytes, and such as fragments have (docs/link.md, section 2). */
const byte = fc.nat(255);
const fragment = fc
  .tuple(fc.constantFrom(1, 2, 3, 0x81, 0x83, 0), byte, byte, fc.nat(3), fc.nat(3))
  .chain((head) => fc.uint8Array({ maxLength: 40 }).map((part) => Uint8Array.of(...head, ...part)));
const frameBody = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 12 }), fragment);

test('whole frames of any body, in any order', () => {
  const contents = flash.contents();

  fc.assert(
    fc.property(fc.array(frameBody, { minLength: 1, maxLength: 5 }), (bodies) => {
      for (const body of bodies) board.receive(0, encodeFrame(body));
      expectUntouched();
    }),
    { numRuns: 1000 },
  );

  expect(Buffer.compare(flash.contents(), contents)).toBe(0);
});

const kinds = fc.constantFrom<MessageKind>('open', 'sealed');
/** Any code but that of the self-test, which takes its time; the matrix of commands has it. */
const code = fc.oneof(
  fc.constantFrom(
    ...commandNames.filter((name) => name !== 'selfTest').map((name) => commands[name].code),
  ),
  fc.integer({ min: 0x80, max: 0xff }),
);

test('whole messages of any content: what is refused changes nothing', () => {
  const contents = flash.contents();

  fc.assert(
    fc.property(kinds, code, fc.uint8Array({ maxLength: 300 }), (kind, first, body) => {
      const answer = host.exchange(kind, Uint8Array.of(first, ...body));
      expect(answer?.direction).toBe('response');
      expectUntouched();
    }),
    { numRuns: 1500 },
  );

  expect(Buffer.compare(flash.contents(), contents)).toBe(0);
});

/** What the user may do on purpose; the tests of the services have it. */
const isOnPurpose = ([first, ...body]: Uint8Array): boolean =>
  (first === commands.refillRequest.code && body.length === 6) ||
  (first === commands.createIndicium.code && body.length === 22) ||
  (first === commands.changePassword.code && body[0] !== undefined);

test('requests of any content by the user who is logged in: no money moves', () => {
  fc.assert(
    fc.property(code, fc.uint8Array({ maxLength: 200 }), (first, body) => {
      const request = Uint8Array.of(first, ...body);
      fc.pre(!isOnPurpose(request));
      if (host.status().state !== 'idle') {
        host.openSession('user');
        host.sealed(login());
      }
      const reply = host.sealed(request);
      expect(reply?.kind).toBe('sealed');
      expectUntouched();
    }),
    { numRuns: 500 },
  );
});

const sessionEnded = Uint8Array.of(0, 0x05, 0x02);

test('a record that the session did not seal ends it, whatever it says, and nobody is logged in', () => {
  const requests = fc.tuple(code, fc.uint8Array({ maxLength: 100 }));

  fc.assert(
    fc.property(
      fc.oneof(
        fc.constant(piece),
        requests.map(([first, body]) => [first, ...body]),
      ),
      (said) => {
        host.openSession('user');
        host.sealed(login());
        for (const record of [Uint8Array.from(said), host.record(piece)]) {
          const answer = host.exchange('sealed', record);
          expect(answer).toMatchObject({ kind: 'open' });
          expect(answer?.payload.slice(0, 3)).toEqual(sessionEnded);
        }
        expectUntouched();
        expect(host.status()).toMatchObject({ state: 'uninitialized', caller: 'nobody' });
      },
    ),
    { numRuns: 40 },
  );
});

test('a meter that was told all this still works', () => {
  host.openSession('user');
  host.sealed(login());

  expect(host.sealed(piece)).toMatchObject({ status: 'ok' });
  expect(host.status().registers).toMatchObject({ ascending: 780, descending: FUNDS - 780 });
});
